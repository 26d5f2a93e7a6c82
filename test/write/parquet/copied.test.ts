/** Bytes that are copied into a set: in its shards, and in the files beside them. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { readSetSummary } from '../../../lib/format/kerchunk-parquet/summary.ts'
import { INLINE, type ReferenceBatch } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openJournal } from '../../../lib/write/journal.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { filesBelow, scratchFolder } from '../scratch.ts'
import { type Row, type SetOptions, streamOf, syntheticSet } from '../synthetic.ts'

const folder = scratchFolder()
let count = 0
const fresh = () => join(folder, `${count++}.parq`)
type Options = Parameters<typeof writeParquet>[1]

async function write(options: SetOptions, more: Options = {}, path = fresh()) {
  return { path, report: await writeParquet(path, more)(streamOf(syntheticSet(options))) }
}

const reference = (chunk: number, path = '/a.nc'): Row => ({ chunk, path, offset: chunk * 10, length: 7 })
const bytesOf = (chunk: number, length: number) =>
  Uint8Array.from({ length }, (_, at) => (chunk * 31 + at * 7) % 251)
const raw = (chunk: number, length: number): Row => ({ chunk, raw: bytesOf(chunk, length) })

/** Each row of a set, by array and chunk: its bytes, read where the reference points, or the reference. */
async function rowsOf(set: ReferenceSet): Promise<Map<string, unknown>> {
  const rows = new Map<string, unknown>()
  for await (const item of set.body()) {
    if (item.kind === 'footer') continue
    for (let row = 0; row < item.rows; row++) {
      rows.set(`${set.header.arrays[item.array].path} ${item.chunk[row]}`, rowOf(item, row))
    }
  }
  return rows
}

function rowOf(batch: ReferenceBatch, row: number): unknown {
  if (batch.path[row] === INLINE) return Buffer.from(batch.raw?.[row] ?? assert.fail('no bytes'))
  const [path, offset, length] = [batch.paths[batch.path[row]], batch.offset[row], batch.length[row]]
  return path.startsWith(folder)
    ? readFileSync(path).subarray(offset, offset + length)
    : [path, offset, length]
}

test('what is too large for a shard goes to the file beside it, and is referenced there', async () => {
  const rows = [reference(0), raw(1, 3), raw(2, 10), raw(3, 11), raw(5, 20), raw(6, 0), raw(8, 12)]
  const options = { arrays: [{ path: 'g/ö x', shape: [9] }], rows: [rows] }
  const { path, report } = await write(options, { recordSize: 6, inlineLimit: 10 })
  assert.deepEqual(readdirSync(join(path, 'g/ö x')).sort(), [
    'copied.0.bin',
    'copied.1.bin',
    'refs.0.parq',
    'refs.1.parq',
  ])
  const copied = readFileSync(join(path, 'g/ö x/copied.0.bin'))
  assert.deepEqual(copied, Buffer.concat([bytesOf(3, 11), bytesOf(5, 20)]))
  assert.deepEqual(readFileSync(join(path, 'g/ö x/copied.1.bin')), Buffer.from(bytesOf(8, 12)))
  const { references, inlined, copiedBytes, missing, bytes, referencedBytes } = report
  assert.deepEqual(
    { references, inlined, copiedBytes, missing, referencedBytes },
    { references: 1, inlined: 6, copiedBytes: 56, missing: 2, referencedBytes: 7 },
  )
  assert.equal(
    bytes,
    [...filesBelow(path).values()].reduce((sum, file) => sum + file.length, 0),
  )
  const lines = readFileSync(join(path, '.kstream/coverage.ndjson'), 'utf8').trim().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      {
        path: 'g/ö x',
        outcome: 'referenced',
        chunks: 9,
        references: 1,
        bytes: 7,
        inlined: 6,
        missing: 2,
        shards: [[0, 1]],
        copied: [
          [0, 31],
          [1, 12],
        ],
      },
      { location: path },
    ],
  )
  const expected = new Map(
    rows.map((row) => [`g/ö x ${row.chunk}`, row.raw ? Buffer.from(row.raw) : ['/a.nc', 0, 7]]),
  )
  assert.deepEqual(await rowsOf(await openParquetSet(path)), expected)
  const set = await openParquetSet(path, { copies: 'raw' })
  rmSync(join(path, 'g/ö x/copied.1.bin'))
  await assert.rejects(rowsOf(set), { code: 'ERR_KSTREAM_SOURCE', message: /copied\.1\.bin/ })
})

