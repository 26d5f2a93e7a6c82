/** How to open what was written: lines of Python and JavaScript to copy. */
import type { ArrayMetadata } from '../lib/index.ts'
import type { OutputFormat } from './set-format.ts'
import { formatPlural } from './text-table.ts'

/** A set that was written. */
export interface WrittenSet {
  /** As it was given: the lines that open the set hold it. */
  readonly output: string
  readonly arrays: readonly ArrayMetadata[]
  /** fsspec's name for where the references point. */
  readonly protocol: string
  /** What begins the places that an Icechunk repository's references point at. */
  readonly containers?: readonly string[] | undefined
}

/** Groups whose opening line is printed. */
const MOST_GROUPS = 4

/** Paths of the groups that hold arrays, '' for the root: xarray opens each by its own folder. */
function groupsOf(arrays: readonly ArrayMetadata[]): string[] {
  const groups = arrays.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  return groups.length > 0 ? [...new Set(groups)].sort() : ['']
}

/** A line for each of the first groups. */
function groupLines(
  arrays: readonly ArrayMetadata[],
  lineOf: (group: string) => string,
  head: string[],
): string[] {
  const groups = groupsOf(arrays)
  const shown = groups.slice(0, MOST_GROUPS)
  const more = groups.length - shown.length
  return [
    'In Python:',
    ...head.map((line) => `  ${line}`),
    ...shown.map((group) => `  ${lineOf(group)}`),
    ...(more > 0 ? [`  # and ${formatPlural(more, 'group')} more, opened alike`] : []),
  ]
}

function parquetLines({ output, arrays, protocol }: WrittenSet): string[] {
  const folder = output.replace(/(?<=.)\/+$/, '')
  const options = `backend_kwargs={"storage_options": {"remote_protocol": ${JSON.stringify(protocol)}}}`
  const lineOf = (group: string) => {
    const path = group === '' ? output : `${folder}/${group}`
    return `xr.open_dataset(${JSON.stringify(path)}, engine="kerchunk", ${options})`
  }
  return [
    ...groupLines(arrays, lineOf, ['import xarray as xr']),
    'In JavaScript:',
    "  import { openParquetSet, openSource, referenceStore } from 'kstream'",
    "  import * as zarr from 'zarrita'",
    `  const store = referenceStore(await openParquetSet(${JSON.stringify(output)}), openSource)`,
    "  const group = await zarr.open.v2(store, { kind: 'group' })",
  ]
}

/** What fsspec calls the compression of a file. */
function compressionOf(output: string): string | undefined {
  if (output.endsWith('.gz')) return 'gzip'
  return output.endsWith('.zst') ? 'zstd' : undefined
}

function jsonLines({ output, arrays, protocol }: WrittenSet): string[] {
  const compression = compressionOf(output)
  const target = compression === undefined ? '' : `, "target_options": {"compression": "${compression}"}`
  const targetOptions = compression === undefined ? '' : `, target_options={"compression": "${compression}"}`
  const options = `backend_kwargs={"storage_options": {"remote_protocol": ${JSON.stringify(protocol)}${target}}}`
  const storage = `remote_protocol=${JSON.stringify(protocol)}${targetOptions}`
  const lineOf = (group: string) => {
    if (group === '') {
      return `xr.open_dataset(${JSON.stringify(output)}, engine="kerchunk", ${options})`
    }
    // zarr-python asks fsspec for '/group', which no reference has: xarray's group= would find nothing, and say so to nobody.
    const store = `fsspec.filesystem("reference", fo=${JSON.stringify(output)}, ${storage}).get_mapper(${JSON.stringify(group)})`
    return `xr.open_zarr(${store}, consolidated=False)`
  }
  const hasGroups = groupsOf(arrays).some((group) => group !== '')
  const needs = compression === 'zstd' ? ['# fsspec reads .zst with the package zstandard'] : []
  return groupLines(arrays, lineOf, [
    ...needs,
    hasGroups ? 'import fsspec, xarray as xr' : 'import xarray as xr',
  ])
}

function icechunkLines({ output, arrays, containers = [] }: WrittenSet): string[] {
  const authorized = containers.map((prefix) => `${JSON.stringify(prefix)}: None`).join(', ')
  const lineOf = (group: string) => {
    const inGroup = group === '' ? '' : `group=${JSON.stringify(group)}, `
    return `xr.open_zarr(repo.readonly_session("main").store, ${inGroup}consolidated=False, zarr_format=3)`
  }
  return groupLines(arrays, lineOf, [
    'import icechunk, xarray as xr',
    `storage = icechunk.local_filesystem_storage(${JSON.stringify(output)})`,
    `repo = icechunk.Repository.open(storage, authorize_virtual_chunk_access={${authorized}})`,
  ])
}

/** The lines for a set in this format; none where it is opened by other tools than readers of Zarr. */
export function openingLines(format: OutputFormat, written: WrittenSet): string[] {
  if (format === 'parquet') return parquetLines(written)
  if (format === 'icechunk') return icechunkLines(written)
  if (format === 'ndjson') return ['In kstream:', `  kstream build ${written.output} -o NAME.parq`]
  return jsonLines(written)
}
