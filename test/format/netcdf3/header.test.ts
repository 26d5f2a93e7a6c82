/** Headers of netCDF classic files: the specification's own example, and what breaks it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FormatError } from '../../../lib/errors.ts'
import {
  type ClassicFile,
  classicFile,
  classicHeader,
  openBytes,
  openSource,
  readValues,
  sparseSource,
  textAttribute,
} from './classic-file.ts'

/** The example of the specification, "netcdf tiny", from its dump. */
const TINY = Buffer.from(
  `43444601 00000000 0000000a 00000001 00000003 64696d00 00000005 00000000
   00000000 0000000b 00000001 00000002 76780000 00000001 00000000 00000000
   00000000 00000003 0000000c 00000050 00030001 00040001 00058001`.replace(/\s/g, ''),
  'hex',
)

const LATIN1 = Buffer.from('23 °C', 'latin1')

async function failure(bytes: Uint8Array, pattern: RegExp): Promise<void> {
  await assert.rejects(openBytes(bytes), (error) => {
    assert.ok(error instanceof FormatError, String(error))
    assert.match(error.message, pattern)
    return true
  })
}

test("the specification's example", async () => {
  const set = await openBytes(TINY)
  const [array] = set.header.arrays
  assert.deepEqual([array.path, array.dims, array.shape, array.dataType], ['vx', ['dim'], [5], '>i2'])
  assert.equal((await readValues(set, TINY)).get('vx')?.toString('hex'), '00030001000400010005')
})

test('a header far longer than what is read at first: thousands of variables, quickly', async () => {
  const count = 20_000
  const file = (begin: number): ClassicFile => ({
    version: 2,
    dimensions: [['x', 1]],
    variables: Array.from({ length: count }, (_, i) => ({
      name: `variable_${i}`,
      dimensions: [0],
      attributes: [textAttribute('long_name', `The variable with the number ${i}`)],
      begin: begin + 4 * i,
    })),
  })
  const begin = classicHeader(file(0)).length
  assert.ok(begin > 2 ** 20)
  const bytes = classicFile(file(begin), begin + 4 * count)
  const started = performance.now()
  const set = await openBytes(bytes)
  assert.ok(performance.now() - started < 5000)
  assert.equal(set.header.arrays.length, count)
  assert.equal(set.header.arrays[count - 1].attributes.long_name, `The variable with the number ${count - 1}`)
})

test('text that is not UTF-8 is Latin-1, and told; names too', async () => {
  const file: ClassicFile = {
    attributes: [
      textAttribute('comment', LATIN1),
      textAttribute('utf8', '23 °C'),
      textAttribute('ends', 'x\0y\0\0'),
    ],
    variables: [{ name: LATIN1, attributes: [textAttribute('units', LATIN1)], begin: 400 }],
  }
  const { header } = await openBytes(classicFile(file, 404))
  assert.deepEqual(header.groups[0].attributes, { comment: '23 °C', utf8: '23 °C', ends: 'xy' })
  assert.equal(header.arrays[0].path, '23 °C')
  assert.deepEqual(header.arrays[0].attributes, { units: '23 °C' })
  assert.deepEqual(
    header.notes.map(({ path, reason }) => `${path}: ${reason}`),
    [
      ': attribute comment: its text is not UTF-8, and read as Latin-1',
      '23 °C: attribute units: its text is not UTF-8, and read as Latin-1',
    ],
  )
})

test('the fill value of characters is kept as text with its NULs, and as the byte that readers mask by', async () => {
  const fills = ['\0', '_', 'two', 'é']
  const variables = fills.map((fill, i) => {
    return { name: `c${i}`, type: 2, attributes: [textAttribute('_FillValue', fill)], begin: 600 + i }
  })
  const { header } = await openBytes(classicFile({ variables }, 604))
  assert.deepEqual(
    header.arrays.map(({ attributes }) => attributes._FillValue),
    fills,
  )
  assert.deepEqual(
    header.arrays.map(({ fillValue }) => fillValue && [...fillValue]),
    [[0], [0x5f], null, null],
  )
})

