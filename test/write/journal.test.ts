import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SourceError, WriteError } from '../../lib/errors.ts'
import type { Header } from '../../lib/model/metadata.ts'
import type { Footer } from '../../lib/model/reference-batch.ts'
import type { SourceInfo } from '../../lib/model/reference-set.ts'
import { type Journal, openJournal } from '../../lib/write/journal.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { checkTarget } from '../../lib/write/publish.ts'
import { journalledSet } from './journalled-set.ts'
import { filesBelow, scratchFolder } from './scratch.ts'
import { arrayOf, streamOf } from './synthetic.ts'

const folder = scratchFolder()
let count = 0

/** A folder of its own for each set, so that what lies beside it can be listed. */
function fresh(): { parent: string; path: string } {
  const parent = join(folder, String(count++))
  mkdirSync(parent)
  return { parent, path: join(parent, 'x.parq') }
}

const abort = new DOMException('stopped', 'AbortError')
const source: SourceInfo = { url: '/a.nc', size: 5, lastModified: '2020-01-01T00:00:00.000Z' }
const header: Header = {
  kind: 'header',
  groups: [
    { path: '', attributes: { list: [1n, 2.5], nothing: null, NaN: Number.NaN }, unlimitedDims: ['t'] },
  ],
  arrays: [
    arrayOf({ path: 't', shape: [null], fillValue: Uint8Array.of(1, 2), attributes: { big: 2n ** 62n } }),
    arrayOf({ path: 'u', codecs: [{ id: 'zlib', level: 4 }] }),
  ],
  skipped: [{ path: 'v', reason: 'is odd' }],
  notes: [],
}
const footer: Footer = {
  kind: 'footer',
  shapes: [[3], [4]],
  missing: [0, 1],
  dropped: [1],
  coverage: { arrays: [{ path: 't', outcome: 'referenced' }], notes: [{ path: 'u', reason: 'why' }] },
}

const open = (path: string, key = 'key') => openJournal(path, { resume: true, key })

test('headers and values are known to the next build, of the very same source alone', async () => {
  const { path } = fresh()
  const first = await open(path)
  assert.deepEqual([first.resumed, first.discarded], ['nothing', undefined])
  await first.putHeader(source, header)
  const values = {
    values: new Map<string, Uint8Array | string[]>([
      ['t', Uint8Array.of(1, 2)],
      ['s', ['a', 'ö']],
    ]),
    digests: new Map([['u', 'abc']]),
  }
  await first.putValues('a.nc t', values)
  assert.deepEqual(first.header(source), header)
  await first.close(abort)
  assert.ok(first.kept)
  const second = await open(path)
  assert.equal(second.resumed, 'partly')
  assert.deepEqual(second.header(source), header)
  assert.deepEqual(second.values('a.nc t'), values)
  assert.equal(second.values('b.nc t'), undefined)
  const others = [{ size: 6 }, { url: '/b.nc' }, { lastModified: '2021-01-01T00:00:00.000Z' }, { etag: 'x' }]
  for (const other of others) assert.equal(second.header({ ...source, ...other }), undefined)
  await second.close()
})

test('the headers of ten thousand files that are nearly equal take a megabyte or two', async () => {
  const { parent, path } = fresh()
  const journal = await open(path)
  const arrays = Array.from({ length: 6 }, (_, array) =>
    arrayOf({ path: `v${array}`, attributes: { comment: 'long '.repeat(200) } }),
  )
  for (let file = 0; file < 10_000; file++) {
    const own = arrayOf({ path: 'time', attributes: { units: `days since ${file % 50}` } })
    await journal.putHeader({ url: `/data/${file}.nc`, size: 1000 }, { ...header, arrays: [...arrays, own] })
  }
  const [name] = readdirSync(parent)
  const { size } = statSync(join(parent, name, 'headers'))
  assert.ok(size < 2.5e6, `${size} bytes`)
  assert.deepEqual(journal.header({ url: '/data/77.nc', size: 1000 })?.arrays[6].attributes, {
    units: 'days since 27',
  })
  await journal.close()
  assert.deepEqual(readdirSync(parent), [])
})

test('footers are told when the rows are back, and belong to one plan', async () => {
  const { path } = fresh()
  const flushed: number[] = []
  const sink = { flush: async () => void flushed.push(1) }
  const first = await open(path)
  await first.begin('plan')
  await first.putFooter(0, footer)
  first.attach(sink)
  assert.equal(first.footer(0), undefined, 'without a sink nothing is recorded')
  await first.putFooter(3, footer)
  assert.equal(flushed.length, 1, 'rows come first')
  assert.deepEqual(first.footer(3), footer)
  await first.close(abort)
  const second = await open(path)
  await second.begin('plan')
  assert.equal(second.footer(3), undefined, 'the rows are not back')
  second.attach(sink)
  assert.deepEqual(second.footer(3), footer)
  await second.close(abort)
  const third = await open(path)
  await third.begin('another plan')
  third.attach(sink)
  assert.equal(third.footer(3), undefined)
  await third.close()
})

