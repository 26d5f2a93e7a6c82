/** The references of concatenated files: one body after the other, chunk numbers moved by the rows before them. */
import { FormatError } from '../errors.ts'
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions } from '../model/reference-set.ts'
import type { ConcatPlan } from '../plan/concat-plan.ts'
import type { Part } from '../plan/layout.ts'
import type { SettledArrays } from './concat-values.ts'
import { MergedFooter } from './merged-footer.ts'

/** One reading of a file's body: which arrays of the result, and where their chunks go. */
interface Turn {
  readonly part: Part
  readonly arrays: readonly number[]
  /** By array of the result: the number of the file's first chunk, and how many chunks it has. */
  readonly first: readonly number[]
  readonly count: readonly number[]
  readonly from?: number
  readonly to?: number
}

/** The whole body: gathered chunks first, then file by file; holds a batch and a few numbers an array. */
export async function* concatBody(
  plan: ConcatPlan,
  settled: SettledArrays,
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const shapes = settled.arrays.map(({ shape }) => shape.map((extent) => extent ?? 0))
  const footer = new MergedFooter(plan, shapes)
  const asked = options.arrays ?? plan.arrays.map((_, index) => index)
  const { from = 0, to = Number.POSITIVE_INFINITY, signal } = options
  for (const array of asked) {
    const chunk = settled.chunks.get(array)
    if (!chunk) continue
    footer.copied(array)
    const exists = shapes[array].every((extent) => extent > 0)
    if (exists && from <= 0 && to > 0) yield inlineChunk(array, chunk)
  }
  const rest = asked.filter((array) => !settled.chunks.has(array))
  const whole = options.from === undefined && options.to === undefined
  const turns = whole
    ? wholeTurns(plan, settled.arrays, rest)
    : rangeTurns(plan, settled.arrays, rest, from, to)
  for (const turn of turns) yield* readTurn(turn, plan, footer, signal)
  yield footer.finish()
}

async function* readTurn(
  turn: Turn,
  plan: ConcatPlan,
  footer: MergedFooter,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  const arrays = turn.arrays.filter((array) => !footer.isDropped(array))
  if (arrays.length === 0) return
  signal?.throwIfAborted()
  const { part, from, to } = turn
  const own = arrays.map((array) => part.layout.indexOf.get(plan.arrays[array].array.path) ?? -1)
  const resultOf = new Map(own.map((index, at) => [index, arrays[at]]))
  const range = from === undefined || to === undefined ? {} : { from, to }
  for await (const item of part.set.body({ arrays: own, ...range, signal })) {
    if (item.kind === 'footer') footer.add(part, item, arrays)
    else {
      const array = resultOf.get(item.array)
      if (array !== undefined && item.rows > 0) yield moved(item, array, turn, plan)
    }
  }
}

/** Every file once, for all of its arrays; files without rows are not opened. */
function* wholeTurns(
  plan: ConcatPlan,
  final: readonly ArrayMetadata[],
  asked: readonly number[],
): Generator<Turn> {
  const next = final.map(() => 0)
  for (const part of plan.parts) {
    const count = final.map((_, array) => chunksIn(plan, final, part, array))
    const arrays = asked.filter((array) => count[array] > 0)
    if (arrays.length > 0) yield { part, arrays, first: [...next], count }
    for (const [array, chunks] of count.entries()) next[array] += chunks
  }
}

/** A range of chunk numbers lies elsewhere in every array: array by array, and only the files that it meets. */
function* rangeTurns(
  plan: ConcatPlan,
  final: readonly ArrayMetadata[],
  asked: readonly number[],
  from: number,
  to: number,
): Generator<Turn> {
  for (const array of asked) {
    let next = 0
    for (const part of plan.parts) {
      const chunks = chunksIn(plan, final, part, array)
      const start = Math.max(from - next, 0)
      const end = Math.min(to - next, chunks)
      if (start < end) {
        const [first, count] = [sparse(array, next), sparse(array, chunks)]
        yield { part, arrays: [array], first, count, from: start, to: end }
      }
      next += chunks
    }
  }
}

function sparse(index: number, value: number): number[] {
  const list: number[] = []
  list[index] = value
  return list
}

/** Chunks that a file contributes to an array of the result; all of a fixed array's come from the first file. */
function chunksIn(plan: ConcatPlan, final: readonly ArrayMetadata[], part: Part, array: number): number {
  const { role } = plan.arrays[array]
  const { path, shape, chunkShape } = final[array]
  const extents = shape.map((extent) => extent ?? 0)
  if (role === 'gathered' || (role === 'fixed' && part !== plan.parts[0])) return 0
  if (role === 'along') extents[0] = part.rows[part.layout.indexOf.get(path) ?? -1] ?? 0
  return chunkCount(gridShape(extents, chunkShape))
}

function moved(batch: ReferenceBatch, array: number, turn: Turn, plan: ConcatPlan): ReferenceBatch {
  const last = batch.chunk[batch.rows - 1]
  const { path } = plan.arrays[array].array
  if (last >= turn.count[array]) {
    const at = { url: turn.part.name, structure: path, offset: 0 }
    throw new FormatError(at, `chunk ${last} in a grid of ${turn.count[array]} chunks`)
  }
  const first = turn.first[array]
  if (first === 0) return { ...batch, array }
  return { ...batch, array, chunk: batch.chunk.subarray(0, batch.rows).map((chunk) => chunk + first) }
}

function inlineChunk(array: number, bytes: Uint8Array): ReferenceBatch {
  return {
    kind: 'batch',
    array,
    rows: 1,
    chunk: Float64Array.of(0),
    path: Uint32Array.of(INLINE),
    paths: [],
    offset: Float64Array.of(0),
    length: Float64Array.of(bytes.length),
    raw: [bytes],
  }
}
