/** Chunks in any order, ranges of them, linked blocks, fill values: hand-made documents. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openText, rowsOf, variable } from './opened.ts'

function chunk(position: number, offset: number): string {
  return `<dmrpp:chunk offset="${offset}" nBytes="8" chunkPositionInArray="[${position}]"/>`
}

describe('chunks', () => {
  const count = 20_000
  const order = Array.from({ length: count }, (_, i) => (i * 7919) % count)
  const many = (numbers: readonly number[]) =>
    variable(numbers.map((number) => chunk(2 * number, 8 * number)).join(''), { size: 2 * count })
  const sorted = Array.from({ length: count }, (_, i) => [i, 8 * i, 8])

  it('come in the order of the grid, whatever theirs, in little memory', async () => {
    assert.deepEqual(await rowsOf(await openText(many(order), { memoryBytes: 1 << 16 })), sorted)
    assert.deepEqual(await rowsOf(await openText(many(order.toSorted((a, b) => a - b)))), sorted)
  })

  it('come as far as they are asked for', async () => {
    for (const numbers of [order, order.toSorted((a, b) => a - b)]) {
      const set = await openText(`${variable('').replace('"v"', '"empty"')}${many(numbers)}`)
      const chunks: number[] = []
      for await (const part of set.body({ arrays: [1], from: 5, to: 9 })) {
        if (part.kind === 'batch') chunks.push(...part.chunk.subarray(0, part.rows))
        else assert.deepEqual(part.missing, [0, 0])
      }
      assert.deepEqual(chunks, [5, 6, 7, 8])
    }
  })

  it('may be linked blocks of whole rows', async () => {
    const blocks = [
      [100, 16],
      [300, 8],
      [500, 8],
    ].map(([offset, length]) => `<dmrpp:block offset="${offset}" nBytes="${length}"/>`)
    const axes = '<Dim size="4"/><Dim size="2"/>'
    const set = await openText(
      `<Int32 name="v">${axes}<dmrpp:chunks byteOrder="BE">${blocks.join('')}</dmrpp:chunks></Int32>`,
    )
    assert.deepEqual(set.header.arrays[0].chunkShape, [1, 2])
    assert.equal(set.header.arrays[0].dataType, '>i4')
    assert.deepEqual(await rowsOf(set), [
      [0, 100, 8],
      [1, 108, 8],
      [2, 300, 8],
      [3, 500, 8],
    ])
    const odd = `<Int32 name="v">${axes}<dmrpp:chunks>${blocks[0]}<dmrpp:block offset="1" nBytes="12"/><dmrpp:block offset="1" nBytes="4"/></dmrpp:chunks></Int32>`
    await assert.rejects(openText(odd), /linked blocks that are no rows/)
  })
})

describe('the fill value', () => {
  const filled = async (attributes: string, own = '', type = 'Float64') => {
    const text = variable('', { type, attributes }).replace('<Dim', `${own}<Dim`)
    const { header } = await openText(text)
    const { fillValue } = header.arrays[0]
    return {
      hex: fillValue && Buffer.from(fillValue).toString('hex'),
      notes: header.notes.map(({ reason }) => reason),
    }
  }
  const attribute = (value: string) =>
    `<Attribute name="_FillValue" type="Float64"><Value>${value}</Value></Attribute>`
  const hexOf = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    return bytes.toString('hex')
  }
  const LE = 'byteOrder="LE"'

  it('is what it was before it was rounded, where something tells', async () => {
    const exact = -1234.56789
    const known = await filled(`fillValue="-1234.57" ${LE}`, attribute(String(exact)))
    assert.deepEqual(known, { hex: hexOf(exact), notes: [] })
    const netcdf = await filled(`fillValue="9.96921e+36" ${LE}`)
    assert.deepEqual(netcdf, { hex: hexOf(9.969209968386869e36), notes: [] })
  })

  it('is noted where it may have been rounded or swapped', async () => {
    const rounded = await filled(`fillValue="-1234.57" ${LE}`, attribute('5'))
    assert.equal(rounded.hex, hexOf(-1234.57))
    assert.match(rounded.notes.join(), /round it to 6 digits/)
    assert.deepEqual(await filled(`fillValue="-999.5" ${LE}`), { hex: hexOf(-999.5), notes: [] })
    const swapped = await filled('fillValue="-99" byteOrder="BE"', '', 'Int32')
    assert.match(swapped.notes.join(), /byte-swapped/)
    assert.equal(swapped.hex, 'ffffff9d')
  })

  it('stands in for one that is not given', async () => {
    const own = await filled(LE, attribute('7'))
    assert.equal(own.hex, hexOf(7))
    assert.match(own.notes.join(), /read as its _FillValue, 7/)
    const none = await filled(LE)
    assert.equal(none.hex, null)
    assert.match(none.notes.join(), /read as 0/)
  })

  it('may not be a number', async () => {
    assert.equal((await filled(`fillValue="nan" ${LE}`)).hex, hexOf(Number.NaN))
    assert.equal((await filled(`fillValue="-inf" ${LE}`)).hex, hexOf(Number.NEGATIVE_INFINITY))
  })
})
