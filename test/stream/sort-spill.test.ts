/** Sorted rows against a plain sort: in memory, in many runs on disk, in several passes; and what goes wrong on the way. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { PlanError, WriteError } from '../../lib/errors.ts'
import { INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import { ReferenceSorter, type SortOptions } from '../../lib/stream/sort-spill.ts'

const folder = mkdtempSync(join(tmpdir(), 'kstream-sort-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Row {
  readonly chunk: number
  /** Null: `raw` is what the chunk holds. */
  readonly path: string | null
  readonly offset: number
  readonly length: number
  readonly raw?: Uint8Array
  readonly mask?: number
}

/** With a few entries more than rows in each column, as a batch may have. */
function batchOf(array: number, rows: readonly Row[]): ReferenceBatch {
  const paths = [...new Set(rows.flatMap(({ path }) => path ?? []))]
  const spare: Row = { chunk: 9e15, path: null, offset: 7, length: 7, mask: 5 }
  const all = [...rows, spare]
  return {
    kind: 'batch',
    array,
    rows: rows.length,
    paths,
    chunk: Float64Array.from(all, ({ chunk }) => chunk),
    path: Uint32Array.from(all, ({ path }) => (path === null ? INLINE : paths.indexOf(path))),
    offset: Float64Array.from(all, ({ offset }) => offset),
    length: Float64Array.from(all, ({ length }) => length),
    ...(rows.some(({ raw }) => raw) && { raw: all.map(({ raw }) => raw ?? null) }),
    ...(rows.some(({ mask }) => mask) && { filterMask: Uint32Array.from(all, ({ mask = 0 }) => mask) }),
  }
}

/** A row as comparable data. */
const plain = (array: number, { chunk, path, offset, length, raw, mask = 0 }: Row) =>
  path === null
    ? [array, chunk, Buffer.from(raw ?? []).toString('hex'), mask]
    : [array, chunk, path, offset, length, mask]

function rowsOf(batch: ReferenceBatch): unknown[] {
  return Array.from({ length: batch.rows }, (_, row) => {
    const { [row]: code } = batch.path
    const inlined = code === INLINE
    assert.equal(batch.raw?.[row] instanceof Uint8Array, inlined)
    return plain(batch.array, {
      chunk: batch.chunk[row],
      path: inlined ? null : batch.paths[code],
      offset: batch.offset[row],
      length: batch.length[row],
      raw: batch.raw?.[row] ?? undefined,
      mask: batch.filterMask?.[row],
    })
  })
}

async function sorted(batches: Iterable<ReferenceBatch>, options: SortOptions): Promise<unknown[]> {
  const sorter = new ReferenceSorter({ folder, ...options })
  try {
    for (const batch of batches) await sorter.add(batch)
    const rows: unknown[] = []
    const lists = new Set<readonly string[]>()
    for await (const batch of sorter.batches()) {
      assert.ok(batch.rows > 0 && batch.rows <= 8192)
      lists.add(batch.paths)
      rows.push(...rowsOf(batch))
    }
    assert.ok(lists.size <= 1, 'batches share one list of paths')
    return rows
  } finally {
    await sorter.close()
    assert.deepEqual(readdirSync(folder), [])
  }
}

type Keyed = readonly [array: number, row: Row]

/** Cut into batches at random: runs of rows of one array, each ascending unless `asTheyCome`. */
function cut(rows: readonly Keyed[], lengths: readonly number[], asTheyCome: boolean): ReferenceBatch[] {
  const batches: ReferenceBatch[] = []
  let from = 0
  for (let i = 0; from < rows.length; i++) {
    const piece = rows.slice(from, from + lengths[i % lengths.length])
    from += piece.length
    for (const array of new Set(piece.map(([of]) => of))) {
      const own = piece.flatMap(([of, row]) => (of === array ? row : []))
      if (!asTheyCome) own.sort((a, b) => a.chunk - b.chunk)
      batches.push(batchOf(array, own))
    }
  }
  return batches
}

