import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { concat } from '../../lib/transform/concat.ts'
import { MemoryFiles } from '../store/memory-set.ts'

/** Splits `total` rows at `cuts` into files; data[t, x] = 10 t + x. */
function split(
  files: MemoryFiles,
  lengths: readonly number[],
  chunk: readonly [number, number],
): ReferenceSet[] {
  let start = 0
  return lengths.map((rows, at) => {
    const times = Array.from({ length: rows }, (_, row) => start + row)
    start += rows
    return files.set(`/m/${at}.nc`, [
      {
        path: 'v',
        dims: ['t', 'x'],
        shape: [rows, 5],
        chunkShape: chunk,
        dataType: '<i4',
        bytes: Int32Array.from(times.flatMap((t) => [0, 1, 2, 3, 4].map((x) => 10 * t + x))),
      },
      {
        path: 't',
        dims: ['t'],
        shape: [rows],
        chunkShape: [7],
        dataType: '<i4',
        bytes: Int32Array.from(times),
      },
    ])
  })
}

async function joined(files: MemoryFiles, sets: readonly ReferenceSet[]): Promise<ReferenceSet> {
  const source = (async function* () {
    yield* sets
  })()
  for await (const set of concat('t', { open: files.open })(source)) return set
  throw new assert.AssertionError({ message: 'no set' })
}

describe('concat, for any split into files', () => {
  const chunk = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 }))
  const files = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 })

  it('reads as one file would, or names the file whose chunk is partial', async () => {
    await fc.assert(
      fc.asyncProperty(files, chunk, async (lengths, shape) => {
        const memory = new MemoryFiles()
        const total = lengths.reduce((sum, rows) => sum + rows, 0)
        const used = lengths.filter((rows) => rows > 0)
        const partial = used.slice(0, -1).some((rows) => rows % shape[0] !== 0)
        const joining = joined(memory, split(memory, lengths, shape))
        if (partial) return assert.rejects(joining, /partly filled/)
        const set = await joining
        const [v, t] = await Promise.all([0, 1].map((index) => readValues(set, index, { open: memory.open })))
        const times = Array.from({ length: total }, (_, row) => row)
        assert.deepEqual(
          v.data,
          Int32Array.from(times.flatMap((time) => [0, 1, 2, 3, 4].map((x) => 10 * time + x))),
        )
        assert.deepEqual(t.data, Int32Array.from(times))
      }),
      { numRuns: 150 },
    )
  })

  it('gives the same chunks in ranges as at once, strictly ascending', async () => {
    const range = fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 30 }))
    await fc.assert(
      fc.asyncProperty(files, range, async (lengths, [from, length]) => {
        const memory = new MemoryFiles()
        const set = await joined(memory, split(memory, lengths, [1, 3]))
        const rows = async (options: object) => {
          const seen: [number, string, number][] = []
          for await (const item of set.body({ arrays: [0], ...options })) {
            if (item.kind === 'footer') continue
            for (let row = 0; row < item.rows; row++) {
              seen.push([item.chunk[row], item.paths[item.path[row]], item.offset[row]])
            }
          }
          return seen
        }
        const whole = await rows({})
        assert.ok(whole.every(([chunk], at) => at === 0 || chunk > whole[at - 1][0]))
        const part = whole.filter(([chunk]) => chunk >= from && chunk < from + length)
        assert.deepEqual(await rows({ from, to: from + length }), part)
      }),
      { numRuns: 100 },
    )
  })

  it('is the same whether files are joined at once or in groups first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 6 }),
        async (lengths) => {
          const memory = new MemoryFiles()
          const sets = split(memory, lengths, [1, 5])
          const at = Math.floor(sets.length / 2)
          const halves = [await joined(memory, sets.slice(0, at)), await joined(memory, sets.slice(at))]
          const [once, twice] = [await joined(memory, sets), await joined(memory, halves)]
          assert.deepEqual(twice.header, once.header)
          const items = async (set: ReferenceSet) => {
            const rows: unknown[] = []
            for await (const item of set.body()) {
              if (item.kind === 'batch')
                rows.push([item.array, [...item.chunk], item.paths, [...item.offset], item.raw])
            }
            return rows
          }
          assert.deepEqual(await items(twice), await items(once))
        },
      ),
      { numRuns: 30 },
    )
  })
})
