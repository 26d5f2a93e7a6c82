/** Parquet sets of every shape that other writers give them: the rows are those that fsspec reads, key by key. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FormatError } from '../../../lib/errors.ts'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { chunkKey, extentsSoFar, gridShape } from '../../../lib/model/chunk-grid.ts'
import { INLINE } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openSource } from '../../../lib/source/open.ts'
import { ChunkReader } from '../../../lib/store/chunk-reader.ts'
import { bytesThrough, stringsThrough } from '../../../lib/store/read-values.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { scratchFolder } from '../../write/scratch.ts'
import { streamOf } from '../../write/synthetic.ts'

const python = process.env.KSTREAM_PYTHON
const SCRIPT = fileURLToPath(new URL('../../../../test/python/foreign_rows.py', import.meta.url))
const folder = scratchFolder()
const skip = python ? false : 'KSTREAM_PYTHON names no Python'
const run = (command: string) =>
  execFileSync(python ?? '', [SCRIPT, command, folder], { encoding: 'utf8', timeout: 240_000 })
const readJson = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))

/** As fsspec tells a chunk: `[path]`, `[path, offset, size]`, or its bytes in base64. */
type Told = readonly (string | number)[] | string | null

before(() => {
  if (!skip) run('make')
})

async function rowsOf(set: ReferenceSet): Promise<Map<string, Told>> {
  const found = new Map<string, Told>()
  for await (const part of set.body()) {
    if (part.kind === 'footer') continue
    const { path: array, shape, chunkShape } = set.header.arrays[part.array]
    const grid = gridShape(extentsSoFar(shape), chunkShape)
    for (let row = 0; row < part.rows; row++) {
      const code = part.path[row]
      const range = [part.offset[row], part.length[row]]
      const place = [part.paths[code], ...(range[0] === 0 && range[1] === 0 ? [] : range)]
      const told = code === INLINE ? Buffer.from(part.raw?.[row] ?? []).toString('base64') : place
      found.set(`${array}/${chunkKey(part.chunk[row], grid)}`, told)
    }
  }
  return found
}

const names = () => readdirSync(folder).filter((name) => /^[^.]+\.parq$/.test(name))

test('every chunk is what fsspec reads', { skip }, async () => {
  assert.equal(names().length, 26)
  for (const name of names()) {
    const judged = new Map<string, Told>(Object.entries(readJson(name.replace('.parq', '.json'))))
    const expected = new Map([...judged].filter(([, told]) => told !== null))
    // These strings stay the same and are stored otherwise.
    assert.match(Buffer.from(String(expected.get('name/0')), 'base64').toString(), /^\["a","\\u00e9","",/)
    expected.set(
      'name/0',
      Buffer.from('\x03\0\0\0\x01\0\0\0a\x02\0\0\0\xc3\xa9\0\0\0\0', 'latin1').toString('base64'),
    )
    assert.equal(expected.size, 28 + 5 + 3 + 1 + 1)
    assert.deepEqual(await rowsOf(await openParquetSet(join(folder, name))), expected, name)
  }
})

const ODD: Readonly<Record<string, RegExp>> = {
  'null-offset': /row 1 points nowhere/,
  'nan-size': /row 1 points nowhere/,
  negative: /row 1 points nowhere/,
  fraction: /row 1 points nowhere/,
  huge: /row 1 points nowhere/,
  'no-offset': /row 0 points nowhere/,
  'path-of-numbers': /a path that is no text/,
  'raw-of-numbers': /inlined bytes that are none/,
  short: /3 rows, where the array has 4 chunks/,
  long: /8 rows, but record_size is 4/,
}

test('rows that no reader can make sense of are refused', { skip }, async () => {
  for (const [name, problem] of Object.entries(ODD)) {
    const path = join(folder, 'odd', `${name}.parq`)
    const set = await openParquetSet(path)
    await assert.rejects(rowsOf(set), (error) => {
      assert.ok(error instanceof FormatError, name)
      assert.match(error.message, problem)
      return error.message.includes(`${path}/part/refs.0.parq`)
    })
    const out = join(folder, `${name}.out`)
    await assert.rejects(writeParquet(out)(streamOf(set)), FormatError)
    assert.equal(existsSync(out), false)
  }
})

test('a range of no bytes is a chunk of none, and bytes go before a path', { skip }, async () => {
  for (const name of ['empty-range', 'raw-and-path']) {
    const rows = await rowsOf(await openParquetSet(join(folder, 'odd', `${name}.parq`)))
    assert.equal(rows.size, 4)
    assert.equal(rows.get('part/1.0'), readJson(`odd/${name}.json`), name)
  }
})

test('what is written of them reads right', { skip }, async () => {
  for (const name of names()) {
    const set = await openParquetSet(join(folder, name), { whole: true, copies: 'raw' })
    const report = await writeParquet(join(folder, name.replace('.parq', '.again.parq')))(streamOf(set))
    const { references, inlined, missing, coverage } = report
    assert.deepEqual([references, inlined], [26 + 4, 2 + 1 + 3 + 1 + 1], name)
    assert.equal(missing, 2 + 1 + 9)
    const { outcome, reason } = coverage.arrays.find(({ path }) => path === 'name') ?? {}
    assert.deepEqual([outcome, /json2/.test(reason ?? '')], ['copied', true])
  }
  const again = names().map((name) => name.replace('.parq', '.again.parq'))
  assert.equal(
    run('check'),
    again
      .sort()
      .map((name) => `${name} reads right\n`)
      .join(''),
  )
})

test('values are read through references to whole files', { skip }, async () => {
  const values = readJson('values.json')
  for (const name of ['size-7.parq', 'size-7.again.parq']) {
    const set = await openParquetSet(join(folder, name))
    const reader = new ChunkReader(set, { open: openSource })
    const indexOf = (array: string) => set.header.arrays.findIndex(({ path }) => path === array)
    for (const array of ['part', 'whole', 'inlined']) {
      const bytes = await bytesThrough(reader, indexOf(array))
      assert.deepEqual([...new Int16Array(bytes.slice().buffer)], values[array].flat(), `${name} ${array}`)
    }
    assert.deepEqual(await stringsThrough(reader, indexOf('name')), values.name)
    await reader.close()
  }
})
