/** Paths and URLs to sources. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { filePath, openSource, schemeOf } from '../../lib/source/open.ts'

test('a path and its file:// URL open the same file, under its path', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream open %20 #'))
  const path = join(folder, 'a b.nc')
  await writeFile(path, 'bytes')
  for (const name of [path, pathToFileURL(path).href]) {
    const source = await openSource(name)
    assert.equal(source.url, path)
    assert.equal(source.size, 5)
    await source.close()
  }
  await rm(folder, { recursive: true })
})

test('other schemes are refused by name', async () => {
  await assert.rejects(openSource('s3://bucket/x.nc'), {
    code: 'ERR_KSTREAM_UNSUPPORTED',
    message: /s3:\/\//,
  })
  await assert.rejects(openSource('HTTPS://host/x.nc'), {
    code: 'ERR_KSTREAM_UNSUPPORTED',
    message: /https:\/\//,
  })
  await assert.rejects(openSource('file://host/x.nc'), { code: 'ERR_KSTREAM_SOURCE' })
})

test('a scheme is told from a drive and from a name with a colon', () => {
  assert.equal(schemeOf('gs://b/k'), 'gs')
  assert.equal(schemeOf('C://x'), undefined)
  assert.equal(schemeOf('/data/12:00.nc'), undefined)
  assert.equal(filePath('/data/%20.nc'), '/data/%20.nc')
})
