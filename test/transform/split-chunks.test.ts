/** Split chunks, row by row: which bytes, in which order, and what is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnsupportedError } from '../../lib/errors.ts'
import { chunkCount, extentsSoFar } from '../../lib/model/chunk-grid.ts'
import { INLINE } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import type { ChunkTarget } from '../../lib/plan/chunk-request.ts'
import { planPieces } from '../../lib/plan/piece-grid.ts'
import { scan } from '../../lib/scan.ts'
import { openSource } from '../../lib/source/open.ts'
import { ChunkReader } from '../../lib/store/chunk-reader.ts'
import { bytesThrough } from '../../lib/store/read-values.ts'
import { mergeChunks } from '../../lib/transform/merge-chunks.ts'
import { ChunkPieces } from '../../lib/transform/rechunk/chunk-pieces.ts'
import { ChunkTails } from '../../lib/transform/rechunk/chunk-tails.ts'
import { splitChunks } from '../../lib/transform/split-chunks.ts'
import { fixture } from '../fixture.ts'
import { MemoryFiles } from '../store/memory-set.ts'
import { type MemoryArray, memorySet, type Row, readBody, through } from './memory-set.ts'

/** 5 steps of 2 x 3 floats: 24 bytes a step. */
const TEMP: MemoryArray = { path: 'temp', dims: ['time', 'y', 'x'], shape: [5, 2, 3], chunkShape: [5, 2, 3] }
const A = '/data/a.nc'

function temp(change: Partial<MemoryArray> = {}): MemoryArray {
  return { ...TEMP, rows: [[0, A, 100, 120]], ...change }
}

const letters = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(40))

function memory(): MemoryFiles {
  const files = new MemoryFiles()
  files.files.set(A, new Uint8Array(letters.subarray(0, 1000)))
  return files
}

test('a contiguous array is split into steps; header, footer, sources and name follow', async () => {
  const before = { ...memorySet({ arrays: [temp(), { path: 's', rows: [[0, A, 9, 4]] }] }), name: 'one' }
  const set = await through(splitChunks({ time: 1 }), before)
  assert.deepEqual(
    set.header.arrays.map(({ chunkShape }) => chunkShape),
    [[1, 2, 3], []],
  )
  assert.deepEqual([set.name, set.sources, set.replayable], ['one', before.sources, true])
  assert.deepEqual(before.header.arrays[0].chunkShape, [5, 2, 3])
  const { rows, footer } = await readBody(set)
  assert.deepEqual(
    rows.temp,
    [0, 1, 2, 3, 4].map((step): Row => [step, A, 100 + 24 * step, 24]),
  )
  assert.deepEqual(rows.s, [[0, A, 9, 4]])
  assert.deepEqual(footer?.missing, [0, 0])
  assert.deepEqual(footer?.shapes, [[5, 2, 3], []])
})

test('several axes at once; the pieces of neighbouring chunks interleave and still ascend', async () => {
  // Chunks of 2 x 2 x 3: two along time, and one that is half outside; the chunk in the middle is missing.
  const rows: Row[] = [
    [0, A, 0, 48],
    [2, A, 500, 48],
  ]
  const split = await through(
    splitChunks({ time: 1, y: 1 }),
    memorySet({ arrays: [temp({ chunkShape: [2, 2, 3], rows, missing: 1 })] }),
  )
  const { rows: found, footer } = await readBody(split)
  assert.deepEqual(found.temp, [
    [0, A, 0, 12],
    [1, A, 12, 12],
    [2, A, 24, 12],
    [3, A, 36, 12],
    [8, A, 500, 12],
    [9, A, 512, 12],
  ])
  assert.deepEqual(footer?.missing, [4])
  // Chunks along y as well: steps of one and the other take turns.
  const tiles: Row[] = [0, 1, 2, 3, 4, 5].map((chunk) => [chunk, A, 100 * chunk, 24])
  const tiled = memorySet({ arrays: [temp({ chunkShape: [2, 1, 3], rows: tiles })] })
  assert.deepEqual((await readBody(await through(splitChunks({ time: 1 }), tiled))).rows.temp, [
    [0, A, 0, 12],
    [1, A, 100, 12],
    [2, A, 12, 12],
    [3, A, 112, 12],
    [4, A, 200, 12],
    [5, A, 300, 12],
    [6, A, 212, 12],
    [7, A, 312, 12],
    [8, A, 400, 12],
    [9, A, 500, 12],
  ])
})

