import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FileQueue } from '../../lib/write/file-queue.ts'
import { scratchFolder } from './scratch.ts'

const folder = scratchFolder()

test('all files are on disk after the queue is drained', async () => {
  const files = new FileQueue()
  for (let i = 0; i < 20; i++) await files.add(join(folder, String(i)), Buffer.alloc(i, i))
  await files.drain()
  for (let i = 0; i < 20; i++) assert.deepEqual(readFileSync(join(folder, String(i))), Buffer.alloc(i, i))
  assert.equal(files.bytes, 190)
})

test('a failed write is told by the next call, and by every one after', async () => {
  const files = new FileQueue()
  await files.add(join(folder, 'missing', 'x'), Buffer.alloc(1))
  await assert.rejects(files.drain(), { code: 'ERR_KSTREAM_WRITE', message: /missing.x: ENOENT/ })
  await assert.rejects(files.add(join(folder, 'y'), Buffer.alloc(1)), { code: 'ERR_KSTREAM_WRITE' })
})
