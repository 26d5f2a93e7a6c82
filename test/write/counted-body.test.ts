/** The contract of batches as sinks hold it: every way to break it is an error that names the array. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Footer, INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { CountedBody, type CountedBodyOptions } from '../../lib/write/counted-body.ts'
import { arrayOf, batchOf } from './synthetic.ts'

const reference = (chunk: number) => ({ chunk, path: '/a.nc', offset: 1, length: 2 })
const good = (array = 0, chunk = 0) => batchOf(array, [reference(chunk)])

function footer(change: Partial<Footer> = {}): Footer {
  const coverage = { arrays: [], notes: [] }
  return { kind: 'footer', shapes: [[4], [4]], missing: [4, 4], dropped: [], coverage, ...change }
}

function setOf(...parts: readonly (ReferenceBatch | Footer)[]): ReferenceSet {
  const arrays = [arrayOf({ path: 'a' }), arrayOf({ path: 'b', shape: [null] })]
  return {
    header: { kind: 'header', groups: [], arrays, skipped: [], notes: [] },
    sources: [],
    replayable: false,
    async *body() {
      yield* parts
    },
  }
}

async function read(
  parts: readonly (ReferenceBatch | Footer)[],
  options: Partial<CountedBodyOptions> = {},
): Promise<CountedBody> {
  const body = new CountedBody(setOf(...parts), { target: 'OUT', ...options })
  for await (const batch of body.batches()) assert.equal(batch.kind, 'batch')
  return body
}

const BROKEN: readonly (readonly [name: string, parts: (ReferenceBatch | Footer)[], problem: RegExp])[] = [
  ['an unknown array', [good(2)], /OUT: a batch names array 2/],
  ['a chunk again', [good(0, 1), good(0, 1)], /a: chunk 1 comes after chunk 1/],
  ['a chunk before', [batchOf(0, [reference(2), reference(1)])], /a: chunk 1 comes after chunk 2/],
  ['no whole number', [good(0, 0.5)], /a: chunk 0.5 comes/],
  ['a negative number', [good(0, -1)], /a: chunk -1 comes/],
  ['outside the grid', [good(0, 4)], /a: chunk 4 is outside the grid of 4/],
  ['outside the final grid', [good(1, 4), footer({ missing: [4, 3] })], /b: chunk 4 is outside the grid/],
  ['an unknown path', [{ ...good(), path: Uint32Array.of(1) }], /a: a reference names path 1 of 1/],
  ['a fractional offset', [{ ...good(), offset: Float64Array.of(0.5) }], /bytes 0.5 \+ 2 are no range/],
  ['a negative length', [{ ...good(), length: Float64Array.of(-1) }], /bytes 1 \+ -1 are no range/],
  ['a length beyond 2^53', [{ ...good(), length: Float64Array.of(2 ** 53) }], /are no range of a file/],
  ['no bytes behind the start', [{ ...good(), length: Float64Array.of(0) }], /bytes 1 \+ 0 are no range/],
  ['no bytes at all', [{ ...good(), path: Uint32Array.of(INLINE), raw: [null] }], /without its bytes/],
  ['no footer', [good()], /OUT: the references end without a footer/],
  ['two footers', [footer(), footer()], /OUT: the references go on after their footer/],
  ['a batch behind the footer', [footer(), good()], /OUT: the references go on after their footer/],
  ['another shape', [footer({ shapes: [[5], [4]] })], /a: the shape ends as \[5\]/],
  ['no shape', [footer({ shapes: [[4]] })], /b: the shape ends/],
  ['other missing chunks', [footer({ missing: [3, 4] })], /a: 4 chunks never came, but 3 were said/],
  ['an unknown dropped array', [footer({ dropped: [9] })], /OUT: the footer drops array 9/],
]

for (const [name, parts, problem] of BROKEN) {
  test(`${name}: an error`, async () => {
    await assert.rejects(read(parts), (error) => {
      assert.ok(error instanceof Error)
      assert.equal(error.name, 'WriteError')
      assert.match(error.message, problem)
      return true
    })
  })
}

test('two arrays of one path are refused before anything is read', () => {
  const set = setOf()
  const arrays = [arrayOf({ path: 'a' }), arrayOf({ path: 'a' })]
  assert.throws(() => new CountedBody({ ...set, header: { ...set.header, arrays } }, { target: 'OUT' }), {
    code: 'ERR_KSTREAM_WRITE',
    path: 'a',
  })
})

const MASKED = { ...good(), filterMask: Uint32Array.of(1) }

test('a chunk that skips filters is refused, or its array left out while nothing of it is written', async () => {
  await assert.rejects(read([MASKED]), { code: 'ERR_KSTREAM_UNSUPPORTED', array: 'a' })
  const body = await read([MASKED, good(0, 1), footer()], { onUnsupported: 'skip' })
  const { arrays, references, skipped } = body.report(0)
  assert.deepEqual([arrays, references, skipped.map(({ path }) => path)], [1, 0, ['a']])
  const late = [good(), { ...MASKED, chunk: Float64Array.of(1) }]
  await assert.rejects(read(late, { onUnsupported: 'skip' }), /leave it out with --drop a$/)
})

test('an array that the footer drops must not have been begun, unless the output says so itself', async () => {
  const coverage = { arrays: [{ path: 'a', outcome: 'skipped', reason: 'odd' } as const], notes: [] }
  const dropping = footer({ dropped: [0], coverage, missing: [3, 4] })
  const { skipped } = (await read([dropping])).report(0)
  assert.deepEqual(skipped, [{ path: 'a', reason: 'odd' }])
  await assert.rejects(read([good(), dropping]), /^UnsupportedError: a: odd; leave it out with --drop a$/)
  const report = (await read([good(), MASKED, dropping].slice(1), { saysAll: true })).report(0)
  assert.deepEqual([report.references, report.skipped], [0, [{ path: 'a', reason: 'odd' }]])
})

test('paths are shown to the sink, and an abort ends the body', async () => {
  const seen: string[] = []
  await read([good(), footer({ missing: [3, 4] })], { checkPath: (array, path) => seen.push(array, path) })
  assert.deepEqual(seen, ['a', '/a.nc'])
  await assert.rejects(read([good()], { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
