/** Files of other lengths, chunks and codecs, joined with copies at the seams: values, ranges and counts, for any of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { chunkCount, gridShape } from '../../lib/model/chunk-grid.ts'
import type { CodecConfig } from '../../lib/model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { planSets } from '../../lib/transform/plan-sets.ts'
import { MemoryFiles } from '../store/memory-set.ts'

const CODECS: readonly (readonly CodecConfig[])[] = [
  [],
  [{ id: 'zlib', level: 1 }],
  [
    { id: 'shuffle', elementsize: 4 },
    { id: 'zlib', level: 1 },
  ],
]
const WIDTH = 5
const FILL = -7

interface Part {
  readonly rows: number
  readonly chunk: readonly [number, number]
  readonly codecs: number
  /** Of each ten chunks these are not stored. */
  readonly missing: readonly number[]
}

const part: fc.Arbitrary<Part> = fc.record({
  rows: fc.nat({ max: 7 }),
  chunk: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })),
  codecs: fc.nat({ max: CODECS.length - 1 }),
  missing: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
})

/** v along `axis` of two, and its coordinate; what v must read as, row by row along t. */
function filesOf(parts: readonly Part[], axis: 0 | 1) {
  const files = new MemoryFiles()
  const expected: number[][] = []
  let start = 0
  const sets = parts.map(({ rows, chunk, codecs, missing }, at) => {
    const times = Array.from({ length: rows }, (_, row) => start + row)
    start += rows
    const shape = axis === 0 ? [rows, WIDTH] : [WIDTH, rows]
    const chunkShape = axis === 0 ? [...chunk] : chunk.toReversed()
    const grid = gridShape(shape, chunkShape)
    const lost = [...Array(chunkCount(grid)).keys()].filter((number) => missing.includes(number % 10))
    const value = (t: number, x: number) => {
      const [i, j] = axis === 0 ? [t, x] : [x, t]
      const number = Math.floor(i / chunkShape[0]) * grid[1] + Math.floor(j / chunkShape[1])
      return lost.includes(number) ? FILL : 100 * times[t] + x
    }
    for (const t of times.keys()) expected.push(Array.from({ length: WIDTH }, (_, x) => value(t, x)))
    const cells = chunkCount(shape)
    const values = Int32Array.from({ length: cells }, (_, flat) => {
      const [i, j] = [Math.floor(flat / shape[1]), flat % shape[1]]
      return axis === 0 ? value(i, j) : value(j, i)
    })
    const dims = axis === 0 ? ['t', 'x'] : ['x', 't']
    const fillValue = new Uint8Array(Int32Array.of(FILL).buffer)
    const stored = { codecs: CODECS[codecs], chunkShape, missing: lost, fillValue }
    return files.set(`/m/${at}.nc`, [
      { path: 'v', dims, shape, dataType: '<i4', bytes: values, ...stored },
      { path: 't', dims: ['t'], shape: [rows], dataType: '<i4', bytes: Int32Array.from(times) },
    ])
  })
  return { files, sets, expected }
}

async function* each(sets: readonly ReferenceSet[]): AsyncGenerator<ReferenceSet> {
  yield* sets
}

async function rowsOf(set: ReferenceSet, options: BodyOptions) {
  const rows: (readonly [chunk: number, bytes: string])[] = []
  let footer: Footer | undefined
  for await (const item of set.body(options)) {
    if (item.kind === 'footer') footer = item
    else rows.push(...rowsOfBatch(item))
  }
  return { rows, missing: footer?.missing[0] }
}

function rowsOfBatch(batch: ReferenceBatch): (readonly [chunk: number, bytes: string])[] {
  return Array.from({ length: batch.rows }, (_, row) => {
    const inline = batch.path[row] === INLINE
    const where = `${batch.paths[batch.path[row]]} ${batch.offset[row]} ${batch.length[row]}`
    const bytes = Buffer.from(batch.raw?.[row] ?? []).toString('hex')
    return [batch.chunk[row], inline ? bytes : where] as const
  })
}

