/** DMR++ documents (OPeNDAP: a DAP4 dataset, and where in its file each chunk is) as a format that can be scanned. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import { Interning } from '../../model/interning.ts'
import type { GroupMetadata, Header, Skipped } from '../../model/metadata.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { fileRefusal } from '../refusal.ts'
import { type PlannedArray, planArray } from './array-plan.ts'
import { scanBody } from './body.ts'
import { type DataFiles, findDataFiles } from './data-file.ts'
import { AxisNames } from './dimensions.ts'
import { type Document, readDocument } from './document.ts'
import { isRewritable, MASKED } from './masked-chunk.ts'
import { documentError, pathIn, type Variable } from './variable.ts'

/** Before the root's tag, and the tag itself. */
const PROLOGUE = /^\ufeff?\s*(?:<\?[^>]*\?>\s*|<!--[\s\S]*?-->\s*)*<(?:[\w.-]+:)?Dataset(?=[\s/>])([^>]*)/
const NAMESPACE = /https?:\/\/xml\.opendap\.org\/(?:ns\/DAP\/4|dap\/dmrpp\/)/

const UNTOLD = 'its data are not on this machine: whether they have changed cannot be told'

/** Whether a document that begins with `head` is XML whose root is a Dataset of DAP4, with or without DMR++. */
export function detect(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('utf8')
  const tag = PROLOGUE.exec(text)?.[1]
  return tag !== undefined && NAMESPACE.test(tag)
}

interface PlannedDocument {
  readonly header: Header
  readonly arrays: readonly PlannedArray[]
  readonly arrayOf: readonly (number | undefined)[]
  readonly copyable: ReadonlySet<string>
}

/**
 * Reads the metadata of a document, which may be compressed. Its body reads the document again. `sources` are the
 * data files that are on this machine.
 * @throws FormatError where it is no such document or contradicts itself, with line and byte; SourceError where a
 * data file on this machine is missing; UnsupportedError with `onUnsupported: 'fail'`, where references cannot
 * express some of it: all of that is in the message.
 */
export async function open(
  source: ByteSource,
  openAgain: OpenAgain,
  options: FormatOptions,
): Promise<ReferenceSet> {
  const {
    onUnsupported,
    copies = false,
    interning = new Interning(),
    openExternal,
    memoryBytes,
    signal,
  } = options
  const { url } = source
  const document = await readDocument(source, { signal })
  const files = await findDataFiles(url, document, { ...(openExternal && { openExternal }), signal })
  const planned = planDocument(url, document, files, copies)
  const header = interning.share(planned.header, 'DMR++ header')
  if (onUnsupported === 'fail' && header.skipped.length > 0)
    throw fileRefusal(url, header.skipped, { copies, copyable: planned.copyable })
  const { arrays, arrayOf } = planned
  const places = document.variables.map(({ place }) => place)
  const reading = { memoryBytes, ...(openExternal && { openExternal }) }
  const plan = { url, header, arrays, arrayOf, places, paths: files.paths, openAgain, options: reading }
  return {
    name: url,
    header,
    sources: files.sources,
    replayable: true,
    body: (bodyOptions) => scanBody(plan, bodyOptions),
  }
}

function planDocument(url: string, document: Document, files: DataFiles, copies: boolean): PlannedDocument {
  const names = new AxisNames(document.dimensions)
  const arrays: PlannedArray[] = []
  const skipped: Skipped[] = []
  const notes: Skipped[] = files.remote ? [{ path: '', reason: UNTOLD }] : []
  const copyable = new Set<string>()
  const groups = planGroups(url, document, { skipped, notes })
  const paths = new Set(groups.map(({ path }) => path))
  const arrayOf = document.variables.map((variable) => {
    const path = pathIn(variable.group, variable.name)
    if (paths.has(path))
      throw documentError(url, variable.place, `variable ${path}`, 'there is another of that name')
    paths.add(path)
    try {
      const planned = planArray(variable, { url, document, axes: names.axesOf(variable) })
      checkMask(planned, files, { copies })
      for (const reason of [...variable.problems, ...planned.notes]) notes.push({ path, reason })
      return arrays.push(planned) - 1
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error
      if (error.copyable) copyable.add(path)
      skipped.push({ path, reason: error.feature })
      return undefined
    }
  })
  const plannedOf = arrayOf.map((array) => (array === undefined ? undefined : arrays[array]))
  notes.push(...orderNote(document.variables, plannedOf))
  const metadata = arrays.map((planned) => planned.metadata)
  return { header: { kind: 'header', groups, arrays: metadata, skipped, notes }, arrays, arrayOf, copyable }
}

function checkMask(
  { masked, metadata }: PlannedArray,
  files: DataFiles,
  { copies }: { copies: boolean },
): void {
  if (!masked) return
  const isCopyable = !files.remote && isRewritable(metadata)
  if (!copies || !isCopyable) throw new UnsupportedError(MASKED, { copyable: isCopyable })
}

interface Lists {
  readonly skipped: Skipped[]
  readonly notes: Skipped[]
}

function planGroups(url: string, document: Document, { skipped, notes }: Lists): GroupMetadata[] {
  const known = new Set<string>()
  const groups: GroupMetadata[] = []
  for (const { path, problem, attributes, problems, unlimited } of document.groups) {
    if (known.has(path)) throw new FormatError({ url, structure: `group ${path}`, offset: 0 }, 'given twice')
    known.add(path)
    if (problem !== undefined) {
      skipped.push({ path, reason: problem })
      continue
    }
    for (const reason of problems) notes.push({ path, reason })
    groups.push({ path, attributes, unlimitedDims: unlimited })
  }
  return groups
}

/** Builders of before 2022 leave the byte order out. */
function orderNote(
  variables: readonly Variable[],
  planned: readonly (PlannedArray | undefined)[],
): Skipped[] {
  const untold = variables.filter(({ storage: { byteOrder } }, i) => {
    const { layout, metadata } = planned[i] ?? {}
    const isElsewhere = layout?.kind === 'chunks' || layout?.kind === 'whole' || layout?.kind === 'blocks'
    const { dataType = '' } = metadata ?? {}
    return !byteOrder && isElsewhere && (typeof dataType !== 'string' || dataType.startsWith('<'))
  })
  if (untold.length === 0) return []
  const reason = `no byte order is told for ${untold.length} of its variables: little-endian, as Hyrax takes them`
  return [{ path: '', reason }]
}
