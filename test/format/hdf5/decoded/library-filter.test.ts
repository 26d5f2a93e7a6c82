/** Filters that libhdf5 undoes in WebAssembly, given what no honest file holds; honest ones are in copies.test.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FormatError } from '../../../../lib/errors.ts'
import { undecodable, undoFilters } from '../../../../lib/format/hdf5/decoded/chunk-decoder.ts'
import {
  NBIT,
  SCALE_OFFSET,
  SZIP,
  undoByLibrary,
} from '../../../../lib/format/hdf5/decoded/library-filter.ts'
import type { Filter } from '../../../../lib/format/hdf5/message/filter-pipeline.ts'
import { wholeRandomFrom } from '../../../seeded-random.ts'

const at = { url: 'crafted.h5', offset: 7, structure: 'a chunk of v' }
const filterOf = (id: number, clientData: readonly number[]): Filter => ({
  id,
  name: '',
  optional: false,
  clientData,
})
/** The pixels of a chunk of 1000 integers of 4 bytes, as libhdf5 notes them. */
const HONEST = new Map([
  [SZIP, [177, 8, 32, 100]],
  [NBIT, [8, 0, 1000, 1, 4, 0, 32, 0]],
  [SCALE_OFFSET, [2, 0, 1000, 0, 4, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
])
const SIZE = 4000

describe('what a chunk or its filter declares is checked before memory is taken', () => {
  test('szip: the size before the chunk', async () => {
    const chunk = Uint8Array.of(0, 0, 0, 0x40, 1, 2, 3)
    const filter = filterOf(SZIP, HONEST.get(SZIP) ?? [])
    await assert.rejects(
      undoByLibrary(chunk, filter, SIZE, at),
      /a chunk of v at byte 7: declares 1073741824 bytes where 4000/,
    )
    await assert.rejects(undoByLibrary(chunk.subarray(0, 3), filter, SIZE, at), /declares 0 bytes/)
  })
  test('nbit and scaleoffset: elements by their size', async () => {
    for (const id of [NBIT, SCALE_OFFSET]) {
      const filter = filterOf(id, [8, 0, 0x7fffffff, 1, 4])
      await assert.rejects(undoByLibrary(new Uint8Array(9), filter, SIZE, at), /declares 8589934588 bytes/)
      await assert.rejects(undoByLibrary(new Uint8Array(9), filterOf(id, []), SIZE, at), FormatError)
    }
  })
  test('nbit that has nothing to leave out is as it is stored', async () => {
    const filter = filterOf(NBIT, [8, 1, 1000, 1, 4, 0, 32, 0])
    const bytes = new Uint8Array(SIZE).fill(9)
    assert.deepEqual(await undoByLibrary(bytes, filter, SIZE, at), bytes)
    await assert.rejects(undoByLibrary(bytes.subarray(1), filter, SIZE, at), /declares 3999 bytes/)
  })
})

test('behind a compressor, where sizes are not known, they are refused by that', () => {
  const [lzf, szip] = [filterOf(32000, []), filterOf(SZIP, HONEST.get(SZIP) ?? [])]
  assert.equal(undecodable([lzf, szip], SIZE), 'filter szip (4) behind a compressor')
  assert.equal(undecodable([szip, lzf], SIZE), undefined)
})

test('what crashes libhdf5 is an error, and the next chunk has an instance of its own', async () => {
  // Elements of 4 bytes that are arrays of arrays of 0 bytes.
  const crafted = filterOf(NBIT, [9, 0, 9, 2, 4, 2, 0, 4, 4])
  await assert.rejects(undoByLibrary(new Uint8Array(64), crafted, 36, at), /libhdf5 fails on it: /)
  // Four little-endian integers, all of their 32 bits, which nbit writes from the most significant one on.
  const honest = filterOf(NBIT, [8, 0, 4, 1, 4, 0, 32, 0])
  const stored = Buffer.from('00010203 04050607 08090a0b 0c0d0e0f'.replaceAll(' ', ''), 'hex')
  const decoded = Buffer.from(await undoByLibrary(stored, honest, 16, at))
  assert.equal(decoded.toString('hex'), '03020100070605040b0a09080f0e0d0c')
})

test('szip with parameters that libhdf5 never writes is refused before it runs for ever', async () => {
  const chunk = Uint8Array.of(0xa0, 0x0f, 0, 0, 1, 2, 3)
  for (const wrong of [[53, 37, 32, 100], [177, 8, 33, 100], [177, 8, 32, 4097], [177, 0, 32, 100], []]) {
    await assert.rejects(undoByLibrary(chunk, filterOf(SZIP, wrong), SIZE, at), /szip with the parameters/)
  }
})

test('any bytes and any parameters give a chunk of the right size, or an error that says where', async () => {
  const below = wholeRandomFrom(23)
  let failed = 0
  for (let run = 0; run < 400; run++) {
    const id = [SZIP, NBIT, SCALE_OFFSET][run % 3]
    const clientData = [...(HONEST.get(id) ?? [])]
    if (run % 2) clientData[below(clientData.length)] = below(2) ? below(64) : below(2 ** 32)
    const bytes = Uint8Array.from({ length: 8 + below(600) }, () => below(256))
    if (id === SZIP) new DataView(bytes.buffer).setUint32(0, SIZE, true)
    try {
      assert.equal((await undoByLibrary(bytes, filterOf(id, clientData), SIZE, at)).length, SIZE)
    } catch (error) {
      assert.ok(error instanceof FormatError, String(error))
      assert.match(error.message, /^crafted\.h5: a chunk of v at byte 7: /)
      failed++
    }
  }
  assert.ok(failed > 20, `${failed} failed`)
})

test('a chunk that comes out shorter than it should is an error', async () => {
  const pipeline = { filters: [filterOf(32000, [4, 261, SIZE])], size: SIZE }
  await assert.rejects(
    undoFilters(Uint8Array.of(0, 65), pipeline, at),
    /decodes to 1 bytes, a chunk has 4000/,
  )
  await assert.rejects(
    undoFilters(Uint8Array.of(5, 65), pipeline, at),
    /filter LZF \(32000\) does not decode/,
  )
})
