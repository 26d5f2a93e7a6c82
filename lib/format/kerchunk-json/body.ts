/** The body of a reference document: its chunks as they come where they ascend, else sorted by array and number. */
import type { UnsupportedError } from '../../errors.ts'
import { type AskedChunks, askedChunks, missingChunks } from '../../model/asked-chunks.ts'
import { chunkKey, extentsSoFar } from '../../model/chunk-grid.ts'
import type { Header } from '../../model/metadata.ts'
import type { Footer, Outcome, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import { ReferenceSorter } from '../../stream/sort-spill.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { JSON2_COPIED } from '../json2.ts'
import { arrayRefusal } from '../refusal.ts'
import { keyPrefix } from './chunk-key.ts'
import { ChunkRows, type RowsPlan } from './chunk-rows.ts'
import { type DocumentOptions, scanMembers } from './document.ts'
import { documentError } from './document-error.ts'
import { generate, type ReferenceGenerator } from './jinja/generator.ts'

/** What is kept of a document until its body is read. */
export interface BodyPlan extends RowsPlan, Pick<FormatOptions, 'onUnsupported' | 'memoryBytes'> {
  readonly header: Header
  readonly generators: readonly ReferenceGenerator[]
  readonly openAgain: OpenAgain
  /** How the document is read. */
  readonly reading: Pick<DocumentOptions, 'plain' | 'pieces'>
}

/** Arrays that cannot be expressed after all, and why. */
type Dropped = Map<number, string>

/** One reading of a body. */
class BodyReading {
  readonly #plan: BodyPlan
  readonly #sorter: ReferenceSorter
  readonly #rows: ChunkRows
  /** Whether batches can be handed on as they come, by array. */
  readonly #ascends: readonly boolean[]
  readonly dropped: Dropped = new Map()
  /** Chunks that were handed on, by array. */
  readonly present: number[]

  constructor(plan: BodyPlan, asked: AskedChunks, sorter: ReferenceSorter) {
    this.#plan = plan
    this.#sorter = sorter
    this.#ascends = plan.header.arrays.map(({ path }) => plan.arrays.get(path)?.ascends ?? false)
    this.present = plan.header.arrays.map(() => 0)
    this.#rows = new ChunkRows(plan, asked, (array, error) => this.#drop(array, error))
  }

  #drop(array: number, error: UnsupportedError): void {
    if (this.#plan.onUnsupported === 'fail') throw arrayRefusal(error)
    if (!this.dropped.has(array)) this.dropped.set(array, error.message)
  }

  /** Reads the document, and hands on what need not be sorted. */
  async *readDocument(signal: AbortSignal | undefined): AsyncGenerator<ReferenceBatch> {
    const { openAgain, reading } = this.#plan
    const source = await openAgain({ signal })
    try {
      for await (const _ of scanMembers(source, this.#rows, { ...reading, signal, inline: true }))
        yield* this.#ready()
      yield* this.#generated()
      this.#rows.pending.flush()
      yield* this.#ready()
    } finally {
      await source.close()
    }
  }

  async *#generated(): AsyncGenerator<ReferenceBatch> {
    const { generators, templates, url } = this.#plan
    const refuse = (problem: string): never => {
      throw documentError(url, problem)
    }
    for (const generator of generators) {
      for (const reference of generate(generator, templates, refuse)) {
        this.#rows.generated(reference)
        if (this.#rows.pending.ready.length > 0) yield* this.#ready()
      }
    }
  }

  /** The batches that are full by now. */
  async *#ready(): AsyncGenerator<ReferenceBatch> {
    await this.#rows.paths.check()
    for (const batch of this.#rows.pending.ready.splice(0)) {
      if (!this.#ascends[batch.array]) await this.#sorter.add(batch)
      else if (!this.dropped.has(batch.array)) yield this.#count(batch)
    }
  }

  /** The other arrays. */
  async *sorted(): AsyncGenerator<ReferenceBatch> {
    for await (const batch of this.#sorter.batches()) {
      if (!this.dropped.has(batch.array)) yield this.#count(batch)
    }
  }

  #count(batch: ReferenceBatch): ReferenceBatch {
    this.present[batch.array] += batch.rows
    return batch
  }
}

/** Reads the document once more. */
export async function* scanBody(
  plan: BodyPlan,
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const { signal } = options
  const asked = askedChunks(options, plan.header)
  const { memoryBytes } = plan
  const sorter = new ReferenceSorter({ memoryBytes, onDuplicate: duplicateKey(plan), signal })
  try {
    const reading = new BodyReading(plan, asked, sorter)
    yield* reading.readDocument(signal)
    yield* reading.sorted()
    yield footerOf(plan, asked, reading)
  } finally {
    await sorter.close()
  }
}

function duplicateKey({ url, header, arrays }: BodyPlan): (array: number, chunk: number) => Error {
  return (array, chunk) => {
    const { path } = header.arrays[array]
    const keyed = arrays.get(path)
    const key = keyed ? keyPrefix(path, keyed) + chunkKey(chunk, keyed.grid, keyed.separator) : path
    return documentError(url, `${JSON.stringify(key)} is given twice`)
  }
}

function footerOf(
  { header, arrays }: BodyPlan,
  asked: AskedChunks,
  { present, dropped }: BodyReading,
): Footer {
  const outcomes = header.arrays.map(({ path }, array): Outcome => {
    const reason = dropped.get(array)
    if (reason !== undefined) return { path, outcome: 'skipped', reason }
    if (arrays.get(path)?.json2 === undefined) return { path, outcome: 'referenced' }
    return { path, outcome: 'copied', reason: JSON2_COPIED }
  })
  const skipped = header.skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  return {
    kind: 'footer',
    shapes: header.arrays.map(({ shape }) => extentsSoFar(shape)),
    missing: header.arrays.map(({ shape, chunkShape }, array) =>
      missingChunks(asked, array, { shape: extentsSoFar(shape), chunkShape }, present[array]),
    ),
    dropped: [...dropped.keys()].sort((a, b) => a - b),
    coverage: { arrays: [...outcomes, ...skipped], notes: header.notes },
  }
}
