import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { concat } from '../../lib/transform/concat.ts'
import { MemoryFiles } from '../store/memory-set.ts'

/** A grid of files over (t, m); `v` has both dimensions and x, in any order. */
interface Grid {
  /** Chunks along each dimension of each place, and the chunk extents. */
  readonly places: { readonly t: readonly number[]; readonly m: readonly number[] }
  readonly chunk: { readonly t: number; readonly m: number; readonly x: number }
  /** Elements that the last place along t is short of whole chunks. */
  readonly short: boolean
  readonly axes: readonly ('t' | 'm' | 'x')[]
  /** Cells without a file. */
  readonly empty: readonly number[]
  readonly shuffle: readonly number[]
}

const EXTENT_X = 3
const FILL = -9

const grids: fc.Arbitrary<Grid> = fc.record({
  places: fc.record({
    t: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 }),
    m: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 }),
  }),
  chunk: fc.record({
    t: fc.integer({ min: 1, max: 2 }),
    m: fc.integer({ min: 1, max: 2 }),
    x: fc.integer({ min: 1, max: 4 }),
  }),
  short: fc.boolean(),
  axes: fc.shuffledSubarray(['t', 'm', 'x'] as const, { minLength: 3 }),
  empty: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
  shuffle: fc.array(fc.nat({ max: 1000 }), { minLength: 9, maxLength: 9 }),
})

function valueAt(t: number, m: number, x: number): number {
  return t * 10_000 + m * 100 + x
}

interface Extent {
  readonly start: number
  readonly length: number
}

function extents(places: readonly number[], chunk: number, short: boolean): Extent[] {
  let start = 0
  return places.map((chunks, at) => {
    const less = short && at === places.length - 1 ? chunk - 1 : 0
    const length = Math.max(1, chunks * chunk - less)
    const extent = { start, length }
    start += length
    return extent
  })
}

/** The files of a grid, by cell; undefined where there is none. */
function filesOf(memory: MemoryFiles, grid: Grid): (ReferenceSet | undefined)[] {
  const t = extents(grid.places.t, grid.chunk.t, grid.short)
  const m = extents(grid.places.m, grid.chunk.m, false)
  return t.flatMap((time, i) =>
    m.map((member, j) => {
      const cell = i * m.length + j
      return grid.empty.includes(cell) ? undefined : fileOf(memory, grid, `/g/${i}-${j}.nc`, time, member)
    }),
  )
}

function fileOf(memory: MemoryFiles, grid: Grid, url: string, t: Extent, m: Extent): ReferenceSet {
  const length = { t: t.length, m: m.length, x: EXTENT_X }
  const shape = grid.axes.map((axis) => length[axis])
  const count = shape.reduce((product, extent) => product * extent, 1)
  const bytes = Int32Array.from({ length: count }, (_, flat) => {
    const at = { t: 0, m: 0, x: 0 }
    let rest = flat
    for (let axis = 2; axis >= 0; axis--) {
      at[grid.axes[axis]] = rest % shape[axis]
      rest = Math.floor(rest / shape[axis])
    }
    return valueAt(t.start + at.t, m.start + at.m, at.x)
  })
  const range = ({ start, length: n }: Extent) => Float64Array.from({ length: n }, (_, at) => start + at)
  const fillValue = new Uint8Array(Int32Array.of(FILL).buffer)
  const chunkShape = grid.axes.map((axis) => grid.chunk[axis])
  return memory.set(url, [
    { path: 'v', dims: grid.axes, shape, chunkShape, dataType: '<i4', fillValue, bytes },
    { path: 't', dims: ['t'], shape: [t.length], bytes: range(t) },
    { path: 'm', dims: ['m'], shape: [m.length], bytes: range(m) },
    { path: 'x', dims: ['x'], shape: [EXTENT_X], bytes: Float64Array.of(7, 8, 9) },
    {
      path: 'w',
      dims: ['t', 'x'],
      shape: [t.length, EXTENT_X],
      chunkShape: [1, 2],
      bytes: range({ start: t.start * EXTENT_X, length: t.length * EXTENT_X }),
    },
  ])
}

async function join(
  memory: MemoryFiles,
  sets: readonly ReferenceSet[],
  dims: readonly string[],
): Promise<ReferenceSet> {
  const source = (async function* () {
    yield* sets
  })()
  for await (const set of concat(dims, { open: memory.open, allowGaps: true })(source)) return set
  throw new assert.AssertionError({ message: 'no set' })
}

async function read(memory: MemoryFiles, set: ReferenceSet, path: string) {
  const index = set.header.arrays.findIndex((array) => array.path === path)
  const { data } = await readValues(set, index, { open: memory.open })
  return Array.from(data as ArrayLike<number>)
}

async function rowsOf(set: ReferenceSet, options: object = {}): Promise<Map<number, unknown[]>> {
  const rows = new Map<number, unknown[]>()
  for await (const item of set.body(options)) {
    if (item.kind === 'footer') continue
    const own = rows.get(item.array) ?? []
    rows.set(item.array, own)
    for (let row = 0; row < item.rows; row++) {
      const bytes = item.raw?.[row]
      own.push([
        item.chunk[row],
        bytes ? Buffer.from(bytes).toString('hex') : item.paths[item.path[row]],
        bytes ? 0 : item.offset[row],
      ])
    }
  }
  return rows
}