test('inline chunks are cut', async () => {
  const array = temp({
    dataType: '|u1',
    shape: [4, 1, 3],
    chunkShape: [2, 1, 3],
    rows: [
      [0, 'abcdef'],
      [1, 'ghijkl'],
    ],
  })
  const { rows } = await readBody(await through(splitChunks({ time: 1 }), memorySet({ arrays: [array] })))
  assert.deepEqual(rows.temp, [
    [0, 'abc'],
    [1, 'def'],
    [2, 'ghi'],
    [3, 'jkl'],
  ])
})

test('a last piece points at what follows in the file; where that ends it is copied, with zeros behind', async () => {
  const files = memory()
  const open = { open: files.open }
  const pieces = async (rows: readonly Row[], known = true) => {
    const array = temp({ dataType: '|u1', rows })
    const set = memorySet({ arrays: [array] })
    const split = await through(splitChunks({ time: 2 }, open), known ? set : { ...set, sources: [] })
    return (await readBody(split)).rows.temp
  }
  // 30 bytes, 12 a piece: the third has 6 of its own.
  assert.deepEqual(await pieces([[0, A, 100, 30]]), [
    [0, A, 100, 12],
    [1, A, 112, 12],
    [2, A, 124, 12],
  ])
  assert.deepEqual(files.opened, [])
  const tail = `${letters.toString('latin1', 994, 1000)}\0\0\0\0\0\0`
  assert.deepEqual(await pieces([[0, A, 970, 30]]), [
    [0, A, 970, 12],
    [1, A, 982, 12],
    [2, tail],
  ])
  const near = `${letters.toString('latin1', 124, 130)}\0\0\0\0\0\0`
  assert.deepEqual(await pieces([[0, A, 100, 30]], false), [
    [0, A, 100, 12],
    [1, A, 112, 12],
    [2, near],
  ])
  const raw = 'x'.repeat(30)
  assert.deepEqual(await pieces([[0, raw]]), [
    [0, raw.slice(0, 12)],
    [1, raw.slice(0, 12)],
    [2, 'xxxxxx\0\0\0\0\0\0'],
  ])
})

test('a path without a range is the whole file, whose size the set or the file itself tells', async () => {
  const array = temp({ shape: [5, 5, 10], chunkShape: [5, 5, 10], rows: [[0, A, 0, 0]] })
  const set = memorySet({ arrays: [array] })
  const expected = [0, 1, 2, 3, 4].map((step): Row => [step, A, 200 * step, 200])
  assert.deepEqual((await readBody(await through(splitChunks({ time: 1 }), set))).rows.temp, expected)
  const files = memory()
  const unknown = await through(splitChunks({ time: 1 }, { open: files.open }), { ...set, sources: [] })
  assert.deepEqual((await readBody(unknown)).rows.temp, expected)
  assert.deepEqual(files.opened, [A])
})

test('chunks that are stored too short or too long are damage, where it shows', async () => {
  const split = (rows: readonly Row[]) =>
    through(splitChunks({ time: 1 }), memorySet({ arrays: [temp({ rows })] })).then(readBody)
  await assert.rejects(split([[0, A, 0, 119]]), {
    code: 'ERR_KSTREAM_FORMAT',
    message: '/data/a.nc: a chunk of temp at byte 96: 23 bytes are stored where its values take 24',
  })
  await assert.rejects(split([[0, A, 0, 121]]), { code: 'ERR_KSTREAM_FORMAT' })
  await assert.rejects(split([[1, A, 0, 120]]), {
    code: 'ERR_KSTREAM_FORMAT',
    message: /chunk 1 of temp, whose grid has 1/,
  })
})

