/** Files to sets: order, bounds, endings, and how files that are none are refused. */
import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { ReferenceSet } from '../lib/model/reference-set.ts'
import { scan } from '../lib/scan.ts'
import type { OpenSource } from '../lib/source/byte-source.ts'
import { openSource } from '../lib/source/open.ts'
import { Tally } from '../lib/source/tally.ts'
import { compose } from '../lib/stream/compose.ts'
import type { Stage } from '../lib/stream/stage.ts'
import { inline } from '../lib/transform/inline.ts'
import { rename } from '../lib/transform/rename.ts'
import { select } from '../lib/transform/select.ts'
import { fixture } from './fixture.ts'
import { collect } from './stream/collect.ts'

const months = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kstream-scan-'))
})
after(() => rm(folder, { recursive: true }))

/** Opens files, counting. */
function counting() {
  const counts = { opened: 0, closed: 0, mostOpen: 0 }
  const open: OpenSource = async (url, options) => {
    const source = await openSource(url, options)
    counts.opened++
    counts.mostOpen = Math.max(counts.mostOpen, counts.opened - counts.closed)
    return {
      url: source.url,
      size: source.size,
      info: source.info,
      read: (offset, length, readOptions) => source.read(offset, length, readOptions),
      async close() {
        counts.closed++
        await source.close()
      },
    }
  }
  return { counts, open }
}

test('sets come in the order of the files, with absolute paths, whatever the spelling', async () => {
  const spellings = [relative(process.cwd(), months[0]), pathToFileURL(months[1]).href, months[2], months[3]]
  const sets = await collect(scan(spellings))
  assert.deepEqual(
    sets.map(({ sources }) => sources.map(({ url }) => url)),
    months.map((path) => [path]),
  )
  for (const { header } of sets) assert.ok(header.arrays.some(({ path }) => path === 'temp'))
})

test('a file is closed when its header is read, and opened again by its body alone', async () => {
  const { counts, open } = counting()
  const tally = new Tally()
  const sets = await collect(scan(months, { open, tally, concurrency: 2 }))
  assert.deepEqual([counts.opened, counts.closed], [4, 4])
  assert.ok(counts.mostOpen <= 2)
  assert.equal(tally.files, 4)
  assert.equal(tally.filesTotal, 4)
  assert.equal(tally.references, 0)
  assert.ok(tally.requests > 0 && tally.bytes > 0)

  let rows = 0
  for await (const item of sets[0].body()) if (item.kind === 'batch') rows += item.rows
  assert.ok(rows > 0)
  assert.equal(tally.references, rows)
  assert.equal(counts.opened, counts.closed)
})

test('nothing is opened before the first pull; leaving early leaves nothing open', async () => {
  const { counts, open } = counting()
  const flow = scan(Array(100).fill(months[0]), { open, concurrency: 4 })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(counts.opened, 0)
  for await (const set of flow) {
    for await (const _ of set.body()) break
    break
  }
  assert.equal(counts.opened, counts.closed)
  assert.ok(counts.opened <= 1 + 4 + 1 + 1, `${counts.opened} opened`)
})

test('an abort ends headers and bodies, and closes what they opened', async () => {
  const { counts, open } = counting()
  const controller = new AbortController()
  await assert.rejects(
    async () => {
      for await (const _ of scan(Array(100).fill(months[0]), { open, signal: controller.signal })) {
        controller.abort()
      }
    },
    { name: 'AbortError' },
  )
  assert.ok(counts.opened > 0)
  assert.equal(counts.opened, counts.closed)

  const [set] = await collect(scan([months[0]], { open }))
  const later = new AbortController()
  await assert.rejects(
    async () => {
      for await (const _ of set.body({ signal: later.signal })) later.abort()
    },
    { name: 'AbortError' },
  )
  assert.equal(counts.opened, counts.closed)
})

test('a body refuses a file that has changed since its header was read', async () => {
  const path = join(folder, 'changing.nc')
  await copyFile(months[0], path)
  const { counts, open } = counting()
  const [set] = await collect(scan([path], { open }))
  await utimes(path, new Date(), new Date(Date.now() + 5000))
  await assert.rejects(collect(set.body()), {
    code: 'ERR_KSTREAM_SOURCE',
    message: /changed since it was scanned/,
  })
  assert.equal(counts.opened, counts.closed)
})

