/** Sorted rows on disk for a while: runs of blocks, one after the other in one temporary file. */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { WriteError } from '../errors.ts'
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'

/** Where a run lies; bytes. */
export interface StoredRun {
  readonly start: number
  readonly blocks: readonly number[]
  /** What its rows are coded by; undefined where each block has its own. */
  readonly paths: readonly string[] | undefined
}

/** 64-bit numbers that begin a block: array, rows, whether there are masks, whether there are inlined chunks, bytes of paths. */
const HEAD = 5

const ABSENT = 0xffffffff

/** The batch with those paths alone that its rows have. */
function withOwnPaths(batch: ReferenceBatch): ReferenceBatch {
  const codes = new Map<number, number>()
  const paths: string[] = []
  const path = batch.path.slice(0, batch.rows).map((code) => {
    if (code === INLINE) return INLINE
    const own = codes.get(code) ?? paths.push(batch.paths[code]) - 1
    codes.set(code, own)
    return own
  })
  return { ...batch, path, paths }
}

/**
 * A block holds the columns of one batch: head, chunk, offset, length, path, masks if any, lengths of the inlined
 * chunks if any and then their bytes, paths as JSON if it has its own. In the byte order of this machine, which alone
 * reads it.
 */
function encodeBlock(batch: ReferenceBatch, paths: Uint8Array): Uint8Array {
  const { array, rows, filterMask, raw } = batch
  const words = 1 + (filterMask ? 1 : 0) + (raw ? 1 : 0)
  const columnBytes = (HEAD + 3 * rows) * 8 + words * rows * 4
  const rawBytes = raw ? raw.slice(0, rows).reduce((bytes, chunk) => bytes + (chunk?.length ?? 0), 0) : 0
  const block = new ArrayBuffer(columnBytes + rawBytes + paths.length)
  const doubles = new Float64Array(block, 0, HEAD + 3 * rows)
  doubles.set([array, rows, filterMask ? 1 : 0, raw ? 1 : 0, paths.length])
  doubles.set(batch.chunk.subarray(0, rows), HEAD)
  doubles.set(batch.offset.subarray(0, rows), HEAD + rows)
  doubles.set(batch.length.subarray(0, rows), HEAD + 2 * rows)
  const integers = new Uint32Array(block, (HEAD + 3 * rows) * 8, words * rows)
  integers.set(batch.path.subarray(0, rows))
  if (filterMask) integers.set(filterMask.subarray(0, rows), rows)
  const bytes = new Uint8Array(block)
  let at = columnBytes
  for (let row = 0; raw && row < rows; row++) {
    const chunk = raw[row]
    integers[(words - 1) * rows + row] = chunk?.length ?? ABSENT
    if (chunk) bytes.set(chunk, at)
    at += chunk?.length ?? 0
  }
  bytes.set(paths, at)
  return bytes
}

function decodeBlock(block: ArrayBuffer, shared: readonly string[] | undefined): ReferenceBatch {
  const [array, rows, hasMask, hasRaw, pathBytes] = new Float64Array(block, 0, HEAD)
  const paths: readonly string[] =
    shared ?? JSON.parse(Buffer.from(block, block.byteLength - pathBytes).toString())
  const doubles = (column: number) => new Float64Array(block, (HEAD + column * rows) * 8, rows)
  const integers = (column: number) => new Uint32Array(block, (HEAD + 3 * rows) * 8 + column * rows * 4, rows)
  const columns = { chunk: doubles(0), offset: doubles(1), length: doubles(2), path: integers(0) }
  const batch = { kind: 'batch', array, rows, paths, ...columns } as const
  const masked = hasMask ? { ...batch, filterMask: integers(1) } : batch
  if (!hasRaw) return masked
  let at = (HEAD + 3 * rows) * 8 + (2 + hasMask) * rows * 4
  const raw = Array.from(integers(1 + hasMask), (length) => {
    if (length === ABSENT) return null
    at += length
    return new Uint8Array(block, at - length, length)
  })
  return { ...masked, raw }
}

/** The temporary file of one sort. */
export class RunFile {
  readonly #folder: string
  readonly #file: FileHandle
  #size = 0

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder
    this.#file = file
  }

  /** A new file in a folder of its own within `parent`. @throws WriteError where there can be none. */
  static async create(parent: string): Promise<RunFile> {
    try {
      const folder = await mkdtemp(join(parent, 'kstream-sort-'))
      const file = await open(join(folder, 'runs'), 'wx+', 0o600)
      // Without a name it goes with the process, however that ends. Where open files keep theirs, closing removes it.
      await rm(folder, { recursive: true, force: true }).catch(() => {})
      return new RunFile(folder, file)
    } catch (cause) {
      throw new WriteError(parent, 'no temporary file can be made here, for rows that are sorted', { cause })
    }
  }

  /**
   * Writes a run.
   * @param paths the list that all of its rows are coded by; undefined where each block is to have its own.
   * @throws WriteError where the disk is full.
   */
  async write(
    batches: Iterable<ReferenceBatch> | AsyncIterable<ReferenceBatch>,
    paths: readonly string[] | undefined,
    signal?: AbortSignal,
  ): Promise<StoredRun> {
    const start = this.#size
    const blocks: number[] = []
    for await (const batch of batches) {
      signal?.throwIfAborted()
      const coded = paths ? batch : withOwnPaths(batch)
      const block = encodeBlock(coded, Buffer.from(paths ? '' : JSON.stringify(coded.paths)))
      await this.#append(block)
      blocks.push(block.length)
    }
    return { start, blocks, paths }
  }

  async #append(block: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < block.length; ) {
        const { bytesWritten } = await this.#file.write(block, done, block.length - done, this.#size + done)
        done += bytesWritten
      }
    } catch (cause) {
      throw new WriteError(this.#folder, 'rows that are sorted cannot be written there', { cause })
    }
    this.#size += block.length
  }

  /** Reads a run, block by block. */
  async *read(run: StoredRun, signal?: AbortSignal): AsyncGenerator<ReferenceBatch> {
    let offset = run.start
    for (const size of run.blocks) {
      signal?.throwIfAborted()
      yield decodeBlock(await this.#block(offset, size), run.paths)
      offset += size
    }
  }

  async #block(offset: number, size: number): Promise<ArrayBuffer> {
    const block = new ArrayBuffer(size)
    const bytes = new Uint8Array(block)
    for (let done = 0; done < size; ) {
      const { bytesRead } = await this.#file.read(bytes, done, size - done, offset + done).catch((cause) => {
        throw new WriteError(this.#folder, 'rows that were written there cannot be read again', { cause })
      })
      if (bytesRead === 0) throw new WriteError(this.#folder, 'rows that were written there are gone')
      done += bytesRead
    }
    return block
  }

  async close(): Promise<void> {
    await this.#file.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