test('targets and names that make no sense are refused at once, or with the names that are near', async () => {
  const wrongs: readonly ChunkTarget[] = [0, -1, 1.5, Number.NaN, { time: 0 }, { time: 2.5 }, {}]
  for (const wrong of wrongs) {
    assert.throws(() => splitChunks(wrong), { code: 'ERR_KSTREAM_USAGE' })
    assert.throws(() => mergeChunks(wrong), { code: 'ERR_KSTREAM_USAGE' })
  }
  const set = memorySet({ arrays: [temp()] })
  for (const stage of [splitChunks, mergeChunks]) {
    await assert.rejects(through(stage({ tme: 1 }), set), {
      code: 'ERR_KSTREAM_USAGE',
      message: `${stage.name}: no array of /data/a.nc has a dimension tme; did you mean time?`,
    })
    await assert.rejects(through(stage({ time: 1 }, { arrays: ['tmp'] }), set), {
      code: 'ERR_KSTREAM_PLAN',
      message: /no array or group is called tmp; did you mean temp\?/,
    })
  }
})

test('what is left as it is, is told', async () => {
  const zlib = { codecs: [{ id: 'zlib', level: 1 }] }
  const time = { path: 'time', dims: ['time'], shape: [5], chunkShape: [5], ...zlib }
  const other = temp({ path: 'g/other', ...zlib })
  const set = memorySet({ arrays: [temp(), time, other], groups: [{ path: '' }, { path: 'g' }] })
  const left: string[] = []
  const onLeft = (path: string, reason: string) => left.push(`${path}: ${reason}`)
  await assert.rejects(through(splitChunks({ time: 1 }), set), {
    array: 'g/other',
    code: 'ERR_KSTREAM_UNSUPPORTED',
  })
  const named = await through(splitChunks({ time: 1 }, { arrays: ['/temp', 'time'], onLeft }), set)
  assert.deepEqual(
    named.header.arrays.map(({ chunkShape }) => chunkShape[0]),
    [1, 5, 5],
  )
  assert.deepEqual(left.splice(0), ['time: a coordinate, which readers take whole'])
  const sized = await through(splitChunks(50, { onLeft }), set)
  assert.deepEqual(
    sized.header.arrays.map(({ chunkShape }) => chunkShape[0]),
    [1, 5, 5],
  )
  assert.deepEqual(left, ['g/other: its chunks have the codec zlib'])
  assert.equal(await through(splitChunks(1000, { onLeft }), set), set)
})

test('a terabyte is split as it is pulled, at any place', async () => {
  const extent = 2.5e8
  const array: MemoryArray = {
    path: 'v',
    dims: ['t', 'x'],
    shape: [extent, 1024],
    chunkShape: [extent, 1024],
    rows: [[0, A, 8, extent * 4096]],
  }
  const set = await through(splitChunks({ t: 1 }), memorySet({ arrays: [array] }))
  for await (const item of set.body()) {
    assert.ok(item.kind === 'batch' && item.rows <= 4096)
    break
  }
  const { rows, footer } = await readBody(set, { from: 2e8, to: 2e8 + 3 })
  assert.deepEqual(
    rows.v,
    [0, 1, 2].map((at): Row => [2e8 + at, A, 8 + (2e8 + at) * 4096, 4096]),
  )
  assert.deepEqual(footer?.missing, [0])
})

test('a range is each array its own, split or not', async () => {
  const rows: Row[] = Array.from({ length: 5 }, (_, chunk) => [chunk, A, 30 * chunk, 24])
  const steps = temp({ path: 'steps', chunkShape: [1, 2, 3], rows })
  const set = await through(splitChunks({ time: 1 }), memorySet({ arrays: [temp(), steps] }))
  const { rows: found, footer } = await readBody(set, { from: 1, to: 3 })
  assert.deepEqual(found.temp, [
    [1, A, 124, 24],
    [2, A, 148, 24],
  ])
  assert.deepEqual(found.steps, [
    [1, A, 30, 24],
    [2, A, 60, 24],
  ])
  assert.deepEqual(footer?.missing, [0, 0])
  assert.deepEqual((await readBody(set, { from: 9, to: 12 })).rows, {})
})

