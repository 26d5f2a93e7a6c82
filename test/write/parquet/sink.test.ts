import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { filesBelow, scratchFolder } from '../scratch.ts'
import type { Row, SetOptions } from '../synthetic.ts'
import { arrayOf, batchOf, streamOf, syntheticSet } from '../synthetic.ts'

const folder = scratchFolder()
let count = 0
const fresh = () => join(folder, `${count++}.parq`)

const reference = (chunk: number, offset = chunk * 100, length = 50, path = '/a.nc'): Row => ({
  chunk,
  path,
  offset,
  length,
})

async function write(options: SetOptions, more: Parameters<typeof writeParquet>[1] = {}) {
  const path = fresh()
  return { path, report: await writeParquet(path, more)(streamOf(syntheticSet(options))) }
}

/** Through hyparquet, an independent reader; each row as [path, offset, size, raw]. */
async function readRows(path: string): Promise<unknown[][]> {
  const bytes = readFileSync(path)
  const file = new Uint8Array(bytes).buffer
  const rows = await parquetReadObjects({ file, compressors, utf8: false })
  return rows.map(({ path, offset, size, raw }) => [
    path ?? null,
    Number(offset),
    Number(size),
    raw instanceof Uint8Array ? Buffer.from(raw).toString('latin1') : null,
  ])
}

test('a row stands at its chunk number; a gap is a row of nothing; a shard without references is left out', async () => {
  const bytes = (text: string) => Buffer.from(text, 'latin1')
  const rows = [
    reference(1, 5, 7, 's3://b/ö 1.nc'),
    { chunk: 2, raw: bytes('\0\x01') },
    reference(4, 2 ** 52 + 1, 2 ** 40, 's3://b/2.nc'),
    { chunk: 20, raw: bytes('') },
    { chunk: 21, raw: bytes('base64:x') },
  ]
  const { path, report } = await write(
    { arrays: [{ path: 'g/t', shape: [23] }], rows: [rows] },
    { recordSize: 5 },
  )
  assert.deepEqual(await readRows(join(path, 'g/t/refs.0.parq')), [
    [null, 0, 0, null],
    ['s3://b/ö 1.nc', 5, 7, null],
    [null, 0, 0, '\0\x01'],
    [null, 0, 0, null],
    ['s3://b/2.nc', 2 ** 52 + 1, 2 ** 40, null],
  ])
  assert.deepEqual(await readRows(join(path, 'g/t/refs.4.parq')), [
    [null, 0, 0, ''],
    [null, 0, 0, `base64:${Buffer.from('base64:x').toString('base64')}`],
    [null, 0, 0, null],
  ])
  assert.deepEqual(readdirSync(join(path, 'g/t')).sort(), ['refs.0.parq', 'refs.4.parq'])
  const { references, inlined, missing, shards, arrays, referencedBytes } = report
  assert.deepEqual(
    { references, inlined, missing, shards, arrays, referencedBytes },
    { references: 2, inlined: 3, missing: 18, shards: 2, arrays: 1, referencedBytes: 7 + 2 ** 40 },
  )
  const written = [...filesBelow(path).values()].reduce((sum, file) => sum + file.length, 0)
  assert.equal(report.bytes, written)
  assert.deepEqual(report.coverage.arrays, [
    {
      path: 'g/t',
      outcome: 'referenced',
      chunks: 23,
      references: 2,
      bytes: 7 + 2 ** 40,
      inlined: 3,
      missing: 18,
      shards: [
        [0, 0],
        [4, 4],
      ],
    },
  ])
})

