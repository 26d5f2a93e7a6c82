import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProgressLog } from '../../../lib/write/journal/progress-log.ts'
import { scratchFolder } from '../scratch.ts'

const folder = scratchFolder()

function fresh(name: string): string {
  mkdirSync(join(folder, name))
  return join(folder, name)
}

function resumed(path: string, signature = 'mine'): unknown[] | undefined {
  const log = new ProgressLog<unknown>(path)
  const records = log.resume(signature)
  log.close()
  return records
}

test('records are there for a log of the same signature', () => {
  const path = fresh('plain')
  assert.equal(resumed(path), undefined)
  const log = new ProgressLog<unknown>(path)
  assert.equal(log.resume('mine'), undefined)
  log.start('mine', [{ a: Uint32Array.of(7) }])
  log.append([1n, 'x'])
  log.close()
  assert.deepEqual(resumed(path), [{ a: Uint32Array.of(7) }, [1n, 'x']])
  assert.equal(resumed(path, 'another'), undefined)
  const next = new ProgressLog<unknown>(path)
  next.resume('mine')
  next.append('more')
  next.close()
  assert.equal(resumed(path)?.length, 3)
})

test('a long log is written anew in one step', () => {
  const path = fresh('long')
  const log = new ProgressLog<unknown>(path)
  log.start('mine', [])
  const block = new Uint8Array(1 << 20)
  for (let i = 0; i < 16; i++) log.append(block)
  assert.ok(log.isLong)
  const old = readFileSync(join(path, 'progress.1'))
  log.restart(['all'])
  assert.ok(!log.isLong)
  log.append('next')
  log.close()
  assert.deepEqual(readdirSync(path), ['progress.2'])
  assert.deepEqual(resumed(path), ['all', 'next'])
  // Killed before the old one went, or while the new one was written.
  writeFileSync(join(path, 'progress.1'), old)
  assert.deepEqual(resumed(path), ['all', 'next'])
  assert.deepEqual(readdirSync(path), ['progress.2'])
  writeFileSync(join(path, 'progress.tmp'), 'half of')
  assert.deepEqual(resumed(path), ['all', 'next'])
  const again = new ProgressLog<unknown>(path)
  again.resume('mine')
  again.restart(['third'])
  again.close()
  assert.deepEqual(readdirSync(path), ['progress.3'])
  assert.deepEqual(resumed(path), ['third'])
})
