/** Locations: what they stand for, with containers and dictionaries (frames by libzstd in fixtures/icechunk/locations.json). */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { encode } from 'flatbuffers/js/flexbuffers.js'
import { UnsupportedError } from '../../../lib/errors.ts'
import { readContainers } from '../../../lib/format/icechunk/container-config.ts'
import { resolveLocation } from '../../../lib/format/icechunk/virtual-location.ts'
import { decodeWithDictionary, parseZstdDictionary } from '../../../lib/source/zstd/dictionary.ts'
import { fixture } from '../../fixture.ts'
import { randomFrom } from '../../seeded-random.ts'

interface Compressed {
  readonly dictionary: string
  readonly locations: readonly { readonly location: string; readonly frame: string }[]
}

const SETS: readonly Compressed[] = JSON.parse(readFileSync(fixture('icechunk/locations.json'), 'utf8'))
const damaged = (problem: string): never => {
  throw new UnsupportedError(problem)
}
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

test('locations compressed with a dictionary', () => {
  for (const { dictionary, locations } of SETS) {
    const parsed = parseZstdDictionary(bytesOf(dictionary), damaged)
    for (const { location, frame } of locations) {
      const bytes = decodeWithDictionary(bytesOf(frame), parsed, 1024, damaged)
      assert.equal(Buffer.from(bytes).toString('utf8'), location)
    }
  }
})

test('a location that is longer than it may be is refused', () => {
  const [{ dictionary, locations }] = SETS
  const parsed = parseZstdDictionary(bytesOf(dictionary), damaged)
  const { location, frame } = locations[0]
  const length = Buffer.byteLength(location)
  assert.equal(decodeWithDictionary(bytesOf(frame), parsed, length, damaged).length, length)
  assert.throws(() => decodeWithDictionary(bytesOf(frame), parsed, length - 1, damaged), UnsupportedError)
})

test('damaged frames and dictionaries decode to something, or are refused', () => {
  const random = randomFrom(3)
  let refused = 0
  for (let run = 0; run < 4000; run++) {
    const { dictionary, locations } = SETS[Math.floor(random() * SETS.length)]
    const bytes = [bytesOf(dictionary), bytesOf(locations[Math.floor(random() * locations.length)].frame)]
    const target = bytes[random() < 0.3 ? 0 : 1]
    target[Math.floor(random() * target.length)] = Math.floor(random() * 256)
    try {
      decodeWithDictionary(bytes[1], parseZstdDictionary(bytes[0], damaged), 1024, damaged)
    } catch (error) {
      assert.ok(error instanceof UnsupportedError, `${error}`)
      refused++
    }
  }
  assert.ok(refused > 500 && refused < 4000, `${refused}`)
})

// What icechunk 1.1 opened for each of these, tried with files of such names.
for (const [location, path] of [
  ['file:///data/plain.nc', '/data/plain.nc'],
  ['file:///data/bl%20ank.nc', '/data/bl ank.nc'],
  ['file:///data/%C3%BCn%C3%AF.nc', '/data/ünï.nc'],
  ['file:///data/per%2520cent.nc', '/data/per%20cent.nc'],
  ['file:///data/pct%zz.nc', '/data/pct%zz.nc'],
  ['file:///data/ha%23sh.nc', '/data/ha#sh.nc'],
  ['file:///data/q%3Fm.nc', '/data/q?m.nc'],
  ['file:///data/br[1].nc', '/data/br[1].nc'],
  ['file:///data/plus+%2B.nc', '/data/plus++.nc'],
  ['file:///data/x/../plain.nc', '/data/plain.nc'],
  ['s3://bucket/a//b%20c.nc?version=1', 's3://bucket/a//b c.nc'],
  ['https://example.org/a%20b.nc', 'https://example.org/a%20b.nc'],
  ['vcc://ocean/2001/a%20b.nc', '/archive/2001/a b.nc'],
] as const) {
  test(`${location} is ${path}`, () => {
    assert.deepEqual(resolveLocation(location, new Map([['ocean', 'file:///archive/']])), { path })
  })
}

test('locations that lead nowhere are named', () => {
  for (const location of ['vcc://other/a.nc', 'vcc://ocean', 'no url', 'file:///a%00b', 's3://b/%ff'])
    assert.match(
      String(resolveLocation(location, new Map([['ocean', 'file:///archive/']]))),
      /is no URL|container/,
    )
})

test('containers in a configuration', () => {
  const refuse = (problem: string): never => {
    throw new RangeError(problem)
  }
  const config = {
    caching: null,
    inline_chunk_threshold_bytes: 512,
    virtual_chunk_containers: {
      'file:///archive/': {
        name: 'ocean',
        store: { local_file_system: '/archive' },
        url_prefix: 'file:///archive/',
      },
      's3://bucket/': { name: null, store: { s3: { anonymous: true } }, url_prefix: 's3://bucket/' },
    },
  }
  const bytes = encode(config)
  assert.deepEqual([...readContainers(bytes, refuse)], [['ocean', 'file:///archive/']])
  assert.deepEqual([...readContainers(encode({ virtual_chunk_containers: null }), refuse)], [])
  assert.deepEqual([...readContainers(undefined, refuse)], [])
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [0, 1, 2, 4, 0x24, 0x7f, 0xff]) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = byte
      try {
        readContainers(damaged, refuse)
      } catch (error) {
        assert.ok(error instanceof RangeError, `${error}`)
      }
    }
  }
})
