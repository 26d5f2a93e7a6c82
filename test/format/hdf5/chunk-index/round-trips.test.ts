import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hdf5File } from '../../../../lib/format/hdf5/file.ts'
import { openHdf5 } from '../../../../lib/format/hdf5/superblock.ts'
import { openMemory } from '../../../../lib/source/memory.ts'
import { fixture } from '../../../fixture.ts'
import { readChunkedDatasets } from './chunked-datasets.ts'
import { scanRows } from './scanned.ts'

interface Tally {
  reads: number
  /** Reads that began while none was in flight: what a source far away makes one wait for. */
  trips: number
}

/** A dataset of a source that takes a while for each read, and counts. */
async function openSlow(name: string, path: string) {
  const bytes = new Uint8Array(readFileSync(fixture(`hdf5/chunks/${name}`)))
  const memory = openMemory(bytes)
  const file = await openHdf5(memory)
  const dataset = (await readChunkedDatasets(file)).find((candidate) => candidate.path === path)
  assert.ok(dataset)
  const tally: Tally = { reads: 0, trips: 0 }
  let flying = 0
  const read: typeof memory.read = async (offset, length, options) => {
    tally.reads++
    if (flying++ === 0) tally.trips++
    await sleep(2, undefined, options)
    flying--
    return memory.read(offset, length, options)
  }
  const slow: Hdf5File = { ...file, source: { ...memory, read } }
  return { file: slow, dataset, tally }
}

async function tripsOf(name: string, path: string): Promise<Tally & { rows: number }> {
  const { file, dataset, tally } = await openSlow(name, path)
  const rows = await scanRows(file, dataset)
  return { rows: rows.length, ...tally }
}

test('a B-tree v1 costs one round trip a level', async () => {
  const { trips, reads, rows } = await tripsOf('deep_btree_v1.h5', 'dense')
  assert.equal(rows, 120)
  assert.ok(reads > 40, `${reads} nodes of at most four chunks`)
  assert.ok(trips <= 7, `${trips} round trips for ${reads} nodes`)
})

test('a B-tree v2 costs one round trip a level and one for its header', async () => {
  const { trips, reads } = await tripsOf('large.h5', 'btree_depth_2')
  assert.ok(reads > 20, `${reads} nodes`)
  assert.equal(trips, 4)
})

test('an extensible array costs header, index block, super blocks, data blocks', async () => {
  const { trips, reads, rows } = await tripsOf('large.h5', 'super_blocks')
  assert.equal(rows, 640)
  assert.ok(reads > 10, `${reads} blocks`)
  assert.equal(trips, 4)
})

test('a paged fixed array costs header, bitmap, pages, and pages that were never written are not read', async () => {
  // Of three pages the first and the last hold chunks.
  assert.deepEqual(await tripsOf('large.h5', 'fixed_paged'), { rows: 5, trips: 3, reads: 4 })
})

async function readsOfPart(path: string, name = 'large.h5') {
  const { file, dataset, tally } = await openSlow(name, path)
  const whole = await scanRows(file, dataset)
  const ofWhole = tally.reads
  const { chunk } = whole[Math.floor(whole.length / 2)]
  const part = await scanRows(file, dataset, { from: chunk, to: chunk + 1 })
  assert.deepEqual(
    part,
    whole.filter((row) => row.chunk === chunk),
  )
  return { whole: ofWhole, part: tally.reads - ofWhole }
}

test('of one chunk only the nodes on the way to it are read', async () => {
  const btree1 = await readsOfPart('dense', 'deep_btree_v1.h5')
  assert.ok(btree1.part <= 7, `${btree1.part} of ${btree1.whole} nodes of a B-tree v1`)
  const btree2 = await readsOfPart('btree_depth_2')
  assert.ok(btree2.part <= 5, `${btree2.part} of ${btree2.whole} nodes of a B-tree v2`)
  const extensible = await readsOfPart('super_blocks')
  assert.ok(extensible.part <= 4, `${extensible.part} of ${extensible.whole} blocks of an extensible array`)
  const fixed = await readsOfPart('fixed_paged')
  assert.equal(fixed.part, 3)
})

test('an abort ends a walk', async () => {
  const { file, dataset, tally } = await openSlow('large.h5', 'btree_depth_2')
  const controller = new AbortController()
  const rows = scanRows(file, dataset, { signal: controller.signal })
  setTimeout(() => controller.abort(), 5)
  await assert.rejects(rows, { name: 'AbortError' })
  assert.ok(tally.reads < 20)
  await assert.rejects(scanRows(file, dataset, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
