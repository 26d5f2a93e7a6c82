/** The body of a set on its way to a sink: checked, counted, and told of in the end. */
import { UnsupportedError, WriteError } from '../errors.ts'
import type { Skipped } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { CountedArray, type PathCheck } from './counted-array.ts'
import { distinct } from './records.ts'
import type { SinkProgress, SinkReport } from './report.ts'

export interface CountedBodyOptions {
  /** What messages and the report call the output. */
  readonly target: string
  /** What becomes of an array that the output cannot express and of which nothing is written yet; 'fail' by default. */
  readonly onUnsupported?: 'fail' | 'skip' | undefined
  /** The output itself says filter masks, and of which arrays nothing counts. */
  readonly saysAll?: boolean | undefined
  /** Called for the paths that references hold, once or a few times each. */
  readonly checkPath?: PathCheck | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after each batch was written. */
  readonly onProgress?: ((progress: SinkProgress) => void) | undefined
}

/** Reads one set for a sink that cannot take back what it has written. */
export class CountedBody {
  /** In the header's order. */
  readonly arrays: readonly CountedArray[]
  /** Bytes written so far, as the sink says, for `onProgress`. */
  bytes = 0
  readonly #set: ReferenceSet
  readonly #options: CountedBodyOptions
  readonly #notes: Skipped[] = []
  // Which paths were checked, for each list of them.
  readonly #known = new WeakMap<readonly string[], Uint8Array>()
  #footer: Footer | undefined
  // For `onProgress`.
  #references = 0
  #inlined = 0

  /** @throws WriteError where two arrays or groups have one path. */
  constructor(set: ReferenceSet, options: CountedBodyOptions) {
    this.#set = set
    this.#options = options
    this.arrays = set.header.arrays.map((array) => new CountedArray(array))
    const seen = new Set<string>()
    for (const { path } of [...set.header.groups, ...set.header.arrays]) {
      if (seen.has(path)) throw new WriteError(path, 'two arrays or groups have this path')
      seen.add(path)
    }
  }

  /** The end of the body, once `batches` has ended. */
  get footer(): Footer {
    if (!this.#footer) throw new WriteError(this.#options.target, 'the references end without a footer')
    return this.#footer
  }

  /** The batches of all arrays that are kept, each checked as a whole before it is handed on. */
  async *batches(): AsyncGenerator<ReferenceBatch> {
    const { target, signal, onProgress } = this.#options
    for await (const part of this.#set.body({ signal })) {
      signal?.throwIfAborted()
      if (this.#footer) throw new WriteError(target, 'the references go on after their footer')
      if (part.kind === 'footer') this.#finish(part)
      else if (this.#add(part)) yield part
      onProgress?.({ references: this.#references, inlined: this.#inlined, bytes: this.bytes })
    }
    if (!this.#footer) throw new WriteError(target, 'the references end without a footer')
  }

  /**
   * Leaves an array out that the output cannot express.
   * @throws UnsupportedError where that was not asked for, or part of the array is written already.
   */
  refuse(array: CountedArray, reason: string): void {
    if (array.dropped !== undefined) return
    const { path } = array.metadata
    if (this.#options.onUnsupported !== 'skip' && !array.isBegun) {
      const message = `${path === '' ? '/' : path}: ${reason}; --on-unsupported skip leaves the array out`
      throw new UnsupportedError(reason, { array: path }, message)
    }
    this.#drop(array, reason)
  }

  /** Counts chunks that never came and that the sink has written as the fill value. */
  countFilled(array: CountedArray, chunks: number): void {
    array.filled += chunks
    this.#inlined += chunks
  }

  /** A remark of the sink's own, for the report. */
  note(path: string, reason: string): void {
    this.#notes.push({ path, reason })
  }

  /** @param bytes of the whole output. */
  report(bytes: number): SinkReport {
    const kept = this.arrays.filter(({ dropped }) => dropped === undefined)
    const remarks = kept.flatMap(({ metadata: { path }, remark }) =>
      remark === undefined ? [] : [{ path, reason: remark }],
    )
    const { notes } = this.#set.header
    return {
      path: this.#options.target,
      arrays: kept.length,
      references: sum(kept, ({ references }) => references),
      inlined: sum(kept, ({ inlined, filled }) => inlined + filled),
      copiedBytes: sum(kept, ({ copiedBytes }) => copiedBytes),
      missing: sum(kept, ({ missing }) => missing),
      bytes,
      referencedBytes: sum(kept, ({ referencedBytes }) => referencedBytes),
      skipped: this.#skipped(),
      notes: [...distinct([...notes, ...this.footer.coverage.notes, ...this.#notes]), ...remarks],
    }
  }

  #add(batch: ReferenceBatch): boolean {
    const array = this.arrays[batch.array]
    if (!array) {
      const problem = `a batch names array ${batch.array}, which there is not`
      throw new WriteError(this.#options.target, problem)
    }
    if (array.dropped !== undefined) return false
    if (!this.#options.saysAll && batch.filterMask?.subarray(0, batch.rows).some((mask) => mask !== 0)) {
      this.refuse(array, 'a chunk skips filters, which Zarr cannot say')
      return false
    }
    const { references, inlined } = array
    array.add(batch, this.#knownOf(batch.paths), this.#options.checkPath)
    this.#references += array.references - references
    this.#inlined += array.inlined - inlined
    return true
  }

  #knownOf(paths: readonly string[]): Uint8Array {
    const known = this.#known.get(paths)
    // A list may have grown since.
    if (known && known.length >= paths.length) return known
    const more = new Uint8Array(paths.length)
    this.#known.set(paths, more)
    return more
  }

  #finish(footer: Footer): void {
    this.#footer = footer
    for (const index of footer.dropped) {
      const array = this.arrays[index]
      if (!array)
        throw new WriteError(this.#options.target, `the footer drops array ${index}, which there is not`)
      const outcome = footer.coverage.arrays.find(({ path }) => path === array.metadata.path)
      this.#drop(array, outcome?.reason ?? 'found unreferenceable')
    }
    for (const [index, array] of this.arrays.entries()) {
      if (array.dropped === undefined) array.finish(footer.shapes[index], footer.missing[index])
    }
  }

  /** @throws UnsupportedError where part of the array is written already, which cannot be taken back. */
  #drop(array: CountedArray, reason: string): void {
    if (array.dropped !== undefined) return
    if (array.isBegun && !this.#options.saysAll) {
      const { path } = array.metadata
      const message = `${path}: ${reason}; leave it out with --drop ${path}`
      throw new UnsupportedError(reason, { array: path }, message)
    }
    array.dropped = reason
  }

  /** By path, each once: what the sink or the body dropped, and what was never in the set. */
  #skipped(): Skipped[] {
    const { header } = this.#set
    const dropped = this.arrays.flatMap(({ metadata: { path }, dropped: reason }) =>
      reason === undefined ? [] : [{ path, reason }],
    )
    const told = new Set(header.arrays.map(({ path }) => path))
    const untold = [...this.footer.coverage.arrays, ...header.skipped].filter(({ path }) => !told.has(path))
    const others = untold.map(({ path, reason = 'not in the set' }) => ({ path, reason }))
    return [...new Map(distinct([...dropped, ...others]).map((each) => [each.path, each])).values()]
  }
}

function sum(arrays: readonly CountedArray[], count: (array: CountedArray) => number): number {
  return arrays.reduce((total, each) => total + count(each), 0)
}