describe('concat that copies at the seams', () => {
  for (const axis of [0, 1] as const) {
    it(`reads as one file would, joined along axis ${axis}, and in ranges as at once`, async () => {
      let copies = 0
      const parts = fc.array(part, { minLength: 1, maxLength: 5 })
      const range = fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 30 }))
      await fc.assert(
        fc.asyncProperty(parts, range, async (all, [from, length]) => {
          const { files, sets, expected } = filesOf(all, axis)
          const { open } = files
          const planned = await planSets(each(sets), 't', { onMismatch: 'copy', open })
          const set = await planned.set()
          const { data } = await readValues(set, 0, { open })
          const turned =
            axis === 0 ? expected : Array.from({ length: WIDTH }, (_, x) => expected.map((row) => row[x]))
          assert.deepEqual([...data], turned.flat())
          const whole = await rowsOf(set, { arrays: [0] })
          const numbers = whole.rows.map(([chunk]) => chunk)
          assert.deepEqual(
            numbers,
            [...new Set(numbers)].sort((a, b) => a - b),
          )
          const [v] = set.header.arrays
          const count = chunkCount(gridShape(v.shape as number[], v.chunkShape))
          assert.equal(whole.missing, count - numbers.length)
          const part = await rowsOf(set, { arrays: [0], from, to: from + length })
          assert.deepEqual(
            part.rows,
            whole.rows.filter(([chunk]) => chunk >= from && chunk < from + length),
          )
          if (planned.report.seams) copies++
          const copied = whole.rows.filter(([, bytes]) => /^[0-9a-f]*$/.test(bytes)).length
          assert.ok(copied <= (planned.report.seams?.chunks ?? 0), 'no more is copied than the plan says')
        }),
        { numRuns: 300 },
      )
      assert.ok(copies > 100, `${copies} of 300 cases had seams`)
    })
  }

  it('copies nothing but what no grid holds', async () => {
    const rows = (length: number): Part => ({ rows: length, chunk: [2, 5], codecs: 1, missing: [] })
    const { files, sets } = filesOf([rows(4), rows(3), rows(3), rows(2)], 0)
    const planned = await planSets(each(sets), 't', { onMismatch: 'copy', open: files.open })
    const { rows: found } = await rowsOf(await planned.set(), { arrays: [0] })
    const where = found.map(([, bytes]) => (/^[0-9a-f]+$/.test(bytes) ? 'copied' : bytes.split(' ')[0]))
    // Rows 0-3 lie in chunks of the first file; the second begins with a chunk of its own; the last file fits again.
    assert.deepEqual(where, ['/m/0.nc', '/m/0.nc', '/m/1.nc', 'copied', 'copied', '/m/3.nc'])
    assert.deepEqual(planned.report.seams, { arrays: ['v'], chunks: 2, bytes: 80, wholeBytes: 240 })
  })

  it('reads of the files only those that a range meets', async () => {
    const rows = (length: number): Part => ({ rows: length, chunk: [2, 5], codecs: 1, missing: [] })
    const { files, sets } = filesOf([rows(4), rows(3), rows(3), rows(2)], 0)
    const set = await (await planSets(each(sets), 't', { onMismatch: 'copy', open: files.open })).set()
    files.bodies.length = 0
    await rowsOf(set, { arrays: [0], from: 1, to: 2 })
    assert.deepEqual(files.bodies, ['/m/0.nc v'])
  })

  it('tells what copies would cost where they are not asked for', async () => {
    const rows = (length: number): Part => ({ rows: length, chunk: [2, 5], codecs: 1, missing: [] })
    const { files, sets } = filesOf([rows(3), rows(3)], 0)
    const { report, set } = await planSets(each(sets), 't', { open: files.open })
    assert.equal(report.seams?.chunks, 2)
    await assert.rejects(set(), /--on-mismatch copy/)
  })

  it('advises a split that fits the lengths of all files', async () => {
    const rows = (length: number, chunk: number): Part => ({
      rows: length,
      chunk: [chunk, 5],
      codecs: 0,
      missing: [],
    })
    const { files, sets } = filesOf([rows(4, 2), rows(5, 4), rows(4, 2)], 0)
    const { report } = await planSets(each(sets), 't', { open: files.open })
    for (const { advice } of report.barriers) assert.match(advice, /--split-chunks t=1 /)
  })
})
