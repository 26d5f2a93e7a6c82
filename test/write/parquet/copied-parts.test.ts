/** Sets made of sets that hold copied bytes: the bytes of a set made at once, and nothing left of the parts in them. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { openFolderInput } from '../../../lib/format/input.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openSource } from '../../../lib/source/open.ts'
import { readValues } from '../../../lib/store/read-values.ts'
import { concat } from '../../../lib/transform/concat.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { MemoryFiles } from '../../store/memory-set.ts'
import { month } from '../../transform/monthly-files.ts'
import { filesBelow } from '../scratch.ts'
import { streamOf } from '../synthetic.ts'

const LOCATION = '/where/readers/find it'

test('combining parts first gives the bytes of combining all at once, copied bytes included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-copied-parts-'))
  const files = fc.array(fc.record({ days: fc.nat(3), inline: fc.boolean() }), { minLength: 2, maxLength: 6 })
  const options = fc.record({
    cut: fc.nat(6),
    recordSize: fc.integer({ min: 1, max: 5 }),
    isFirst: fc.boolean(),
  })
  let run = 0
  try {
    await fc.assert(
      fc.asyncProperty(files, options, async (list, { cut, recordSize, isFirst }) => {
        const memory = new MemoryFiles()
        let day = 0
        const sets = list.map(({ days, inline }, at) => {
          const times = Array.from({ length: at === 0 ? Math.max(1, days) : days }, () => day++)
          // Along an axis that is not the first the rows of all files have to be sorted.
          const shape = isFirst ? {} : { dims: ['x', 'time'], shape: [3, times.length], chunkShape: [2, 1] }
          return month(memory, `/m/${at}.nc`, { times, changes: { temp: { inline, ...shape } } })
        })
        const place = (name: string) => join(folder, `${run}-${name}.parq`)
        run++
        const build = async (some: readonly ReferenceSet[], name: string, location?: string) => {
          const write = writeParquet(place(name), { recordSize, inlineLimit: 9, location })
          const report = await write(concat('time', { open: memory.open })(streamOf(...some)))
          return { report, set: await openFolderInput(place(name), { onUnsupported: 'fail' }) }
        }
        const once = await build(sets, 'once', LOCATION)
        const at = Math.min(cut, sets.length)
        const halves = [sets.slice(0, at), sets.slice(at)].filter((half) => half.length > 0)
        const parts: ReferenceSet[] = []
        for (const [part, half] of halves.entries()) parts.push((await build(half, `part${part}`)).set)
        const twice = await build(parts, 'twice', LOCATION)
        assert.deepEqual(filesBelow(place('twice')), filesBelow(place('once')))
        assert.equal(twice.report.copiedBytes, once.report.copiedBytes)
        for (const part of halves.keys()) await rm(place(`part${part}`), { recursive: true })
        const temp = twice.set.header.arrays.findIndex(({ path }) => path === 'temp')
        const open: typeof openSource = (url, more) =>
          url.startsWith('/m/') ? memory.open(url, more) : openSource(url, more)
        const { data } = await readValues(twice.set, temp, { open })
        const rows = Array.from({ length: day }, (_, time) => [time, time + 0.25, time + 0.5])
        if (isFirst) assert.deepEqual([...data], rows.flat())
      }),
      { numRuns: 25 },
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})
