/** A local file as a source: what it reads, and how it refuses. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { SourceError } from '../../lib/errors.ts'
import { openFile } from '../../lib/source/file.ts'
import { ReadPace } from '../../lib/source/read-pace.ts'

let folder = ''
let path = ''
/** Byte i is i modulo 251, so that every offset shows. */
const content = Uint8Array.from({ length: 1 << 20 }, (_, index) => index % 251)

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kstream-file-'))
  path = join(folder, 'data.nc')
  await writeFile(path, content)
  await utimes(path, new Date('2020-01-02T03:04:05.678Z'), new Date('2020-01-02T03:04:05.678Z'))
})
after(() => rm(folder, { recursive: true }))

function refuses(pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof SourceError, String(error))
    assert.match(error.message, pattern)
    return true
  }
}

/** A pace that has just seen a slow read: the next reads go through the pool. */
function slowPace(): ReadPace {
  const pace = new ReadPace()
  pace.record(50)
  return pace
}

test('a source knows its absolute path, size and time of modification', async () => {
  const source = await openFile(relative(process.cwd(), path))
  assert.equal(source.url, path)
  assert.equal(source.size, 1 << 20)
  const { identity, ...written } = source.info
  assert.deepEqual(written, { url: path, size: 1 << 20, lastModified: '2020-01-02T03:04:05.678Z' })
  const { dev, ino } = statSync(path)
  assert.equal(identity, `${dev}:${ino}`)
  await source.close()
})

for (const [name, pace] of [
  ['blocking', () => new ReadPace()],
  ['through the pool', slowPace],
] as const) {
  test(`reads ${name}: exact bytes, aligned, many in flight`, async () => {
    const source = await openFile(path, { pace: pace() })
    const offsets = [0, 1, 250, 251, 4096, (1 << 20) - 10]
    const chunks = await Promise.all(offsets.map((offset) => source.read(offset, 10)))
    for (const [index, offset] of offsets.entries()) {
      assert.deepEqual(chunks[index], content.slice(offset, offset + 10))
      assert.equal(chunks[index].byteOffset % 8, 0)
    }
    assert.deepEqual(await source.read(3, (1 << 20) - 3), content.slice(3))
    assert.equal((await source.read(1 << 20, 0)).length, 0)
    await source.close()
  })

  test(`a file cut while it is open is told ${name}`, async () => {
    const cut = join(folder, 'cut.nc')
    await writeFile(cut, content)
    const source = await openFile(cut, { pace: pace() })
    await truncate(cut, 100)
    await assert.rejects(
      source.read(90, 20),
      refuses(/had 1048576 bytes when it was opened .* \(bytes 90 to 110\)/),
    )
    await source.close()
  })
}

test('reads past the end, and ranges that are none, are refused before anything is allocated', async () => {
  const source = await openFile(path)
  await assert.rejects(
    source.read((1 << 20) - 1, 2),
    refuses(/the file has 1048576 bytes; truncated\? \(bytes/),
  )
  await assert.rejects(source.read(0, 2 ** 52), refuses(/past the end/))
  await assert.rejects(source.read(-1, 2), refuses(/not a range/))
  await assert.rejects(source.read(0.5, 2), refuses(/not a range/))
  await assert.rejects(source.read(Number.NaN, 2), refuses(/not a range/))
  await source.close()
})

test('an aborted signal stops reads and opening', async () => {
  const source = await openFile(path)
  const signal = AbortSignal.abort()
  await assert.rejects(source.read(0, 1, { signal }), { name: 'AbortError' })
  await assert.rejects(openFile(path, { signal }), { name: 'AbortError' })
  await source.close()
})

test('blocking reads in a row leave turns to the event loop, so that an abort comes through', async () => {
  class AlwaysBlocking extends ReadPace {
    override mayBlock(): boolean {
      return true
    }
  }
  const source = await openFile(path, { pace: new AlwaysBlocking() })
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), 20)
  const end = performance.now() + 3000
  const read = async () => {
    while (performance.now() < end) await source.read(0, 64, { signal: controller.signal })
  }
  await assert.rejects(read(), { name: 'AbortError' })
  clearTimeout(timer)
  await source.close()
})

test('a closed source refuses reads; closing twice is harmless', async () => {
  const source = await openFile(path)
  await source.close()
  await source.close()
  await assert.rejects(source.read(0, 1), refuses(/closed/))
})

test('what cannot be opened says what it is and what to do', async () => {
  await assert.rejects(openFile(join(folder, 'none.nc')), refuses(/none\.nc: no such file; check the path/))
  await assert.rejects(openFile(join(path, 'x.nc')), refuses(/is a file, not a directory/))
  await assert.rejects(openFile(folder), refuses(/a directory; name the files in it/))
  const empty = join(folder, 'empty.nc')
  await writeFile(empty, '')
  await assert.rejects(openFile(empty), refuses(/empty \(0 bytes\)/))
  const loop = join(folder, 'loop.nc')
  await symlink(loop, loop)
  await assert.rejects(openFile(loop), refuses(/symbolic link that leads back/))
  await assert.rejects(openFile(join(folder, 'x'.repeat(300))), refuses(/name is too long/))
})

test('a named pipe is refused at once, not waited for', { skip: process.platform === 'win32' }, async () => {
  const pipe = join(folder, 'pipe')
  await promisify(execFile)('mkfifo', [pipe])
  await assert.rejects(openFile(pipe), refuses(/not a regular file/))
})

test('a file without permission is refused as that', { skip: process.platform === 'win32' }, async () => {
  const locked = join(folder, 'locked.nc')
  await writeFile(locked, 'x')
  await chmod(locked, 0)
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chmod(folder, 0o755)
  // Root may read everything: become somebody else meanwhile.
  if (isRoot) process.seteuid?.(65534)
  try {
    await assert.rejects(openFile(locked), refuses(/permission denied; it must be readable/))
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

test('a refused file leaves no handle open', async () => {
  const { readdir } = await import('node:fs/promises')
  const open = async () => (await readdir('/proc/self/fd').catch(() => [])).length
  await mkdir(join(folder, 'sub'))
  const before = await open()
  for (let i = 0; i < 20; i++) await assert.rejects(openFile(join(folder, 'sub')))
  assert.ok((await open()) <= before + 1)
})
