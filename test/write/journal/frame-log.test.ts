import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FrameLog } from '../../../lib/write/journal/frame-log.ts'
import { scratchFolder } from '../scratch.ts'

const folder = scratchFolder()
const texts = ['one', '', 'three'.repeat(100)]

/** A log of the three texts, and where each begins. */
function written(name: string) {
  const path = join(folder, name)
  const log = new FrameLog(path)
  const positions = texts.map((text) => log.append(Buffer.from(text)))
  log.close()
  return { path, positions }
}

function textsOf(log: FrameLog): string[] {
  return [...log.frames()].map(([, payload]) => payload.toString())
}

test('frames come back as they were, by turn and by position', () => {
  const { path, positions } = written('plain')
  // Length, and what Python's zlib.crc32(b'one') is, little-endian.
  assert.equal(readFileSync(path).subarray(0, 11).toString('hex'), '03000000f1866c7a6f6e65')
  const log = new FrameLog(path)
  assert.deepEqual(
    [...log.frames()].map(([position]) => position),
    positions,
  )
  assert.deepEqual(
    positions.map((position) => log.read(position).toString()),
    texts,
  )
  assert.equal(log.read(log.append(Buffer.from('four'))).toString(), 'four')
  log.close()
})

test('cut at any byte, the whole frames before count and new ones follow them', () => {
  const { path, positions } = written('cut')
  const bytes = readFileSync(path)
  for (let length = 0; length <= bytes.length; length++) {
    writeFileSync(path, bytes.subarray(0, length))
    const log = new FrameLog(path)
    const ends = [...positions.slice(1), bytes.length]
    const whole = texts.slice(0, ends.filter((end) => end <= length).length)
    assert.deepEqual(textsOf(log), whole, `${length} bytes`)
    log.append(Buffer.from('next'))
    log.close()
    const again = new FrameLog(path)
    assert.deepEqual(textsOf(again), [...whole, 'next'])
    again.close()
  }
})

test('what is not as it was written ends the log', () => {
  const { path, positions } = written('changed')
  const bytes = readFileSync(path)
  for (const at of [positions[2], positions[2] + 4, positions[2] + 8, bytes.length - 1]) {
    const changed = Buffer.from(bytes)
    changed[at] ^= 1
    writeFileSync(path, changed)
    const log = new FrameLog(path)
    assert.deepEqual(textsOf(log), texts.slice(0, 2))
    log.close()
  }
  writeFileSync(path, bytes)
  appendFileSync(path, Buffer.alloc(64, 0xff))
  const log = new FrameLog(path)
  assert.deepEqual(textsOf(log), texts)
  log.close()
  assert.throws(() => log.append(Buffer.from('x')), { code: 'ERR_KSTREAM_WRITE' })
})