test('more rows than are held are sorted, and come out the same', async () => {
  const array = { path: 'v', shape: [6, 8], chunkShape: [3, 2], itemBytes: 1 }
  const grid = planPieces(array, [1, 2])
  const rows = [0, 1, 2, 3, 4, 5, 7]
  const read = async (limit: number) => {
    const tails = new ChunkTails(openSource, [], undefined)
    const context = { tails, held: { rows: 0, bytes: 0 }, signal: undefined }
    const split = { array: { ...array, chunkShape: [1, 2] }, index: 0, grid }
    const pieces = new ChunkPieces(split, [0, grid.pieceCount], context, { rows: limit, bytes: 1e6 })
    const found: (number | string)[][] = []
    const take = async (flow: ReturnType<ChunkPieces['add']>) => {
      for await (const batch of flow)
        for (let row = 0; row < batch.rows; row++) {
          const raw = batch.path[row] === INLINE ? String(batch.raw?.[row]) : batch.paths[batch.path[row]]
          found.push([batch.chunk[row], raw, batch.offset[row], batch.length[row]])
        }
    }
    await take(
      pieces.add({
        kind: 'batch',
        array: 0,
        rows: rows.length,
        chunk: Float64Array.from(rows),
        path: Uint32Array.from(rows, (chunk) => (chunk === 4 ? INLINE : 0)),
        paths: [A],
        offset: Float64Array.from(rows, (chunk) => (chunk === 4 ? 0 : chunk * 10)),
        length: new Float64Array(rows.length).fill(6),
        raw: rows.map((chunk) => (chunk === 4 ? Uint8Array.of(1, 2, 3, 4, 5, 6) : null)),
      }),
    )
    await take(pieces.end())
    await pieces.close()
    await tails.close()
    return found
  }
  const held = await read(1000)
  assert.equal(held.length, 21)
  assert.deepEqual(held.slice(11, 14), [
    [11, A, 34, 2],
    [12, '1,2', 0, 2],
    [13, A, 50, 2],
  ])
  assert.deepEqual(await read(1), held)
  assert.deepEqual(await read(0), held)
})

test('leaving early and an abort close the body beneath', async () => {
  const beneath = memorySet({ arrays: [temp()] })
  const set = await through(splitChunks({ time: 1 }), beneath)
  for await (const _ of set.body()) break
  assert.deepEqual([beneath.watch.opened, beneath.watch.closed], [1, 1])
  const controller = new AbortController()
  await assert.rejects(
    async () => {
      for await (const _ of set.body({ signal: controller.signal })) controller.abort()
    },
    { name: 'AbortError' },
  )
  assert.deepEqual([beneath.watch.opened, beneath.watch.closed], [2, 2])
})

test('an array that is dropped beneath stays so, and nothing more comes of it', async () => {
  const rows: Row[] = [
    [0, A, 0, 24],
    [1, A, 100, 24],
  ]
  const set = memorySet({ arrays: [temp({ chunkShape: [2, 1, 3], rows })], dropped: [0] })
  const { footer } = await readBody(await through(splitChunks({ time: 1 }), set))
  assert.deepEqual(footer?.dropped, [0])
})

/** The bytes of every array that has any, or why not. */
async function bytesOf(set: ReferenceSet): Promise<string[]> {
  const reader = new ChunkReader(set, { open: openSource })
  try {
    const found: string[] = []
    for (const [index, { path, dataType, shape }] of set.header.arrays.entries()) {
      if (dataType === '|O' || chunkCount(extentsSoFar(shape)) > 1e6) continue
      const bytes = await bytesThrough(reader, index).catch((error: unknown) => {
        if (error instanceof UnsupportedError) return Buffer.from(error.feature)
        throw error
      })
      found.push(`${path} ${Buffer.from(bytes).toString('hex')}`)
    }
    return found
  } finally {
    await reader.close()
  }
}

test('real files hold the same values, split, and merged again', async () => {
  const changed = { split: 0, merged: 0 }
  for (const name of [
    'values/storage.h5',
    'values/types-latest.h5',
    'values/types-earliest.h5',
    'found/missing-chunks.h5',
  ]) {
    for await (const set of scan([fixture(`hdf5/${name}`)], { onUnsupported: 'skip' })) {
      const original = await bytesOf(set)
      const split = await through(splitChunks(20), set)
      assert.deepEqual(await bytesOf(split), original)
      const merged = await through(mergeChunks(48), split)
      assert.deepEqual(await bytesOf(merged), original)
      const differ = (a: ReferenceSet, b: ReferenceSet) =>
        a.header.arrays.filter((array, at) => array.chunkShape !== b.header.arrays[at].chunkShape).length
      changed.split += differ(split, set)
      changed.merged += differ(merged, split)
    }
  }
  assert.ok(changed.split > 10 && changed.merged > 10, JSON.stringify(changed))
})
