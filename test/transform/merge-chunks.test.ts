/** Merged chunks, row by row: which bytes, and what is said where chunks do not adjoin. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeChunks } from '../../lib/transform/merge-chunks.ts'
import { splitChunks } from '../../lib/transform/split-chunks.ts'
import { MemoryFiles } from '../store/memory-set.ts'
import { type MemoryArray, memorySet, type Row, readBody, through } from './memory-set.ts'

const A = '/data/a.nc'
const B = '/data/b.nc'

/** `count` chunks of `length` bytes, one behind the other. */
function behind(count: number, length: number, start = 0, first = 0, path = A): Row[] {
  return Array.from({ length: count }, (_, at) => [first + at, path, start + at * length, length])
}

/** Steps of 2 x 3 floats, one a chunk: 24 bytes. */
function steps(count: number, rows: readonly Row[], change: Partial<MemoryArray> = {}): MemoryArray {
  const missing = count - rows.length
  return {
    path: 'temp',
    dims: ['time', 'y', 'x'],
    shape: [count, 2, 3],
    chunkShape: [1, 2, 3],
    rows,
    missing,
    ...change,
  }
}

/** Levels of 4 floats, one a chunk, 3 a step: 16 bytes. */
function levels(count: number, rows: readonly Row[]): MemoryArray {
  return { path: 'salt', dims: ['time', 'lev', 'x'], shape: [count, 3, 4], chunkShape: [1, 1, 4], rows }
}

function refusal(message: string) {
  return { code: 'ERR_KSTREAM_UNSUPPORTED', message }
}

test('chunks that adjoin become one, whatever the batches; the last may be partial', async () => {
  const set = memorySet({ arrays: [steps(7, behind(7, 24, 100))], batchRows: 2 })
  const merged = await through(mergeChunks({ time: 3 }), set)
  assert.deepEqual(merged.header.arrays[0].chunkShape, [3, 2, 3])
  const { rows, footer } = await readBody(merged)
  assert.deepEqual(rows.temp, [
    [0, A, 100, 72],
    [1, A, 172, 72],
    [2, A, 244, 72],
  ])
  assert.deepEqual(footer?.missing, [0])
  assert.deepEqual((await readBody(merged, { from: 1, to: 2 })).rows.temp, [[1, A, 172, 72]])
})

test('a last chunk whose file ends is copied, with zeros behind', async () => {
  const files = new MemoryFiles()
  files.files.set(A, new Uint8Array(1000).fill(120))
  const set = memorySet({ arrays: [steps(4, behind(4, 24, 904))] })
  const { rows } = await readBody(await through(mergeChunks({ time: 3 }, { open: files.open }), set))
  assert.deepEqual(rows.temp, [
    [0, A, 904, 72],
    [1, 'x'.repeat(24) + '\0'.repeat(48)],
  ])
})

test('a gap, another file, missing and inline chunks keep chunks apart', async () => {
  const message = (why: string, nearest: string) =>
    refusal(`temp: merging its chunks into time=4: ${why}; ${nearest}`)
  const refused = (rows: readonly Row[], expected: { message: string }) =>
    assert.rejects(through(mergeChunks({ time: 4 }), memorySet({ arrays: [steps(8, rows)] })), expected)
  await refused(
    [...behind(2, 24), ...behind(6, 24, 50, 2)],
    message(
      'chunk 1.0.0 ends at byte 48 of /data/a.nc and chunk 2.0.0 begins at byte 50 of /data/a.nc',
      'the nearest that works is time=2',
    ),
  )
  await refused(
    [...behind(6, 24), ...behind(2, 24, 144, 6, B)],
    message(
      'chunk 5.0.0 ends at byte 144 of /data/a.nc and chunk 6.0.0 begins at byte 144 of /data/b.nc',
      'the nearest that works is time=3',
    ),
  )
  await refused(
    [...behind(1, 24), ...behind(7, 24, 99, 1)],
    message(
      'chunk 0.0.0 ends at byte 24 of /data/a.nc and chunk 1.0.0 begins at byte 99 of /data/a.nc',
      'no other extents work',
    ),
  )
  await refused(
    [...behind(2, 24), ...behind(4, 24, 48, 4)],
    message(
      'chunk 1.0.0 ends at byte 48 of /data/a.nc and chunk 2.0.0 is missing',
      'the nearest that works is time=2',
    ),
  )
  await refused(
    [[0, 'x'.repeat(24)], [1, 'y'.repeat(24)], ...behind(6, 24, 0, 2)],
    message(
      'chunk 1.0.0 is held inline and chunk 2.0.0 begins at byte 0 of /data/a.nc',
      'the nearest that works is time=2',
    ),
  )
  await refused(
    [...behind(2, 24), [2, A, 48, 20], ...behind(5, 24, 68, 3)],
    message(
      'chunk 2.0.0 ends at byte 68 of /data/a.nc, with 20 of 24 bytes and chunk 3.0.0 begins at byte 68 of /data/a.nc',
      'the nearest that works is time=3',
    ),
  )
})

