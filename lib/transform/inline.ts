/** Takes the bytes of small chunks into the reference set itself. */
import type { Footer } from '../model/reference-batch.ts'
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../model/reference-set.ts'
import type { ByteSource, OpenSource } from '../source/byte-source.ts'
import { openSource } from '../source/open.ts'
import { withRangeCoalescing } from '../source/range-coalescing.ts'
import { openUnchanged } from '../source/unchanged.ts'
import { anySignal, type Stage } from '../stream/stage.ts'
import { eachSet } from './changed-set.ts'
import { FileSizes } from './file-sizes.ts'

export interface InlineOptions {
  /** Chunks of fewer bytes, as stored, are inlined; 500 by default, 0 for none. */
  readonly threshold?: number
  /** Opens the files that references point into; local files by default. */
  readonly open?: OpenSource
  readonly signal?: AbortSignal | undefined
}

/** Inlined bytes that one batch may carry: a longer batch is cut. */
const BATCH_BYTES = 1 << 23
/** Reads in flight. */
const READS = 256
/** Files kept open. */
const OPEN_FILES = 8

/** The files in use, the least lately used closed first. */
export class OpenFiles {
  readonly #open: OpenSource
  readonly #sources = new Map<string, ByteSource>()

  constructor(open: OpenSource) {
    this.#open = open
  }

  async get(path: string, signal: AbortSignal | undefined): Promise<ByteSource> {
    const known = this.#sources.get(path)
    this.#sources.delete(path)
    const source = known ?? withRangeCoalescing(await this.#open(path, { signal }))
    this.#sources.set(path, source)
    const [oldest] = this.#sources
    if (this.#sources.size > OPEN_FILES) {
      this.#sources.delete(oldest[0])
      await oldest[1].close()
    }
    return source
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sources.values()].map((source) => source.close()))
  }
}

/** Row ranges of a batch such that the bytes to be inlined in each stay within `limit`; a row at least. */
export function planInlineCuts(lengths: ArrayLike<number>, limit: number): [from: number, to: number][] {
  const cuts: [number, number][] = []
  let from = 0
  let bytes = 0
  for (let row = 0; row < lengths.length; row++) {
    if (row > from && bytes + lengths[row] > limit) {
      cuts.push([from, row])
      from = row
      bytes = 0
    }
    bytes += lengths[row]
  }
  if (lengths.length > from) cuts.push([from, lengths.length])
  return cuts
}

/** Bytes to inline, by row; 0 where a row stays a reference. */
function lengthsToInline(batch: ReferenceBatch, threshold: number): Float64Array | undefined {
  let lengths: Float64Array | undefined
  for (let row = 0; row < batch.rows; row++) {
    // No bytes: of an empty file.
    if (batch.path[row] === INLINE || batch.length[row] === 0 || batch.length[row] >= threshold) continue
    lengths ??= new Float64Array(batch.rows)
    lengths[row] = batch.length[row]
  }
  return lengths
}

/** Runs of rows of one file among those to inline, READS at most in each. */
function* runsToRead(
  batch: ReferenceBatch,
  lengths: Float64Array,
  from: number,
  to: number,
): Generator<number[]> {
  let run: number[] = []
  for (let row = from; row < to; row++) {
    if (lengths[row] === 0) continue
    if (run.length === READS || (run.length > 0 && batch.path[run[0]] !== batch.path[row])) {
      yield run
      run = []
    }
    run.push(row)
  }
  if (run.length > 0) yield run
}

/** The `raw` column of rows `from` to `to`, with the small chunks read. */
async function readRaw(
  batch: ReferenceBatch,
  lengths: Float64Array,
  [from, to]: readonly [number, number],
  files: OpenFiles,
  signal: AbortSignal | undefined,
): Promise<(Uint8Array | null)[]> {
  const raw = Array.from({ length: to - from }, (_, index) => batch.raw?.[from + index] ?? null)
  for (const run of runsToRead(batch, lengths, from, to)) {
    const source = await files.get(batch.paths[batch.path[run[0]]], signal)
    const chunks = await Promise.all(
      run.map((row) => source.read(batch.offset[row], lengths[row], { signal })),
    )
    for (const [index, row] of run.entries()) raw[row - from] = chunks[index]
  }
  return raw
}

async function* inlineBatch(
  batch: ReferenceBatch,
  threshold: number,
  { files, sizes, signal }: Reading,
): AsyncGenerator<ReferenceBatch> {
  const lengths = lengthsToInline(await sizes.measured(batch), threshold)
  if (!lengths) {
    yield batch
    return
  }
  for (const [from, to] of planInlineCuts(lengths, BATCH_BYTES)) {
    const raw = await readRaw(batch, lengths, [from, to], files, signal)
    const path = batch.path.slice(from, to)
    const offset = batch.offset.slice(from, to)
    const length = batch.length.slice(from, to)
    for (let row = from; row < to; row++) {
      if (lengths[row] === 0) continue
      path[row - from] = INLINE
      offset[row - from] = 0
      length[row - from] = lengths[row]
    }
    yield {
      ...batch,
      rows: to - from,
      chunk: batch.chunk.subarray(from, to),
      path,
      offset,
      length,
      raw,
      ...(batch.filterMask && { filterMask: batch.filterMask.subarray(from, to) }),
    }
  }
}

/** The files of one reading. */
interface Reading {
  readonly files: OpenFiles
  readonly sizes: FileSizes
  readonly signal: AbortSignal | undefined
}

function inlineSet(
  set: ReferenceSet,
  threshold: number,
  open: OpenSource,
  outer?: AbortSignal,
): ReferenceSet {
  const { header, sources, replayable } = set
  async function* body(options: BodyOptions = {}): AsyncGenerator<ReferenceBatch | Footer> {
    const signal = anySignal(options.signal, outer)
    const files = new OpenFiles(openUnchanged(open, sources))
    const reading = { files, sizes: new FileSizes(open, sources, signal), signal }
    try {
      for await (const item of set.body(options)) {
        signal?.throwIfAborted()
        if (item.kind === 'footer') yield item
        else yield* inlineBatch(item, threshold, reading)
      }
    } finally {
      await files.close()
    }
  }
  return { header, sources, replayable, body }
}

/**
 * Inlines every chunk of fewer than `threshold` bytes: its bytes, encoded as they are, become a raw row. An array
 * that is one small chunk is so inlined whole. Near chunks are read together. Best before `concat`, where the
 * chunks of a file come together, and before `rewritePaths`, as the files are read by the paths that it changes.
 */
export function inline(options: InlineOptions = {}): Stage {
  const { threshold = 500, open = openSource } = options
  // A set may be read when its pipeline, and the signal of that, have come to their end.
  return eachSet((set) => (threshold > 0 ? inlineSet(set, threshold, open, options.signal) : set))
}
