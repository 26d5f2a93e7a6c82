/** A set with other chunks: the header at once, and a body in which each array's rows become those of the new grid. */
import { FormatError } from '../../errors.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { Footer, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../model/reference-set.ts'
import type { OpenSource } from '../../source/byte-source.ts'
import { anySignal } from '../../stream/stage.ts'
import { ChunkTails } from './chunk-tails.ts'

/** From the first chunk to the one to stop before. */
export type ChunkSpan = readonly [from: number, to: number]

/** What one reading of a body shares between its arrays. */
export interface RechunkContext {
  readonly tails: ChunkTails
  /** Rows held in memory, of all arrays. */
  readonly held: { rows: number; bytes: number }
  readonly signal: AbortSignal | undefined
}

/** Makes the rows of one array, for one reading. */
export interface Rechunker {
  add(batch: ReferenceBatch): AsyncIterable<ReferenceBatch>
  /** What is left when all rows have been added. */
  end(): AsyncIterable<ReferenceBatch>
  /** Frees what is held, however it ended. */
  close(): Promise<void>
}

/** An array whose chunks become others. */
export interface Rechunk {
  readonly chunkShape: readonly number[]
  /** Chunks of the new grid. */
  readonly chunkCount: number
  /** Chunks of the old one. */
  readonly chunkCountBeneath: number
  /** The chunks of the old grid that make those of the new one. */
  readonly beneath: (from: number, to: number) => ChunkSpan
  readonly start: (span: ChunkSpan, context: RechunkContext) => Rechunker
}

interface RechunkedSetOptions {
  readonly open: OpenSource
  readonly signal: AbortSignal | undefined
}

/** The set with new chunks of the arrays in `rechunks` (by index); other arrays stay as they are. */
export function rechunkedSet(
  set: ReferenceSet,
  rechunks: ReadonlyMap<number, Rechunk>,
  { open, signal: outer }: RechunkedSetOptions,
): ReferenceSet {
  const arrays = set.header.arrays.map((array, index) => {
    const chunkShape = rechunks.get(index)?.chunkShape
    return chunkShape ? { ...array, chunkShape } : array
  })
  return {
    ...(set.name === undefined ? {} : { name: set.name }),
    header: { ...set.header, arrays },
    sources: set.sources,
    replayable: set.replayable,
    async *body(options: BodyOptions = {}) {
      const signal = anySignal(options.signal, outer)
      const tails = new ChunkTails(open, set.sources, signal)
      const reading = new Reading(set, rechunks, options, { tails, held: { rows: 0, bytes: 0 }, signal })
      try {
        yield* reading.read()
      } finally {
        await reading.close()
      }
    },
  }
}

/** One reading of a body. */
class Reading {
  readonly #set: ReferenceSet
  readonly #rechunks: ReadonlyMap<number, Rechunk>
  readonly #options: BodyOptions
  readonly #context: RechunkContext
  readonly #asked: readonly number[]
  readonly #running = new Map<number, Rechunker>()
  readonly #emitted: number[]

  constructor(
    set: ReferenceSet,
    rechunks: ReadonlyMap<number, Rechunk>,
    options: BodyOptions,
    context: RechunkContext,
  ) {
    this.#set = set
    this.#rechunks = rechunks
    this.#options = options
    this.#context = context
    this.#asked = options.arrays ?? set.header.arrays.map((_, index) => index)
    this.#emitted = set.header.arrays.map(() => 0)
  }

  async *read(): AsyncGenerator<ReferenceBatch | Footer> {
    const { signal } = this.#context
    for await (const item of this.#set.body({ ...this.#options, ...this.#bounds(), signal })) {
      signal?.throwIfAborted()
      if (item.kind === 'footer') {
        yield* this.#counted(this.#end(item))
        yield this.#footer(item)
      } else yield* this.#counted(this.#add(item))
    }
  }