test('an extent is a multiple of the chunk, or the whole axis', async () => {
  const three = { shape: [8, 2, 3], chunkShape: [3, 2, 3], rows: behind(3, 72), missing: 0 }
  const merge = (extent: number) =>
    through(mergeChunks({ time: extent }), memorySet({ arrays: [steps(8, [], three)] }))
  await assert.rejects(
    merge(7),
    refusal(
      'temp: merging its chunks into time=7: 7 is no multiple of the 3 that a chunk has along time; ' +
        'the nearest that works is time=6',
    ),
  )
  assert.deepEqual((await merge(6)).header.arrays[0].chunkShape, [6, 2, 3])
  assert.deepEqual((await merge(8)).header.arrays[0].chunkShape, [9, 2, 3])
  assert.deepEqual((await merge(12)).header.arrays[0].chunkShape, [12, 2, 3])
  assert.deepEqual((await merge(3)).header.arrays[0].chunkShape, [3, 2, 3])
})

test('along an axis the axes behind it are whole, where the file has them in that order', async () => {
  const set = memorySet({ arrays: [levels(4, behind(12, 16))] })
  await assert.rejects(
    through(mergeChunks({ time: 2 }), set),
    refusal(
      'salt: merging its chunks into time=2: chunk 0.0.0 ends at byte 16 of /data/a.nc and chunk 1.0.0 begins at byte 48 of ' +
        '/data/a.nc; the nearest that works is time=2,lev=3',
    ),
  )
  const both = await readBody(await through(mergeChunks({ time: 2, lev: 3 }), set))
  assert.deepEqual(both.rows.salt, [
    [0, A, 0, 96],
    [1, A, 96, 96],
  ])
  const one = await readBody(await through(mergeChunks({ lev: 3 }), set))
  assert.deepEqual(one.rows.salt, behind(4, 48))
  await assert.rejects(
    through(
      mergeChunks({ lev: 2 }),
      memorySet({ arrays: [{ ...levels(4, behind(8, 32)), chunkShape: [1, 2, 4], shape: [4, 4, 4] }] }),
    ).then(() => through(mergeChunks({ time: 2, lev: 2 }), set)),
    /the 3 chunks along lev are no multiple of 2; the nearest that works is time=2,lev=3$/,
  )
  // Level by level: the steps of each adjoin.
  const other: Row[] = Array.from({ length: 12 }, (_, chunk) => [
    chunk,
    A,
    16 * ((chunk % 3) * 4 + Math.floor(chunk / 3)),
    16,
  ])
  const columns = memorySet({ arrays: [levels(4, other)] })
  const { rows } = await readBody(await through(mergeChunks({ time: 2 }), columns))
  assert.deepEqual(
    rows.salt,
    [0, 1, 2, 3, 4, 5].map((chunk): Row => [chunk, A, 64 * (chunk % 3) + 32 * Math.floor(chunk / 3), 32]),
  )
})

test('a chunk longer than 1 along an axis before cannot be merged behind it', async () => {
  const array = { ...levels(4, behind(6, 32)), chunkShape: [2, 1, 4] }
  await assert.rejects(
    through(mergeChunks({ lev: 3 }), memorySet({ arrays: [array] })),
    refusal(
      'salt: merging its chunks into lev=3: merged along lev, the bytes of a chunk with 2 along time would not stay together; ' +
        'no other extents work',
    ),
  )
})