test('the limits of batches never show in the bytes', async () => {
  const row = fc.record({
    gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 })),
    path: fc.integer({ min: 0, max: 5 }),
    length: fc.oneof(fc.constant(9), fc.integer({ min: 1, max: 2 ** 33 })),
    raw: fc.option(fc.uint8Array({ maxLength: 20 }), { freq: 4 }),
  })
  const body = fc.array(fc.array(row, { maxLength: 60 }), { minLength: 2, maxLength: 2 })
  const sizes = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 9 })), {
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(body, sizes, fc.integer({ min: 1, max: 40 }), async (columns, cuts, recordSize) => {
      const rows = columns.map((column) => {
        let chunk = -1
        return column.map(({ gap, path, length, raw }): Row => {
          chunk += 1 + gap
          return raw ? { chunk, raw } : reference(chunk, chunk * 7, length, `/${path}`)
        })
      })
      const arrays = ['a', 'b'].map((path, i) => ({ path, shape: [(rows[i].at(-1)?.chunk ?? 0) + 3] }))
      const plain = await write({ arrays, rows }, { recordSize })
      const rest = rows.map(({ length }, array) => [array, length] as const)
      const cut = await write({ arrays, rows, cuts: [...cuts, ...rest] }, { recordSize })
      assert.deepEqual(filesBelow(cut.path), filesBelow(plain.path))
    }),
    { numRuns: 40 },
  )
})

test('an axis that grows has its extent from the footer', async () => {
  const rows = [[0, 1, 2, 3].map((chunk) => reference(chunk))]
  const options = { arrays: [{ path: 't', shape: [null, 2], chunkShape: [1, 1] }], rows, shapes: [[3, 2]] }
  const { path } = await write(options, { recordSize: 4 })
  const metadata = JSON.parse(readFileSync(join(path, '.zmetadata'), 'utf8')).metadata
  assert.deepEqual(metadata['t/.zarray'].shape, [3, 2])
  assert.equal((await readRows(join(path, 't/refs.0.parq'))).length, 4)
  await assert.rejects(write({ ...options, shapes: [[1, 2]] }), {
    code: 'ERR_KSTREAM_WRITE',
    message: /t: chunk 3/,
  })
  await assert.rejects(write({ ...options, shapes: [[3, 3]] }), /shape ends as \[3,3\]/)
})

test('a grid of 4e9 absent chunks costs nothing', async () => {
  const start = performance.now()
  const { path, report } = await write({
    arrays: [{ path: 't', shape: [65536, 65536] }],
    rows: [[reference(2 ** 31)]],
  })
  assert.equal(report.missing, 2 ** 32 - 1)
  assert.deepEqual(readdirSync(join(path, 't')), ['refs.21474.parq'])
  assert.ok(report.bytes < 20_000 && performance.now() - start < 2000)
})

test('rows that do not ascend within the grid are refused', async () => {
  const arrays = [{ path: 't', shape: [4] }]
  const bad = { code: 'ERR_KSTREAM_WRITE', message: /^t: / }
  const cases = [[0, 2, 2], [2, 1], [-1], [4], [0.5], [Number.NaN]]
  for (const chunks of cases)
    await assert.rejects(write({ arrays, rows: [chunks.map((c) => reference(c))] }), bad)
  await assert.rejects(write({ arrays, rows: [[reference(0, -1)]] }), bad)
  await assert.rejects(write({ arrays, rows: [[reference(0, 0, 2 ** 53)]] }), bad)
  await assert.rejects(write({ arrays, rows: [[{ chunk: 0 }]] }), bad)
  await assert.rejects(
    write({ arrays, rows: [[reference(0), reference(1, 0, 1, 's3://b/x')]] }),
    /one protocol/,
  )
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('.tmp')),
    [],
    'nothing is left behind',
  )
})

test('a body that breaks its contract is refused', async () => {
  const set = syntheticSet({ arrays: [{ path: 't' }], rows: [[]] })
  const footer = {
    kind: 'footer',
    shapes: [[4]],
    missing: [4],
    dropped: [],
    coverage: { arrays: [], notes: [] },
  } as const
  const bodies = [
    { parts: [], message: /end without a footer/ },
    { parts: [footer, footer], message: /go on after/ },
    { parts: [batchOf(1, []), footer], message: /array 1, which there is not/ },
    { parts: [batchOf(0, [reference(0)]), footer], message: /t: 3 chunks never came, but 4/ },
  ]
  for (const { parts, message } of bodies) {
    const broken = { ...set, body: () => streamOf(...parts) }
    await assert.rejects(writeParquet(fresh())(streamOf(broken)), { code: 'ERR_KSTREAM_WRITE', message })
  }
})

