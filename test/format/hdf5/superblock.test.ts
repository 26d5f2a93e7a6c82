/** The superblock's versions and places, against what the fixtures' generator asked libhdf5 for. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { lookup3 } from '../../../lib/format/hdf5/checksum.ts'
import { hasHdf5Signature, openHdf5 } from '../../../lib/format/hdf5/superblock.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

const bytesOf = (name: string) => Buffer.from(readFileSync(fixture(`hdf5/objects/${name}.h5`)))
const open = (bytes: Uint8Array) => openHdf5(openMemory(bytes, 'x.h5'))

test('finds the signature at 0 and at doubling offsets from 512 on, nowhere else', async () => {
  const plain = bytesOf('links-latest')
  for (const [at, there] of [
    [0, true],
    [256, false],
    [512, true],
    [1024, true],
    [1536, false],
    [4096, true],
  ] as const) {
    const bytes = Buffer.concat([Buffer.alloc(at), plain])
    assert.equal(hasHdf5Signature(bytes), there, `at ${at}`)
    if (there) assert.equal((await open(bytes)).base, at)
    else await assert.rejects(open(bytes), { code: 'ERR_KSTREAM_FORMAT', message: /not an HDF5 file/ })
  }
})

test('reads what the file says of its own sizes', async () => {
  const block = await open(bytesOf('user-block'))
  assert.equal(block.base, 1024)
  const earliest = await open(bytesOf('links-earliest'))
  assert.deepEqual([earliest.offsetSize, earliest.lengthSize], [8, 8])
  assert.deepEqual(earliest.btreeK, { groupLeaf: 4, groupInternal: 16, chunk: 32 })
  // Version 1, because of the chunk K.
  const small = await open(bytesOf('small-k'))
  assert.deepEqual(small.btreeK, { groupLeaf: 1, groupInternal: 2, chunk: 7 })
  const narrow = await open(bytesOf('sizes-4'))
  assert.deepEqual([narrow.offsetSize, narrow.lengthSize], [4, 4])
  const extended = await open(bytesOf('extension'))
  assert.deepEqual([extended.offsetSize, extended.lengthSize], [4, 8])
  assert.deepEqual(extended.btreeK, { groupLeaf: 2, groupInternal: 3, chunk: 32 })
  const shared = await open(bytesOf('shared-list'))
  assert.equal(shared.sharedMessageTable?.indexes, 2)
})

test('refuses what is not there or not whole', async () => {
  const whole = bytesOf('links-latest')
  const truncated = /the file had 10159 bytes when it was written and has 9000 now \(truncated\?\)/
  await assert.rejects(open(whole.subarray(0, 9000)), { code: 'ERR_KSTREAM_FORMAT', message: truncated })
  for (const bytes of [Buffer.alloc(0), Buffer.from('<!DOCTYPE html>'.repeat(100)), whole.subarray(0, 20)]) {
    await assert.rejects(open(bytes), { code: 'ERR_KSTREAM_FORMAT' })
  }
  const version = Buffer.from(whole)
  version[8] = 4
  await assert.rejects(open(version), {
    message: 'x.h5: superblock at byte 8: version 0 or 1 or 2 or 3 expected, 4 found',
  })
  const flipped = Buffer.from(whole)
  flipped[11] ^= 1
  await assert.rejects(open(flipped), { message: /checksum/ })
})

test('names the drivers that spread a file over several', async () => {
  const block = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('NCSAmult')])
  const bytes = Buffer.concat([bytesOf('links-earliest'), block])
  bytes.writeBigUInt64LE(BigInt(bytes.length - 16), 48)
  // The multi driver's addresses have their high bits set: the end of the file and the root group, as it writes them.
  bytes.writeBigUInt64LE(2n ** 63n + 800n, 40)
  bytes.writeBigUInt64LE(2n ** 62n + 96n, 64)
  await assert.rejects(open(bytes), { code: 'ERR_KSTREAM_UNSUPPORTED', message: /a multi or split file/ })
})

test('refuses a metadata cache image by name', async () => {
  const signed = (bytes: Buffer) => {
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32LE(lookup3(bytes))
    return Buffer.concat([bytes, checksum])
  }
  // Addresses of 4 bytes and lengths of 8. The message: its version, address 16, 32 bytes.
  const message = [0x18, 13, 0, 0, 0, 16, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0]
  const extension = signed(Buffer.from([...Buffer.from('OHDR'), 2, 0, message.length, ...message]))
  const original = bytesOf('extension')
  const superblock = Buffer.from(original.subarray(0, 28))
  superblock.writeUInt32LE(original.length, 16)
  const bytes = Buffer.concat([signed(superblock), original.subarray(32), extension])
  await assert.rejects(open(bytes), { code: 'ERR_KSTREAM_UNSUPPORTED', message: /a metadata cache image/ })
})
