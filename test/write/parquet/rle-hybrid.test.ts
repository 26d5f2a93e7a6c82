import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bitWidth, encodeHybrid } from '../../../lib/write/parquet/rle-hybrid.ts'

const encode = (values: number[], width: number) =>
  Buffer.from(encodeHybrid(Uint32Array.from(values), values.length, width)).toString('hex')

test("the specification's own examples", () => {
  // "the numbers 1 through 7 using bit width 3", after one group's header.
  assert.equal(encode([0, 1, 2, 3, 4, 5, 6, 7], 3), '03' + '88c6fa')
  // A run: varint(count << 1), then the value in whole bytes.
  assert.equal(encode(new Array(8).fill(1), 1), '1001')
  assert.equal(encode(new Array(200).fill(300), 9), '9003' + '2c01')
  assert.equal(encode([], 1), '')
})

test('a run begins at a whole group, and the last group is padded', () => {
  assert.equal(encode([1, 0, 1, ...new Array(13).fill(1)], 1), '03fd' + '1001')
  assert.equal(encode([3], 2), '03' + '0300')
})

test('bit widths', () => {
  const widths = [0, 1, 2, 3, 4, 5, 256, 257, 1 << 24].map(bitWidth)
  assert.deepEqual(widths, [1, 1, 1, 2, 2, 3, 8, 9, 24])
})

/** A decoder by the specification's grammar, one bit at a time. */
function decode(bytes: Uint8Array, count: number, width: number): number[] {
  const values: number[] = []
  let at = 0
  while (values.length < count) {
    let header = 0
    for (let shift = 0, more = true; more; shift += 7) {
      more = bytes[at] >= 0x80
      header += (bytes[at++] & 0x7f) * 2 ** shift
    }
    const size = Math.floor(header / 2)
    if (header % 2 === 0) {
      let value = 0
      for (let i = 0; i < Math.ceil(width / 8); i++) value += bytes[at++] * 256 ** i
      for (let i = 0; i < size; i++) values.push(value)
      continue
    }
    for (let i = 0; i < size * 8; i++) {
      let value = 0
      for (let bit = 0; bit < width; bit++) {
        const position = i * width + bit
        value += ((bytes[at + (position >> 3)] >> (position & 7)) & 1) * 2 ** bit
      }
      values.push(value)
    }
    at += size * width
  }
  assert.equal(at, bytes.length, 'nothing is left over')
  return values.slice(0, count)
}

test('any values come back', () => {
  const cases = fc.integer({ min: 1, max: 24 }).chain((width) =>
    fc.record({
      width: fc.constant(width),
      runs: fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 2 ** width - 1 }),
          fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })),
        ),
        { maxLength: 60 },
      ),
    }),
  )
  fc.assert(
    fc.property(cases, ({ width, runs }) => {
      const values = runs.flatMap(([value, count]) => new Array<number>(count).fill(value))
      const encoded = encodeHybrid(Uint32Array.from(values), values.length, width)
      assert.deepEqual(decode(encoded, values.length, width), values)
    }),
    { numRuns: 300 },
  )
})
