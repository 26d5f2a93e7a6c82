import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import type { ArrayMetadata, Attributes } from '../../../lib/model/metadata.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openJournal } from '../../../lib/write/journal.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { filesBelow, scratchFolder } from '../scratch.ts'
import { type Row, streamOf, syntheticSet } from '../synthetic.ts'

const folder = scratchFolder()
let count = 0
const fresh = () => join(folder, `${count++}.parq`)

/** One array of a set that grows: rows by chunk number, `width` chunks a step along the first axis. */
interface Growing {
  readonly metadata: Partial<ArrayMetadata> & { readonly path: string }
  readonly rows: readonly Row[]
  readonly width: number
}

/** The first `steps` of these arrays, a fixed array and a gathered coordinate; rows from step `from` on alone. */
function stepsOf(arrays: readonly Growing[], steps: number, from = 0): ReferenceSet {
  const fixed = { path: 'fixed', shape: [3] }
  const coordinate = { path: 'x', shape: [steps], chunkShape: [Math.max(1, steps)] }
  const grown = arrays.map(({ metadata, width }) => ({ ...metadata, shape: [steps, width] }))
  const cut = arrays.map(({ rows, width }) =>
    rows.filter(({ chunk }) => chunk >= from * width && chunk < steps * width),
  )
  const before = arrays.map(({ rows, width }) => rows.filter(({ chunk }) => chunk < from * width).length)
  const fixedRows = [0, 2].map((chunk): Row => ({ chunk, path: '/a.nc', offset: chunk, length: 1 }))
  const values = Buffer.from(new Int16Array(steps).map((_, step) => step).buffer)
  const set = syntheticSet({
    arrays: [...grown, fixed, coordinate],
    rows: [...cut, from === 0 ? fixedRows : [], steps > 0 ? [{ chunk: 0, raw: values }] : []],
    sources: Array.from({ length: steps }, (_, step) => ({ url: `/${step}.nc`, size: 10 })),
  })
  return {
    ...set,
    async *body() {
      for await (const part of set.body()) {
        if (part.kind === 'batch') yield part
        // What the first part lacks is known from it.
        else {
          const missing = part.missing.map((absent, array) => absent - (before[array] ?? 0))
          missing[grown.length] = 1
          yield { ...part, missing }
        }
      }
    },
  }
}

/** What is read of a set. */
function watched(set: ReferenceSet): { set: ReferenceSet; asked: BodyOptions[] } {
  const asked: BodyOptions[] = []
  const watching: ReferenceSet = {
    header: set.header,
    sources: set.sources,
    replayable: true,
    body(options = {}) {
      asked.push(options)
      return set.body(options)
    },
  }
  return { set: watching, asked }
}

function inodesOf(path: string, array: string): Map<string, number> {
  const names = existsSync(join(path, array)) ? readdirSync(join(path, array)) : []
  return new Map(names.map((name) => [name, statSync(join(path, array, name)).ino]))
}

const FILL = Uint8Array.of(1, 0)
const reference = (chunk: number): Row => ({
  chunk,
  path: `/${chunk >> 2}.nc`,
  offset: chunk * 10,
  length: 5 + (chunk % 2),
})

const growing = fc
  .record({
    fill: fc.constantFrom(null, FILL, 'attribute'),
    width: fc.integer({ min: 1, max: 3 }),
    rows: fc.array(fc.constantFrom('reference', 'reference', 'inline', 'missing'), { maxLength: 90 }),
  })
  .map(({ fill, width, rows }): Growing => {
    const all = rows.map((kind, chunk): Row | undefined => {
      if (kind === 'missing') return undefined
      return kind === 'inline' ? { chunk, raw: Buffer.from(`base64:${chunk}`) } : reference(chunk)
    })
    const attributes: Attributes = fill === 'attribute' ? { _FillValue: 1n } : {}
    const metadata = { path: 't', attributes, fillValue: fill === null ? null : FILL }
    return { metadata, rows: all.filter((row) => row !== undefined), width }
  })

