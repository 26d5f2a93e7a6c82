/** Arrays of a set that is added to go on in the new one: full shards are linked, the rows of the last one are read. */
import { constants, copyFile, link, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, WriteError } from '../../errors.ts'
import { copiedName } from '../../format/kerchunk-parquet/copied-path.ts'
import { readInlinedBytes } from '../../format/kerchunk-parquet/shard.ts'
import { type AppendedSet, planTakeover, type Takeover } from './appended-set.ts'
import type { StoredShard } from './array-progress.ts'
import type { ArrayWriter } from './array-writer.ts'

/** What a Parquet file ends with. */
const MAGIC = Buffer.from('PAR1')
/** Links made at a time. */
const LINKS = 16

/** Gives each writer what its array has already; returns the shards that were linked into `folder`, by array. */
export async function takeOverArrays(
  appended: AppendedSet,
  writers: readonly ArrayWriter[],
  folder: string,
  signal: AbortSignal | undefined,
): Promise<StoredShard[][]> {
  const stored: StoredShard[][] = writers.map(() => [])
  for (const [array, writer] of writers.entries()) {
    const { dropped, metadata } = writer
    const takeover = dropped === undefined ? planTakeover(appended, metadata) : undefined
    if (!takeover) continue
    signal?.throwIfAborted()
    const [from, to] = [appended.summary.path, folder].map((root) => join(root, metadata.path))
    stored[array] = await linkShards(from, to, takeover)
    await readRows(appended, writer, array, takeover, signal)
    if (takeover.from > 0) {
      const inlined = await inlinedBytes(to, takeover, appended.summary.recordSize)
      writer.takeOver(takeover.record, { next: takeover.chunks, stored: stored[array], inlined })
    }
    // Read from its beginning, its counts are right already.
    else writer.startAt(writer.counters.next)
  }
  return stored
}

async function readRows(
  { rows }: AppendedSet,
  writer: ArrayWriter,
  array: number,
  { index, from, chunks }: Takeover,
  signal: AbortSignal | undefined,
): Promise<void> {
  writer.startAt(from)
  if (from >= chunks) return
  for await (const part of rows.body({ arrays: [index], from, to: chunks, signal })) {
    if (part.kind === 'batch') await writer.append({ ...part, array })
  }
}

/** Bytes that the linked shards have inlined, which are not recorded: read only where there are any. */
async function inlinedBytes(
  folder: string,
  { linked, record }: Takeover,
  recordSize: number,
): Promise<number> {
  let bytes = 0
  for (const shard of record.inlined > 0 ? linked : []) {
    bytes += await readInlinedBytes(join(folder, `refs.${shard}.parq`), recordSize)
  }
  return bytes
}

/** Gives shards of one folder a second name in another; where the file system has no links they are copied. */
async function linkShards(from: string, to: string, { linked, record }: Takeover): Promise<StoredShard[]> {
  const sizes = new Map(record.copied)
  const stored: StoredShard[] = []
  for (let start = 0; start < linked.length; start += LINKS) {
    const some = linked.slice(start, start + LINKS)
    stored.push(...(await Promise.all(some.map((shard) => linkShard(from, to, shard, sizes.get(shard))))))
  }
  return stored
}

/** `copied`: bytes that the file beside the shard must have; undefined where there is none. */
async function linkShard(from: string, to: string, shard: number, copied?: number): Promise<StoredShard> {
  const bytes = await sizeOfWhole(await linkFile(from, to, `refs.${shard}.parq`))
  if (copied === undefined) return { shard, bytes }
  const path = await linkFile(from, to, copiedName(shard))
  const { size } = await stat(path)
  if (size === copied) return { shard, bytes, copied }
  const problem = `this file of the set that is added to has ${size} bytes, where ${copied} were written; build the set again`
  throw new WriteError(path, problem)
}

/** Returns the new name. */
async function linkFile(from: string, to: string, name: string): Promise<string> {
  const [source, target] = [from, to].map((folder) => join(folder, name))
  await link(source, target).catch(() => copy(source, target))
  return target
}

/** Bytes of a Parquet file. fsspec takes one that was cut off for missing chunks, without a word. */
async function sizeOfWhole(path: string): Promise<number> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const end = Buffer.alloc(MAGIC.length)
    if (size > MAGIC.length) await handle.read(end, 0, end.length, size - end.length)
    if (end.equals(MAGIC)) return size
  } finally {
    await handle.close()
  }
  throw new WriteError(
    path,
    'this shard of the set that is added to is no whole Parquet file; build the set again',
  )
}

async function copy(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const handle = await open(target, 'r+')
    await handle.sync().finally(() => handle.close())
  } catch (cause) {
    throw new WriteError(target, messageOf(cause), { cause })
  }
}
