/** Split and merged chunks, for any array and any way in which it lies in its file, hold the values that it has. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { UnsupportedError } from '../../lib/errors.ts'
import { chunkCount, gridShape } from '../../lib/model/chunk-grid.ts'
import { INLINE } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import { concat } from '../../lib/transform/concat.ts'
import { mergeChunks } from '../../lib/transform/merge-chunks.ts'
import { splitChunks } from '../../lib/transform/split-chunks.ts'
import { MemoryFiles } from '../store/memory-set.ts'
import { through } from './memory-set.ts'
import { expectedValues, plainArrays, plainSet, valuesOf } from './plain-arrays.ts'

type Target = number | Readonly<Record<string, number>>

interface Step {
  readonly verb: 'split' | 'merge'
  /** Bytes, or for each axis an extent, multiples of the chunk's or parts of it; null: it is not named. */
  readonly asked: number | readonly (Readonly<{ kind: 'extent' | 'factor'; n: number }> | null)[]
}

const extent = fc.record({
  kind: fc.constantFrom('extent' as const, 'factor' as const, 'factor' as const),
  n: fc.integer({ min: 1, max: 12 }),
})

const steps: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom('split' as const, 'merge' as const),
  asked: fc.oneof(
    fc.constantFrom(1, 8, 16, 30, 64, 200, 1000, 5000),
    fc.array(fc.option(extent), { minLength: 4, maxLength: 4 }),
  ),
})

const files = fc.record({
  arrays: fc.tuple(plainArrays),
  behind: fc.constantFrom(0, 0, 3, 4000),
  known: fc.boolean(),
})

/** The longest extent of a chunk that is asked for. */
const MOST = 24

/** What a step asks of an array; undefined where it names none of its dimensions. */
function targetOf({ verb, asked }: Step, set: ReferenceSet): Target | undefined {
  if (typeof asked === 'number') return asked
  const [{ dims, chunkShape }] = set.header.arrays
  const extents = dims.flatMap((dim, axis) => {
    const each = asked[axis]
    if (!each) return []
    const chunk = chunkShape[axis]
    if (each.kind === 'extent' || chunk * each.n > MOST) return [[dim, each.n]]
    return [[dim, verb === 'merge' ? chunk * each.n : Math.max(1, Math.floor(chunk / each.n))]]
  })
  return extents.length === 0 ? undefined : Object.fromEntries(extents)
}

function apply(
  memory: MemoryFiles,
  set: ReferenceSet,
  verb: Step['verb'],
  target: Target,
): Promise<ReferenceSet> {
  const stage = verb === 'split' ? splitChunks : mergeChunks
  return through(stage(target, { open: memory.open }), set)
}

/** `time=1,lev=10` at the end of a message, as a target. */
function nearestIn(message: string): Record<string, number> | undefined {
  const text = /the nearest that works is ([\w=,]+)$/.exec(message)?.[1]
  if (text === undefined) return undefined
  return Object.fromEntries(text.split(',').map((pair) => [pair.split('=')[0], Number(pair.split('=')[1])]))
}

interface Seen {
  readonly rows: readonly (readonly [chunk: number, place: string, offset: number, length: number])[]
  readonly missing: number
}

async function rowsOf(set: ReferenceSet, options: BodyOptions = {}): Promise<Seen> {
  const rows: [number, string, number, number][] = []
  let missing = -1
  for await (const item of set.body({ arrays: [0], ...options })) {
    if (item.kind === 'footer') {
      missing = item.missing[0]
      continue
    }
    for (let row = 0; row < item.rows; row++) {
      const raw = item.path[row] === INLINE ? Buffer.from(item.raw?.[row] ?? []).toString('hex') : undefined
      const place = raw ?? item.paths[item.path[row]]
      rows.push([item.chunk[row], place, item.offset[row], item.length[row]])
    }
  }
  return { rows, missing }
}

