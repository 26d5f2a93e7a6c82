import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { recoverLeftovers } from '../../lib/write/leftovers.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { checkTarget, publish } from '../../lib/write/publish.ts'
import { filesBelow, scratchFolder } from './scratch.ts'
import { streamOf, syntheticSet } from './synthetic.ts'

const folder = scratchFolder()
const set = () =>
  syntheticSet({ arrays: [{ path: 't' }], rows: [[{ chunk: 0, path: '/a', offset: 1, length: 2 }]] })
const write = (path: string, overwrite = false) => writeParquet(path, { overwrite })(streamOf(set()))

test('a set that is there is replaced only when asked', async () => {
  const path = join(folder, 'there.parq')
  await write(path)
  writeFileSync(join(path, 'mark'), '')
  await assert.rejects(write(path), {
    code: 'ERR_KSTREAM_WRITE',
    message: /exists already; --overwrite replaces it/,
  })
  assert.ok(existsSync(join(path, 'mark')))
  await write(path, true)
  assert.ok(!existsSync(join(path, 'mark')))
  assert.deepEqual(readdirSync(folder), ['there.parq'])
})

test('a set that another build puts there meanwhile stays', async () => {
  const parent = join(folder, 'race')
  mkdirSync(parent)
  const path = join(parent, 'race.parq')
  const target = await checkTarget(path)
  const losing = publish(target, async (built) => {
    writeFileSync(join(built, 'mark'), '')
    await write(path)
  })
  await assert.rejects(losing, { code: 'ERR_KSTREAM_WRITE', message: /another set was put there meanwhile/ })
  assert.deepEqual(readdirSync(parent), ['race.parq'])
  assert.ok(!existsSync(join(path, 'mark')))
})

test('what is not a reference set is never touched', async () => {
  const path = join(folder, 'other')
  mkdirSync(path)
  const texts = [
    undefined,
    'not JSON',
    '{"record_size": 100000}',
    '{"zarr_consolidated_format": 1, "metadata": {".zattrs": {"record_size": 100000}}}',
  ]
  for (const text of texts) {
    if (text !== undefined) writeFileSync(join(path, '.zmetadata'), text)
    writeFileSync(join(path, 'data'), 'precious')
    const before = filesBelow(path)
    await assert.rejects(write(path, true), { code: 'ERR_KSTREAM_WRITE', message: /is not a reference set/ })
    assert.deepEqual(filesBelow(path), before)
  }
  const file = join(folder, 'file.parq')
  writeFileSync(file, 'precious')
  await assert.rejects(write(file, true), /is not a reference set/)
  assert.equal(readFileSync(file, 'utf8'), 'precious')
})

test('places where nothing can be written are told before anything is read', async () => {
  const source = streamOf(set())
  const cases = [
    [join(folder, 'no', 'such', 'x.parq'), 'ERR_KSTREAM_WRITE', /folder .* does not exist/],
    [join(folder, '{x}.parq'), 'ERR_KSTREAM_USAGE', /brace/],
    [join(folder, 'x.json.parq'), 'ERR_KSTREAM_USAGE', /JSON file/],
    ['', 'ERR_KSTREAM_USAGE', /no path/],
  ] as const
  for (const [path, code, message] of cases)
    await assert.rejects(writeParquet(path)(source), { code, message })
  assert.equal((await source.next()).done, false)
})

test('a link to a set stays a link', async () => {
  await write(join(folder, 'real.parq'))
  symlinkSync(join(folder, 'real.parq'), join(folder, 'link.parq'))
  await write(join(folder, 'link.parq'), true)
  assert.equal(
    (await checkTarget(join(folder, 'link.parq'), { overwrite: true })).path,
    join(folder, 'real.parq'),
  )
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.parq'))
  await assert.rejects(write(join(folder, 'dangling.parq')), /a link that leads nowhere/)
})

test('two builds of one place: the second finds it taken', async () => {
  const target = await checkTarget(join(folder, 'race.parq'))
  const build = async (inner: string) => writeFileSync(join(inner, 'x'), '')
  await publish(target, async (inner) => {
    await build(inner)
    await publish(target, build)
  }).then(
    () => assert.fail('both were published'),
    (error) => assert.equal(error.code, 'ERR_KSTREAM_WRITE'),
  )
  assert.deepEqual(
    readdirSync(folder).filter((name) => /tmp$|old$/.test(name)),
    [],
  )
})

test('leftovers of builds that died are healed, those of others left alone', async () => {
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
  const path = join(folder, 'healed.parq')
  const leave = (id: string, kind: string) => {
    const name = `${path}.${id}.${kind}`
    mkdirSync(name)
    writeFileSync(join(name, 'x'), id)
    return name
  }
  const dead = `${host}-4194999-00000001`
  const old = leave(dead, 'old')
  const unfinished = leave(dead, 'tmp')
  const alive = leave(`${host}-${process.ppid}-00000002`, 'tmp')
  const elsewhere = leave('00000000-4194999-00000003', 'tmp')
  const unrelated = `${path}.backup`
  mkdirSync(unrelated)
  await recoverLeftovers(path)
  assert.equal(readFileSync(join(path, 'x'), 'utf8'), dead, 'the old set is back')
  assert.deepEqual([existsSync(old), existsSync(unfinished)], [false, false])
  assert.deepEqual([existsSync(alive), existsSync(elsewhere), existsSync(unrelated)], [true, true, true])
  const replaced = leave(`${host}-4194999-00000004`, 'old')
  await recoverLeftovers(path)
  assert.deepEqual([existsSync(replaced), existsSync(path)], [false, true])
  renameSync(path, `${path}.moved`)
  await recoverLeftovers(join(folder, 'no such folder', 'x'))
})

test('SIGKILL at any moment leaves the old set, the new one, or one that the next command brings back', async () => {
  const path = join(folder, 'killed.parq')
  let reached = 0
  for (let round = 0; round < 8; round++) {
    const program = fileURLToPath(new URL('./overwrite-loop.js', import.meta.url))
    const child = spawn(process.execPath, [program, path, String(reached + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      reached = Number(text.trim().split('\n').at(-1))
    })
    await once(child.stdout, 'data')
    await delay(3 + 9 * round)
    child.kill('SIGKILL')
    await once(child, 'close')
    await recoverLeftovers(path)
    const metadata = JSON.parse(readFileSync(join(path, '.zmetadata'), 'utf8')).metadata
    const { generation } = metadata['t/.zattrs']
    assert.ok(generation >= reached && generation <= reached + 1, `${generation} after ${reached}`)
    for (let shard = 0; shard < 10; shard++) {
      const file = new Uint8Array(readFileSync(join(path, `t/refs.${shard}.parq`))).buffer
      const rows = await parquetReadObjects({ file, compressors })
      assert.deepEqual(new Set(rows.map(({ offset }) => Number(offset))), new Set([generation]))
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('killed')),
      ['killed.parq'],
    )
  }
})
