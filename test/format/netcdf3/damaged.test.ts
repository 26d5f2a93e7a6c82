/** Damaged netCDF classic files: every outcome is a set or a typed error, in bounded time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import { chunkCount, extentsSoFar, gridShape } from '../../../lib/model/chunk-grid.ts'
import { INLINE } from '../../../lib/model/reference-batch.ts'
import { wholeRandomFrom } from '../../seeded-random.ts'
import { fileBytes, openBytes, readRows } from './classic-file.ts'

const FILES = ['types-cdf1.nc', 'types-cdf2.nc', 'types-cdf5.nc', 'names.nc', 'alone-i2.nc', 'no-records.nc']
const ROUNDS = 1000

/** Values that counts, tags and offsets are likely to be confused by. */
const WORDS = [0, 1, 2, 10, 11, 12, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000]

/** Changes a few bytes or words, or cuts the file. */
function damage(whole: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = whole.slice(0, random(8) === 0 ? random(whole.length) : whole.length)
  const view = new DataView(bytes.buffer)
  for (let i = random(4); i >= 0 && bytes.length > 8; i--) {
    if (random(2) === 0) bytes[4 + random(bytes.length - 4)] = random(256)
    else view.setUint32(4 * random(Math.floor(bytes.length / 4)), WORDS[random(WORDS.length)])
  }
  return bytes
}

/** Reads the set of such bytes; what it holds keeps to its own header and to the file. */
async function outcome(bytes: Uint8Array, copies: boolean): Promise<'set' | 'error'> {
  try {
    const set = await openBytes(bytes, { onUnsupported: 'skip', copies })
    const { batches, footer } = await readRows(set)
    const { arrays } = set.header
    const rows = arrays.map(() => 0)
    for (const batch of batches) {
      rows[batch.array] += batch.rows
      for (let row = 0; row < batch.rows; row++) {
        const end = batch.path[row] === INLINE ? 0 : batch.offset[row] + batch.length[row]
        assert.ok(end <= bytes.length, 'a reference ends behind the file')
      }
    }
    for (const [i, { shape, chunkShape }] of arrays.entries()) {
      assert.equal(rows[i] + footer.missing[i], chunkCount(gridShape(extentsSoFar(shape), chunkShape)))
      if (!copies) assert.equal(footer.missing[i], 0)
    }
    return 'set'
  } catch (error) {
    if (isKStreamError(error)) return 'error'
    throw error
  }
}

for (const [number, name] of FILES.entries()) {
  test(`${name}: ${ROUNDS} damaged copies`, { timeout: 60_000 }, async () => {
    const whole = fileBytes(name)
    const random = wholeRandomFrom(2026 + number)
    const outcomes = { set: 0, error: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damage(whole, random)
      outcomes[await outcome(bytes, round % 2 === 0)]++
    }
    assert.ok(outcomes.set > 50 && outcomes.error > 50, JSON.stringify(outcomes))
  })
}