const key = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.oneof(fc.nat(400), fc.maxSafeNat()))
const content = fc.oneof(
  {
    arbitrary: fc.record({
      path: fc.constantFrom('a', 'b', '/ç.nc'),
      offset: fc.maxSafeNat(),
      length: fc.nat(),
    }),
    weight: 4,
  },
  {
    arbitrary: fc
      .uint8Array({ maxLength: 9 })
      .map((raw) => ({ path: null, offset: 0, length: raw.length, raw })),
    weight: 1,
  },
)
const mask = fc.oneof(
  { arbitrary: fc.constant(0), weight: 5 },
  { arbitrary: fc.integer({ min: 0, max: 2 ** 32 - 1 }), weight: 1 },
)
const rows = fc
  .uniqueArray(key, { maxLength: 300, selector: String })
  .chain((keys) =>
    fc.tuple(
      ...keys.map(([array, chunk]) =>
        fc.tuple(content, mask).map(([of, bits]): Keyed => [array, { chunk, ...of, mask: bits }]),
      ),
    ),
  )

describe('a property: the rows of a plain sort', () => {
  for (const [name, memoryBytes, numRuns] of [
    ['in memory', 1 << 26, 200],
    ['a run for every batch or two', 600, 60],
    ['a run for some dozen rows', 3000, 60],
  ] as const) {
    it(name, async () => {
      const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
      await fc.assert(
        fc.asyncProperty(rows, lengths, fc.boolean(), async (all, cuts, asTheyCome) => {
          const expected = [...all]
            .sort(([a, { chunk: i }], [b, { chunk: j }]) => a - b || i - j)
            .map(([array, row]) => plain(array, row))
          assert.deepEqual(await sorted(cut(all, cuts, asTheyCome), { memoryBytes }), expected)
        }),
        { numRuns },
      )
    })
  }
})

/** Many files along the last axis: rows of each ascend, those of all are interleaved. */
function* interleaved(files: number, perFile: number, perBatch: number): Generator<ReferenceBatch> {
  for (let file = 0; file < files; file++) {
    for (let from = 0; from < perFile; from += perBatch) {
      const row = (index: number): Row => {
        const chunk = (from + index) * files + file
        if (chunk % 97 === 0)
          return { chunk, path: null, offset: 0, length: 0, raw: new Uint8Array(chunk % 500).fill(chunk) }
        return {
          chunk,
          path: `f${file}`,
          offset: chunk * 1000,
          length: 1000,
          mask: chunk % 1009 === 0 ? 2 : 0,
        }
      }
      yield batchOf(
        0,
        Array.from({ length: Math.min(perBatch, perFile - from) }, (_, index) => row(index)),
      )
    }
  }
}

/** A path for each chunk, in a list for each batch; chunks come in an order of their own. */
function* scattered(rows: number, pathOf: (chunk: number) => string): Generator<ReferenceBatch> {
  const chunkOf = (row: number) => (row * 7919) % rows
  for (let from = 0; from < rows; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, rows - from) }, (_, row) => {
      const chunk = chunkOf(from + row)
      return { chunk, path: pathOf(chunk), offset: chunk, length: 1 }
    })
    yield batchOf(0, batch)
  }
}

describe('a path for each row', () => {
  for (const memoryBytes of [1 << 20, 1 << 28]) {
    it(`in ${memoryBytes} bytes`, async () => {
      // Few in the first runs, which share a list, then as many as there are rows.
      const pathOf = (chunk: number) => `/${'long '.repeat(20)}${chunk % 3 === 0 ? 'é' : chunk}\ud800`
      const sorter = new ReferenceSorter({ folder, memoryBytes })
      const few = Array.from({ length: 30_000 }, (_, chunk) => ({ chunk, path: 'few', offset: 0, length: 2 }))
      await sorter.add(batchOf(1, few))
      for (const batch of scattered(60_000, pathOf)) await sorter.add(batch)
      const lists = new Set<readonly string[]>()
      let chunk = 0
      for await (const batch of sorter.batches()) {
        lists.add(batch.paths)
        if (memoryBytes < 1 << 28) assert.ok(batch.paths.length <= 8192)
        for (const [row, code] of batch.path.subarray(0, batch.rows).entries()) {
          assert.equal(batch.chunk[row], chunk % 60_000)
          assert.equal(batch.paths[code], batch.array === 0 ? pathOf(chunk) : 'few')
          chunk++
        }
      }
      assert.equal(chunk, 90_000)
      assert.equal(lists.size === 1, memoryBytes === 1 << 28)
      await sorter.close()
      assert.deepEqual(readdirSync(folder), [])
    })
  }
})