test('a shard takes 16 MiB inline, and nothing says so in a set without such files', async () => {
  const mebi = 1 << 20
  const rows = Array.from(
    { length: 18 },
    (_, chunk): Row => ({ chunk, raw: new Uint8Array(mebi).fill(chunk) }),
  )
  const arrays = [{ path: 't', shape: [18] }]
  const { path, report } = await write({ arrays, rows: [[...rows]] })
  // Four bytes of length each come with the inlined ones.
  assert.equal(statSync(join(path, 't/copied.0.bin')).size, 3 * mebi)
  assert.equal(report.copiedBytes, 18 * mebi)
  assert.deepEqual(readFileSync(join(path, 't/copied.0.bin')).subarray(2 * mebi), Buffer.alloc(mebi, 17))
  for (const copies of ['references', 'raw'] as const) {
    let most = 0
    for await (const item of (await openParquetSet(path, { copies })).body()) {
      if (item.kind === 'footer') continue
      const bytes = (item.raw ?? []).reduce((sum, each) => sum + (each?.length ?? 0), 0)
      most = Math.max(most, bytes)
    }
    assert.equal(most, 8 * mebi, copies)
  }
  const few = await write({ arrays, rows: [rows.slice(0, 3)] })
  assert.deepEqual(readdirSync(join(few.path, 't')), ['refs.0.parq'])
  assert.doesNotMatch(readFileSync(join(few.path, '.kstream/coverage.ndjson'), 'utf8'), /copied":|location/)
})

/** Rows of which some carry bytes, by their lengths; null is missing. */
const lengths = fc.array(fc.option(fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 20 })), { freq: 6 }), {
  maxLength: 50,
})
const rowsFrom = (kinds: readonly (number | null)[]): Row[] =>
  kinds.flatMap((length, chunk) => {
    if (length === null) return []
    return length < 0 ? [reference(chunk)] : [raw(chunk, length)]
  })

test('how batches are cut never shows, and each file holds its rows in order', async () => {
  const cuts = fc.array(fc.tuple(fc.nat(1), fc.nat(6)), { maxLength: 60 })
  const sizes = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(20))
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(lengths, lengths),
      cuts,
      sizes,
      async (kinds, some, [recordSize, inlineLimit]) => {
        const rows = kinds.map(rowsFrom)
        const arrays = ['a', 'b'].map((path, at) => ({ path, shape: [kinds[at].length] }))
        const more = { recordSize, inlineLimit, location: '/set' }
        const plain = await write({ arrays, rows }, more)
        const rest = rows.map((each, array) => [array, each.length] as const)
        const cut = await write({ arrays, rows, cuts: [...some, ...rest] }, more)
        assert.deepEqual(filesBelow(cut.path), filesBelow(plain.path))
        for (const [at, { path }] of arrays.entries()) {
          for (let shard = 0; shard * recordSize < kinds[at].length; shard++) {
            const own = rows[at].filter(({ chunk }) => Math.floor(chunk / recordSize) === shard)
            const large = own.flatMap((row) => (row.raw && row.raw.length > inlineLimit ? [row.raw] : []))
            const file = join(plain.path, path, `copied.${shard}.bin`)
            assert.equal(existsSync(file), large.length > 0)
            if (large.length > 0) assert.deepEqual(readFileSync(file), Buffer.concat(large))
          }
        }
        const sum = rows.flat().reduce((total, row) => total + (row.raw?.length ?? 0), 0)
        assert.equal(plain.report.copiedBytes, sum)
      },
    ),
    { numRuns: 40 },
  )
})