describe('splitChunks and mergeChunks, for any array', () => {
  it('keep the values through any sequence; what cannot be is refused, and the nearest that is named works', async () => {
    let refused = 0
    const changed = { split: 0, merge: 0 }
    await fc.assert(
      fc.asyncProperty(files, fc.array(steps, { minLength: 1, maxLength: 4 }), async (file, sequence) => {
        const memory = new MemoryFiles()
        const [spec] = file.arrays
        const original = plainSet(memory, { url: '/m/a.bin', ...file })
        let set = original
        const expected = expectedValues(spec)
        for (const step of sequence) {
          const target = targetOf(step, set)
          if (target === undefined) continue
          const before = set
          try {
            set = await apply(memory, set, step.verb, target)
          } catch (error) {
            assert.ok(error instanceof UnsupportedError, String(error))
            refused++
            const nearest = nearestIn(error.message)
            if (step.verb === 'split') assert.ok(nearest, error.message)
            else if (!nearest) assert.match(error.message, /no other extents work$/)
            if (!nearest) continue
            set = await apply(memory, set, step.verb, nearest)
            assert.notDeepEqual(set.header, before.header, error.message)
          }
          if (set !== before) changed[step.verb]++
          // A last chunk that is stored short cannot be read as it is.
          if (set !== original || !spec.cut) assert.deepEqual(await valuesOf(memory, set, 0), expected)
        }
      }),
      { numRuns: 400 },
    )
    const { split, merge } = changed
    assert.ok(
      refused > 50 && split > 100 && merge > 50,
      `${refused} refused, ${split} split, ${merge} merged`,
    )
  })

  it('hand on any range as it is in the whole, ascending, and count what is missing', async () => {
    const ranges = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 100 })), {
      minLength: 3,
      maxLength: 3,
    })
    await fc.assert(
      fc.asyncProperty(files, steps, ranges, async (file, step, spans) => {
        const memory = new MemoryFiles()
        const before = plainSet(memory, { url: '/m/a.bin', ...file })
        const target = targetOf(step, before)
        if (target === undefined) return
        const set = await apply(memory, before, step.verb, target).catch(() => before)
        const [{ shape, chunkShape }] = set.header.arrays
        const count = chunkCount(gridShape(shape as readonly number[], chunkShape))
        const whole = await rowsOf(set)
        assert.ok(whole.rows.every(([chunk], at) => at === 0 || chunk > whole.rows[at - 1][0]))
        assert.ok(whole.rows.every(([chunk]) => chunk < count))
        assert.equal(whole.missing, count - whole.rows.length)
        for (const [from, length] of spans) {
          const part = await rowsOf(set, { from, to: from + length })
          assert.deepEqual(
            part.rows,
            whole.rows.filter(([chunk]) => chunk >= from && chunk < from + length),
          )
          assert.equal(part.missing, Math.max(0, Math.min(count, from + length) - from) - part.rows.length)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('give files of any lengths one grid when they are split to single steps', async () => {
    const series = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
      order: fc.constantFrom('c' as const, 'fortran' as const),
      wide: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(series, async ({ lengths, order, wide }) => {
        const memory = new MemoryFiles()
        const plain = { dataType: '<f8', missing: [], inline: [], gaps: [], cut: false, order } as const
        const specs = lengths.map((length) => [
          { ...plain, path: 'v', dims: ['t', 'x'], shape: [length, 3], chunkShape: [length, wide ? 4 : 3] },
          { ...plain, path: 't', dims: ['t'], shape: [length], chunkShape: [length] },
        ])
        const sets = specs.map((arrays, at) =>
          plainSet(memory, { url: `/s/${at}.bin`, arrays, behind: 0, known: true }),
        )
        async function* flow() {
          yield* sets
        }
        const split = splitChunks({ t: 1 }, { open: memory.open })
        const times = lengths.map((length, at) => Array.from({ length }, (_, step) => 100 * at + step))
        for await (const set of concat('t', { open: memory.open, cooMap: { t: times } })(split(flow()))) {
          const index = set.header.arrays.findIndex(({ path }) => path === 'v')
          assert.deepEqual(
            await valuesOf(memory, set, index),
            specs.flatMap(([v]) => expectedValues(v)),
          )
        }
      }),
      { numRuns: 60 },
    )
  })
})
