/** What scan takes besides good files: reference sets, files to leave out, and headers known from an earlier run. */
import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SourceError } from '../lib/errors.ts'
import type { BuildJournal } from '../lib/model/build-journal.ts'
import type { Header } from '../lib/model/metadata.ts'
import type { ReferenceSet, SourceInfo } from '../lib/model/reference-set.ts'
import { scan } from '../lib/scan.ts'
import type { OpenSource } from '../lib/source/byte-source.ts'
import { openSource } from '../lib/source/open.ts'
import { Tally } from '../lib/source/tally.ts'
import { writeParquet } from '../lib/write/parquet/sink.ts'
import { fixture } from './fixture.ts'
import { collect } from './stream/collect.ts'

const months = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))
const parquetSet = fixture('kerchunk-parquet/tiny')
const jsonSet = fixture('kerchunk-json/single-v0.json')

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kstream-scan-inputs-'))
})
after(() => rm(folder, { recursive: true }))

/** Opens files, counting what is open and what has been read. */
function counting() {
  const counts = { opened: 0, closed: 0, reads: 0 }
  const open: OpenSource = async (url, options) => {
    const source = await openSource(url, options)
    counts.opened++
    return {
      url: source.url,
      size: source.size,
      info: source.info,
      read(offset, length, readOptions) {
        counts.reads++
        return source.read(offset, length, readOptions)
      },
      async close() {
        counts.closed++
        await source.close()
      },
    }
  }
  return { counts, open }
}

test('reference sets stand among files, in the order of the list', async () => {
  const tally = new Tally()
  const sets = await collect(scan([months[0], parquetSet, jsonSet, months[1]], { tally }))
  const names = sets.map(({ header }) => header.arrays.map(({ path }) => path))
  assert.equal(tally.files, 4)
  assert.equal(tally.filesTotal, 4)
  assert.deepEqual(names[0], names[3])
  assert.notDeepEqual(names[1], names[0])
  assert.ok(names.every((arrays) => arrays.length > 0))
  let rows = 0
  for await (const item of sets[1].body()) if (item.kind === 'batch') rows += item.rows
  assert.ok(rows > 0)
  assert.equal(tally.references, rows)
})

test('files share what is equal in their headers', async () => {
  const [first, ...others] = await collect(scan(months))
  for (const { header } of others) {
    for (const [i, array] of header.arrays.entries()) {
      const equal = first.header.arrays[i]
      assert.equal(array.attributes, equal.attributes)
      assert.equal(array.dims, equal.dims)
      if (!array.dims.includes('time')) assert.equal(array, equal)
    }
  }
})

test('a set that is kept takes little more memory than what its file alone has', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const heapUsed = () => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const flow = scan(new Array<string>(600).fill(months[0]))
  const kept: ReferenceSet[] = []
  let before = 0
  for await (const set of flow) {
    // What is read first fills tables and compiles code.
    if (kept.push(set) === 200) before = heapUsed()
  }
  // About 1.2 kB, and 27 kB where nothing is shared; the heap itself wanders by a megabyte or two.
  const each = (heapUsed() - before) / 400
  assert.ok(each < 12_000, `${each} bytes a set`)
  assert.equal(kept.length, 600)
})

const bad = async () => {
  const text = join(folder, 'text.nc')
  await writeFile(text, 'just text\n')
  const grib = join(folder, 'forecast.grb')
  await writeFile(grib, Buffer.from('GRIB\0\0\0\x02'))
  return { text, grib, missing: join(folder, 'none.nc'), bare: folder }
}

test('with onError skip, files that fail are left out and told of in the order of the list', async () => {
  const { text, grib, missing, bare } = await bad()
  const files = [missing, months[0], text, grib, 's3://b/x.nc', months[1], bare, 'file://%00', months[2]]
  const { counts, open } = counting()
  const tally = new Tally()
  const skipped: [string, string][] = []
  const onSkipped = (file: string, error: Error) => {
    skipped.push([file, 'code' in error ? String(error.code) : error.name])
  }
  const sets = await collect(scan(files, { onError: 'skip', onSkipped, open, tally, concurrency: 3 }))
  assert.deepEqual(
    sets.map(({ sources }) => sources[0].url),
    months.slice(0, 3),
  )
  assert.deepEqual(skipped, [
    [missing, 'ERR_KSTREAM_SOURCE'],
    [text, 'ERR_KSTREAM_FORMAT'],
    [grib, 'ERR_KSTREAM_UNSUPPORTED'],
    ['s3://b/x.nc', 'ERR_KSTREAM_UNSUPPORTED'],
    [bare, 'ERR_KSTREAM_SOURCE'],
    ['file://%00', 'ERR_KSTREAM_SOURCE'],
  ])
  assert.equal(tally.files, files.length)
  assert.equal(counts.opened, counts.closed)
  assert.equal((await collect(scan([missing, months[0]], { onError: 'skip' }))).length, 1)
})

