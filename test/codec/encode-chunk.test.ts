import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { inflateSync } from 'node:zlib'
import { decodeChunk } from '../../lib/codec/decode-chunk.ts'
import { encodeChunk, isEncodable } from '../../lib/codec/encode-chunk.ts'
import { UnsupportedError } from '../../lib/errors.ts'
import type { CodecConfig } from '../../lib/model/metadata.ts'
import { fixture } from '../fixture.ts'

interface Case {
  readonly name: string
  readonly codecs: CodecConfig[]
  readonly decoded: string
  readonly encoded: string
}

const { cases }: { cases: Case[] } = JSON.parse(readFileSync(fixture('codec/chunks.json'), 'utf8'))
const exact = cases.filter(({ codecs }) => codecs.every(({ id }) => id === 'shuffle' || id === 'fletcher32'))
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

describe('encodeChunk', () => {
  it('has cases of both', () => {
    assert.deepEqual([...new Set(exact.flatMap(({ codecs }) => codecs.map(({ id }) => id)))].sort(), [
      'fletcher32',
      'shuffle',
    ])
  })
  for (const { name, codecs, decoded, encoded } of exact) {
    it(`gives the bytes of numcodecs' ${name}`, async () => {
      assert.deepEqual(await encodeChunk(bytesOf(decoded), codecs), bytesOf(encoded))
    })
  }
  for (const { name, codecs, decoded } of cases.filter(({ codecs }) => codecs.every(isEncodable))) {
    it(`writes what its decoder reads: ${name}`, async () => {
      const bytes = bytesOf(decoded)
      const encoded = await encodeChunk(bytes, codecs)
      const at = { size: bytes.length, url: 'a.nc', offset: 0, array: 'temp' }
      assert.deepEqual(await decodeChunk(encoded, codecs, at), bytes)
    })
  }
  it("deflates what Node's zlib inflates", async () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, at) => at % 7)
    const encoded = await encodeChunk(bytes, [{ id: 'zlib', level: 6 }])
    assert.ok(encoded.length < 500)
    assert.deepEqual(new Uint8Array(inflateSync(encoded)), bytes)
  })
  it('names a codec without an encoder', async () => {
    assert.ok(!isEncodable({ id: 'bz2' }))
    assert.ok(!isEncodable({ id: 'toString' }))
    await assert.rejects(encodeChunk(new Uint8Array(8), [{ id: 'bz2' }]), (error) => {
      assert.ok(error instanceof UnsupportedError)
      assert.match(error.message, /bz2/)
      return true
    })
  })
})
