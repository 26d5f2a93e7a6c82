/** Missing chunks in JSON: left out with the right fill value, or written out where no fill value would be read right. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeJson } from '../../../lib/write/json/sink.ts'
import type { SinkReport } from '../../../lib/write/report.ts'
import { scratchFolder } from '../scratch.ts'
import { type SetOptions, streamOf, syntheticSet } from '../synthetic.ts'

const path = join(scratchFolder(), 'set.json')
const row = (chunk: number) => ({ chunk, path: '/a.nc', offset: chunk, length: 2 })
const FIVE = Buffer.from([5, 0])

async function write(
  options: SetOptions,
  onUnsupported: 'fail' | 'skip' = 'fail',
): Promise<{ refs: Record<string, unknown>; report: SinkReport }> {
  const report = await writeJson(path, { overwrite: true, onUnsupported })(streamOf(syntheticSet(options)))
  return { refs: JSON.parse(readFileSync(path, 'utf8')).refs, report }
}

const fillOf = (refs: Record<string, unknown>) => JSON.parse(String(refs['a/.zarray'])).fill_value

test('without a missing chunk only what _FillValue declares is the fill value, and never 0', async () => {
  const rows = [[row(0), row(1), row(2), row(3)]]
  const full = await write({ arrays: [{ path: 'a', fillValue: FIVE }], rows })
  assert.equal(fillOf(full.refs), null)
  // Another part of the series may have missing chunks: the two are joined only where their fill values agree.
  const attributes = { _FillValue: 5n }
  const declared = await write({ arrays: [{ path: 'a', fillValue: FIVE, attributes }], rows })
  assert.equal(fillOf(declared.refs), 5)
  const zero = await write({ arrays: [{ path: 'a', fillValue: Buffer.from([0, 0]) }], rows: [[row(1)]] })
  assert.deepEqual([fillOf(zero.refs), zero.report.missing], [null, 3])
})

test('missing chunks that xarray would mask are written out, before, between and after', async () => {
  const { refs, report } = await write({ arrays: [{ path: 'a', fillValue: FIVE }], rows: [[row(1)]] })
  const fill = 'base64:BQA='
  assert.deepEqual([refs['a/0'], refs['a/2'], refs['a/3']], [fill, fill, fill])
  assert.deepEqual(refs['a/1'], ['/a.nc', 1, 2])
  assert.equal(fillOf(refs), null)
  assert.deepEqual([report.references, report.inlined, report.missing, report.copiedBytes], [1, 3, 0, 0])
  assert.match(report.notes[0].reason, /^3 missing chunks are inlined as the fill value/)
})

test('an array without any reference has its metadata', async () => {
  const { refs, report } = await write({
    arrays: [{ path: 'a', fillValue: FIVE, shape: [20_000] }],
    rows: [[]],
  })
  assert.deepEqual([fillOf(refs), report.missing, report.references], [5, 20_000, 0])
  assert.ok('a/.zattrs' in refs)
  assert.match(report.notes[0].reason, /^20000 missing chunks read as the file's fill value/)
})

const CONFLICT = { path: 'a', fillValue: FIVE, attributes: { _FillValue: 6n }, shape: [20_000] }

test('too many that would be misread are refused by name', async () => {
  const conflict = { arrays: [CONFLICT], rows: [[]] }
  await assert.rejects(write(conflict), { code: 'ERR_KSTREAM_UNSUPPORTED', array: 'a' })
  const { refs, report } = await write({ ...conflict, arrays: [CONFLICT], groups: [] }, 'skip')
  assert.deepEqual(Object.keys(refs), ['.zgroup', '.zattrs'])
  assert.deepEqual([report.arrays, report.missing], [0, 0])
  assert.match(report.skipped[0].reason, /differs from its attribute _FillValue/)
})

test('they cannot be left out any more when references are written', async () => {
  const begun = { arrays: [CONFLICT], rows: [[row(0)]] }
  await assert.rejects(write(begun, 'skip'), /^UnsupportedError: a: .*; leave it out with --drop a$/)
})