describe('many rows', () => {
  for (const [name, memoryBytes] of [
    ['in memory', 1 << 28],
    ['in runs of many blocks', 1_500_000],
    ['in several passes', 200_000],
  ] as const) {
    it(name, async () => {
      const files = 20
      const found = await sorted(interleaved(files, 4500, 1000), { memoryBytes })
      assert.equal(found.length, files * 4500)
      for (const [chunk, row] of found.entries()) {
        const of = chunk % files
        const raw = { chunk, path: null, offset: 0, length: 0, raw: new Uint8Array(chunk % 500).fill(chunk) }
        const reference = {
          chunk,
          path: `f${of}`,
          offset: chunk * 1000,
          length: 1000,
          mask: chunk % 1009 === 0 ? 2 : 0,
        }
        assert.deepEqual(row, plain(0, chunk % 97 === 0 ? raw : reference))
      }
    })
  }

  it('inlined bytes count: they go to disk too, and batches of them are small', async () => {
    const bytes = 100_000
    const batches = Array.from({ length: 100 }, (_, i) =>
      batchOf(0, [
        { chunk: 99 - i, path: null, offset: 0, length: bytes, raw: new Uint8Array(bytes).fill(i) },
      ]),
    )
    const sorter = new ReferenceSorter({ folder, memoryBytes: 1_000_000 })
    for (const batch of batches) await sorter.add(batch)
    let next = 0
    for await (const { rows, chunk, raw } of sorter.batches()) {
      assert.ok(rows < 8)
      for (let row = 0; row < rows; row++, next++) {
        assert.equal(chunk[row], next)
        assert.deepEqual(raw?.[row], new Uint8Array(bytes).fill(99 - next))
      }
    }
    assert.equal(next, 100)
    await sorter.close()
  })
})

describe('what it copes with', () => {
  it('no rows, empty batches, a second reading, and lists of paths that grow', async () => {
    assert.deepEqual(await sorted([], {}), [])
    assert.deepEqual(await sorted([batchOf(3, [])], { memoryBytes: 1 }), [])
    const paths: string[] = []
    const batch = (chunk: number): ReferenceBatch => {
      paths.push(`f${chunk % 3}`)
      const path = Uint32Array.of(paths.length - 1)
      return {
        kind: 'batch',
        array: 0,
        rows: 1,
        chunk: Float64Array.of(chunk),
        path,
        paths,
        offset: Float64Array.of(chunk),
        length: Float64Array.of(1),
      }
    }
    for (const memoryBytes of [1, 1 << 20]) {
      const sorter = new ReferenceSorter({ folder, memoryBytes })
      for (const chunk of [5, 1, 4, 2]) await sorter.add(batch(chunk))
      for (let reading = 0; reading < 2; reading++) {
        const found: unknown[] = []
        for await (const given of sorter.batches()) {
          assert.deepEqual([...given.paths].sort(), ['f1', 'f2'])
          found.push(...rowsOf(given))
        }
        assert.deepEqual(
          found,
          [1, 2, 4, 5].map((chunk) => [0, chunk, `f${chunk % 3}`, chunk, 1, 0]),
        )
      }
      await sorter.close()
      await sorter.close()
    }
  })

  it('keeps what it was given, though the caller uses its columns and bytes again', async () => {
    const raw = Uint8Array.of(1, 2)
    const batch = batchOf(0, [
      { chunk: 8, path: null, offset: 0, length: 2, raw },
      { chunk: 9, path: 'a', offset: 3, length: 4 },
    ])
    const sorter = new ReferenceSorter({ folder })
    await sorter.add(batch)
    raw.fill(0)
    batch.chunk.fill(0)
    batch.path.fill(0)
    for await (const given of sorter.batches()) {
      assert.deepEqual(rowsOf(given), [
        [0, 8, '0102', 0],
        [0, 9, 'a', 3, 4, 0],
      ])
    }
    await sorter.close()
  })

  it('a reader that stops, in memory and on disk', async () => {
    for (const memoryBytes of [100_000, 1 << 28]) {
      const sorter = new ReferenceSorter({ folder, memoryBytes })
      for (const batch of interleaved(4, 9000, 1000)) await sorter.add(batch)
      for await (const { rows } of sorter.batches()) {
        assert.ok(rows > 0)
        break
      }
      await sorter.close()
      assert.deepEqual(readdirSync(folder), [])
    }
  })
})