test('onError skip swallows neither aborts, nor failures of the list, nor those of the journal', async () => {
  const { missing } = await bad()
  const onError = 'skip'
  const controller = new AbortController()
  const open: OpenSource = async (url) => {
    controller.abort()
    throw new SourceError(url, 'given up')
  }
  const aborted = collect(scan([months[0]], { onError, open, signal: controller.signal }))
  await assert.rejects(aborted, { name: 'AbortError' })
  async function* list() {
    yield missing
    throw new SourceError('list.txt', 'reading failed')
  }
  await assert.rejects(collect(scan(list(), { onError })), { message: /list\.txt/ })
  const journal = { ...memoryJournal().journal, putHeader: () => Promise.reject(new RangeError('full')) }
  await assert.rejects(collect(scan([months[0]], { onError, journal })), { name: 'RangeError' })
})

/** Knows what was put, for sources that are the same. */
function memoryJournal() {
  const headers = new Map<string, Header>()
  const keyOf = ({ url, size, lastModified }: SourceInfo) => JSON.stringify([url, size, lastModified])
  const nothing = async () => {}
  const journal: BuildJournal = {
    header: (source) => headers.get(keyOf(source)),
    async putHeader(source, header) {
      headers.set(keyOf(source), header)
    },
    values: () => undefined,
    putValues: nothing,
    begin: nothing,
    batch: () => undefined,
    putBatch: nothing,
    footer: () => undefined,
    putFooter: nothing,
  }
  return { headers, journal }
}

test('a header that the journal knows is not read again until its body is', async () => {
  const { headers, journal } = memoryJournal()
  const first = await collect(scan(months, { journal }))
  assert.deepEqual(new Set(headers.values()), new Set(first.map(({ header }) => header)))
  const { counts, open } = counting()
  const tally = new Tally()
  const again = await collect(scan(months, { journal, open, tally }))
  assert.deepEqual(counts, { opened: 4, closed: 4, reads: 0 })
  assert.equal(tally.files, 4)
  for (const [i, { header, sources, replayable }] of again.entries()) {
    assert.deepEqual(
      { header, sources, replayable },
      {
        header: first[i].header,
        sources: first[i].sources,
        replayable: true,
      },
    )
  }
  for (const options of [{}, { arrays: [0, 2], from: 0, to: 1 }]) {
    assert.deepEqual(await collect(again[1].body(options)), await collect(first[1].body(options)))
  }
  assert.equal(counts.opened, counts.closed)
})

test('a known header is refused where the file says something else, or has changed since', async () => {
  const path = join(folder, 'known.nc')
  await copyFile(months[0], path)
  const { headers, journal } = memoryJournal()
  const [{ header }] = await collect(scan([path], { journal }))
  const [key] = headers.keys()
  const [first, ...others] = header.arrays
  const other: Header[] = [
    { ...header, arrays: others },
    { ...header, arrays: [...others, first] },
    { ...header, arrays: [{ ...first, shape: [first.shape[0] ?? 0, 1] }, ...others] },
    { ...header, arrays: [{ ...first, chunkShape: [1] }, ...others] },
    { ...header, arrays: [{ ...first, path: 'renamed' }, ...others] },
  ]
  const { counts, open } = counting()
  for (const wrong of other) {
    headers.set(key, wrong)
    const [set] = await collect(scan([path], { journal, open }))
    assert.deepEqual(set.header, wrong)
    await assert.rejects(collect(set.body()), { code: 'ERR_KSTREAM_SOURCE', message: /has changed/ })
  }
  headers.set(key, header)
  const [set] = await collect(scan([path], { journal, open }))
  await utimes(path, new Date(), new Date(Date.now() + 5000))
  await assert.rejects(collect(set.body()), { code: 'ERR_KSTREAM_SOURCE', message: /has changed/ })
  assert.equal(counts.opened, counts.closed)
})

test('the journal gets no header that failed, and none of reference sets', async () => {
  const { text } = await bad()
  const { headers, journal } = memoryJournal()
  await collect(scan([text, parquetSet, jsonSet], { journal, onError: 'skip' }))
  assert.equal(headers.size, 0)
})

test('a set whose shard is lost is no input: what combines it would read fill values', async () => {
  const output = join(folder, 'lost.parq')
  await writeParquet(output)(scan([months[0]]))
  assert.equal((await collect(scan([output]))).length, 1)
  await rm(join(output, 'temp', 'refs.0.parq'))
  await assert.rejects(collect(scan([output])), {
    code: 'ERR_KSTREAM_SOURCE',
    message: /lost\.parq: its shard temp\/refs\.0\.parq was written and is not there any more/,
  })
})