test('adding to a set gives the bytes of a build over everything, and touches no full shard', async () => {
  const arrays = fc.array(growing, { minLength: 1, maxLength: 3 })
  const sizes = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(30), fc.nat(30))
  await fc.assert(
    fc.asyncProperty(arrays, sizes, async (list, [recordSize, old, more]) => {
      const named = list.map((each, at) => ({ ...each, metadata: { ...each.metadata, path: `a${at}` } }))
      const whole = fresh()
      await writeParquet(whole, { recordSize })(streamOf(stepsOf(named, old + more)))
      const path = fresh()
      await writeParquet(path, { recordSize })(streamOf(stepsOf(named, old)))
      const before = named.map(({ metadata }) => inodesOf(path, metadata.path))
      const { set, asked } = watched(await openParquetSet(path))
      const report = await writeParquet(path, { append: set })(streamOf(stepsOf(named, old + more, old)))
      assert.deepEqual(filesBelow(path), filesBelow(whole))
      const bytes = [...filesBelow(path).values()].reduce((sum, file) => sum + file.length, 0)
      assert.equal(report.bytes, bytes)
      for (const [at, { metadata, width }] of named.entries()) {
        const filled = report.coverage.arrays[at].filled !== undefined
        const full = more === 0 ? Number.POSITIVE_INFINITY : Math.floor((old * width) / recordSize)
        const after = inodesOf(path, metadata.path)
        for (const [name, inode] of before[at]) {
          const shard = Number(/\d+/.exec(name)?.[0])
          if (!filled && shard < full) assert.equal(after.get(name), inode, `${name} is linked`)
          else if (!filled) assert.notEqual(after.get(name), inode, `${name} is written anew`)
        }
        const reads = asked.filter(({ arrays: some }) => some?.includes(at))
        assert.ok(reads.every(({ from = 0 }) => filled || from === full * recordSize))
      }
      assert.ok(asked.every(({ arrays: some = [] }) => some.every((array) => array < named.length)))
    }),
    { numRuns: 60 },
  )
})

/** Two steps of 10 chunks each, a shard of 4. */
const plain: Growing = {
  metadata: { path: 't' },
  rows: Array.from({ length: 40 }, (_, chunk) => reference(chunk)),
  width: 10,
}

async function started(recordSize = 4): Promise<string> {
  const path = fresh()
  await writeParquet(path, { recordSize })(streamOf(stepsOf([plain], 2)))
  return path
}

test('chunks of the old set that come once more are passed over', async () => {
  const path = await started()
  const whole = stepsOf([plain], 4)
  await writeParquet(path, { append: await openParquetSet(path) })(streamOf(whole))
  const expected = fresh()
  await writeParquet(expected, { recordSize: 4 })(streamOf(stepsOf([plain], 4)))
  assert.deepEqual(filesBelow(path), filesBelow(expected))
})

test('where the file system has no links, shards are copied', async () => {
  const path = await started()
  const expected = fresh()
  await writeParquet(expected, { recordSize: 4 })(streamOf(stepsOf([plain], 4)))
  const { link } = fs
  fs.link = () => Promise.reject(Object.assign(new Error('EXDEV'), { code: 'EXDEV' }))
  syncBuiltinESMExports()
  try {
    await writeParquet(path, { append: await openParquetSet(path) })(streamOf(stepsOf([plain], 4, 2)))
  } finally {
    fs.link = link
    syncBuiltinESMExports()
  }
  assert.deepEqual(filesBelow(path), filesBelow(expected))
})

