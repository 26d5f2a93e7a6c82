/** The files of an array that a dead build has left, against what it recorded of them. */
import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { copiedName } from '../../format/kerchunk-parquet/copied-path.ts'
import { ignoreMissing } from '../leftovers.ts'
import type { StoredShard } from './array-progress.ts'

/** The file beside the open shard, and the bytes of it that its recorded rows need. */
type Growing = Required<Pick<StoredShard, 'shard' | 'copied'>>

const OURS = /^(?:refs\.\d+\.parq(?:\.part)?|copied\.\d+\.bin)$/

/**
 * Whether the recorded files are in the folder. Others go, which were being written when the build died; the growing
 * one, into which bytes go before their rows are recorded, is cut to what is recorded.
 */
export async function areThere(
  folder: string,
  stored: readonly StoredShard[],
  growing?: Growing,
): Promise<boolean> {
  const sizes = new Map(stored.flatMap(filesOf))
  if (growing && growing.copied > 0) sizes.set(copiedName(growing.shard), growing.copied)
  const names = (await readdir(folder).catch(ignoreMissing)) ?? []
  let found = 0
  for (const name of names) {
    const path = join(folder, name)
    const expected = sizes.get(name)
    const { size } = await stat(path)
    const grows = growing !== undefined && name === copiedName(growing.shard)
    if (size === expected) found++
    else if (grows && expected !== undefined && size > expected) {
      await truncate(path, expected)
      found++
    } else if (OURS.test(name)) await rm(path)
  }
  return found === sizes.size
}

function filesOf({ shard, bytes, copied = 0 }: StoredShard): [name: string, bytes: number][] {
  const shards: [string, number][] = [[`refs.${shard}.parq`, bytes]]
  return copied > 0 ? [...shards, [copiedName(shard), copied]] : shards
}
