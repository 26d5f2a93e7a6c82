import assert from 'node:assert/strict'
import { mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Containers } from '../../../lib/write/icechunk/containers.ts'
import { icechunkUrl, Locations } from '../../../lib/write/icechunk/location.ts'
import { scratchFolder } from '../scratch.ts'

const folder = scratchFolder()

test('paths and keys become URLs, percent-encoded once', () => {
  const cases = [
    ['/data/a b/é#1?%20.nc', 'file:///data/a%20b/%C3%A9%231%3F%2520.nc'],
    ['s3://bucket/a b/é#1?%20+.nc', 's3://bucket/a%20b/%C3%A9%231%3F%2520+.nc'],
    ['gcs://bucket/a//b.nc', 'gs://bucket/a//b.nc'],
    ['https://host:8080/a%20b.nc', 'https://host:8080/a%20b.nc'],
  ]
  for (const [path, url] of cases) assert.equal(icechunkUrl('v', path), url)
})

test('what Icechunk would refuse, or take for another place, is refused', async () => {
  assert.throws(() => icechunkUrl('v', '/data/a\tb.nc'), /^UnsupportedError: v: .* no control characters/)
  assert.throws(() => icechunkUrl('v', 's3://bucket/a/../b.nc'), /'\.' or '\.\.' in the key/)
  const target = join(folder, 'elsewhere/deep')
  mkdirSync(target, { recursive: true })
  writeFileSync(join(folder, 'elsewhere/up.nc'), '')
  writeFileSync(join(folder, 'up.nc'), '')
  symlinkSync(target, join(folder, 'link'))
  const { url } = await new Locations([]).find('v', `${folder}/link/../up.nc`)
  assert.ok(url.endsWith('/elsewhere/up.nc'), url)
})

test('an unchanged file is never newer than the second that is recorded, and one of the next second is', async () => {
  const path = join(folder, 'a.nc')
  writeFileSync(path, 'abc')
  for (const [mtime, expected] of [
    [1000, 1000],
    [1000.0004, 1001],
    [1000.4, 1001],
    [1000.9996, 1001],
  ]) {
    utimesSync(path, mtime, mtime)
    const { size, mtime: time } = statSync(path)
    const known = new Locations([{ url: path, size, lastModified: time.toISOString() }])
    assert.deepEqual(await known.find('v', path), { url: `file://${path}`, size: 3, lastModified: expected })
    assert.equal((await new Locations([]).find('v', path)).lastModified, expected)
  }
})

test('an ETag goes before a time, a weak one never counts', async () => {
  const lastModified = '2020-01-01T00:00:00.000Z'
  const url = 'https://host/a.nc'
  const find = (etag?: string) =>
    new Locations([{ url, size: 3, lastModified, ...(etag && { etag }) }]).find('v', url)
  assert.deepEqual(await find('"x"'), { url, size: 3, etag: '"x"', lastModified: 0 })
  assert.deepEqual(await find('W/"x"'), { url, size: 3, lastModified: 1577836800 })
  assert.deepEqual(await find(), { url, size: 3, lastModified: 1577836800 })
})

test('containers are buckets, hosts, and the common folders of files', () => {
  const prefixesOf = (...urls: string[]) => {
    const containers = new Containers()
    for (const url of urls) containers.add(url)
    return containers.list()
  }
  assert.deepEqual(prefixesOf('s3://b/x/1', 's3://b/y/2', 'https://h:1/z'), [
    { prefix: 'https://h:1/' },
    { prefix: 's3://b/' },
  ])
  assert.deepEqual(prefixesOf('file:///data/x/1958/a', 'file:///data/x/1959/a', 'file:///home/me/d%20/b'), [
    { prefix: 'file:///data/x/', folder: '/data/x/' },
    { prefix: 'file:///home/me/d /', folder: '/home/me/d /' },
  ])
  assert.deepEqual(
    prefixesOf('file:///data/x/a', 'file:///data/b').map(({ prefix }) => prefix),
    ['file:///data/'],
  )
  assert.deepEqual(
    prefixesOf('file:///a').map(({ prefix }) => prefix),
    ['file:///'],
  )
})
