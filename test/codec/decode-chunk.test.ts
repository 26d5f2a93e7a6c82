import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { deflateSync } from 'node:zlib'
import { type DecodeOptions, decodeChunk } from '../../lib/codec/decode-chunk.ts'
import { numcodecsEncoder } from '../../lib/codec/numcodecs.ts'
import { isDecodable } from '../../lib/codec/registry.ts'
import { FormatError, isKStreamError, UnsupportedError } from '../../lib/errors.ts'
import type { CodecConfig } from '../../lib/model/metadata.ts'
import { fixture } from '../fixture.ts'

interface Case {
  readonly name: string
  readonly codecs: CodecConfig[]
  readonly decoded: Uint8Array
  readonly encoded: Uint8Array
}

const cases: Case[] = JSON.parse(readFileSync(fixture('codec/chunks.json'), 'utf8')).cases.map(
  (item: { name: string; codecs: CodecConfig[]; decoded: string; encoded: string }) => ({
    ...item,
    decoded: new Uint8Array(Buffer.from(item.decoded, 'base64')),
    encoded: new Uint8Array(Buffer.from(item.encoded, 'base64')),
  }),
)

function named(name: string): Case {
  const found = cases.find((item) => item.name === name)
  assert.ok(found, name)
  return found
}

function at(size: number, filterMask = 0): DecodeOptions {
  return { size, filterMask, url: '/data/a.nc', offset: 512, array: 'temp' }
}

describe('decodeChunk', () => {
  for (const { name, codecs, decoded, encoded } of cases) {
    it(`undoes numcodecs' ${name}`, async () => {
      assert.deepEqual(await decodeChunk(encoded, codecs, at(decoded.length)), decoded)
    })
  }

  it("covers every decoder, shuffles of a width that is not the element's included", () => {
    const ids = new Set(cases.flatMap(({ codecs }) => codecs.map(({ id }) => id)))
    assert.deepEqual([...ids].sort(), ['blosc', 'fletcher32', 'gzip', 'lz4', 'shuffle', 'zlib', 'zstd'])
    assert.ok([...ids].every((id) => isDecodable({ id })))
    assert.ok(!isDecodable({ id: 'toString' }))
  })

  it('ignores padding after a deflate stream, as libhdf5 does', async () => {
    const padded = Buffer.concat([deflateSync(Buffer.from('abcdefgh')), Buffer.alloc(7), Buffer.from([1, 2])])
    const decoded = await decodeChunk(new Uint8Array(padded), [{ id: 'zlib' }], at(8))
    assert.equal(Buffer.from(decoded).toString(), 'abcdefgh')
  })

  it('leaves out the codecs that the filter mask names', async () => {
    const { codecs, decoded } = named('shuffle, deflate, fletcher32: 150 floats')
    assert.deepEqual(await decodeChunk(decoded, codecs, at(decoded.length, 0b111)), decoded)
    const deflated = new Uint8Array(deflateSync(decoded))
    assert.deepEqual(await decodeChunk(deflated, codecs, at(decoded.length, 0b101)), decoded)
  })

  it('names array, file and byte where a checksum does not hold', async () => {
    const { codecs, decoded, encoded } = named('fletcher32: 150 floats')
    const broken = encoded.slice()
    broken[100] ^= 1
    await assert.rejects(decodeChunk(broken, codecs, at(decoded.length)), (error) => {
      assert.ok(error instanceof FormatError)
      assert.match(error.message, /\/data\/a\.nc: a chunk of temp at byte 512: fletcher32 .*checksum/)
      return true
    })
  })

  it('reads the swapped checksums that HDF5 wrote before 1.6.3', async () => {
    const { codecs, decoded, encoded } = named('fletcher32: 150 floats')
    const old = encoded.slice()
    const end = old.length - 4
    old.set([encoded[end + 1], encoded[end], encoded[end + 3], encoded[end + 2]], end)
    assert.deepEqual(await decodeChunk(old, codecs, at(decoded.length)), decoded)
  })

  it("takes no more than a chunk's size from any codec", async () => {
    const bomb = new Uint8Array(deflateSync(Buffer.alloc(1e6)))
    await assert.rejects(decodeChunk(bomb, [{ id: 'zlib' }], at(1000)), FormatError)
    for (const name of ['blosc lz4 with shuffle: zeros', 'zstd: zeros', 'lz4: zeros', 'gzip: zeros']) {
      const { codecs, encoded } = named(name)
      await assert.rejects(decodeChunk(encoded, codecs, at(100)), FormatError, name)
    }
  })

  it('refuses bytes of another size, cut ones, and ones that are no such stream', async () => {
    await assert.rejects(decodeChunk(new Uint8Array(7), [], at(8)), /decodes to 7 bytes, a chunk has 8/)
    for (const { name, codecs, decoded, encoded } of cases) {
      const cut = encoded.subarray(0, Math.floor(encoded.length / 2))
      await assert.rejects(decodeChunk(cut, codecs, at(decoded.length)), FormatError, name)
    }
    for (const id of ['zlib', 'gzip', 'blosc', 'zstd', 'lz4', 'fletcher32']) {
      const junk = Uint8Array.from({ length: 40 }, (_, i) => (i * 37 + 11) & 255)
      await assert.rejects(decodeChunk(junk, [{ id }], at(36)), (error) => isKStreamError(error), id)
      await assert.rejects(
        decodeChunk(new Uint8Array(0), [{ id }], at(36)),
        (error) => isKStreamError(error),
        id,
      )
    }
  })

  it('names a codec without a decoder', async () => {
    await assert.rejects(decodeChunk(new Uint8Array(8), [{ id: 'szip' }], at(8)), (error) => {
      assert.ok(error instanceof UnsupportedError)
      assert.match(error.message, /szip/)
      assert.equal(error.array, 'temp')
      return true
    })
  })
})

describe('numcodecsEncoder', () => {
  it('writes what the decoders read', async () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, at) => at % 11)
    for (const id of ['zstd', 'zlib'] as const) {
      const encode = await numcodecsEncoder(id, 3)
      const encoded = await encode(bytes)
      assert.ok(encoded.length < 500)
      assert.deepEqual(await decodeChunk(encoded, [{ id }], at(bytes.length)), bytes)
    }
  })
})