test('an array that the footer drops leaves nothing but its name in the coverage', async () => {
  const arrays = [{ path: 'bad' }, { path: 'good' }]
  const skipped = [{ path: 'vlen', reason: 'has no fixed size' }]
  const options = { arrays, skipped, rows: [[reference(0), reference(3)], [reference(2)]], dropped: [0] }
  const { path, report } = await write(options, { recordSize: 2 })
  assert.deepEqual(
    [...filesBelow(path).keys()],
    [...['.kstream/coverage.ndjson', '.kstream/sources.ndjson', '.zmetadata', 'good/refs.1.parq']],
  )
  assert.doesNotMatch(readFileSync(join(path, '.zmetadata'), 'utf8'), /bad/)
  assert.deepEqual(report.skipped, [{ path: 'bad', reason: 'found unreferenceable' }, ...skipped])
  assert.equal(report.references, 1)
})

test('a chunk that skips filters is refused where its bytes are inlined too', async () => {
  const row = { chunk: 0, raw: Uint8Array.of(1, 0) }
  const set = syntheticSet({ arrays: [{ path: 't', shape: [1] }], rows: [[row]] })
  const masked = {
    ...set,
    async *body() {
      for await (const part of set.body()) {
        yield part.kind === 'batch' ? { ...part, filterMask: Uint32Array.of(1) } : part
      }
    },
  }
  await assert.rejects(writeParquet(fresh())(streamOf(masked)), { code: 'ERR_KSTREAM_UNSUPPORTED' })
})

test('a chunk that skips filters is refused, or costs the array', async () => {
  const set = syntheticSet({ arrays: [{ path: 't' }, { path: 'u' }], rows: [[reference(0)], [reference(1)]] })
  const masked = {
    ...set,
    async *body() {
      for await (const part of set.body()) {
        yield part.kind === 'batch' && part.array === 0 ? { ...part, filterMask: Uint32Array.of(2) } : part
      }
    },
  }
  await assert.rejects(writeParquet(fresh())(streamOf(masked)), {
    code: 'ERR_KSTREAM_UNSUPPORTED',
    message: /^t: a chunk skips filters.*--on-unsupported skip/,
  })
  const report = await writeParquet(fresh(), { onUnsupported: 'skip' })(streamOf(masked))
  assert.deepEqual([report.arrays, report.skipped.map(({ path }) => path)], [1, ['t']])
})

test('a name that could not be found again is refused, or costs the array', async () => {
  const options = {
    arrays: [{ path: 'g/../../x' }, { path: 'ok' }],
    groups: [{ path: '.zmetadata', attributes: {} }],
    rows: [[reference(0)], [reference(0)]],
  }
  await assert.rejects(write(options), { code: 'ERR_KSTREAM_UNSUPPORTED', message: /'\.\.' is no name/ })
  const { path, report } = await write(options, { onUnsupported: 'skip' })
  assert.deepEqual(readdirSync(path).sort(), ['.kstream', '.zmetadata', 'ok'])
  assert.deepEqual(
    report.skipped.map((each) => each.path),
    ['g/../../x'],
  )
  assert.deepEqual(
    report.notes.map((each) => each.path),
    ['.zmetadata'],
  )
  await assert.rejects(
    write({ arrays: [{ path: 'a' }, { path: 'a/b' }], rows: [[], []] }),
    /two arrays or groups/,
  )
  await assert.rejects(
    write({ arrays: [{ path: 'a' }, { path: 'a' }], rows: [[], []] }),
    /two arrays or groups/,
  )
})

