/** Combining parts first and then the parts' sets gives the bytes of combining all at once. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { openParquetSet } from '../../lib/format/kerchunk-parquet/index.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { concat } from '../../lib/transform/concat.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { MemoryFiles } from '../store/memory-set.ts'
import { type Month, month } from '../transform/monthly-files.ts'
import { filesBelow } from './scratch.ts'
import { streamOf } from './synthetic.ts'

interface Series {
  readonly files: readonly Month[]
  /** Where the list of files is cut into parts. */
  readonly cuts: readonly number[]
  readonly recordSize: number
}

const fillValue = new Uint8Array(Float32Array.of(-7).buffer)

/** Files of one to three days; some with a missing chunk, an attribute of their own, or no row at all. */
const series: fc.Arbitrary<Series> = fc
  .array(
    fc.record({
      days: fc.nat({ max: 3 }),
      missing: fc.array(fc.nat({ max: 5 }), { maxLength: 2 }),
      history: fc.constantFrom('a', 'b', 'c'),
      note: fc.boolean(),
    }),
    { minLength: 2, maxLength: 7 },
  )
  .chain((files) => {
    let day = 0
    const months = files.map(({ days: some, missing, history, note }, at): Month => {
      // Without any row the order of the files is that of the list.
      const days = at === 0 ? Math.max(1, some) : some
      const times = Array.from({ length: days }, () => day++)
      return {
        times,
        changes: {
          temp: { missing: missing.filter((chunk) => chunk < 2 * days), fillValue },
          x: { attributes: { comment: history } },
        },
        header: {
          groups: [{ path: '', attributes: { history }, unlimitedDims: ['time'] }],
          notes: note ? [{ path: 'temp', reason: 'an attribute could not be read' }] : [],
        },
      }
    })
    return fc.record({
      files: fc.constant(months),
      cuts: fc.array(fc.nat({ max: files.length }), { maxLength: 3 }),
      recordSize: fc.constantFrom(1, 3, 100),
    })
  })

async function build(
  files: MemoryFiles,
  sets: readonly ReferenceSet[],
  path: string,
  recordSize: number,
): Promise<ReferenceSet> {
  await writeParquet(path, { recordSize })(concat('time', { open: files.open })(streamOf(...sets)))
  return openParquetSet(path)
}

/** The files in consecutive parts, none empty. */
function partsOf<T>(items: readonly T[], cuts: readonly number[]): T[][] {
  const bounds = [...new Set([0, ...cuts, items.length])].sort((a, b) => a - b)
  return bounds.slice(1).map((end, at) => items.slice(bounds[at], end))
}

describe('a set of sets', () => {
  it('has the bytes of a set of all their files, records included', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kstream-parts-'))
    let run = 0
    try {
      await fc.assert(
        fc.asyncProperty(series, async ({ files, cuts, recordSize }) => {
          const memory = new MemoryFiles()
          const sets = files.map((file, at) => month(memory, `/m/${at}.nc`, file))
          const place = (name: string) => join(folder, `${run}-${name}.parq`)
          run++
          await build(memory, sets, place('once'), recordSize)
          const parts: ReferenceSet[] = []
          for (const [at, part] of partsOf(sets, cuts).entries()) {
            parts.push(await build(memory, part, place(`part${at}`), at % 2 === 0 ? recordSize : 2))
          }
          await build(memory, parts.reverse(), place('twice'), recordSize)
          assert.deepEqual(filesBelow(place('twice')), filesBelow(place('once')))
        }),
        { numRuns: 40 },
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
