/** Sets as inputs of a plan: each with the values that planning needs of it, several read at a time. */
import { createHash } from 'node:crypto'
import { PlanError, UsageError } from '../errors.ts'
import type { BuildJournal, InputValues } from '../model/build-journal.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { inferConcatDim } from '../plan/concat-dim.ts'
import { type CoordinateSource, givenCoordinates } from '../plan/coordinate-source.ts'
import { FactTable } from '../plan/fact-table.ts'
import { AxesTable, factsOf, nameOfSet, PathTables, type PlanInput } from '../plan/plan-input.ts'
import { type JoinedAxes, planAxes, requestValues, type ValueRequest } from '../plan/requested-values.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { mapOrdered } from '../stream/map-ordered.ts'
import { readInputValues } from './input-values.ts'

interface ReadInputsOptions {
  readonly dims: readonly string[]
  readonly sources: readonly (CoordinateSource | undefined)[]
  readonly identicalDims: readonly string[]
  readonly mergeVariables: boolean
  readonly journal?: BuildJournal | undefined
  readonly open: OpenSource
  readonly signal?: AbortSignal | undefined
}

/** Inputs whose values are read at the same time. */
const CONCURRENCY = 4

/** A set in the list; where it is alone nothing needs comparing. */
interface Listed {
  readonly set: ReferenceSet
  readonly index: number
  readonly alone: boolean
}

interface Inspected extends Listed {
  readonly axes: readonly JoinedAxes[]
  readonly values: InputValues
}

/** Reads what planning needs of every set, in the order in which they come. */
export async function readInputs(
  sets: AsyncIterable<ReferenceSet>,
  options: ReadInputsOptions,
): Promise<PlanInput[]> {
  const facts = new FactTable(options.dims)
  const paths = new PathTables()
  const axesTable = new AxesTable()
  const inputs: PlanInput[] = []
  const inspect = (listed: Listed, signal: AbortSignal) => inspectSet(listed, { ...options, signal })
  const flow = mapOrdered(listSets(sets), inspect, { concurrency: CONCURRENCY, signal: options.signal })
  for await (const { set, index, axes, values } of flow) {
    const { arrays } = set.header
    const name = nameOfSet(set, index)
    inputs.push({
      index,
      name,
      set,
      indexOf: paths.of(arrays),
      axes: axesTable.of(axes),
      facts: factsOf(arrays, facts),
      values,
      given: [],
    })
  }
  return withGiven(inputs, options)
}

async function inspectSet(listed: Listed, options: ReadInputsOptions): Promise<Inspected> {
  const { set, index, alone } = listed
  const axes = planAxes(set.header, options.dims, options.identicalDims, options.sources)
  const request = requestValues(set.header, axes, options.sources, !alone && !options.mergeVariables)
  const needed = request.values.length + request.digests.length > 0
  if (needed && !set.replayable) {
    const name = nameOfSet(set, index)
    const message = `${name}: its references can be read only once, and joining needs values before them; write it to a reference set first`
    throw new PlanError(message, { inputs: [name] })
  }
  return { ...listed, axes, values: await readValues(listed, request, options) }
}

async function readValues(
  listed: Listed,
  request: ValueRequest,
  { journal: given, open, signal }: ReadInputsOptions,
): Promise<InputValues> {
  // Of a set without sources nothing tells whether it is the one that was read before.
  const journal = listed.set.sources.length > 0 ? given : undefined
  const key = journal ? journalKey(listed, request) : ''
  const known = journal?.values(key)
  if (known) return known
  const values = await readInputValues(listed.set, request, { open, signal })
  await journal?.putValues(key, values)
  return values
}

/** What was read of a set, and of which version of its files; one file may be there as several sets (of groups). */
function journalKey({ set, index }: Listed, { values, digests }: ValueRequest): string {
  const { name = '', sources } = set
  const files = sources.map(({ url, size, lastModified = '', etag = '' }) => [url, size, lastModified, etag])
  return createHash('sha256')
    .update(JSON.stringify([name, index, files, values, digests]))
    .digest('base64')
}

async function* listSets(sets: AsyncIterable<ReferenceSet>): AsyncGenerator<Listed> {
  let held: ReferenceSet | undefined
  let index = 0
  for await (const set of sets) {
    if (held) yield { set: held, index: index++, alone: false }
    held = set
  }
  if (held) yield { set: held, index, alone: index === 0 }
}

/** Values that are found without reading arrays: what they are is decided over all inputs. */
function withGiven(inputs: readonly PlanInput[], { dims, sources }: ReadInputsOptions): PlanInput[] {
  const about = inputs.map(({ name, index, set }) => ({ name, index, header: set.header }))
  const byDim = sources.map((source, dim) => {
    if (source?.kind !== 'given') return undefined
    for (const input of inputs) checkNotJoined(input, dims[dim])
    return givenCoordinates(source, dims[dim], about)
  })
  if (byDim.every((given) => given === undefined)) return [...inputs]
  return inputs.map((input, at) => ({ ...input, given: byDim.map((given) => given?.[at]) }))
}

/** What tells the values of single files does not hold for a set that has been joined along the dimension. */
function checkNotJoined({ set, name, indexOf }: PlanInput, dim: string): void {
  if (!set.footer || !indexOf.has(dim)) return
  throw new UsageError(
    `${name} has values of ${dim} already, and what tells those of files does not hold for it: build a set of the other files with the same options first, then combine the sets without values for ${dim}`,
  )
}

/** The dimensions to join along, where the caller names none: none for one set or where variables are merged. */
export async function inferDims(
  sets: AsyncIterable<ReferenceSet>,
  mergeVariables: boolean,
): Promise<{ dims: readonly string[]; sets: readonly ReferenceSet[] }> {
  const all: ReferenceSet[] = []
  for await (const set of sets) all.push(set)
  if (mergeVariables || all.length < 2) return { dims: [], sets: all }
  return { dims: [inferConcatDim(all.map(({ header }) => header))], sets: all }
}