test('missing chunks whose fill differs from _FillValue are inlined when they are few, else refused', async () => {
  const array = { path: 't', fillValue: Uint8Array.of(7, 0), attributes: { _FillValue: -1n } }
  const few = await write({ arrays: [{ ...array, shape: [6], chunkShape: [2] }], rows: [[reference(1)]] })
  assert.deepEqual(await readRows(join(few.path, 't/refs.0.parq')), [
    [null, 0, 0, '\x07\0\x07\0'],
    ['/a.nc', 100, 50, null],
    [null, 0, 0, '\x07\0\x07\0'],
  ])
  assert.equal(few.report.missing, 0)
  assert.match(few.report.notes[0].reason, /^2 missing chunks are inlined/)
  const many = { arrays: [{ ...array, shape: [20_000] }], rows: [[reference(1)]] }
  await assert.rejects(write(many), { code: 'ERR_KSTREAM_UNSUPPORTED', message: /^t: chunks are missing/ })
  const skipped = await write(many, { onUnsupported: 'skip' })
  assert.deepEqual([skipped.report.arrays, existsSync(join(skipped.path, 't'))], [0, false])
  const coded = { ...array, codecs: [{ id: 'bitshuffle' }] }
  await assert.rejects(
    write({ arrays: [coded], rows: [[reference(1)]] }),
    /^UnsupportedError: t: chunks are missing/,
  )
  const whole = [0, 1, 2, 3].map((chunk) => reference(chunk))
  const { path } = await write({ arrays: [coded], rows: [whole] })
  assert.match(readFileSync(join(path, '.zmetadata'), 'utf8'), /"fill_value": null/)
})

test('sources and coverage stand beside the set, without a time of building', async () => {
  const sources = [
    { url: '/a.nc', size: 2 ** 40, lastModified: '2020-01-01T00:00:00.000Z' },
    { url: 's3://é', size: 1, etag: '"x"' },
  ]
  const array = arrayOf({ path: 't', fillValue: Uint8Array.of(1, 0) })
  const groups = [
    { path: '', attributes: {}, unlimitedDims: ['x0'] },
    { path: 'g', attributes: {}, unlimitedDims: [] },
  ]
  const skipped = [
    { path: 'v', reason: 'late' },
    { path: 'u', reason: 'early' },
  ]
  const { path } = await write(
    { sources, groups, skipped, arrays: [array], rows: [[reference(0), reference(3)]] },
    { recordSize: 1 },
  )
  assert.equal(
    readFileSync(join(path, '.kstream/sources.ndjson'), 'utf8'),
    '{"url": "/a.nc", "size": 1099511627776, "lastModified": "2020-01-01T00:00:00.000Z"}\n' +
      '{"url": "s3://\\u00e9", "size": 1, "etag": "\\"x\\""}\n',
  )
  assert.equal(
    readFileSync(join(path, '.kstream/coverage.ndjson'), 'utf8'),
    '{"path": "t", "outcome": "referenced", "chunks": 4, "references": 2, "bytes": 100, "inlined": 2, "missing": 0, ' +
      '"shards": [[0, 3]], "fill": "0100", "filled": [[1, 2]], ' +
      '"remark": "2 missing chunks are inlined as the fill value: there is no attribute _FillValue"}\n' +
      '{"path": "u", "outcome": "skipped", "reason": "early", "chunks": 0, "references": 0, "inlined": 0, ' +
      '"missing": 0, "shards": []}\n' +
      '{"path": "v", "outcome": "skipped", "reason": "late", "chunks": 0, "references": 0, "inlined": 0, ' +
      '"missing": 0, "shards": []}\n' +
      '{"group": "", "unlimited": ["x0"]}\n',
  )
})

