/** Arrays that come by turns: what their open shards hold goes to a file and comes back, and no byte of the set differs. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { OpenRows } from '../../../lib/write/parquet/open-rows.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { filesBelow, scratchFolder } from '../scratch.ts'
import { type Row, streamOf, syntheticSet } from '../synthetic.ts'

const folder = scratchFolder()
const ARRAYS = 6
const ROWS = 6000

/** Every seventh chunk is missing; of one array some chunks are inlined, late. */
function rowsOf(array: number): Row[] {
  return Array.from({ length: ROWS }, (_, chunk): Row => {
    if (array === 2 && chunk > 4000 && chunk % 50 === 1)
      return { chunk, raw: Uint8Array.of(array, chunk % 251) }
    return {
      chunk,
      path: `/data/${(array + chunk) % 3}.nc`,
      offset: chunk * 100 + array,
      length: 1 + (chunk % 90),
    }
  }).filter(({ chunk }) => chunk % 7 !== 3)
}

function interleaved() {
  const rows = Array.from({ length: ARRAYS }, (_, array) => rowsOf(array))
  const cuts: [number, number][] = []
  for (let from = 0; from < rows[0].length; from += 700) {
    for (const [array, all] of rows.entries()) cuts.push([array, Math.min(700, all.length - from)])
  }
  const arrays = rows.map((_, array) => ({ path: `a${array}`, shape: [ROWS + 10] }))
  return syntheticSet({ arrays, rows, cuts })
}

test('the bytes are the same however little may be held', async () => {
  const written = []
  for (const memoryBytes of [undefined, 24 * 6000, 24]) {
    const path = join(folder, `${memoryBytes}.parq`)
    await writeParquet(path, { recordSize: 4000, memoryBytes })(streamOf(interleaved()))
    written.push(filesBelow(path))
  }
  assert.ok(written[0].size > 2 * ARRAYS)
  assert.deepEqual(written[1], written[0])
  assert.deepEqual(written[2], written[0])
})

test('rows go when they are more than may be held; few stay', async () => {
  const spilled: number[] = []
  const holders = [600, 100].map((heldRows, holder) => ({
    heldRows,
    spill: async () => void spilled.push(holder),
  }))
  const open = new OpenRows(holders, 24 * 650)
  await open.changed(600)
  assert.deepEqual(spilled, [])
  await open.changed(100)
  assert.deepEqual(spilled, [0])
  await open.changed(500)
  assert.deepEqual(spilled, [0])
  await open.close()
})