  async close(): Promise<void> {
    const running = [...this.#running.values()]
    await Promise.allSettled([...running, this.#context.tails].map((each) => each.close()))
  }

  get #isRanged(): boolean {
    return this.#options.from !== undefined || this.#options.to !== undefined
  }

  /** The span asked for, within `count` chunks. */
  #span(count: number): ChunkSpan {
    const { from = 0, to = count } = this.#options
    const end = Math.min(count, to)
    return [Math.min(from, end), end]
  }

  /** One range for all arrays beneath: each array's own rows are picked out of it. */
  #bounds(): { from?: number; to?: number } {
    if (!this.#isRanged || this.#asked.every((array) => !this.#rechunks.has(array))) return {}
    const { from = 0, to = Number.MAX_SAFE_INTEGER } = this.#options
    const spans = this.#asked.map((array): ChunkSpan => {
      const rechunk = this.#rechunks.get(array)
      return rechunk ? rechunk.beneath(...this.#span(rechunk.chunkCount)) : [from, to]
    })
    const used = spans.filter(([first, end]) => first < end)
    if (used.length === 0) return { from: 0, to: 0 }
    return used.reduce(
      (bounds, [first, end]) => ({ from: Math.min(bounds.from, first), to: Math.max(bounds.to, end) }),
      { from: used[0][0], to: used[0][1] },
    )
  }

  async *#counted(batches: AsyncIterable<ReferenceBatch>): AsyncGenerator<ReferenceBatch> {
    for await (const batch of batches) {
      if (batch.rows === 0) continue
      this.#emitted[batch.array] += batch.rows
      yield batch
      this.#context.signal?.throwIfAborted()
    }
  }

  async *#add(batch: ReferenceBatch): AsyncGenerator<ReferenceBatch> {
    const rechunk = this.#rechunks.get(batch.array)
    if (!rechunk) {
      yield this.#isRanged ? within(batch, this.#span(Number.MAX_SAFE_INTEGER)) : batch
      return
    }
    const last = batch.rows === 0 ? -1 : batch.chunk[batch.rows - 1]
    if (last >= rechunk.chunkCountBeneath) {
      const { path } = this.#set.header.arrays[batch.array]
      const at = { url: this.#set.sources[0]?.url ?? path, structure: 'chunk index', offset: 0 }
      throw new FormatError(at, `chunk ${last} of ${path}, whose grid has ${rechunk.chunkCountBeneath}`)
    }
    let rechunker = this.#running.get(batch.array)
    if (!rechunker) {
      rechunker = rechunk.start(this.#span(rechunk.chunkCount), this.#context)
      this.#running.set(batch.array, rechunker)
    }
    yield* rechunker.add(await this.#context.tails.measured(batch))
  }

  async *#end({ dropped }: Footer): AsyncGenerator<ReferenceBatch> {
    for (const [array, rechunker] of this.#running) if (!dropped.includes(array)) yield* rechunker.end()
  }

  #footer(footer: Footer): Footer {
    const missing = footer.missing.map((count, array) => {
      const isOther = this.#rechunks.has(array) || this.#isRanged
      if (!isOther || !this.#asked.includes(array)) return this.#rechunks.has(array) ? 0 : count
      const [from, to] = this.#span(this.#chunkCount(array, footer))
      return to - from - this.#emitted[array]
    })
    return { ...footer, missing }
  }

  #chunkCount(array: number, { shapes }: Footer): number {
    const { chunkShape } = this.#set.header.arrays[array]
    return this.#rechunks.get(array)?.chunkCount ?? chunkCount(gridShape(shapes[array], chunkShape))
  }
}

/** The rows of a batch whose chunks are within the span. */
function within(batch: ReferenceBatch, [from, to]: ChunkSpan): ReferenceBatch {
  const chunks = batch.chunk.subarray(0, batch.rows)
  const first = chunks.findIndex((chunk) => chunk >= from)
  const end = chunks.findIndex((chunk) => chunk >= to)
  if (first < 0) return { ...batch, rows: 0 }
  const last = end < 0 ? batch.rows : end
  if (first === 0 && last === batch.rows) return batch
  return {
    ...batch,
    rows: Math.max(0, last - first),
    chunk: batch.chunk.subarray(first, last),
    path: batch.path.subarray(first, last),
    offset: batch.offset.subarray(first, last),
    length: batch.length.subarray(first, last),
    ...(batch.raw && { raw: batch.raw.slice(first, last) }),
    ...(batch.filterMask && { filterMask: batch.filterMask.subarray(first, last) }),
  }
}
