/** Files that are joined with copies at the seams: what is read, what is refused, and what is left out. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CodecConfig } from '../../lib/model/metadata.ts'
import type { Footer } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import type { OpenSource } from '../../lib/source/byte-source.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { planSets } from '../../lib/transform/plan-sets.ts'
import { MemoryFiles } from '../store/memory-set.ts'

const ZLIB: readonly CodecConfig[] = [{ id: 'zlib', level: 1 }]

async function* each(sets: readonly ReferenceSet[]): AsyncGenerator<ReferenceSet> {
  yield* sets
}

async function footerOf(set: ReferenceSet): Promise<Footer | undefined> {
  let footer: Footer | undefined
  for await (const item of set.body()) if (item.kind === 'footer') footer = item
  return footer
}

describe('files joined with copies at the seams', () => {
  it('reads a large chunk without a filter piece by piece', async () => {
    const files = new MemoryFiles()
    const large = Int32Array.from({ length: 48 << 16 }, (_, at) => at % 1009)
    const stretch = (
      at: number,
      rows: number,
      chunkShape: readonly number[],
      codecs: readonly CodecConfig[],
    ) =>
      files.set(`/m/${at}.nc`, [
        {
          path: 'v',
          dims: ['t', 'x'],
          shape: [rows, 1 << 16],
          dataType: '<i4',
          bytes: large,
          chunkShape,
          codecs,
        },
        {
          path: 't',
          dims: ['t'],
          shape: [rows],
          dataType: '<i4',
          bytes: Int32Array.from({ length: rows }, (_, t) => at * 48 + t),
        },
      ])
    const sets = [stretch(0, 48, [48, 1 << 16], []), stretch(1, 2, [1, 1 << 16], ZLIB)]
    let longest = 0
    const open: OpenSource = async (url, options) => {
      const source = await files.open(url, options)
      return {
        ...source,
        info: source.info,
        size: source.size,
        close: () => source.close(),
        read: (offset, length, each) => {
          longest = Math.max(longest, length)
          return source.read(offset, length, each)
        },
      }
    }
    const set = await (await planSets(each(sets), 't', { onMismatch: 'copy', open })).set()
    const { data } = await readValues(set, 0, { open })
    assert.ok(
      Buffer.from(Int32Array.from(data as Iterable<number>).buffer, 0, large.byteLength).equals(
        Buffer.from(large.buffer),
      ),
    )
    assert.ok(longest <= 4 << 20, `${longest} bytes are read at once`)
  })

  it('says at planning that chunks are too large to be decoded', async () => {
    const files = new MemoryFiles()
    const at = (start: number, chunkShape: readonly number[], codecs: readonly CodecConfig[]) =>
      files.set(`/m/${start}.nc`, [
        {
          path: 'v',
          dims: ['t', 'x'],
          shape: [1, 1],
          dataType: '<i4',
          bytes: Int32Array.of(start),
          chunkShape,
          codecs,
        },
        { path: 't', dims: ['t'], shape: [1], dataType: '<i4', bytes: Int32Array.of(start) },
      ])
    const huge: ReferenceSet = at(0, [1, 1], ZLIB)
    const arrays = huge.header.arrays.map((array, index) =>
      index === 0 ? { ...array, chunkShape: [1, 1 << 27] } : array,
    )
    const sets = [{ ...huge, header: { ...huge.header, arrays } }, at(1, [1, 1], ZLIB)]
    const { report, set } = await planSets(each(sets), 't', { onMismatch: 'copy', open: files.open })
    assert.deepEqual(
      report.barriers.map(({ kind }) => kind),
      ['chunk-shape'],
    )
    assert.equal(report.seams, undefined)
    await assert.rejects(set(), (error: Error) => !error.message.includes('--on-mismatch copy'))
  })

  it('advises no copy of what cannot be copied', async () => {
    const files = new MemoryFiles()
    const sets = [0, 3].map((start) => {
      const times = Int32Array.of(start, start + 1, start + 2)
      const v = { path: 'v', dims: ['t', 'x'], shape: [3, 1], bytes: new Uint8Array(32), missing: [0, 1] }
      return files.set(`/m/${start}.nc`, [
        { ...v, dataType: '|O', chunkShape: [2, 1], codecs: [{ id: 'vlen-utf8' }] },
        { path: 't', dims: ['t'], shape: [3], dataType: '<i4', bytes: times },
      ])
    })
    for (const onMismatch of ['fail', 'copy'] as const) {
      const { report } = await planSets(each(sets), 't', { onMismatch, open: files.open })
      assert.deepEqual(
        report.barriers.map(({ kind, advice }) => [kind, advice]),
        [['partial-chunk', 'put the file with the partial chunk last, or leave it out']],
      )
    }
  })

  it('leaves out an array that one file turns out unable to give, whether its chunks are kept or copied', async () => {
    for (const chunks of [
      [2, 2, 2],
      [2, 1, 2],
      [1, 2, 2],
    ]) {
      const files = new MemoryFiles()
      const sets = chunks.map((extent, at) => {
        const v = {
          path: 'v',
          dims: ['t', 'x'],
          shape: [4, 1],
          dataType: '<i4',
          chunkShape: [extent, 1],
        } as const
        const times = Int32Array.from({ length: 4 }, (_, row) => 4 * at + row)
        return files.set(`/m/${at}.nc`, [
          { ...v, codecs: ZLIB, bytes: times, ...(at === 1 && { dropped: 'filters', missing: [1] }) },
          { path: 't', dims: ['t'], shape: [4], dataType: '<i4', bytes: times },
        ])
      })
      const planned = await planSets(each(sets), 't', { onMismatch: 'copy', open: files.open })
      const footer = await footerOf(await planned.set())
      assert.deepEqual(footer?.dropped, [0])
      assert.deepEqual(footer?.coverage.arrays[0], {
        path: 'v',
        outcome: 'skipped',
        reason: 'filters (in /m/1.nc)',
      })
    }
  })

  it('compares files of one place, whatever their chunks are', async () => {
    const files = new MemoryFiles()
    const set = (t: number, m: number, chunk: number, values: readonly number[]) =>
      files.set(`/m/${t}-${m}.nc`, [
        {
          path: 'v',
          dims: ['t', 'x'],
          shape: [2, 1],
          dataType: '<i4',
          chunkShape: [chunk, 1],
          codecs: ZLIB,
          bytes: Int32Array.from(values),
        },
        { path: 'w', dims: ['t', 'm'], shape: [2, 1], dataType: '<i4', bytes: Int32Array.of(m, m) },
        { path: 't', dims: ['t'], shape: [2], dataType: '<i4', bytes: Int32Array.of(2 * t, 2 * t + 1) },
        { path: 'm', dims: ['m'], shape: [1], dataType: '<i4', bytes: Int32Array.of(m) },
      ])
    for (const last of [3, 4]) {
      const sets = [set(0, 0, 2, [1, 2]), set(0, 1, 2, [1, 2]), set(1, 0, 1, [3, 3]), set(1, 1, 2, [3, last])]
      const { report } = await planSets(each(sets), ['t', 'm'], { onMismatch: 'copy', open: files.open })
      const found = report.barriers.filter(({ kind }) => kind === 'values')
      assert.deepEqual(
        found.map(({ subject, values }) => [subject, values]),
        last === 3 ? [] : [['the value at [1, 0]', [3, 4]]],
      )
    }
  })
})
