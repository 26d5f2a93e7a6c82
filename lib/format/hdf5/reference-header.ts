/** Reads an HDF5 file's header: groups, arrays, attributes, and where the body will find each array. */
import { UnsupportedError } from '../../errors.ts'
import type { GroupMetadata, Header, Skipped } from '../../model/metadata.ts'
import { zarrNameProblem } from '../zarr-name.ts'
import { isCopyable, type MeasuredTexts, planArray } from './array-storage.ts'
import { type Damage, damageOrThrow } from './damage.ts'
import { zarrTypeOf } from './data-type.ts'
import { type Dataset, readDataset } from './dataset.ts'
import { measureTexts } from './decoded/structure-chunks.ts'
import type { Hdf5File } from './file.ts'
import type { OtherFiles } from './foreign/other-files.ts'
import { GlobalHeap } from './global-heap.ts'
import { mapInFlight } from './in-flight.ts'
import type { Datatype } from './message/datatype.ts'
import { type DatasetFacts, type Dimensions, planDimensions } from './netcdf4.ts'
import { type AttributeContext, type ObjectAttributes, readObjectAttributes } from './object-attributes.ts'
import type { ObjectHeader } from './object-header.ts'
import { type ObjectTree, readObjectTree, type TreeEntry } from './object-tree.ts'
import type { PlannedArray } from './planned-array.ts'

/** The header, and where the values of its arrays are. */
interface ReadHeader {
  readonly header: Header
  /** In the order of the header's arrays. */
  readonly arrays: readonly PlannedArray[]
  /** Paths of what is skipped but could be copied. */
  readonly copyable: ReadonlySet<string>
}

/** How a header is read. */
interface HeaderOptions {
  /** Whether what references cannot express is to be copied where that is possible. */
  readonly copies?: boolean | undefined
  /** Opens the files that this one names. */
  readonly others?: OtherFiles | undefined
  readonly signal?: AbortSignal | undefined
}

/** A group or dataset at one of its paths, read as far as it could be. */
interface Read<T> {
  /** Without the leading slash. */
  readonly path: string
  readonly entry: TreeEntry
  readonly parts: T
}

interface DatasetParts {
  readonly dataset: Dataset
  readonly attributes: ObjectAttributes
  /** The strings of variable length within its elements, where these are to be copied. */
  readonly texts?: MeasuredTexts | undefined
  /** Why they cannot be. */
  readonly obstacle?: Damage
}

interface ObjectContext extends AttributeContext {
  readonly copies: boolean
  readonly others: OtherFiles | undefined
}

const NO_ATTRIBUTES: ObjectAttributes = {
  attributes: {},
  scale: {
    isScale: false,
    scaleName: undefined,
    dimensionId: undefined,
    coordinateIds: undefined,
    scales: [],
  },
  problems: [],
}

/** @throws FormatError where the file itself, not only one of its objects, cannot be read. */
export async function readHeader(file: Hdf5File, options: HeaderOptions = {}): Promise<ReadHeader> {
  const { signal, others, copies = false } = options
  const tree = await readObjectTree(file, { signal })
  const lists = { skipped: treeLosses(tree), notes: treeNotes(tree) }
  const context = { file, heap: new GlobalHeap(file, signal), signal, copies, others }
  const usable = (entry: TreeEntry) => !refuseName(entry, lists.skipped)
  const [datasets, groups] = await Promise.all([
    readAll(tree.datasets.filter(usable), context, readDatasetParts, lists.skipped),
    readAll(tree.groups.filter(usable), context, readGroupParts, lists.notes),
  ])
  const arrays = planArrays(context, tree, datasets, lists)
  const { unlimited } = arrays.dimensions
  for (const { path, parts } of groups) addNotes(lists.notes, path, parts.problems)
  const metadata = groups.map(({ path, parts }): GroupMetadata => {
    return { path, attributes: parts.attributes, unlimitedDims: unlimited.get(path) ?? [] }
  })
  const header: Header = {
    kind: 'header',
    groups: metadata,
    arrays: arrays.planned.map((planned) => planned.metadata),
    skipped: lists.skipped,
    notes: lists.notes,
  }
  return { header, arrays: arrays.planned, copyable: arrays.copyable }
}

function plainPath(path: string): string {
  return path.slice(1)
}

function treeLosses(tree: ObjectTree): Skipped[] {
  return [
    ...tree.errors.map(({ path, error }) => ({ path: plainPath(path), reason: reasonOf(error) })),
    ...tree.externalLinks.map(({ path, file, target }) => {
      return {
        path: plainPath(path),
        reason: `an external link to ${target} in ${file}; name that file as an input`,
      }
    }),
  ]
}

const NOTES = {
  dangling: 'a soft link that leads nowhere',
  cycle: 'a link back to a group that holds it',
  repeat: 'a link to a group that is listed already',
  user: 'a user-defined link',
} as const

function treeNotes(tree: ObjectTree): Skipped[] {
  return tree.notes.map(({ path, kind, detail }) => ({
    path: plainPath(path),
    reason: `${NOTES[kind]}: ${detail}`,
  }))
}

function addNotes(notes: Skipped[], path: string, problems: readonly string[]): void {
  for (const reason of problems) notes.push({ path, reason })
}

function reasonOf(error: Damage): string {
  return error instanceof UnsupportedError ? error.feature : error.message
}