test('a size merges as much as goes, from the last axis on', async () => {
  const merge = async (target: number, array: MemoryArray) => {
    const left: string[] = []
    const onLeft = (path: string, reason: string) => left.push(`${path}: ${reason}`)
    const set = await through(mergeChunks(target, { onLeft }), memorySet({ arrays: [array] }))
    return [set.header.arrays[0].chunkShape.slice(0, 2), left]
  }
  const whole = levels(4, behind(12, 16))
  assert.deepEqual(await merge(31, whole), [[1, 1], []])
  assert.deepEqual(await merge(47, whole), [[1, 1], []])
  assert.deepEqual(await merge(48, whole), [[1, 3], []])
  assert.deepEqual(await merge(95, whole), [[1, 3], []])
  assert.deepEqual(await merge(191, whole), [[2, 3], []])
  assert.deepEqual(await merge(1e6, whole), [[4, 3], []])
  // Broken in the middle of the steps, and within one.
  const halves = levels(4, [...behind(6, 16), ...behind(6, 16, 100, 6)])
  assert.deepEqual(await merge(1e6, halves), [[2, 3], []])
  const apart = levels(
    4,
    behind(12, 16).map(([chunk], at): Row => [Number(chunk), A, 20 * at, 16]),
  )
  assert.deepEqual(await merge(100, apart), [[1, 1], []])
  assert.deepEqual(await merge(1000, apart), [
    [1, 1],
    ['salt: chunk 0.0.0 ends at byte 16 of /data/a.nc and chunk 0.1.0 begins at byte 20 of /data/a.nc'],
  ])
  const coded = { ...whole, codecs: [{ id: 'zlib', level: 1 }] }
  assert.deepEqual(await merge(1000, coded), [[1, 1], ['salt: its chunks have the codec zlib']])
})

test('codecs are refused by name; a coordinate stays as it is, and what is one chunk', async () => {
  const zlib = { codecs: [{ id: 'fletcher32' }] }
  await assert.rejects(
    through(mergeChunks({ time: 2 }), memorySet({ arrays: [steps(4, behind(4, 24), zlib)] })),
    refusal(
      'temp: merging its chunks into time=2: its chunks have the codec fletcher32, and encoded bytes cannot be joined',
    ),
  )
  const left: string[] = []
  const time = { path: 'time', dims: ['time'], shape: [4], chunkShape: [1], rows: behind(4, 10), ...zlib }
  const plain = {
    path: 'x',
    dims: ['x'],
    shape: [3],
    chunkShape: [1],
    rows: [...behind(1, 4), ...behind(2, 4, 90, 1)],
  }
  const one = { path: 'one', dims: ['time'], shape: [5], chunkShape: [5], rows: behind(1, 20) }
  const set = memorySet({ arrays: [time, plain, one] })
  assert.equal(await through(mergeChunks({ time: 2, x: 3 }, { onLeft: (path) => left.push(path) }), set), set)
  assert.deepEqual(left, ['time', 'x'])
})

test('inline chunks are joined; missing ones stay missing', async () => {
  const rows: Row[] = [[0, 'ab'], [1, 'cd'], ...behind(2, 2, 0, 4)]
  const array = {
    path: 'v',
    dims: ['t'],
    shape: [8],
    chunkShape: [2],
    dataType: '|u1',
    rows: rows.slice(0, 2),
    missing: 2,
  }
  const { rows: found, footer } = await readBody(
    await through(mergeChunks({ t: 4 }), memorySet({ arrays: [array] })),
  )
  assert.deepEqual(found.v, [[0, 'abcd']])
  assert.deepEqual(footer?.missing, [1])
})

test('a set that can be read once is refused; references that have moved since are an error', async () => {
  const set = memorySet({ arrays: [steps(4, behind(4, 24))] })
  await assert.rejects(through(mergeChunks({ time: 2 }), { ...set, replayable: false }), {
    code: 'ERR_KSTREAM_UNSUPPORTED',
  })
  let readings = 0
  const moved = memorySet({ arrays: [steps(4, [...behind(1, 24), ...behind(3, 24, 100, 1)])] })
  const changing = { ...set, body: (options?: object) => (readings++ === 0 ? set : moved).body(options) }
  const merged = await through(mergeChunks({ time: 2 }), changing)
  await assert.rejects(readBody(merged), { code: 'ERR_KSTREAM_SOURCE' })
})

test('what was split is merged back to what it was', async () => {
  const rows: Row[] = [[0, A, 100, 120]]
  const whole = memorySet({ arrays: [steps(5, rows, { chunkShape: [5, 2, 3] })] })
  const split = await through(splitChunks({ time: 1, y: 1 }), whole)
  const merged = await through(mergeChunks({ time: 5, y: 2 }), split)
  assert.deepEqual(merged.header, whole.header)
  assert.deepEqual((await readBody(merged)).rows.temp, rows)
})
