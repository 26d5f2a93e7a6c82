/** Virtual datasets: their mappings with the sources opened, and their extents (HDF5 File Format 3.0, IV.A.2.i, class 3). */
import { FormatError, UnsupportedError } from '../../../errors.ts'
import type { SourceInfo } from '../../../model/reference-set.ts'
import { Cursor } from '../cursor.ts'
import type { Dataset } from '../dataset.ts'
import type { Hdf5File } from '../file.ts'
import { GlobalHeap } from '../global-heap.ts'
import { mapDamaged } from '../in-flight.ts'
import type { Selection } from '../message/selection.ts'
import {
  blockName,
  isPattern,
  parseVirtualMappings,
  type VirtualMapping,
} from '../message/virtual-mapping.ts'
import type { ForeignDataset, OpenDataset, SourceDataset } from './foreign.ts'
import {
  blockOf,
  elementsOf,
  elementsWithin,
  endlessAxis,
  endOf,
  pairAxes,
  type Run,
  runsOf,
} from './virtual-axes.ts'
import type { VirtualPart } from './virtual-chunks.ts'
import { planVirtual } from './virtual-plan.ts'

/** Sources opened at a time. */
const AT_ONCE = 16
/** Blocks of a mapping whose sources are named by their numbers. */
const MOST_BLOCKS = 1 << 16
/** Runs of elements of all mappings. */
const MOST_RUNS = 1 << 22

/** A mapping of which both sides have an end; without a source, it leads to nothing. */
interface Resolved {
  readonly name: string
  readonly source: SourceDataset | undefined
  /** Runs along each of the virtual dataset's axes; undefined: all of it. */
  readonly virtual: readonly Run[][] | undefined
  /** Runs along each of the source's own axes. */
  readonly selected: readonly Run[][]
  /** The axis whose extent the source sets. */
  readonly growing?: number
}

/**
 * Opens the sources of a virtual dataset.
 * @throws UnsupportedError where a source may not be read or a selection is none that is known here;
 * FormatError where the mappings are damaged.
 */
export async function openVirtual(
  dataset: Dataset,
  file: Hdf5File,
  open: OpenDataset,
  signal: AbortSignal | undefined,
): Promise<ForeignDataset> {
  const mappings = await readMappings(dataset, file, signal)
  const { shape: stored } = dataset.dataspace
  const resolved = await resolveAll(mappings, stored.length, open)
  const shape = extentsOf(stored, resolved)
  const sources = new Map<string, SourceInfo>()
  for (const { source } of resolved) for (const info of source?.set.sources ?? []) sources.set(info.url, info)
  const parts = resolved.flatMap((part) => partOf(part, shape) ?? [])
  return {
    shape,
    sources: [...sources.values()],
    notes: notesOf(resolved),
    plan: (array, copies) => planVirtual(array, parts, copies),
  }
}

async function readMappings(
  { layout }: Dataset,
  file: Hdf5File,
  signal: AbortSignal | undefined,
): Promise<VirtualMapping[]> {
  if (layout.kind !== 'virtual' || layout.heapAddress === undefined) return []
  const id = { address: layout.heapAddress, index: layout.heapIndex }
  const [bytes] = await new GlobalHeap(file, signal).read([id])
  const at = { url: file.source.url, structure: 'virtual dataset', offset: file.base + id.address }
  if (!bytes) throw new FormatError(at, 'no mappings')
  return parseVirtualMappings(new Cursor(bytes, at), file.lengthSize)
}

async function resolveAll(
  mappings: readonly VirtualMapping[],
  rank: number,
  open: OpenDataset,
): Promise<Resolved[]> {
  let runs = 0
  const lists = await mapDamaged(
    mappings,
    async (mapping) => {
      const resolved = await resolveMapping(mapping, rank, open)
      for (const { virtual = [], selected } of resolved)
        for (const { length } of [...virtual, ...selected]) runs += length
      if (runs <= MOST_RUNS) return resolved
      throw new UnsupportedError(`a virtual dataset with selections of more than ${MOST_RUNS} pieces`)
    },
    AT_ONCE,
  )
  return lists.flat()
}

async function resolveMapping(
  { file, dataset, virtual, source }: VirtualMapping,
  rank: number,
  open: OpenDataset,
): Promise<Resolved[]> {
  if (virtual.kind === 'none' || source.kind === 'none') return []
  if (virtual.kind === 'blocks' && virtual.axes.length !== rank)
    throw new UnsupportedError(
      `a virtual dataset of rank ${rank} with a selection of rank ${virtual.axes.length}`,
    )
  const growing = endlessAxis(virtual)
  const drawn = endlessAxis(source)
  const isMany = isPattern(file) || isPattern(dataset)
  if (
    isMany !== (growing !== undefined && drawn === undefined) ||
    (growing === undefined && drawn !== undefined)
  )
    throw new UnsupportedError('a virtual dataset with an endless selection on one side alone')
  if (growing !== undefined && virtual.kind === 'blocks' && isMany)
    return resolveBlocks({ file, dataset, virtual, source }, growing, open)
  const [fileName, path] = [nameOf(file, 0), nameOf(dataset, 0)]
  const opened = await open(fileName, path)
  const name = `${path} in ${fileName}`
  if (growing === undefined || drawn === undefined || virtual.kind !== 'blocks' || source.kind !== 'blocks') {
    const own =
      virtual.kind === 'blocks' ? virtual.axes.map((axis) => runsOf(axis, elementsOf(axis))) : undefined
    return [{ name, source: opened, virtual: own, selected: opened ? selectedOf(source, opened) : [] }]
  }
  const extent = opened ? ownShape(opened)[drawn] : 0
  const elements = elementsWithin(source.axes[drawn], extent)
  const clipped = (selection: typeof virtual, endless: number) =>
    selection.axes.map((axis, i) => runsOf(axis, i === endless ? elements : elementsOf(axis)))
  return [
    { name, source: opened, virtual: clipped(virtual, growing), selected: clipped(source, drawn), growing },
  ]
}

