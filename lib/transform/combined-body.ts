/** The references of joined inputs: input after input where their chunks follow one another, sorted where they interleave. */
import { FormatError, PlanError } from '../errors.ts'
import type { BuildJournal } from '../model/build-journal.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions } from '../model/reference-set.ts'
import { type ChunkPlacement, chunksWithin, placeChunks } from '../plan/chunk-placement.ts'
import type { PlanInput } from '../plan/plan-input.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { inlinedBatch } from '../stream/row-columns.ts'
import { ReferenceSorter } from '../stream/sort-spill.ts'
import { gridCounts, MergedFooter } from './merged-footer.ts'
import { planReading, type Reading } from './reading.ts'
import { seamBody } from './seam-body.ts'
import type { SettledPlan } from './settled-plan.ts'

interface CombinedBodyOptions extends BodyOptions {
  /** Remembers which parts are done; only for whole bodies. */
  readonly journal?: BuildJournal | undefined
  /** What is added to the positions of inputs in the journal. */
  readonly firstPart?: number
  /** The first input is written already, where its chunks stay: its footer stands for its body. */
  readonly append?: boolean
  /** Opens the files of inputs whose chunks are copied. */
  readonly open: OpenSource
}

/** One reading of an input's body: which arrays of the result, and where their chunks go. */
interface Turn {
  readonly at: number
  readonly arrays: readonly number[]
  readonly places: readonly ChunkPlacement[]
  /** Chunks of the input, where not all of them are asked for. */
  readonly range?: readonly [from: number, to: number]
}

/** The whole body: gathered chunks first, then what follows input after input, then what has to be sorted. */
export async function* combinedBody(
  settled: SettledPlan,
  options: CombinedBodyOptions,
): AsyncGenerator<ReferenceBatch | Footer> {
  const { from = 0, to = Number.POSITIVE_INFINITY, signal } = options
  const asked = options.arrays ?? settled.arrays.map((_, index) => index)
  const counts = gridCounts(settled)
  const wanted = counts.map((count, array) =>
    asked.includes(array) ? Math.max(0, Math.min(count, to) - from) : 0,
  )
  const footer = new MergedFooter(settled, wanted)
  for (const array of asked) {
    const chunk = settled.chunks.get(array)
    if (!chunk) continue
    const exists = counts[array] > 0 && from <= 0 && to > 0
    footer.copied(array, exists ? 1 : 0)
    if (exists) yield inlinedBatch(array, chunk)
  }
  const reading = planReading(
    settled.plan,
    asked.filter((array) => !settled.chunks.has(array) && !settled.seams?.has(array)),
    settled.arrays,
  )
  const whole = options.from === undefined && options.to === undefined
  if (whole) yield* readWhole(settled, reading, footer, options)
  else yield* readRange(settled, reading.sequential, footer, from, to, signal)
  if (reading.interleaved.length > 0) yield* readSorted(settled, reading.interleaved, footer, options)
  for (const array of asked) yield* readSeams(settled, array, footer, options)
  yield footer.finish()
}

/** An array of which chunks are copied; what was copied before a build was killed is copied again. */
async function* readSeams(
  { seams, plan: { inputs } }: SettledPlan,
  array: number,
  footer: MergedFooter,
  { from = 0, to = Number.POSITIVE_INFINITY, open, signal }: CombinedBodyOptions,
): AsyncGenerator<ReferenceBatch> {
  const seam = seams?.get(array)
  if (!seam) return
  let rows = 0
  // Missing chunks are counted by what comes in the end.
  const onFooter = (input: PlanInput, end: Footer) =>
    footer.add(input, end, [array], [end.missing[input.indexOf.get(seam.array.path) ?? -1] ?? 0])
  for await (const batch of seamBody(seam, array, { inputs, open, from, to, onFooter, signal })) {
    rows += batch.rows
    if (!footer.isDropped(array)) yield batch
  }
  footer.seamed(array, rows)
}

/** Every input once, for all of its arrays; inputs without chunks are not opened, those that are done not again. */
async function* readWhole(
  settled: SettledPlan,
  { byInput }: Reading,
  footer: MergedFooter,
  { journal, firstPart = 0, append, signal }: CombinedBodyOptions,
): AsyncGenerator<ReferenceBatch> {
  for (const [at, arrays] of byInput) {
    const places = arrays.map((array) => placeOf(settled, array, at))
    const written = append && at === 0 ? settled.plan.inputs[0].set.footer : undefined
    const done = written ?? journal?.footer(firstPart + at)
    if (done) footer.add(settled.plan.inputs[at], done, arrays, countsOf(places))
    else {
      const end = yield* readTurn(settled, { at, arrays, places }, footer, signal)
      if (end) await journal?.putFooter(firstPart + at, end)
    }
  }
}

/** A range of chunk numbers lies elsewhere in every array: array by array, and only the inputs that it meets. */
async function* readRange(
  settled: SettledPlan,
  arrays: readonly number[],
  footer: MergedFooter,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  for (const array of arrays) {
    for (const turn of turnsWithin(settled, array, from, to)) yield* readTurn(settled, turn, footer, signal)
  }
}