/** The first `steps` rows of an array that grows. */
const grown = (rows: readonly Row[], steps: number): SetOptions => ({
  arrays: [{ path: 't', shape: [steps] }],
  rows: [rows.filter(({ chunk }) => chunk < steps)],
  sources: Array.from({ length: steps }, (_, step) => ({ url: `/${step}.nc`, size: 1 })),
})

test('adding to a set gives the bytes of a build over everything, and links what is full', async () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(50), fc.nat(20))
  await fc.assert(
    fc.asyncProperty(lengths, sizes, fc.boolean(), async (kinds, [recordSize, first, inlineLimit], isRaw) => {
      const rows = rowsFrom(kinds)
      const old = Math.min(first, kinds.length)
      const path = fresh()
      const options = { recordSize, inlineLimit }
      const whole = await write(grown(rows, kinds.length), options, path)
      const expected = filesBelow(path)
      rmSync(path, { recursive: true })
      await write(grown(rows, old), options, path)
      const inodes = new Map(
        readdirSync(join(path, 't')).map((name) => [name, statSync(join(path, 't', name)).ino]),
      )
      const append = await openParquetSet(path, isRaw ? { copies: 'raw' } : {})
      const { report } = await write(grown(rows, kinds.length), { append, inlineLimit }, path)
      assert.deepEqual(filesBelow(path), expected)
      assert.deepEqual(report, whole.report)
      for (const [name, inode] of inodes) {
        const isFull = Number(/\d+/.exec(name)?.[0]) < Math.floor(old / recordSize)
        if (isFull) assert.equal(statSync(join(path, 't', name)).ino, inode, name)
      }
    }),
    { numRuns: 60 },
  )
})

/** A set with two full shards and an open one, each with copied bytes. */
async function started() {
  const rows = Array.from({ length: 20 }, (_, chunk) => raw(chunk, 30))
  const { path } = await write(grown(rows, 10), { recordSize: 4, inlineLimit: 10 })
  const add = async (more: Options = {}) =>
    writeParquet(path, { append: await openParquetSet(path), inlineLimit: 10, ...more })(
      streamOf(syntheticSet(grown(rows, 20))),
    )
  return { path, rows, add }
}

test('a file of copied bytes that is lost, cut off or belongs elsewhere keeps a set from being added to', async () => {
  const { path, add } = await started()
  const before = filesBelow(path)
  const file = join(path, 't/copied.1.bin')
  await assert.rejects(add({ location: '/elsewhere' }), {
    code: 'ERR_KSTREAM_PLAN',
    message: new RegExp(`built for another location: its copied chunks are found at ${path}, not /elsewhere`),
  })
  assert.deepEqual(filesBelow(path), before)
  for (const damage of [() => truncateSync(file, 119), () => rmSync(file)]) {
    damage()
    await assert.rejects(add(), {
      code: 'ERR_KSTREAM_SOURCE',
      message: /copied\.1\.bin: this file was written/,
    })
    const [array] = (await readSetSummary(path)).arrays
    assert.deepEqual([array.lost, array.lostCopies], [[], [1]])
    await assert.rejects(openParquetSet(path, { whole: true }), /its file t\/copied\.1\.bin was written/)
  }
})

test('a set is never made of references to files that go with the one it replaces', async () => {
  const { path, rows } = await started()
  const before = filesBelow(path)
  const replace = (set: ReferenceSet, options: Options) => writeParquet(path, options)(streamOf(set))
  await assert.rejects(replace(await openParquetSet(path), { overwrite: true }), {
    code: 'ERR_KSTREAM_PLAN',
    message:
      /t: points at .*copied\.0\.bin, a file of the set that is to be replaced; open that set with copies: 'raw'/,
  })
  assert.deepEqual(filesBelow(path), before)
  const options = { overwrite: true, recordSize: 4, inlineLimit: 10 }
  await replace(await openParquetSet(path, { copies: 'raw' }), options)
  assert.deepEqual(filesBelow(path), before)
  assert.equal(rows.length, 20)
})