/** Places that have a file, and where they begin in the result. */
function present(grid: Grid, dim: 't' | 'm'): number[] {
  const columns = grid.places.m.length
  const all = extents(grid.places[dim], grid.chunk[dim], dim === 't' && grid.short)
  return all.flatMap(({ start, length }, place) => {
    const cells =
      dim === 't'
        ? grid.places.m.map((_, j) => place * columns + j)
        : grid.places.t.map((_, i) => i * columns + place)
    const there = cells.some((cell) => !grid.empty.includes(cell))
    return there ? Array.from({ length }, (_, at) => start + at) : []
  })
}

function hasFile(grid: Grid, t: number, m: number): boolean {
  const place = (dim: 't' | 'm', at: number) =>
    extents(grid.places[dim], grid.chunk[dim], dim === 't' && grid.short).findIndex(
      ({ start, length }) => at >= start && at < start + length,
    )
  return !grid.empty.includes(place('t', t) * grid.places.m.length + place('m', m))
}

describe('concat over several dimensions', () => {
  it('puts every file in its place, whatever the order of the files and of the axes; what is not there is missing', async () => {
    await fc.assert(
      fc.asyncProperty(grids, async (grid) => {
        const memory = new MemoryFiles()
        const files = filesOf(memory, grid).filter((set) => set !== undefined)
        if (files.length === 0) return
        const shuffled = files
          .map((set, at) => ({ set, key: grid.shuffle[at] }))
          .sort((a, b) => a.key - b.key)
          .map(({ set }) => set)
        const set = await join(memory, shuffled, ['t', 'm'])
        const [t, m] = [present(grid, 't'), present(grid, 'm')]
        assert.deepEqual(await read(memory, set, 't'), t)
        assert.deepEqual(await read(memory, set, 'm'), m)
        const along = { t, m, x: [0, 1, 2] }
        const [a, b, c] = grid.axes
        const expected = along[a].flatMap((p) =>
          along[b].flatMap((q) =>
            along[c].map((r) => {
              const at = Object.fromEntries([
                [a, p],
                [b, q],
                [c, r],
              ]) as Record<'t' | 'm' | 'x', number>
              return hasFile(grid, at.t, at.m) ? valueAt(at.t, at.m, at.x) : FILL
            }),
          ),
        )
        assert.deepEqual(await read(memory, set, 'v'), expected)
        assert.deepEqual(
          await read(memory, set, 'w'),
          t.flatMap((at) => [0, 1, 2].map((x) => at * EXTENT_X + x)),
        )
      }),
      { numRuns: 200 },
    )
  })

  it('gives the same chunks in ranges as at once, ascending, and counts what is missing', async () => {
    await fc.assert(
      fc.asyncProperty(grids, fc.nat({ max: 40 }), fc.nat({ max: 40 }), async (grid, from, length) => {
        const memory = new MemoryFiles()
        const files = filesOf(memory, grid).filter((set) => set !== undefined)
        if (files.length === 0) return
        const set = await join(memory, files, ['t', 'm'])
        const whole = await rowsOf(set)
        const part = await rowsOf(set, { from, to: from + length })
        for (const [array, rows] of whole) {
          const chunks = rows.map((row) => (row as number[])[0])
          assert.ok(chunks.every((chunk, at) => at === 0 || chunk > chunks[at - 1]))
          const within = rows.filter(
            (row) => (row as number[])[0] >= from && (row as number[])[0] < from + length,
          )
          assert.deepEqual(part.get(array) ?? [], within)
        }
        for await (const item of set.body()) {
          if (item.kind !== 'footer') continue
          for (const [array, { shape, chunkShape }] of set.header.arrays.entries()) {
            const count = shape.reduce<number>(
              (product, extent, axis) => product * Math.ceil((extent ?? 0) / chunkShape[axis]),
              1,
            )
            assert.equal(item.missing[array], count - (whole.get(array)?.length ?? 0))
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  it('is associative: parts of the grid first, then the parts', async () => {
    await fc.assert(
      fc.asyncProperty(grids, fc.constantFrom('t', 'm'), async (whole, dim) => {
        const grid = { ...whole, empty: [] }
        const memory = new MemoryFiles()
        const columns = grid.places.m.length
        const files = filesOf(memory, grid).filter((set) => set !== undefined)
        const placeOf = (cell: number) => (dim === 't' ? Math.floor(cell / columns) : cell % columns)
        const middle = Math.floor(grid.places[dim].length / 2)
        const halves = [
          files.filter((_, cell) => placeOf(cell) < middle),
          files.filter((_, cell) => placeOf(cell) >= middle),
        ].filter((half) => half.length > 0)
        const parts = await Promise.all(halves.map((half) => join(memory, half, ['t', 'm'])))
        const [once, twice] = [
          await join(memory, files, ['t', 'm']),
          await join(memory, parts.reverse(), ['m', 't']),
        ]
        assert.deepEqual(twice.header, once.header)
        assert.deepEqual(twice.sources, once.sources)
        assert.deepEqual(await rowsOf(twice), await rowsOf(once))
      }),
      { numRuns: 100 },
    )
  })
})