function* turnsWithin(settled: SettledPlan, array: number, from: number, to: number): Generator<Turn> {
  for (const at of settled.plan.arrays[array].owners) {
    const place = placeOf(settled, array, at)
    if (place.last < from || place.first >= to) continue
    const range = chunksWithin(place, from, to)
    if (range[0] < range[1]) yield { at, arrays: [array], places: [place], range }
  }
}

/** Arrays whose inputs' chunks interleave: all of their rows are sorted, in bounded memory. */
async function* readSorted(
  settled: SettledPlan,
  arrays: readonly number[],
  footer: MergedFooter,
  options: CombinedBodyOptions,
): AsyncGenerator<ReferenceBatch> {
  const { from = 0, to = Number.POSITIVE_INFINITY, journal, firstPart = 0, signal } = options
  const onDuplicate = (array: number, chunk: number) => {
    const { path } = settled.arrays[array]
    return new PlanError(`${path}: chunk ${chunk} comes from two files`, { array: path })
  }
  const sorter = new ReferenceSorter({ signal, onDuplicate })
  try {
    for (const turn of sortedTurns(settled, arrays, from, to)) {
      const reading = readTurn(settled, turn, footer, signal)
      // Parts that are handed on as they are read have the numbers from 0 up.
      const part = -1 - (firstPart + turn.at)
      const done = journal?.footer(part)
      if (!journal) for await (const batch of reading) await sorter.add(batch)
      else if (done) await addRecorded(sorter, journal, part)
      else await addAndRecord(sorter, journal, part, reading)
      if (done) footer.add(settled.plan.inputs[turn.at], done, turn.arrays, countsOf(turn.places))
    }
    for await (const batch of sorter.batches()) if (!footer.isDropped(batch.array)) yield batch
  } finally {
    await sorter.close()
  }
}

/** The sorter is memory, or a file that nobody finds again: what goes into it is recorded beside. */
async function addAndRecord(
  sorter: ReferenceSorter,
  journal: BuildJournal,
  part: number,
  reading: AsyncGenerator<ReferenceBatch, Footer | undefined>,
): Promise<void> {
  let index = 0
  let next = await reading.next()
  for (; !next.done; next = await reading.next()) {
    await sorter.add(next.value)
    await journal.putBatch(part, index++, next.value)
  }
  await journal.putBatch(part, index, null)
  if (next.value) await journal.putFooter(part, next.value)
}

async function addRecorded(sorter: ReferenceSorter, journal: BuildJournal, part: number): Promise<void> {
  let index = 0
  for (let batch = journal.batch(part, index); batch; batch = journal.batch(part, ++index))
    await sorter.add(batch)
}

function* sortedTurns(
  settled: SettledPlan,
  arrays: readonly number[],
  from: number,
  to: number,
): Generator<Turn> {
  if (from > 0 || to < Number.POSITIVE_INFINITY) {
    for (const array of arrays) yield* turnsWithin(settled, array, from, to)
    return
  }
  const byInput = new Map<number, number[]>()
  for (const array of arrays) {
    for (const at of settled.plan.arrays[array].owners) byInput.set(at, [...(byInput.get(at) ?? []), array])
  }
  for (const [at, own] of byInput) {
    yield { at, arrays: own, places: own.map((array) => placeOf(settled, array, at)) }
  }
}

async function* readTurn(
  settled: SettledPlan,
  turn: Turn,
  footer: MergedFooter,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch, Footer | undefined> {
  signal?.throwIfAborted()
  const { at, range } = turn
  const input = settled.plan.inputs[at]
  const kept = turn.arrays.flatMap((array, index) =>
    footer.isDropped(array) || turn.places[index].count === 0 ? [] : [index],
  )
  if (kept.length === 0) return undefined
  const arrays = kept.map((index) => turn.arrays[index])
  const places = kept.map((index) => turn.places[index])
  const own = arrays.map((array) => input.indexOf.get(settled.arrays[array].path) ?? -1)
  const resultOf = new Map(own.map((index, place) => [index, place]))
  const bounds = range ? { from: range[0], to: range[1] } : {}
  let end: Footer | undefined
  for await (const item of input.set.body({ arrays: own, ...bounds, signal })) {
    if (item.kind === 'footer') end = item
    else {
      const place = resultOf.get(item.array)
      if (place !== undefined && item.rows > 0) yield moved(item, arrays[place], places[place], input.name)
    }
  }
  const chunks = places.map(({ count }) => (range ? range[1] - range[0] : count))
  if (end) footer.add(input, end, arrays, chunks)
  return end
}

function countsOf(places: readonly ChunkPlacement[]): number[] {
  return places.map(({ count }) => count)
}

function placeOf({ plan }: SettledPlan, array: number, at: number): ChunkPlacement {
  return placeChunks(plan.arrays[array], plan.inputs, at, plan.dimensions)
}

function moved(batch: ReferenceBatch, array: number, place: ChunkPlacement, url: string): ReferenceBatch {
  const last = batch.chunk[batch.rows - 1]
  if (last >= place.count) {
    throw new FormatError(
      { url, structure: 'chunk index', offset: 0 },
      `chunk ${last} in a grid of ${place.count} chunks`,
    )
  }
  if (place.contiguous && place.first === 0) return { ...batch, array }
  return { ...batch, array, chunk: batch.chunk.subarray(0, batch.rows).map(place.number) }
}