test('what is no scientific file is refused by what it looks like, and closed', async () => {
  const cases: [name: string, content: string | Buffer, code: string, pattern: RegExp][] = [
    ['text.nc', 'just text\n', 'FORMAT', /a text file; begins "just text"/],
    ['page.nc', '<html><title>403 Forbidden</title>', 'FORMAT', /HTML page, "403 Forbidden"/],
    ['long.nc', Buffer.alloc(20_000, 'x'), 'FORMAT', /a text file/],
    [
      'classic.nc',
      'CDF\x01\0\0\0\0',
      'FORMAT',
      /dimension list at byte 8: 4 bytes wanted, 0 left in the file/,
    ],
    ['forecast.grb', 'GRIB\0\0\0\x02', 'UNSUPPORTED', /GRIB/],
    ['empty.nc', '', 'SOURCE', /empty \(0 bytes\)/],
    ['short.nc', Buffer.from('\x89HDF\r\n', 'latin1'), 'FORMAT', /short\.nc/],
  ]
  for (const [name, content, code, pattern] of cases) {
    const path = join(folder, name)
    await writeFile(path, content)
    const { counts, open } = counting()
    await assert.rejects(collect(scan([path], { open })), { code: `ERR_KSTREAM_${code}`, message: pattern })
    assert.equal(counts.opened, counts.closed)
  }
  const bare = { code: 'ERR_KSTREAM_SOURCE', message: /is a folder, not a file or reference set/ }
  await assert.rejects(collect(scan([folder])), bare)
  await assert.rejects(collect(scan([join(folder, 'none.nc')])), {
    code: 'ERR_KSTREAM_SOURCE',
    message: /no such file/,
  })
  await assert.rejects(collect(scan(['s3://b/x.nc'])), { code: 'ERR_KSTREAM_UNSUPPORTED' })
})

test('a file that fails comes after those before it', async () => {
  const seen: string[] = []
  await assert.rejects(
    async () => {
      for await (const set of scan([months[0], months[1], join(folder, 'none.nc'), months[2]])) {
        seen.push(set.sources[0].url)
      }
    },
    { code: 'ERR_KSTREAM_SOURCE' },
  )
  assert.deepEqual(seen, months.slice(0, 2))
})

test('a cut file is a format error', async () => {
  const path = join(folder, 'cut.nc')
  const whole = await openSource(months[0])
  await writeFile(path, await whole.read(0, Math.floor(whole.size / 2)))
  await whole.close()
  await assert.rejects(collect(scan([path])), { code: 'ERR_KSTREAM_FORMAT', message: /cut\.nc/ })
})

/** Reads bodies slowly; rows by array path, over all sets. */
function slowSink(rows: Map<string, number>, afterBatch: () => void = () => {}) {
  return async (sets: AsyncIterable<ReferenceSet>, context?: { signal?: AbortSignal }) => {
    for await (const set of sets) {
      for await (const item of set.body({ signal: context?.signal })) {
        if (item.kind === 'footer') continue
        const { path } = set.header.arrays[item.array]
        rows.set(path, (rows.get(path) ?? 0) + item.rows)
        await delay(1)
        afterBatch()
      }
    }
  }
}

test('stream.pipeline() takes the stages as they are; a slow sink is not run ahead of', async () => {
  const { counts, open } = counting()
  const rows = new Map<string, number>()
  let mostAhead = 0
  let sets = 0
  const watching: Stage = async function* (source) {
    for await (const set of source) {
      sets++
      // Those before it were opened twice, for the header and for the body.
      mostAhead = Math.max(mostAhead, counts.opened - 2 * (sets - 1))
      yield set
    }
  }
  const files = [...months, ...months, ...months]
  const stages = compose(select(['sst']), rename({ sst: 'surface' }), inline({ threshold: 100 }))
  await pipeline(scan(files, { open, concurrency: 2 }), watching, stages, slowSink(rows))
  assert.equal(sets, 12)
  assert.ok(mostAhead <= 1 + 2, `${mostAhead} headers`)
  assert.equal(counts.opened, 24)
  assert.equal(counts.closed, 24)
  assert.ok((rows.get('surface') ?? 0) > 0)
  assert.equal(rows.get('temp'), undefined)
})

test('an abort in the middle of a pipeline closes everything', async () => {
  const { counts, open } = counting()
  const controller = new AbortController()
  const { signal } = controller
  const sink = slowSink(new Map(), () => controller.abort())
  const flow = pipeline(scan(months, { open, signal }), inline({ open }), select(['temp']), sink, { signal })
  await assert.rejects(flow, { name: 'AbortError' })
  // The rejection comes first, the cleanup a moment later.
  for (let i = 0; i < 100 && counts.opened !== counts.closed; i++) await delay(5)
  assert.ok(counts.opened > 0)
  assert.equal(counts.opened, counts.closed)
})
