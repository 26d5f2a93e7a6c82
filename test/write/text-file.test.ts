/** Where text goes: a file that is there whole or not at all, and streams whose readers set the pace. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { beforeEach, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { openTextTarget } from '../../lib/write/text-file.ts'
import { scratchFolder } from './scratch.ts'

const folder = realpathSync(scratchFolder())
const path = join(folder, 'set.json')
const OLD = '{"version": 1, "refs": {}}'

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
})

async function* blocksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{')
  throw error
}

test('a file has all blocks, and nothing is left beside it', async () => {
  const target = await openTextTarget(path)
  await target.write(blocksOf('{', '', '"a": 1}'))
  assert.equal(readFileSync(path, 'utf8'), '{"a": 1}')
  assert.deepEqual([target.name, target.bytes], [path, 8])
  assert.deepEqual(readdirSync(folder), ['set.json'])
})

for (const name of ['set.json', 'set.json.gz', 'set.json.zst']) {
  test(`${name}: an error on the way leaves what was there`, async () => {
    const there = join(folder, name)
    writeFileSync(there, OLD)
    const target = await openTextTarget(there, { overwrite: true })
    const error = new Error('on the way')
    await assert.rejects(target.write(failing(error)), error)
    assert.equal(readFileSync(there, 'utf8'), OLD)
    assert.deepEqual(readdirSync(folder), [name])
  })

  test(`${name}: an abort in the middle leaves nothing, and ends what makes the text`, async () => {
    const target = await openTextTarget(join(folder, name))
    const stop = new AbortController()
    let ended = false
    const blocks = async function* () {
      try {
        for (let i = 0; ; i++) {
          yield new Uint8Array(1 << 20)
          if (i === 3) stop.abort()
          if (i === 300) return
        }
      } finally {
        ended = true
      }
    }
    await assert.rejects(target.write(blocks(), stop.signal), { name: 'AbortError' })
    assert.deepEqual([readdirSync(folder), ended], [[], true])
  })
}

test('a file is replaced with overwrite alone, and only where it is a reference set in text', async () => {
  const header = '{"kind": "header", "sources": []}\n'
  const zgroup = '{".zgroup": "{\\"zarr_format\\": 2}"}'
  for (const old of [OLD, '', '{}', header, zgroup, '\uFEFF {"temp/0.1": ["a"]}', gzipSync(OLD)]) {
    writeFileSync(path, old)
    await assert.rejects(openTextTarget(path), /exists already; --overwrite replaces it$/)
    await (await openTextTarget(path, { overwrite: true })).write(blocksOf('{"new": 1}'))
    assert.equal(readFileSync(path, 'utf8'), '{"new": 1}')
  }
})

test('whatever else is there stays', async () => {
  for (const old of [
    '{"name": "kstream"}',
    '[]',
    'x',
    '{',
    gzipSync('{"name": 1}'),
    Buffer.of(0x1f, 0x8b, 8),
  ]) {
    writeFileSync(path, old)
    await assert.rejects(
      openTextTarget(path, { overwrite: true }),
      /no reference set in text, so it is left alone$/,
    )
  }
  mkdirSync(join(folder, 'sub'))
  await assert.rejects(openTextTarget(join(folder, 'sub'), { overwrite: true }), /is a folder/)
  await assert.rejects(openTextTarget('/dev/null', { overwrite: true }), /is no regular file/)
  await assert.rejects(openTextTarget(join(folder, 'no', 'set.json')), /the folder .*no does not exist$/)
  await assert.rejects(openTextTarget(''), { code: 'ERR_KSTREAM_USAGE' })
})

test('a link is followed, and stays one', async () => {
  mkdirSync(join(folder, 'sub'))
  writeFileSync(join(folder, 'sub', 'real.json'), OLD)
  symlinkSync(join('sub', 'real.json'), path)
  const target = await openTextTarget(path, { overwrite: true })
  await target.write(blocksOf('{}'))
  assert.equal(readFileSync(join(folder, 'sub', 'real.json'), 'utf8'), '{}')
  symlinkSync('nowhere.json', join(folder, 'lost.json'))
  await assert.rejects(openTextTarget(join(folder, 'lost.json')), /is a link that leads nowhere$/)
})

test('a file that another put there meanwhile stays', async () => {
  const target = await openTextTarget(path)
  writeFileSync(path, 'another')
  await assert.rejects(target.write(blocksOf('{}')), /another file was put there meanwhile, and stays$/)
  assert.equal(readFileSync(path, 'utf8'), 'another')
  assert.deepEqual(readdirSync(folder), ['set.json'])
})

test('the name tells the compression', async () => {
  const text = '{"a": "0123456789"}\n'.repeat(200_000)
  const blocks = () => blocksOf(text.slice(0, 10), text.slice(10, 3_000_000), text.slice(3_000_000))
  const gz = await openTextTarget(join(folder, 'set.json.gz'))
  await gz.write(blocks())
  assert.equal(gunzipSync(readFileSync(gz.name)).toString(), text)
  assert.equal(gz.bytes, statSync(gz.name).size)
  assert.ok(gz.bytes < text.length / 20)
  const [zst, other] = [
    await openTextTarget(join(folder, 'a.ZST')),
    await openTextTarget(join(folder, 'b.zst')),
  ]
  await zst.write(blocks())
  await other.write(blocksOf(text))
  // RFC 8878, 3.1.1: the magic number of a frame.
  assert.equal(readFileSync(zst.name).readUInt32LE(0), 0xfd2fb528)
  assert.deepEqual(readFileSync(other.name), readFileSync(zst.name))
  assert.ok(zst.bytes < text.length / 20)
})

const zstd = (() => {
  try {
    return execFileSync('zstd', ['--version'], { encoding: 'utf8' }) !== ''
  } catch {
    return false
  }
})()

test('zstd itself reads all frames', { skip: zstd ? false : 'no zstd here' }, async () => {
  const target = await openTextTarget(join(folder, 'set.zst'))
  const text = 'frame by frame '.repeat(300_000)
  await target.write(blocksOf(text))
  assert.equal(execFileSync('zstd', ['-dc', target.name], { maxBuffer: 1 << 26 }).toString(), text)
})

test('no more than one block waits for the reader of a stream', async () => {
  let [made, read] = [0, 0]
  let most = 0
  const blocks = async function* () {
    for (; made < 50; made++) {
      most = Math.max(most, made - read)
      yield Buffer.alloc(1000)
    }
  }
  const slow = new Writable({
    highWaterMark: 1 << 20,
    write: async (_chunk, _encoding, done) => {
      await wait(1)
      read++
      done()
    },
  })
  const target = await openTextTarget(slow)
  await target.write(blocks())
  assert.deepEqual(
    [read, target.bytes, slow.writableEnded, slow.listenerCount('error')],
    [50, 50_000, false, 0],
  )
  assert.ok(most <= 1, `${most} blocks ahead`)
})

test('a stream that fails is an error, and one that hangs can be aborted', async () => {
  const cause = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(cause) })
  const target = await openTextTarget(broken)
  await assert.rejects(target.write(blocksOf('x')), { code: 'ERR_KSTREAM_WRITE', cause })
  await wait(5)
  const hanging = await openTextTarget(new Writable({ write: () => {} }))
  const stop = new AbortController()
  const writing = hanging.write(blocksOf('x'), stop.signal)
  stop.abort()
  await assert.rejects(writing, { name: 'AbortError' })
})