test('work is kept where trying again may help', async () => {
  const cases: [Error | undefined, boolean][] = [
    [undefined, false],
    [abort, true],
    [new SourceError('/a', 'gone'), true],
    [new WriteError('/a', 'full'), false],
    [new TypeError('odd'), false],
  ]
  for (const [error, kept] of cases) {
    const { parent, path } = fresh()
    const journal = await open(path)
    await journal.close(error)
    await journal.close()
    assert.equal(journal.kept, kept)
    assert.equal(readdirSync(parent).length, kept ? 1 : 0)
  }
})

test('a journal of other options is thrown away, and that is told', async () => {
  const { parent, path } = fresh()
  await (await open(path, 'a')).close(abort)
  const other = await open(path, 'b')
  assert.deepEqual([other.resumed, other.discarded], ['nothing', 'it was begun with other options'])
  await other.close(abort)
  const [name] = readdirSync(parent)
  writeFileSync(join(parent, name, 'key'), '0 of old\nb')
  const newer = await open(path, 'b')
  assert.match(newer.discarded ?? '', /another version/)
  await newer.close(abort)
  writeFileSync(join(parent, readdirSync(parent)[0], 'key'), '1 v')
  const torn = await open(path, 'b')
  assert.equal(torn.discarded, 'it had hardly begun')
  await torn.close(abort)
  const fromStart = await openJournal(path, { resume: false, key: 'b' })
  assert.deepEqual([fromStart.resumed, fromStart.discarded], ['nothing', undefined])
  assert.equal(readdirSync(parent).length, 1)
  await fromStart.close()
})

test('a build that runs, or ran on another machine, is never touched', async () => {
  const { parent, path } = fresh()
  const running = await open(path)
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
  for (const id of [`${host}-${process.ppid}-00000002`, '00000000-4194999-00000003']) {
    cpSync(join(parent, readdirSync(parent)[0]), `${path}.${id}.journal`, { recursive: true })
  }
  const before = readdirSync(parent).length
  const second = await open(path)
  assert.equal(second.resumed, 'nothing')
  await second.close()
  await checkTarget(path)
  await writeParquet(path)(streamOf(journalledSetOf(undefined)))
  assert.equal(readdirSync(parent).length, before + 1)
  await running.close()
})

/** So few parts that no array is given up on. */
function journalledSetOf(journal: Journal | undefined, parts = 4) {
  return journalledSet({ parts, journal })
}

test('two builds of one place at once: each has its own work', async () => {
  const { parent, path } = fresh()
  const journals = [await open(path), await open(path)]
  const builds = journals.map((journal) =>
    writeParquet(path, { journal, overwrite: true })(streamOf(journalledSetOf(journal))),
  )
  const results = await Promise.allSettled(builds)
  assert.ok(results.some(({ status }) => status === 'fulfilled'))
  assert.deepEqual(readdirSync(parent), ['x.parq'])
  const alone = fresh()
  await writeParquet(alone.path)(streamOf(journalledSetOf(undefined)))
  assert.deepEqual(filesBelow(path), filesBelow(alone.path))
})

test('a set that is there already is not written again where a build is gone on with', async () => {
  const { parent, path } = fresh()
  const report = await writeParquet(path)(streamOf(journalledSetOf(undefined)))
  const inode = statSync(path).ino
  const journal = await open(path)
  const set = { ...journalledSetOf(journal), body: () => assert.fail('nothing is read') }
  const again = await writeParquet(path, { journal })(streamOf(set))
  assert.deepEqual({ ...again, referencedBytes: report.referencedBytes }, { ...report, unchanged: true })
  assert.equal(statSync(path).ino, inode)
  const other = await open(path)
  await assert.rejects(writeParquet(path, { journal: other })(streamOf(journalledSetOf(other, 5))), {
    code: 'ERR_KSTREAM_WRITE',
    message: /exists already; --overwrite replaces it/,
  })
  const replacing = await open(path)
  const replaced = await writeParquet(path, { journal: replacing, overwrite: true })(
    streamOf(journalledSetOf(replacing)),
  )
  assert.equal(replaced.unchanged, undefined)
  assert.deepEqual(readdirSync(parent), ['x.parq'])
})

test('a shard that is not as it was recorded begins the work anew', async () => {
  const { parent, path } = fresh()
  const controller = new AbortController()
  const first = await open(path)
  const stopping = journalledSet({
    parts: 16,
    journal: first,
    onEvent: (event, part) => event === 'done' && part === 4 && controller.abort(),
  })
  const options = { recordSize: 7, onUnsupported: 'skip' } as const
  await assert.rejects(
    writeParquet(path, { ...options, journal: first, signal: controller.signal })(streamOf(stopping)),
    { name: 'AbortError' },
  )
  const [name] = readdirSync(parent)
  const shard = join(parent, name, 'work/set/t/refs.1.parq')
  assert.ok(existsSync(shard))
  writeFileSync(shard, readFileSync(shard).subarray(1))
  const asked: number[] = []
  const second = await open(path)
  const set = journalledSet({
    parts: 16,
    journal: second,
    onEvent: (event, part) => event === 'asked' && void asked.push(part),
  })
  await writeParquet(path, { ...options, journal: second })(streamOf(set))
  assert.deepEqual(asked, [...Array(16).keys()])
  const alone = fresh()
  await writeParquet(alone.path, options)(streamOf(journalledSet({ parts: 16 })))
  assert.deepEqual(filesBelow(path), filesBelow(alone.path))
  renameSync(path, `${path}.moved`)
})
