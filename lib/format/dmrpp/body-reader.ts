/** Takes up the chunks of a document's variables, and the values that it holds, as its elements come by. */
import { type AskedChunks, isAsked } from '../../model/asked-chunks.ts'
import type { ReferenceBatch } from '../../model/reference-batch.ts'
import { PendingBatch } from '../../stream/pending-batch.ts'
import type { PlannedArray } from './array-plan.ts'
import { rowsOf } from './chunk-row.ts'
import { isVariable } from './document.ts'
import { HeldValues } from './held-values.ts'
import { type Chunk, readStorage, type StorageReader, storageKind } from './storage.ts'
import { documentError } from './variable.ts'
import type { Element, ElementHandler, Place } from './xml.ts'

/** What has been read. */
export type Item =
  | { readonly kind: 'rows'; readonly batch: ReferenceBatch; readonly sorted: boolean }
  | { readonly kind: 'held'; readonly array: number; readonly values: HeldValues }
  | { readonly kind: 'end' }

/** What is known of the document from the first time. */
export interface ReadPlan {
  readonly url: string
  /** In the order of the header's arrays. */
  readonly arrays: readonly PlannedArray[]
  /** For each variable of the document its array; undefined where it is left out. */
  readonly arrayOf: readonly (number | undefined)[]
  /** By what chunks call their files, what references call them. */
  readonly paths: ReadonlyMap<string | undefined, string>
}

/** Reads the document for the second time. */
export class BodyReader {
  readonly #plan: ReadPlan
  readonly #asked: AskedChunks
  readonly #paths: readonly string[]
  readonly #codes: ReadonlyMap<string | undefined, number>
  #items: Item[] = []
  #variables = 0

  constructor(plan: ReadPlan, asked: AskedChunks) {
    this.#plan = plan
    this.#asked = asked
    const paths = [...new Set(plan.paths.values())]
    const codes = new Map(paths.map((path, code) => [path, code]))
    this.#paths = paths
    this.#codes = new Map([...plan.paths].map(([href, path]) => [href, codes.get(path) ?? 0]))
  }

  /** What has been read since the last call. */
  take(): readonly Item[] {
    const items = this.#items
    this.#items = []
    return items
  }

  get root(): ElementHandler {
    const group: ElementHandler = {
      open: (element) => {
        if (element.name === 'Group') return group
        return isVariable(element) ? this.#variable(element) : undefined
      },
    }
    return { open: () => group }
  }

  #variable(element: Element): ElementHandler | undefined {
    const array = this.#plan.arrayOf[this.#variables++]
    if (array === undefined || !this.#asked.arrays.has(array)) return undefined
    const planned = this.#plan.arrays[array]
    const { kind } = planned.layout
    if (kind === 'chunks' || kind === 'whole' || kind === 'blocks') return this.#chunks(array, planned)
    return this.#held(array, planned, element.place())
  }

  #fail({ metadata: { path } }: PlannedArray, place: Place, problem: string): never {
    throw documentError(this.#plan.url, place, `variable ${path}`, problem)
  }

  #chunks(array: number, planned: PlannedArray): ElementHandler {
    const rows = new PendingBatch()
    const sorted = planned.layout.kind !== 'chunks' || planned.layout.ascending
    const hand = (): void => {
      this.#items.push({ kind: 'rows', batch: rows.take(array, this.#paths), sorted })
    }
    let next = 0
    const reader: StorageReader = {
      chunk: (chunk) => {
        const found = rowsOf(planned, chunk, next)
        if (typeof found === 'string') return this.#fail(planned, chunk.place(), found)
        next += found.length
        for (const row of found) {
          if (!isAsked(this.#asked, array, row.chunk)) continue
          rows.reference(row.chunk, this.#codeOf(chunk), row.offset, row.length, chunk.filterMask)
          if (rows.isFull) hand()
        }
      },
      fail: (place, problem) => this.#fail(planned, place, problem),
    }
    return {
      open: (child) => readKind(child, reader),
      close: () => {
        if (rows.rows > 0) hand()
        this.#items.push({ kind: 'end' })
      },
    }
  }

  #codeOf({ href }: Chunk): number {
    return this.#codes.get(href) ?? 0
  }

  #held(array: number, planned: PlannedArray, place: Place): ElementHandler {
    const values = new HeldValues(planned, (problem) => this.#fail(planned, place, problem))
    const reader: StorageReader = {
      chunk: (chunk) => this.#fail(planned, chunk.place(), 'a chunk beside values in the document'),
      encoded: (_kind, text) => values.addText(text),
      string: (string) => values.addString(string),
      fail: (where, problem) => this.#fail(planned, where, problem),
    }
    return {
      open: (child) => readKind(child, reader),
      close: () => {
        if (isAsked(this.#asked, array, 0)) this.#items.push({ kind: 'held', array, values })
      },
    }
  }
}

function readKind(element: Element, reader: StorageReader): ElementHandler | undefined {
  const kind = storageKind(element)
  return kind && readStorage(kind, element, reader)
}
