/** The body of a document: read once more, for its chunks and the values that it holds. */
import { type AskedChunks, askedChunks, missingChunks } from '../../model/asked-chunks.ts'
import { chunkKey, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import type { Header } from '../../model/metadata.ts'
import type { Footer, Outcome, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import { inlinedBatch } from '../../stream/row-columns.ts'
import { ReferenceSorter } from '../../stream/sort-spill.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { BodyReader, type Item, type ReadPlan } from './body-reader.ts'
import type { HeldValues } from './held-values.ts'
import { copyMasked, MASKED } from './masked-chunk.ts'
import { documentError, type Variable } from './variable.ts'
import { walkXml } from './xml.ts'

/** What is kept of a document until its body is read. */
export interface BodyPlan extends ReadPlan {
  readonly header: Header
  readonly places: readonly Variable['place'][]
  readonly openAgain: OpenAgain
  readonly options: Pick<FormatOptions, 'memoryBytes' | 'openExternal'>
}

const HELD = 'the document itself holds its values'

/** Reads the document; it is closed when this ends, however it ends. */
export async function* scanBody(
  plan: BodyPlan,
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const { signal } = options
  const asked = askedChunks(options, plan.header)
  const reader = new BodyReader(plan, asked)
  const arrays = new ArrayBatches(plan, signal)
  const present = plan.arrays.map(() => 0)
  const source = await plan.openAgain({ signal })
  try {
    for await (const _ of walkXml(source, reader.root, { signal })) {
      for (const item of reader.take()) {
        for await (const batch of arrays.batches(item)) {
          present[batch.array] += batch.rows
          yield batch
        }
      }
    }
    yield footerOf(plan, asked, present)
  } finally {
    await Promise.all([arrays.close(), source.close()])
  }
}

/** What has been read of arrays, as batches in order. */
class ArrayBatches {
  readonly #plan: BodyPlan
  readonly #signal: AbortSignal | undefined
  #sorter: ReferenceSorter | undefined

  constructor(plan: BodyPlan, signal: AbortSignal | undefined) {
    this.#plan = plan
    this.#signal = signal
  }

  async *batches(item: Item): AsyncGenerator<ReferenceBatch> {
    if (item.kind === 'held') yield* this.#held(item.array, item.values)
    else if (item.kind === 'end') yield* this.#sorted()
    else if (item.sorted) yield* this.#unmasked(item.batch)
    else {
      this.#sorter ??= this.#newSorter()
      await this.#sorter.add(item.batch)
    }
  }

  #newSorter(): ReferenceSorter {
    const { url, places, arrayOf, arrays } = this.#plan
    const onDuplicate = (array: number, chunk: number) => {
      const { path, shape, chunkShape } = arrays[array].metadata
      const key = chunkKey(chunk, gridShape(extentsSoFar(shape), chunkShape))
      const place = places[arrayOf.indexOf(array)]
      return documentError(url, place, `variable ${path}`, `chunk ${key} is given twice`)
    }
    const { memoryBytes } = this.#plan.options
    return new ReferenceSorter({ memoryBytes, onDuplicate, signal: this.#signal })
  }

  async *#sorted(): AsyncGenerator<ReferenceBatch> {
    if (!this.#sorter) return
    for await (const batch of this.#sorter.batches()) yield* this.#unmasked(batch)
    await this.close()
  }

  async *#unmasked(batch: ReferenceBatch): AsyncGenerator<ReferenceBatch> {
    const planned = this.#plan.arrays[batch.array]
    const { filterMask, ...plain } = batch
    if (!planned.masked || !filterMask) yield plain
    else yield* copyMasked(batch, planned, { ...this.#plan.options, signal: this.#signal })
  }

  async *#held(array: number, values: HeldValues): AsyncGenerator<ReferenceBatch> {
    const bytes = await values.chunk(this.#plan.url)
    if (bytes) yield inlinedBatch(array, bytes)
  }

  async close(): Promise<void> {
    const sorter = this.#sorter
    this.#sorter = undefined
    await sorter?.close()
  }
}

function footerOf({ header, arrays }: BodyPlan, asked: AskedChunks, present: readonly number[]): Footer {
  const outcomes = arrays.map(({ metadata: { path }, layout, masked }): Outcome => {
    const isHeld = layout.kind === 'bytes' || layout.kind === 'deflated'
    if (isHeld) return { path, outcome: 'copied', reason: HELD }
    if (layout.kind === 'strings' || layout.kind === 'text')
      return { path, outcome: 'copied', reason: 'variable-length strings' }
    return masked ? { path, outcome: 'copied', reason: MASKED } : { path, outcome: 'referenced' }
  })
  const skipped = header.skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  return {
    kind: 'footer',
    shapes: header.arrays.map(({ shape }) => extentsSoFar(shape)),
    missing: header.arrays.map(({ shape, chunkShape }, array) =>
      missingChunks(asked, array, { shape: extentsSoFar(shape), chunkShape }, present[array]),
    ),
    dropped: [],
    coverage: { arrays: [...outcomes, ...skipped], notes: header.notes },
  }
}