test('of two attributes with one name the first counts; what Zarr reserves is told', async () => {
  const attributes = [
    textAttribute('a', '1'),
    textAttribute('a', '2'),
    textAttribute('_ARRAY_DIMENSIONS', 'x'),
  ]
  const { header } = await openBytes(classicFile({ attributes }, 400))
  assert.deepEqual(header.groups[0].attributes, { a: '1' })
  assert.deepEqual(
    header.notes.map(({ reason }) => reason),
    ['attribute a: there is another', 'attribute _ARRAY_DIMENSIONS: the name has a meaning in Zarr'],
  )
})

test('numbers beyond count are left out, and told', async () => {
  const count = 1_100_000
  const attributes = [
    { name: 'few', type: 1, count: 2, bytes: Uint8Array.of(1, 255) },
    { name: 'many', type: 1, count, bytes: new Uint8Array(count) },
  ]
  const { header } = await openBytes(classicFile({ attributes }, 0))
  assert.deepEqual(header.groups[0].attributes, { few: [1n, -1n] })
  assert.match(header.notes[0].reason, /attribute many: 1100000 numbers/)
})

test('variables that a store cannot hold are named', async () => {
  const names = ['', '.', '..', 'a/b', '.zarray', 'twice', 'twice', 'early', 'ok']
  const file: ClassicFile = {
    variables: names.map((name, at) => ({ name, begin: name === 'early' ? 8 : 2000 + 4 * at })),
  }
  const { header } = await openBytes(classicFile(file, 2036), { onUnsupported: 'skip' })
  assert.deepEqual(
    header.arrays.map(({ path }) => path),
    ['twice', 'ok'],
  )
  assert.deepEqual(
    header.skipped.map(({ path, reason }) => `${path}: ${reason}`),
    [
      ': a Zarr store cannot hold the name ""',
      '.: a Zarr store cannot hold the name "."',
      '..: a Zarr store cannot hold the name ".."',
      'a/b: a Zarr store cannot hold the name "a/b"',
      '.zarray: a Zarr store cannot hold the name ".zarray"',
      'twice: another variable has the same name',
      'early: its values begin at byte 8, within the header',
    ],
  )
})

test('damage is told with its structure and byte', async () => {
  const change = (at: number, value: number) => {
    const bytes = Buffer.from(TINY)
    bytes.writeUInt32BE(value, at)
    return bytes
  }
  await failure(TINY.subarray(0, 3), /header at byte 0: 4 bytes wanted, 3 left/)
  await failure(TINY.subarray(0, 78), /variable vx at byte 76: 4 bytes wanted, 2 left in the file/)
  await failure(change(8, 0x0b), /dimension list at byte 8: list tag 10 expected, 11 found/)
  await failure(change(12, 0xffffffff), /dimension list at byte 12: 4294967295 elements in the last 76 bytes/)
  await failure(change(16, 77), /dimension list at byte 16: 77 elements in the last 72 bytes/)
  await failure(change(52, 2000), /variable vx at byte 52: 2000 elements/)
  await failure(change(56, 1), /variable vx at byte 56: dimension 1 of 1/)
  await failure(change(68, 12), /variable vx at byte 68: no type has the number 12/)
  await failure(change(68, 0), /variable vx at byte 68: no type has the number 0/)
})

test('the record dimension anywhere but first is damage, as for libnetcdf', async () => {
  const file: ClassicFile = {
    dimensions: [
      ['x', 2],
      ['time', 0],
    ],
    variables: [{ name: 'v', dimensions: [0, 1], begin: 400 }],
  }
  await failure(
    classicFile(file, 400),
    /variable v at byte \d+: time, the record dimension, is not the first/,
  )
})

test('counts in a file of any declared size are read up to a limit', async () => {
  const head = classicFile({ version: 5 }, 0)
  head.writeUInt32BE(0x0c, 24)
  head.writeUInt32BE(0xff, 28)
  await assert.rejects(
    openSource(() => sparseSource(head, 2 ** 45)),
    FormatError,
  )
})
