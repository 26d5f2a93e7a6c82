/** The last lines of `kstream build`: what was written, what was not, and how to open it. */
import type { ArrayMetadata, WriteReport } from '../lib/index.ts'
import { type Surroundings, say, writeLines } from './output.ts'
import { reportNotes, reportSkipped, sayFirst } from './skipped-report.ts'
import { formatBytes, formatCount, formatPlural, formatSeconds } from './text-table.ts'

export interface Build {
  readonly report: WriteReport
  /** As it was given: the lines that open the set hold it. */
  readonly output: string
  readonly files: number
  readonly seconds: number
  readonly arrays: readonly ArrayMetadata[]
  /** fsspec's name for where the references point. */
  readonly protocol: string
  /** Whether copies were asked for. */
  readonly tellsCopies: boolean
}

/** Groups whose opening line is printed. */
const MOST_GROUPS = 4

function writtenLine({ report, output, files, seconds }: Build): string {
  const { arrays, references, inlined, copiedBytes, missing, bytes, referencedBytes, unchanged } = report
  const chunks = references + inlined
  const perChunk = chunks > 0 ? ` (${(bytes / chunks).toFixed(1)} B a chunk)` : ''
  const parts = [
    formatPlural(arrays, 'array'),
    `${formatPlural(references, 'reference')} to ${formatBytes(referencedBytes)}`,
    `${formatCount(inlined)} in the set itself${copiedBytes > 0 ? ` (${formatBytes(copiedBytes)})` : ''}`,
    `${formatCount(missing)} missing`,
    `${formatBytes(bytes)} on disk${perChunk}`,
  ]
  const done = unchanged ? `Nothing to do, ${output} is complete` : `Wrote ${output}`
  return `${done}: ${parts.join(', ')}; from ${formatPlural(files, 'file')} in ${formatSeconds(seconds)}`
}

function xarrayLine(path: string, protocol: string): string {
  const options = `backend_kwargs={"storage_options": {"remote_protocol": ${JSON.stringify(protocol)}}}`
  return `xr.open_dataset(${JSON.stringify(path)}, engine="kerchunk", ${options})`
}

/** Paths of the groups that hold arrays, '' for the root: xarray opens each by its own folder. */
function groupsOf(arrays: readonly ArrayMetadata[]): string[] {
  const groups = arrays.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  return groups.length > 0 ? [...new Set(groups)].sort() : ['']
}

function pythonLines({ output, arrays, protocol }: Build): string[] {
  const groups = groupsOf(arrays)
  const folder = output.replace(/(?<=.)\/+$/, '')
  const paths = groups.slice(0, MOST_GROUPS).map((group) => (group === '' ? output : `${folder}/${group}`))
  const more = groups.length - paths.length
  return [
    'In Python:',
    '  import xarray as xr',
    ...paths.map((path) => `  ${xarrayLine(path, protocol)}`),
    ...(more > 0 ? [`  # and ${formatPlural(more, 'group')} more, opened alike`] : []),
  ]
}

function javaScriptLines({ output }: Build): string[] {
  return [
    'In JavaScript:',
    "  import { openParquetSet, openSource, referenceStore } from 'kstream'",
    "  import * as zarr from 'zarrita'",
    `  const store = referenceStore(await openParquetSet(${JSON.stringify(output)}), openSource)`,
    "  const group = await zarr.open.v2(store, { kind: 'group' })",
  ]
}

/** Arrays of which the set itself has chunks. */
function reportCopied(around: Surroundings, { arrays }: WriteReport['coverage']): void {
  const copied = arrays.filter(({ outcome }) => outcome === 'copied')
  if (copied.length === 0) return
  say(around, `Copied, all or some of their chunks: ${formatPlural(copied.length, 'array')}`)
  sayFirst(
    around,
    copied.map(({ path, reason }) => `${path}: ${reason ?? 'its chunks are in the set'}`),
  )
}

/** Writes it; returns whether anything was left out. */
export async function reportBuild(around: Surroundings, build: Build): Promise<boolean> {
  const { skipped, notes } = build.report
  await writeLines(around, [writtenLine(build), ...pythonLines(build), ...javaScriptLines(build)])
  if (build.tellsCopies) reportCopied(around, build.report.coverage)
  reportSkipped(around, skipped)
  reportNotes(around, notes)
  return skipped.length > 0
}
