/** Files that have changed since references into them were written; what an ETag is, icechunk 1.1.21 was asked. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { SourceError } from '../../../lib/errors.ts'
import { CheckedSources } from '../../../lib/format/icechunk/checked-sources.ts'
import { openFile } from '../../../lib/source/file.ts'

const folder = mkdtempSync(join(tmpdir(), 'kstream-icechunk-sources-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'a.bin')
writeFileSync(path, 'abc')
utimesSync(path, 1_000_000_000.25, 1_000_000_000.25)
const { ino } = statSync(path)

test('a file that is as it was is a source', async () => {
  const sources = new CheckedSources()
  await sources.see(path, { lastModified: 1_000_000_000 })
  await sources.see(path, { etag: `${ino.toString(16)}-${1_000_000_000_250_000n.toString(16)}-3` })
  const [{ url, size, lastModified }, ...others] = sources.sources
  assert.deepEqual(
    { url, size, lastModified },
    { url: path, size: 3, lastModified: '2001-09-09T01:46:40.250Z' },
  )
  assert.deepEqual(others, [])
  assert.deepEqual(sources.notes, [])
})

test('its time of change is the one that it is opened with later', async () => {
  const other = join(folder, 'b.bin')
  writeFileSync(other, 'abc')
  for (const fraction of [0.2504, 0.2506, 0.9996]) {
    utimesSync(other, 1_000_000_000 + fraction, 1_000_000_000 + fraction)
    const sources = new CheckedSources()
    await sources.see(other, { lastModified: 1_000_000_000 })
    const file = await openFile(other)
    assert.equal(sources.sources[0].lastModified, file.info.lastModified)
    await file.close()
  }
})

test('a file that has changed is refused, whichever reference comes first', async () => {
  for (const checksum of [{ lastModified: 999_999_999 }, { etag: 'other' }]) {
    const sources = new CheckedSources()
    await sources.see(path, {})
    for (let again = 0; again < 2; again++)
      await assert.rejects(async () => sources.see(path, checksum), SourceError)
  }
})

test('what cannot be told is counted by files', async () => {
  const sources = new CheckedSources()
  for (let i = 0; i < 3; i++) {
    await sources.see('s3://bucket/a', { etag: 'x' })
    await sources.see(join(folder, 'none'), { lastModified: 1 })
    await sources.see(path, {})
  }
  assert.deepEqual(sources.sources, [])
  const reasons = sources.notes.map(({ reason }) => reason)
  assert.equal(reasons.length, 2)
  assert.match(reasons[0], /^2 files .* not on this machine \(first s3:\/\/bucket\/a\)/)
  assert.match(reasons[1], /no checksum of 1 files/)
})
