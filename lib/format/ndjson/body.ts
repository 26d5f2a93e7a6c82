/** The body of a set: its lines once more, and their rows in order. */
import { type AskedChunks, askedChunks, isAsked, missingChunks } from '../../model/asked-chunks.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { Header } from '../../model/metadata.ts'
import type { Footer, Outcome, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import { PendingBatch } from '../../stream/pending-batch.ts'
import { ReferenceSorter } from '../../stream/sort-spill.ts'
import type { OpenAgain } from '../format.ts'
import { growsBehindFirst, readFooter } from './early-footer.ts'
import type { FooterLine } from './footer.ts'
import type { HeaderLine } from './header.ts'
import { scanLines } from './lines.ts'
import { ReferenceLines } from './reference-lines.ts'
import type { KeyedArray } from './reference-row.ts'

/** What is kept of a file until its body is read. */
export interface BodyPlan extends Pick<HeaderLine, 'header' | 'sorted' | 'footer'> {
  readonly url: string
  readonly openAgain: OpenAgain
  readonly memoryBytes: number | undefined
}

/** Hands on the references as they come where they come sorted, and sorts them first otherwise. */
export async function* scanBody(
  plan: BodyPlan,
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const { signal } = options
  const asked = askedChunks(options, plan.header)
  const early = plan.header.arrays.some(growsBehindFirst) ? await readFooter(plan, signal) : undefined
  const keyed = keyedArrays(plan.header, early)
  const lines = new ReferenceLines(plan, keyed)
  const rows = scanRows(plan, lines, asked, signal)
  const present = keyed.map(() => 0)
  const ordered = plan.sorted ? rows : sortedRows(plan, rows, lines, signal)
  for await (const batch of ordered) {
    present[batch.array] += batch.rows
    yield batch
  }
  yield footerOf(plan, lines, asked, present)
}

/** Coordinates become numbers by the extents behind the first axis, so the first may be told in the end. */
function keyedArrays({ arrays }: Header, footer: FooterLine | undefined): KeyedArray[] {
  return arrays.map(({ path, shape, chunkShape }, index) => {
    const extents = footer?.shapes.get(index) ?? shape.map((extent) => extent ?? Number.MAX_SAFE_INTEGER)
    return { index, path, grid: gridShape(extents, chunkShape) }
  })
}

/** The rows that are asked for, as the lines have them. */
async function* scanRows(
  { openAgain }: BodyPlan,
  lines: ReferenceLines,
  asked: AskedChunks,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  const pending = new PendingBatch()
  const { row, paths } = lines
  let array = -1
  const source = await openAgain({ signal })
  try {
    for await (const block of scanLines(source, { signal })) {
      for (let at = block.start; at < block.end; ) {
        const { kind, next } = lines.read(block, at)
        at = next
        if (kind !== 'row' || !isAsked(asked, row.array, row.chunk)) continue
        if (pending.rows > 0 && (pending.isFull || array !== row.array))
          yield pending.take(array, paths.paths)
        array = row.array
        if (row.raw) pending.inline(row.chunk, row.raw, row.filterMask)
        else pending.reference(row.chunk, row.path, row.offset, row.length, row.filterMask)
      }
      await paths.check()
      if (!paths.isLong) continue
      if (pending.rows > 0) yield pending.take(array, paths.paths)
      lines.renewPaths()
    }
    if (pending.rows > 0) yield pending.take(array, paths.paths)
  } finally {
    await source.close()
  }
}

/** All rows are read before the first is handed on. */
async function* sortedRows(
  { memoryBytes }: BodyPlan,
  rows: AsyncIterable<ReferenceBatch>,
  lines: ReferenceLines,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  const onDuplicate = (array: number, chunk: number) => lines.duplicate(array, chunk)
  const sorter = new ReferenceSorter({ memoryBytes, onDuplicate, signal })
  try {
    for await (const batch of rows) await sorter.add(batch)
    yield* sorter.batches()
  } finally {
    await sorter.close()
  }
}

function footerOf(
  { header }: BodyPlan,
  lines: ReferenceLines,
  asked: AskedChunks,
  present: readonly number[],
): Footer {
  const shapes = lines.checkedShapes()
  const { dropped = [], outcomes, notes, missing } = lines.footer ?? {}
  const referenced = header.arrays.map(({ path }): Outcome => ({ path, outcome: 'referenced' }))
  const skipped = header.skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  return {
    kind: 'footer',
    shapes,
    missing: header.arrays.map(({ chunkShape }, array) => {
      if (dropped.includes(array))
        return missing?.get(array) ?? chunkCount(gridShape(shapes[array], chunkShape))
      return missingChunks(asked, array, { shape: shapes[array], chunkShape }, present[array])
    }),
    dropped,
    coverage: { arrays: outcomes ?? [...referenced, ...skipped], notes: notes ?? header.notes },
  }
}