/** Sources that are named by the numbers of blocks, up to the first that is not there, as libhdf5 takes them. */
async function resolveBlocks(
  { file, dataset, virtual, source }: VirtualMapping & { readonly virtual: { readonly kind: 'blocks' } },
  growing: number,
  open: OpenDataset,
): Promise<Resolved[]> {
  const found: Resolved[] = []
  if (virtual.axes.some((axis) => axis.kind === 'regular' && axis.block === Number.POSITIVE_INFINITY))
    throw new UnsupportedError('a virtual dataset with a block that has no end')
  for (let first = 0; first < MOST_BLOCKS; first += AT_ONCE) {
    const blocks = Array.from({ length: AT_ONCE }, (_, i) => first + i)
    const next = await mapDamaged(blocks, async (block): Promise<Resolved> => {
      const [fileName, path] = [nameOf(file, block), nameOf(dataset, block)]
      const opened = await open(fileName, path)
      const runs = virtual.axes.map((axis, i) =>
        i === growing ? [blockOf(axis, block)] : runsOf(axis, elementsOf(axis)),
      )
      const selected = opened ? selectedOf(source, opened) : []
      return { name: `${path} in ${fileName}`, source: opened, virtual: runs, selected, growing }
    })
    const end = next.findIndex((part) => part.source === undefined)
    found.push(...(end < 0 ? next : next.slice(0, end)))
    // One that is not there says that the extent is 0.
    if (end >= 0) return found.length > 0 ? found : next.slice(0, 1)
  }
  throw new UnsupportedError(`a virtual dataset of more than ${MOST_BLOCKS} blocks with a source each`)
}

function nameOf(pattern: string, block: number): string {
  const name = blockName(pattern, block)
  if (name === undefined) throw new UnsupportedError(`a virtual dataset whose source has the name ${pattern}`)
  return name
}

function ownShape({ metadata, rank }: SourceDataset): number[] {
  return metadata.shape.slice(0, rank).map((extent) => extent ?? 0)
}

function selectedOf(selection: Selection, source: SourceDataset): Run[][] {
  if (selection.kind === 'blocks') return selection.axes.map((axis) => runsOf(axis, elementsOf(axis)))
  return ownShape(source).map((extent) => (extent > 0 ? [[0, extent]] : []))
}

/** As libhdf5 sets them: along an axis without end by the sources that are there, else as stored. */
function extentsOf(stored: readonly number[], resolved: readonly Resolved[]): number[] {
  const least = stored.map(() => 0)
  const grown = new Map<number, number>()
  for (const { virtual, growing, source } of resolved) {
    for (const [axis, runs] of (virtual ?? []).entries()) {
      const end = endOf(runs)
      if (axis !== growing) least[axis] = Math.max(least[axis], end)
      else grown.set(axis, Math.max(grown.get(axis) ?? 0, source ? end : 0))
    }
  }
  return stored.map((extent, axis) => {
    const end = grown.get(axis)
    return end === undefined ? extent : Math.max(end, least[axis])
  })
}

/** The elements of a source and where they show; undefined where there are none. */
function partOf(
  { name, source, virtual, selected }: Resolved,
  shape: readonly number[],
): VirtualPart | undefined {
  if (!source) return undefined
  const runs = virtual ?? shape.map((extent): Run[] => (extent > 0 ? [[0, extent]] : []))
  if (runs.some((ofAxis, axis) => endOf(ofAxis) > shape[axis]))
    throw new UnsupportedError('a virtual dataset with a selection that reaches outside it')
  const own = ownShape(source)
  if (selected.length !== own.length || selected.some((ofAxis, axis) => endOf(ofAxis) > own[axis]))
    throw new UnsupportedError(`a virtual dataset that takes more of ${name} than is there`)
  const count = (axes: readonly Run[][]) =>
    axes.reduce((product, ofAxis) => product * ofAxis.reduce((sum, [, n]) => sum + n, 0), 1)
  if (count(runs) !== count(selected))
    throw new UnsupportedError(`a virtual dataset that shows ${name} in a place of another size`)
  if (count(runs) === 0) return undefined
  const axes = pairAxes(runs, selected)
  if (!axes) throw new UnsupportedError(`a virtual dataset that shows ${name} in another shape`)
  return { name, source, axes }
}

function notesOf(resolved: readonly Resolved[]): string[] {
  const missing = resolved.filter(({ source }) => source === undefined)
  if (missing.length === 0) return []
  const are = missing.length === 1 ? 'is not there: it reads' : 'are not there: they read'
  return [
    `${missing.length} of its ${resolved.length} sources (${missing[0].name}${missing.length > 1 ? ', ...' : ''}) ${are} as the fill value`,
  ]
}
