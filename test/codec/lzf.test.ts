/** LZF by its format's description; files that h5py wrote with it are in test/format/hdf5/copies.test.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecodeProblem } from '../../lib/codec/decoder.ts'
import { decodeLzf } from '../../lib/codec/lzf.ts'
import { wholeRandomFrom } from '../seeded-random.ts'

const decode = async (bytes: readonly number[], limit = 1 << 20) =>
  Buffer.from(await decodeLzf(Uint8Array.from(bytes), limit)).toString('latin1')
const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0))

describe('what a control byte says', () => {
  test('below 32, one more literal byte than it', async () => {
    assert.equal(await decode([0, ...letters('a')]), 'a')
    assert.equal(await decode([31, ...letters('x'.repeat(32))]), 'x'.repeat(32))
  })
  test('else the length of a reference, and the upper bits of its distance', async () => {
    assert.equal(await decode([2, ...letters('abc'), 0x20, 2]), 'abcabc')
    assert.equal(await decode([2, ...letters('abc'), 0x40, 1]), 'abcbcbc')
    const far = [...Array.from({ length: 16 }, () => [31, ...letters('y'.repeat(32))]).flat()]
    assert.equal(await decode([0, ...letters('z'), ...far, 0x22, 0]), `z${'y'.repeat(512)}zyy`)
  })
  test('7 as a length goes on in the next byte, before the distance', async () => {
    assert.equal(await decode([0, ...letters('r'), 0xe0, 0, 0]), 'r'.repeat(1 + 9))
    assert.equal(await decode([0, ...letters('r'), 0xe0, 255, 0]), 'r'.repeat(1 + 264))
  })
  test('nothing is nothing', async () => assert.equal(await decode([]), ''))
})

test('bytes that no encoder wrote are refused', async () => {
  const wrong: readonly (readonly [number[], RegExp])[] = [
    [[5, 1, 2], /end within literal bytes/],
    [[0, 1, 0x20], /end within a reference/],
    [[0, 1, 0xe0, 0], /end within a reference/],
    [[0, 1, 0x20, 1], /2 bytes back of 1/],
    [[0x20, 0], /1 bytes back of 0/],
  ]
  for (const [bytes, message] of wrong) {
    await assert.rejects(
      async () => decode(bytes),
      (error) => error instanceof DecodeProblem && message.test(error.message),
    )
  }
  await assert.rejects(async () => decode([0, 1, 0xe0, 255, 0], 100), /more than 100 bytes/)
})

test('any bytes give at most the limit, or a refusal', async () => {
  const below = wholeRandomFrom(11)
  for (let run = 0; run < 3000; run++) {
    const bytes = Uint8Array.from({ length: below(60) }, () => below(256))
    try {
      assert.ok((await decodeLzf(bytes, 500)).length <= 500)
    } catch (error) {
      assert.ok(error instanceof DecodeProblem, String(error))
    }
  }
})