test('a set that is there is not written again where it is whole and lies right', async () => {
  const { path, rows } = await started()
  const resume = async (more: Options = {}) => {
    const journal = await openJournal(path, { resume: true, key: 'k' })
    const set = syntheticSet(grown(rows, 10))
    return writeParquet(path, { journal, recordSize: 4, inlineLimit: 10, ...more })(streamOf(set))
  }
  const report = await resume()
  assert.deepEqual([report.unchanged, report.copiedBytes, report.inlined], [true, 300, 10])
  await assert.rejects(resume({ location: 's3://b/x' }), { code: 'ERR_KSTREAM_PLAN' })
  appendFileSync(join(path, 't/copied.0.bin'), 'x')
  await assert.rejects(resume(), { code: 'ERR_KSTREAM_WRITE', message: /exists already/ })
})

test('a set that was moved is read where it is', async () => {
  const { path } = await started()
  const moved = fresh()
  const before = await rowsOf(await openParquetSet(path))
  renameSync(path, moved)
  for (const copies of ['references', 'raw'] as const) {
    assert.deepEqual(await rowsOf(await openParquetSet(moved, { copies })), before, copies)
  }
  const { path: elsewhere } = await write(grown([raw(0, 30)], 1), {
    inlineLimit: 1,
    location: 's3://b/x.parq/',
  })
  assert.equal((await readSetSummary(elsewhere)).location, 's3://b/x.parq')
  assert.deepEqual(
    [...(await rowsOf(await openParquetSet(elsewhere))).values()],
    [Buffer.from(bytesOf(0, 30))],
  )
  const file = join(moved, 't/copied.0.bin')
  truncateSync(file, 100)
  const short = { code: 'ERR_KSTREAM_SOURCE', message: /copied\.0\.bin: a read past the end/ }
  await assert.rejects(rowsOf(await openParquetSet(moved, { copies: 'raw' })), short)
})

test('copied bytes are of the protocol of all references', async () => {
  const remote = { ...reference(0), path: 's3://b/a.nc' }
  const arrays = [{ path: 't', shape: [2] }]
  for (const rows of [
    [remote, raw(1, 30)],
    [raw(0, 30), { ...remote, chunk: 1 }],
  ]) {
    await assert.rejects(write({ arrays, rows: [rows] }, { inlineLimit: 1 }), {
      code: 'ERR_KSTREAM_WRITE',
      message: /t: points at .*one protocol; --rewrite-paths must name the place of the set too/,
    })
    const { path } = await write({ arrays, rows: [rows] }, { inlineLimit: 1, location: 's3://b/x.parq' })
    assert.ok(existsSync(join(path, 't/copied.0.bin')))
  }
  const options = { arrays, rows: [[raw(0, 30)]] }
  await assert.rejects(write(options, { location: 'x.parq' }), { code: 'ERR_KSTREAM_USAGE' })
  await assert.rejects(write(options, { inlineLimit: -1 }), { code: 'ERR_KSTREAM_USAGE' })
})

test('an array that is dropped takes its copied bytes with it', async () => {
  const options = { arrays: [{ path: 'bad' }, { path: 'good' }], dropped: [0] }
  const rows = [[raw(0, 30), raw(3, 30)], [raw(2, 30)]]
  const { path, report } = await write({ ...options, rows }, { inlineLimit: 1, recordSize: 2 })
  assert.deepEqual(
    [...filesBelow(path).keys()].filter((name) => !name.startsWith('.')),
    ['good/copied.1.bin', 'good/refs.1.parq'],
  )
  const size = [...filesBelow(path).values()].reduce((sum, file) => sum + file.length, 0)
  assert.deepEqual([report.copiedBytes, report.bytes >= size], [30, true])
})

test('references that only look like those to own files stay as they are', async () => {
  const other = '/elsewhere/t/copied.0.bin'
  const { path } = await write(
    { arrays: [{ path: 't', shape: [2] }], rows: [[reference(0, other), raw(1, 30)]] },
    { inlineLimit: 1 },
  )
  const rows = await rowsOf(await openParquetSet(path, { copies: 'raw' }))
  assert.deepEqual([...rows.values()], [[other, 0, 7], Buffer.from(bytesOf(1, 30))])
})
