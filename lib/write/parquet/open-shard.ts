/** The shard that rows of an array go to now, and the file beside it for chunks that are too large to be inlined. */
import { join } from 'node:path'
import { WriteError } from '../../errors.ts'
import { copiedName, copiedPath } from '../../format/kerchunk-parquet/copied-path.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { RunFile, StoredRun } from '../../stream/run-file.ts'
import { CopiedFile } from './copied-file.ts'
import { Shard, type ShardRows } from './shard.ts'

/** Rows are coded by the dictionary of their shard, which stays in memory. */
const CODED: readonly string[] = []

/** Bytes that a shard takes inline, after which it takes no more: whoever reads one of its rows reads all of it. */
const MOST_INLINED = 16 << 20

/** What all shards of an array have in common. */
export interface OpenShardOptions {
  /** The array's path. */
  readonly array: string
  /** Rows of a shard. */
  readonly recordSize: number
  /** Bytes of a chunk that the shard takes inline. */
  readonly inlineLimit: number
  /** The folder that the array's files go to. */
  readonly folder: string
  /** What references to copied files of the set begin with. */
  readonly location: string
  /** Throws where a set may not point at this path; `copied`: at a file of its own. */
  readonly checkPath: (path: string, copied: boolean) => void
}

/** What an open shard goes on from. */
interface Restored {
  readonly shard: Shard
  /** Bytes of the file beside it. */
  readonly copied: number
}

/** One shard while it is filled. */
export class OpenShard {
  readonly number: number
  readonly shard: Shard
  readonly #options: OpenShardOptions
  #copies: CopiedFile | undefined
  #paths: readonly string[] = []
  // From indexes into #paths to codes of the shard's dictionary, and the last of them.
  #codes = new Map<number, number>()
  #lastIndex = INLINE
  #lastCode = 0
  // What was moved to a file, in its order.
  #spilled: { readonly file: RunFile; readonly run: StoredRun }[] = []

  constructor(number: number, options: OpenShardOptions, restored?: Restored) {
    this.number = number
    this.#options = options
    this.shard = restored?.shard ?? new Shard(options.recordSize)
    if (restored && restored.copied > 0) this.#copies = this.#copiedFile(restored.copied)
  }

  /** Bytes of the file beside it; 0 where there is none. */
  get copied(): number {
    return this.#copies?.size ?? 0
  }

  /** The reference in row `from` of the batch. */
  addReference(row: number, batch: ReferenceBatch, from: number): void {
    if (this.#paths !== batch.paths) {
      this.#paths = batch.paths
      this.#codes.clear()
      this.#lastIndex = INLINE
    }
    const index = batch.path[from]
    if (index !== this.#lastIndex) {
      this.#lastCode = this.#codes.get(index) ?? this.#pathCode(index)
      this.#lastIndex = index
    }
    this.shard.addReference(row, this.#lastCode, batch.offset[from], batch.length[from])
  }

  /** Bytes that the set keeps; they must stay as they are until `write`. Where goes by the rows before it alone. */
  addBytes(row: number, bytes: Uint8Array): void {
    const { inlineLimit } = this.#options
    const fits = bytes.length <= inlineLimit && this.shard.rawBytes + bytes.length <= MOST_INLINED
    // A reference to no bytes would stand for the whole file.
    if (fits || bytes.length === 0) this.shard.addInline(row, bytes)
    else this.#addCopy(row, bytes)
  }

  /** Writes what of the file beside it is not written yet. */
  async write(): Promise<void> {
    await this.#copies?.write()
  }

  /** Makes the file beside it outlast the system. */
  async sync(): Promise<void> {
    await this.#copies?.sync()
  }

  /** Rows in memory that could go: of a shard without inlined bytes, which are bounded by themselves. */
  get heldRows(): number {
    return this.shard.inlined > 0 ? 0 : this.shard.count
  }

  /** Moves them to the file until `unspill`. */
  async spill(file: RunFile): Promise<void> {
    const { rows: row, codes: path, offset, size: length } = this.shard.rowsSince()
    const columns = { chunk: Float64Array.from(row), path, offset, length }
    const batch = { kind: 'batch', array: 0, rows: row.length, paths: CODED, ...columns } as const
    this.#spilled.push({ file, run: await file.write([batch], CODED) })
    this.shard.clearRows()
  }

  /** Reads back what was moved. */
  async unspill(): Promise<void> {
    const earlier: Pick<ShardRows, 'rows' | 'codes' | 'offset' | 'size'>[] = []
    for (const { file, run } of this.#spilled) {
      for await (const { chunk, path: codes, offset, length: size } of file.read(run))
        earlier.push({ rows: Uint32Array.from(chunk), codes, offset, size })
    }
    if (earlier.length > 0) this.shard.prepend(earlier)
    this.#spilled = []
  }

  #addCopy(row: number, bytes: Uint8Array): void {
    const { array, location, checkPath } = this.#options
    const path = copiedPath(location, array, this.number)
    const known = this.shard.pathCode(path)
    if (known === undefined) checkPath(path, true)
    this.#copies ??= this.#copiedFile(0)
    const offset = this.#copies.add(bytes)
    this.shard.addReference(row, known ?? this.shard.addPath(path), offset, bytes.length)
  }

  #copiedFile(size: number): CopiedFile {
    return new CopiedFile(join(this.#options.folder, copiedName(this.number)), size)
  }

  #pathCode(index: number): number {
    const path = this.#paths[index]
    if (path === undefined) {
      const problem = `a reference names path ${index} of ${this.#paths.length}`
      throw new WriteError(this.#options.array, problem)
    }
    this.#options.checkPath(path, false)
    const code = this.shard.pathCode(path) ?? this.shard.addPath(path)
    this.#codes.set(index, code)
    return code
  }
}