describe('what it refuses', () => {
  const row = (chunk: number): Row => ({ chunk, path: 'a', offset: 0, length: 1 })

  it('two rows of one chunk: within a batch, between runs in memory, between runs on disk and passes', async () => {
    const onDuplicate = (array: number, chunk: number) => new PlanError(`twice: ${array}, ${chunk}`)
    const far = Array.from({ length: 30 }, (_, i) => batchOf(2, [row(1000 + i), row(2000 + i)]))
    for (const batches of [
      [batchOf(2, [row(6), row(7), row(7), row(8)])],
      [batchOf(2, [row(3), row(7)]), batchOf(2, [row(1), row(7), row(9)])],
      [batchOf(2, [row(7)]), ...far, batchOf(2, [row(7)])],
      [batchOf(2, [row(3), row(7)]), batchOf(2, [row(7), row(8)])],
    ]) {
      for (const memoryBytes of [1, 1 << 20]) {
        await assert.rejects(sorted(batches, { memoryBytes, onDuplicate }), /twice: 2, 7/)
        await assert.rejects(sorted(batches, { memoryBytes }), PlanError)
      }
    }
    const others = [batchOf(1, [row(7)]), batchOf(2, [row(7)]), batchOf(0, [row(7)])]
    assert.equal((await sorted(others, { memoryBytes: 1, onDuplicate })).length, 3)
  })

  it('rows without a path and without bytes', async () => {
    const lost = { ...batchOf(0, [row(1)]), path: Uint32Array.of(4) }
    await assert.rejects(sorted([lost], {}), /path 4 of 1/)
    await assert.rejects(sorted([{ ...lost, path: Uint32Array.of(INLINE) }], {}), /without its bytes/)
  })

  it('a folder where nothing can be written', async () => {
    const missing = join(folder, 'none')
    await assert.rejects(sorted([batchOf(0, [row(1)])], { memoryBytes: 1, folder: missing }), WriteError)
  })

  it('goes on after an abort: while rows are added, in the middle of a pass, while they are given out', async () => {
    const before = new AbortController()
    before.abort()
    await assert.rejects(sorted([batchOf(0, [row(1)])], { signal: before.signal }), { name: 'AbortError' })
    for (const memoryBytes of [50_000, 1 << 28]) {
      const during = new AbortController()
      const sorter = new ReferenceSorter({ folder, memoryBytes, signal: during.signal })
      for (const batch of interleaved(4, 9000, 1000)) await sorter.add(batch)
      await assert.rejects(
        async () => {
          for await (const _ of sorter.batches()) during.abort()
        },
        { name: 'AbortError' },
      )
      await assert.rejects(sorter.add(batchOf(0, [row(1)])), { name: 'AbortError' })
      await sorter.close()
      assert.deepEqual(readdirSync(folder), [])
    }
    const passing = new AbortController()
    const sorter = new ReferenceSorter({ folder, memoryBytes: 50_000, signal: passing.signal })
    for (const batch of interleaved(4, 9000, 1000)) await sorter.add(batch)
    setTimeout(() => passing.abort(), 5)
    await assert.rejects(
      async () => {
        for await (const _ of sorter.batches()) await new Promise((resolve) => setTimeout(resolve, 20))
      },
      { name: 'AbortError' },
    )
    await sorter.close()
    assert.deepEqual(readdirSync(folder), [])
  })
})