function refuseName({ path }: TreeEntry, skipped: Skipped[]): boolean {
  const names = path === '/' ? [] : plainPath(path).split('/')
  const [reason] = names.flatMap((name) => zarrNameProblem(name) ?? [])
  if (reason === undefined) return false
  skipped.push({ path: plainPath(path), reason })
  return true
}

type Result<T> = { readonly ok: true; readonly parts: T } | { readonly ok: false; readonly damage: Damage }

/** Objects that have several paths are read once; one that is damaged goes to `losses`. */
async function readAll<T>(
  entries: readonly TreeEntry[],
  context: ObjectContext,
  read: (header: ObjectHeader, context: ObjectContext) => Promise<T>,
  losses: Skipped[],
): Promise<Read<T>[]> {
  const headers = [...new Set(entries.map(({ header }) => header))]
  const results = await mapInFlight(headers, async (header): Promise<Result<T>> => {
    try {
      return { ok: true, parts: await read(header, context) }
    } catch (error) {
      return { ok: false, damage: damageOrThrow(error) }
    }
  })
  const byHeader = new Map(headers.map((header, i) => [header, results[i]]))
  return entries.flatMap((entry) => {
    const result = byHeader.get(entry.header)
    const path = plainPath(entry.path)
    if (result?.ok) return [{ path, entry, parts: result.parts }]
    if (result) losses.push({ path, reason: reasonOf(result.damage) })
    return []
  })
}

async function readDatasetParts(header: ObjectHeader, context: ObjectContext): Promise<DatasetParts> {
  const [dataset, attributes] = await Promise.all([
    readDataset(context.file, header, context.signal),
    readObjectAttributes(header, context),
  ])
  const foreign = await context.others?.withForeignValues(dataset, header.address)
  if (foreign && foreign !== dataset) return { dataset: foreign, attributes }
  if (!context.copies) return { dataset, attributes }
  try {
    return { dataset, attributes, texts: await measureTexts(context.file, dataset, context.signal) }
  } catch (error) {
    return { dataset, attributes, obstacle: damageOrThrow(error) }
  }
}

async function readGroupParts(header: ObjectHeader, context: AttributeContext): Promise<ObjectAttributes> {
  try {
    return await readObjectAttributes(header, context)
  } catch (error) {
    return { ...NO_ATTRIBUTES, problems: [reasonOf(damageOrThrow(error))] }
  }
}

interface Lists {
  readonly skipped: Skipped[]
  readonly notes: Skipped[]
}

interface PlannedArrays {
  readonly planned: PlannedArray[]
  readonly copyable: ReadonlySet<string>
  readonly dimensions: Dimensions
}

function planArrays(
  { file, copies }: { readonly file: Hdf5File; readonly copies: boolean },
  tree: ObjectTree,
  all: readonly Read<DatasetParts>[],
  { skipped, notes }: Lists,
): PlannedArrays {
  const isNull = ({ parts }: Read<DatasetParts>) => parts.dataset.dataspace.kind === 'null'
  for (const { path } of all.filter(isNull)) notes.push({ path, reason: 'a null dataspace: no values' })
  const datasets = all.filter((dataset) => !isNull(dataset) && !isHidden(dataset, skipped))
  const dimensions = planDimensions(
    tree.groups.map(({ path }) => plainPath(path)),
    datasets.map(factsOf),
  )
  const planned: PlannedArray[] = []
  const copyable = new Set<string>()
  for (const [i, { path: stored, parts }] of datasets.entries()) {
    const variable = dimensions.variables[i]
    if (!variable.hasValues) continue
    const path = `${stored.slice(0, stored.lastIndexOf('/') + 1)}${variable.name}`
    const { attributes, texts } = parts
    const context = { file, path, variable, attributes: attributes.attributes, copies, texts }
    try {
      if (parts.obstacle) throw parts.obstacle
      planned.push(planArray(parts.dataset, context))
      addNotes(notes, path, [...parts.attributes.problems, ...(parts.dataset.foreign?.().notes ?? [])])
    } catch (error) {
      skipped.push({ path, reason: reasonOf(damageOrThrow(error)) })
      if (!copies && isCopyable(parts.dataset, context)) copyable.add(path)
    }
  }
  return { planned, copyable, dimensions }
}

/** libnetcdf passes over a dataset of references as if it were not there: it takes no part in naming axes. */
function isHidden({ path, parts }: Read<DatasetParts>, skipped: Skipped[]): boolean {
  const { datatype } = parts.dataset
  if (!hasReferences(datatype)) return false
  try {
    zarrTypeOf(datatype)
    return false
  } catch (error) {
    skipped.push({ path, reason: reasonOf(damageOrThrow(error)) })
    return true
  }
}

function hasReferences(type: Datatype): boolean {
  if (type.class === 'reference') return true
  if (type.class === 'compound') return type.members.some((member) => hasReferences(member.type))
  return (type.class === 'vlen-sequence' || type.class === 'array') && hasReferences(type.base)
}

function factsOf({ path, entry, parts }: Read<DatasetParts>): DatasetFacts {
  const slash = path.lastIndexOf('/')
  const { dataspace, datatype } = parts.dataset
  return {
    group: path.slice(0, Math.max(0, slash)),
    name: path.slice(slash + 1),
    address: entry.header.address,
    shape: dataspace.shape,
    maxShape: dataspace.maxShape,
    extraShape: extraShapeOf(datatype),
    ...parts.attributes.scale,
  }
}

function extraShapeOf(datatype: Dataset['datatype']): readonly number[] {
  return datatype.class === 'array' ? [...datatype.shape, ...extraShapeOf(datatype.base)] : []
}
