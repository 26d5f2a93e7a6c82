/** A set of many parts whose body asks a journal what it has already, as `concat` does. */
import { setImmediate } from 'node:timers/promises'
import type { BuildJournal } from '../../lib/model/build-journal.ts'
import type { Footer, ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { arrayOf, batchOf, type Row } from './synthetic.ts'

interface JournalledOptions {
  readonly parts: number
  readonly journal?: BuildJournal | undefined
  /** Called when a part's references are read, and when its footer is recorded. */
  readonly onEvent?: (event: 'asked' | 'done', part: number) => void
  /** Changes every reference. */
  readonly generation?: number
}

const ROWS = 5
const PATHS = ['t', 'g/gaps', 'raw', 'fixed', 'bad']

/** Rows of one array in one part, by number of the chunk. */
function rowsOf(array: number, part: number, generation: number): Row[] {
  const chunks = Array.from({ length: ROWS }, (_, row) => part * ROWS + row)
  const reference = (chunk: number): Row => ({
    chunk,
    path: `/p${part % 4 === 3 ? part - 1 : part}.nc`,
    offset: chunk * 1000 + array + generation * 7,
    length: 50 + (chunk % 3),
  })
  if (PATHS[array] === 'g/gaps') return chunks.filter((chunk) => chunk % 4 !== 1).map(reference)
  if (PATHS[array] === 'raw') {
    const raw = (chunk: number) => Buffer.from(`${chunk % 2 === 0 ? 'base64:' : ''}${chunk * 7919}`)
    return chunks.map((chunk) => (chunk % 3 === 0 ? reference(chunk) : { chunk, raw: raw(chunk) }))
  }
  if (PATHS[array] === 'fixed') return part === 0 ? [0, 2].map(reference) : []
  return chunks.map(reference)
}

function chunksOf(array: number, parts: number): number {
  return PATHS[array] === 'fixed' ? 3 : parts * ROWS
}

async function* batchesOf(part: number, generation: number): AsyncGenerator<ReferenceBatch> {
  for (let start = 0; start < ROWS; start += 2) {
    for (const array of PATHS.keys()) {
      const batch = batchOf(array, rowsOf(array, part, generation).slice(start, start + 2))
      const skips = PATHS[array] === 'bad' && part === 6 && start === 2
      if (batch.rows > 0) yield skips ? { ...batch, filterMask: Uint32Array.of(0, 1) } : batch
      await setImmediate()
    }
  }
}

function footerOf(part: number, generation: number): Footer {
  const fixed = part === 0 ? 1 : 0
  const missing = PATHS.map((path, array) =>
    path === 'fixed' ? fixed : ROWS - rowsOf(array, part, generation).length,
  )
  const coverage = { arrays: [], notes: part % 10 === 2 ? [{ path: 't', reason: 'a remark' }] : [] }
  return {
    kind: 'footer',
    shapes: PATHS.map((_, array) => [chunksOf(array, 1)]),
    missing,
    dropped: [],
    coverage,
  }
}

/** Five arrays: plain, with gaps that are filled, partly inlined, of one part alone, and given up on the way. */
export function journalledSet({ parts, journal, onEvent, generation = 0 }: JournalledOptions): ReferenceSet {
  const arrays = PATHS.map((path, array) =>
    arrayOf({
      path,
      shape: [chunksOf(array, parts)],
      fillValue: path === 'g/gaps' ? Uint8Array.of(1, 0) : null,
      attributes: { order: BigInt(array), scale: 0.5 },
    }),
  )
  return {
    header: { kind: 'header', groups: [], arrays, skipped: [], notes: [] },
    sources: Array.from({ length: parts }, (_, part) => ({ url: `/p${part}.nc`, size: 1e6 + generation })),
    replayable: true,
    async *body() {
      const missing = PATHS.map(() => 0)
      const notes = new Map<string, { path: string; reason: string }>()
      for (let part = 0; part < parts; part++) {
        let footer = journal?.footer(part)
        if (!footer) {
          onEvent?.('asked', part)
          yield* batchesOf(part, generation)
          footer = footerOf(part, generation)
          await journal?.putFooter(part, footer)
          onEvent?.('done', part)
        }
        for (const [array, count] of footer.missing.entries()) missing[array] += count
        for (const note of footer.coverage.notes) notes.set(note.reason, note)
      }
      const shapes = PATHS.map((_, array) => [chunksOf(array, parts)])
      yield {
        kind: 'footer',
        shapes,
        missing,
        dropped: [],
        coverage: { arrays: [], notes: [...notes.values()] },
      }
    },
  }
}