test('what cannot be added to is refused, and stays as it was', async () => {
  const path = await started()
  const before = filesBelow(path)
  const set = await openParquetSet(path)
  const next = () => streamOf(stepsOf([plain], 4, 2))
  await assert.rejects(writeParquet(path, { append: set, recordSize: 5 })(next()), {
    code: 'ERR_KSTREAM_USAGE',
    message: /record size of the set that is added to is 4, not 5/,
  })
  await assert.rejects(writeParquet(fresh(), { append: set })(next()), /there is no set to append to/)
  const other = fresh()
  await writeParquet(other, { recordSize: 4 })(streamOf(stepsOf([plain], 3)))
  await assert.rejects(writeParquet(other, { append: set })(next()), /another build has put a set there/)
  const replaced: ReferenceSet = {
    ...stepsOf([plain], 4, 2),
    async *body() {
      await writeParquet(path, { overwrite: true, recordSize: 4 })(streamOf(stepsOf([plain], 2)))
      yield* stepsOf([plain], 4, 2).body()
    },
  }
  await assert.rejects(writeParquet(path, { append: set })(streamOf(replaced)), {
    code: 'ERR_KSTREAM_WRITE',
    message: /another build has put a set there/,
  })
  const wrong = stepsOf([{ ...plain, rows: plain.rows.filter(({ chunk }) => chunk !== 25) }], 4, 2)
  const lying: ReferenceSet = { ...stepsOf([plain], 4, 2), body: () => wrong.body() }
  await writeParquet(fresh(), { recordSize: 4 })(streamOf(stepsOf([plain], 4)))
  assert.deepEqual(filesBelow(path), before)
  await assert.rejects(
    writeParquet(path, { append: await openParquetSet(path) })(
      streamOf({
        ...lying,
        async *body() {
          for await (const part of wrong.body())
            yield part.kind === 'footer' ? { ...part, missing: [0, 1, 0] } : part
        },
      }),
    ),
    /t: 1 chunks never came, but 0/,
  )
  assert.deepEqual(filesBelow(path), before)
  copyFileSync(join(path, 't/refs.0.parq'), join(folder, 'kept'))
  rmSync(join(path, 't/refs.0.parq'))
  await assert.rejects(writeParquet(path, { append: await openParquetSet(path) })(next()), {
    code: 'ERR_KSTREAM_SOURCE',
    message: /t\/refs\.0\.parq: this shard was written and is not there any more/,
  })
  copyFileSync(join(folder, 'kept'), join(path, 't/refs.0.parq'))
  rmSync(join(path, '.kstream'), { recursive: true })
  await assert.rejects(writeParquet(path, { append: await openParquetSet(path) })(next()), {
    code: 'ERR_KSTREAM_PLAN',
    message: /does not record what it holds/,
  })
  assert.deepEqual(
    readdirSync(folder).filter((name) => /(tmp|old|journal)$/.test(name)),
    [],
  )
})

test('adding can be gone on with too', async () => {
  const path = await started()
  const expected = fresh()
  await writeParquet(expected, { recordSize: 4 })(streamOf(stepsOf([plain], 4)))
  for (const attempt of [0, 1]) {
    const journal = await openJournal(path, { resume: true, key: 'k' })
    assert.equal(journal.resumed, attempt === 0 ? 'nothing' : 'partly')
    const set = stepsOf([plain], 4, 2)
    const controller = new AbortController()
    const source: ReferenceSet = {
      ...set,
      async *body() {
        for await (const part of set.body()) {
          yield part
          if (attempt === 0) controller.abort()
        }
      },
    }
    const write = writeParquet(path, {
      append: await openParquetSet(path),
      journal,
      signal: controller.signal,
    })
    if (attempt === 0) await assert.rejects(write(streamOf(source)), { name: 'AbortError' })
    else await write(streamOf(source))
    assert.equal(journal.kept, attempt === 0)
  }
  assert.deepEqual(filesBelow(path), filesBelow(expected))
})

test('a set that lacks a file of the one that is there does not take its place', async () => {
  const rows = [0, 1, 2].map(reference)
  const arrays = [{ metadata: { path: 't' }, rows, width: 1 }]
  const path = fresh()
  await writeParquet(path)(streamOf(stepsOf(arrays, 1)))
  const before = filesBelow(path)
  const other = { ...stepsOf(arrays, 3, 1), sources: [{ url: '/1.nc', size: 10 }] }
  const append = await openParquetSet(path)
  await assert.rejects(writeParquet(path, { append })(streamOf(other)), {
    code: 'ERR_KSTREAM_PLAN',
    message: /holds \/0\.nc, which what is to be written lacks/,
  })
  assert.deepEqual(filesBelow(path), before)
})