test('without the attribute _FillValue a few missing chunks are inlined, and many are left to the fill value', async () => {
  const array = arrayOf({ path: 't', shape: [20_000], fillValue: Uint8Array.of(1, 0) })
  const { path, report } = await write({ arrays: [array], rows: [[reference(2), reference(19_000)]] })
  assert.deepEqual(report.notes, [
    {
      path: 't',
      reason:
        "19996 missing chunks read as the file's fill value, which xarray masks: there is no attribute _FillValue",
    },
  ])
  assert.match(readFileSync(join(path, '.zmetadata'), 'utf8'), /"fill_value": 1,/)
  const few = await write({ arrays: [{ ...array, shape: [3] }], rows: [[reference(2)]] })
  assert.match(readFileSync(join(few.path, '.zmetadata'), 'utf8'), /"fill_value": null/)
  assert.match(few.report.notes[0].reason, /^2 missing chunks are inlined as the fill value/)
})

test('exactly one set is taken, and nonsense is refused before anything is read', async () => {
  const set = syntheticSet({ arrays: [{ path: 't' }], rows: [[]] })
  await assert.rejects(writeParquet(fresh())(streamOf()), { code: 'ERR_KSTREAM_USAGE', message: 'no input' })
  await assert.rejects(writeParquet(fresh())(streamOf(set, set)), {
    code: 'ERR_KSTREAM_PLAN',
    message: /concat them/,
  })
  for (const recordSize of [0, 1.5, Number.NaN, 1e9]) {
    assert.throws(() => writeParquet(fresh(), { recordSize }), { code: 'ERR_KSTREAM_USAGE' })
  }
})

test('an abort or an error publishes nothing, keeps the old set and closes the body', async () => {
  const path = fresh()
  const arrays = [{ path: 't', shape: [1000] }]
  const rows = [Array.from({ length: 1000 }, (_, chunk) => reference(chunk))]
  const cuts = rows[0].map(() => [0, 1] as const)
  await writeParquet(path)(streamOf(syntheticSet({ arrays, rows })))
  const before = filesBelow(path)
  for (const failure of [undefined, new RangeError('from the body')]) {
    const controller = new AbortController()
    const set = syntheticSet({ arrays, rows, cuts })
    let closed = false
    const source = streamOf({
      ...set,
      async *body() {
        try {
          for await (const part of set.body()) {
            yield part
            if (part.kind === 'batch' && part.chunk[0] === 500) {
              controller.abort()
              if (failure) throw failure
            }
          }
        } finally {
          closed = true
        }
      },
    })
    const signal = failure ? undefined : controller.signal
    const write = writeParquet(path, { overwrite: true, recordSize: 10, signal })
    await assert.rejects(write(source), failure ?? { name: 'AbortError' })
    assert.ok(closed)
    assert.deepEqual(filesBelow(path), before)
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('.tmp')),
    [],
  )
})

test('progress is told as the rows come', async () => {
  const seen: number[] = []
  const rows = [[0, 1, 2].map((chunk) => reference(chunk))]
  const cuts = [
    [0, 1],
    [0, 2],
  ] as const
  await write(
    { arrays: [{ path: 't' }], rows, cuts },
    { onProgress: ({ references }) => seen.push(references) },
  )
  assert.deepEqual(seen, [1, 3, 3])
})

test('offset 0 and size 0 stand for the whole file; a range of no bytes elsewhere is refused', async () => {
  const rows = [reference(0, 0, 0), reference(2, 8, 5)]
  const { path, report } = await write({ arrays: [{ path: 't' }], rows: [rows] })
  assert.deepEqual((await readRows(join(path, 't/refs.0.parq'))).slice(0, 3), [
    ['/a.nc', 0, 0, null],
    [null, 0, 0, null],
    ['/a.nc', 8, 5, null],
  ])
  assert.deepEqual([report.references, report.referencedBytes], [2, 5])
  await assert.rejects(write({ arrays: [{ path: 't' }], rows: [[reference(0, 8, 0)]] }), {
    code: 'ERR_KSTREAM_WRITE',
    message: /bytes 8 \+ 0 are no range of a file/,
  })
})
