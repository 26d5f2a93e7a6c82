/** A function on headers: what it may change, and what it may not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArrayMetadata, Header } from '../../lib/model/metadata.ts'
import { type HeaderChange, preprocess } from '../../lib/transform/preprocess.ts'
import { memorySet, readBody, through } from './memory-set.ts'

function ocean() {
  return memorySet({
    url: '/data/ocean_r3.nc',
    groups: [{ path: '', attributes: { title: 'a' } }],
    arrays: [
      { path: 'temp', dims: ['t', 'x'], shape: [2, 2], chunkShape: [1, 2], rows: [[0, '/a', 0, 8]] },
      { path: 'salt', dims: ['t', 'x'], shape: [2, 2], chunkShape: [1, 2], rows: [[1, '/a', 8, 8]] },
      { path: 'x', dims: ['x'], shape: [2], chunkShape: [2], rows: [[0, '/a', 16, 8]] },
    ],
    skipped: [{ path: 'names', reason: 'strings' }],
    notes: [{ path: 'salt', reason: 'an attribute' }],
  })
}

function changeArrays(change: (arrays: readonly ArrayMetadata[]) => readonly ArrayMetadata[]): HeaderChange {
  return (header) => ({ ...header, arrays: change(header.arrays) })
}

test('arrays can go, change name, dimensions and attributes, in any order; references follow', async () => {
  const set = await through(
    preprocess((header, { name, index }) => ({
      ...header,
      groups: [
        {
          path: '',
          attributes: { title: 'b', member: /_(r\d+)/.exec(name)?.[1] ?? '', index: BigInt(index) },
        },
      ],
      arrays: [
        header.arrays[2],
        { ...header.arrays[1], path: 'temp', dims: ['time', 'x'], attributes: { units: 'K' } },
      ],
    })),
    ocean(),
  )
  assert.deepEqual(set.header.groups, [{ path: '', attributes: { title: 'b', member: 'r3', index: 0n } }])
  assert.deepEqual(
    set.header.arrays.map(({ path, dims, shape, attributes }) => [path, dims, shape, attributes]),
    [
      ['temp', ['time', 'x'], [2, 2], { units: 'K' }],
      ['x', ['x'], [2], {}],
    ],
  )
  const { rows, footer } = await readBody(set)
  assert.deepEqual(rows, { temp: [[1, '/a', 8, 8]], x: [[0, '/a', 16, 8]] })
  assert.deepEqual(footer?.shapes, [[2, 2], [2]])
  assert.deepEqual(
    footer?.coverage.arrays.map(({ path }) => path),
    ['temp', 'x', 'names'],
  )
})

test('names can be swapped', async () => {
  const swap = changeArrays(([temp, salt]) => [
    { ...temp, path: 'salt' },
    { ...salt, path: 'temp' },
  ])
  const { rows } = await readBody(await through(preprocess(swap), ocean()))
  assert.deepEqual(rows, { salt: [[0, '/a', 0, 8]], temp: [[1, '/a', 8, 8]] })
})

test('remarks that the function drops are gone from the coverage too', async () => {
  const set = await through(
    preprocess((header) => ({ ...header, skipped: [], notes: [] })),
    ocean(),
  )
  const { footer } = await readBody(set)
  assert.deepEqual([set.header.skipped, set.header.notes], [[], []])
  assert.equal(
    footer?.coverage.arrays.some(({ path }) => path === 'names'),
    false,
  )
})

test('each input is told by its place', async () => {
  const seen: string[] = []
  const note: HeaderChange = (header, { name, index }) => {
    seen.push(`${index} ${name}`)
    return header
  }
  const stage = preprocess(note)
  for (let round = 0; round < 2; round++) {
    for await (const _ of stage([
      memorySet({ arrays: [], url: '/a' }),
      memorySet({ arrays: [], url: '/b' }),
    ] as never));
  }
  assert.deepEqual(seen, ['0 /a', '1 /b', '0 /a', '1 /b'])
})

const REFUSED: Readonly<Record<string, readonly [HeaderChange, RegExp]>> = {
  'no header': [() => undefined as unknown as Header, /returned no header/],
  'an array added': [
    changeArrays((all) => [...all, { ...all[0], shape: [2, 2] }]),
    /temp is none of the arrays/,
  ],
  'another shape': [
    changeArrays(([temp]) => [{ ...temp, shape: [4, 2] }]),
    /temp is none of the arrays.*shape/,
  ],
  'an array twice': [changeArrays(([temp]) => [temp, { ...temp, path: 'b' }]), /temp is there twice/],
  'one name for two': [changeArrays(([a, b]) => [a, { ...b, path: 'temp' }]), /two things are called temp/],
  'a name that is no path': [changeArrays(([a]) => [{ ...a, path: '/temp' }]), /"\/temp" is no path/],
  'another chunk shape': [changeArrays(([a]) => [{ ...a, chunkShape: [2, 2] }]), /chunkShape of temp/],
  'another type': [changeArrays(([a]) => [{ ...a, dataType: '<f8' }]), /dataType of temp/],
  'another codec': [changeArrays(([a]) => [{ ...a, codecs: [{ id: 'zlib' }] }]), /codecs of temp/],
  'another fill value': [
    changeArrays(([a]) => [{ ...a, fillValue: new Uint8Array(4) }]),
    /fillValue of temp/,
  ],
  'another rank': [changeArrays(([a]) => [{ ...a, dims: ['x'] }]), /1 dimensions and 2 axes/],
}

for (const [name, [change, message]] of Object.entries(REFUSED)) {
  test(`${name} is refused, the input named`, async () => {
    await assert.rejects(through(preprocess(change), ocean()), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_KSTREAM_PLAN')
      assert.match(error.message, /^\/data\/ocean_r3\.nc: preprocess: /)
      assert.match(error.message, message)
      return true
    })
  })
}
