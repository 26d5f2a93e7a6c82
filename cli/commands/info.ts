/** `kstream info`: what a file or a reference set holds; of JSON sets alone it reads the references. */
import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import {
  type ArrayMetadata,
  detectJson,
  type GroupMetadata,
  type Header,
  openSource,
  readJsonSummary,
  readSetSummary,
  type SetSummary,
  scan,
  UsageError,
} from '../../lib/index.ts'
import { codecText, extentText, typeText } from '../array-text.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import type { Arguments } from '../option.ts'
import { type Surroundings, say, writeLines } from '../output.ts'
import { reportNotes, reportSkipped } from '../skipped-report.ts'
import { formatBytes, formatCount, formatPlural, formatTable } from '../text-table.ts'

/** Bytes that tell what a file is. */
const HEAD = 1 << 13
/** Characters of an attribute's value. */
const LONGEST_VALUE = 100

function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part))
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

/** More columns of the table of arrays, flush right: the headings first. */
type Columns = readonly (readonly string[])[]

function countColumns(arrays: readonly (Counted & { readonly bytes: number })[]): Columns {
  const rows = arrays.map(({ references, inlined, missing, bytes }) => [
    ...[references, inlined, missing].map(formatCount),
    formatBytes(bytes),
  ])
  return [['references', 'inlined', 'missing', 'bytes'], ...rows]
}

function headerLines({ groups, arrays }: Header, more: Columns = []): string[] {
  const rows = arrays.map((array) => [
    array.path,
    array.dims.join(', '),
    extentText(array.shape),
    extentText(array.chunkShape),
    typeText(array.dataType),
    codecText(array),
  ])
  const heading = ['array', 'dims', 'shape', 'chunks', 'dtype', 'codecs']
  const table = formatTable(
    [heading, ...rows].map((row, index) => [...row, ...(more[index] ?? [])]),
    [...heading.map(() => 'left' as const), ...(more[0] ?? []).map(() => 'right' as const)],
  )
  const attributes = groups.flatMap((group) =>
    Object.entries(group.attributes).map(([name, value]) => `  ${group.path}:${name} = ${valueText(value)}`),
  )
  return [...table, ...(attributes.length > 0 ? ['attributes', ...attributes] : [])]
}

async function describeFile(path: string, around: Surroundings): Promise<number> {
  const { signal } = around
  let code: number = EXIT.done
  for await (const { header, sources } of scan([path], { onUnsupported: 'skip', signal })) {
    const bytes = sources.reduce((total, { size }) => total + size, 0)
    const growing = header.groups.flatMap(({ unlimitedDims = [] }) => unlimitedDims)
    await writeLines(around, [
      `${path}: ${formatBytes(bytes)}, ${formatPlural(header.arrays.length, 'array')}`,
      ...(growing.length > 0 ? [`unlimited: ${growing.join(', ')}`] : []),
      ...headerLines(header),
    ])
    reportSkipped(around, header.skipped)
    reportNotes(around, header.notes)
    if (header.skipped.length > 0) code = EXIT.incomplete
  }
  return code
}

function headerOf(groups: readonly GroupMetadata[], arrays: readonly { metadata: ArrayMetadata }[]): Header {
  return {
    kind: 'header',
    groups,
    arrays: arrays.map(({ metadata }) => metadata),
    skipped: [],
    notes: [],
  }
}

interface Counted {
  readonly references: number
  readonly inlined: number
  readonly missing: number
}

/** Bytes of references, and of files in the set itself, where they are known. */
interface Bytes {
  readonly referenced?: number | undefined
  readonly copied?: number | undefined
}

function countText(arrays: readonly (Counted | undefined)[], { referenced, copied = 0 }: Bytes = {}): string {
  const sum = (name: keyof Counted) => arrays.reduce((total, array) => total + (array?.[name] ?? 0), 0)
  const references = formatPlural(sum('references'), 'reference')
  const span = referenced === undefined ? '' : ` to ${formatBytes(referenced)}`
  const files = copied > 0 ? `, ${formatBytes(copied)} copied into the set` : ''
  return `${references}${span}, ${formatCount(sum('inlined'))} inlined${files}, ${formatCount(sum('missing'))} missing`
}

/** Sums of the coverage; a set that kstream did not write has none. */
function coverageText({ arrays }: SetSummary): string {
  const records = arrays.map(({ coverage }) => coverage)
  if (records.some((record) => record === undefined)) return 'no coverage: kstream did not write this set'
  const bytes = records.reduce((total, record) => total + (record?.bytes ?? 0), 0)
  const copied = records
    .flatMap((record) => record?.copied ?? [])
    .reduce((total, [, size]) => total + size, 0)
  return countText(records, { referenced: bytes > 0 ? bytes : undefined, copied })
}

/** Where the set's own files are referenced, where that is a place on this machine and not this one. */
async function movedFrom({ path, location }: SetSummary): Promise<string | undefined> {
  if (location === undefined || !isAbsolute(location)) return undefined
  return (await realpath(path)) === location ? undefined : location
}

async function describeSet(path: string, around: Surroundings): Promise<number> {
  const summary = await readSetSummary(path)
  const { recordSize, groups, arrays, skipped, notes, sources } = summary
  const shards = arrays.reduce((total, array) => total + array.shards, 0)
  await writeLines(around, [
    `${path}: ${formatPlural(arrays.length, 'array')} in ${formatPlural(shards, 'shard')} of ${formatCount(recordSize)} rows`,
    coverageText(summary),
    ...(sources === undefined ? [] : [`references into ${formatPlural(sources.length, 'file')}`]),
    ...headerLines(headerOf(groups, arrays)),
  ])
  reportSkipped(
    around,
    skipped.map(({ path: array, reason = '' }) => ({ path: array, reason })),
  )
  const remarks = arrays.flatMap(({ metadata, coverage }) =>
    coverage?.remark === undefined ? [] : [{ path: metadata.path, reason: coverage.remark }],
  )
  reportNotes(around, [...notes.map(({ path: array, note }) => ({ path: array, reason: note })), ...remarks])
  const lost = arrays.flatMap((array) =>
    array.lost.map((shard) => `${array.metadata.path}/refs.${shard}.parq`),
  )
  for (const shard of lost)
    say(around, `Lost: ${shard} was written and is not there; its chunks would read as fill`)
  const copies = arrays.flatMap((array) =>
    array.lostCopies.map((shard) => `${array.metadata.path}/copied.${shard}.bin`),
  )
  for (const file of copies)
    say(around, `Lost: ${file} was written and is not there, or not whole; its chunks cannot be read`)
  const moved = await movedFrom(summary)
  if (moved !== undefined) {
    const heal = `kstream build ${path} -o NEW makes a set that is whole where it lies`
    say(around, `Moved: its references to bytes copied into it point at ${moved}; ${heal}`)
  }
  return lost.length + copies.length > 0 ? EXIT.refused : EXIT.done
}

async function describeJson(path: string, around: Surroundings): Promise<number> {
  const summary = await readJsonSummary(path, { signal: around.signal })
  const { arrays, groups, urls, moreUrls, notes, size, version } = summary
  const bytes = arrays.reduce((total, array) => total + array.bytes, 0)
  const wholeFiles = arrays.reduce((total, array) => total + array.wholeFiles, 0)
  await writeLines(around, [
    `${path}: ${formatPlural(arrays.length, 'array')} in ${formatBytes(size)} of JSON (version ${version})`,
    countText(arrays, { referenced: bytes }),
    `references into ${moreUrls ? 'more than ' : ''}${formatPlural(urls, 'file')}`,
    ...(wholeFiles > 0 ? [`${formatCount(wholeFiles)} of them to whole files, not in the bytes`] : []),
    ...headerLines(headerOf(groups, arrays), countColumns(arrays)),
  ])
  reportNotes(around, notes)
  return EXIT.done
}

async function isJson(path: string, around: Surroundings): Promise<boolean> {
  const source = await openSource(path, { signal: around.signal })
  try {
    return detectJson(await source.read(0, Math.min(HEAD, source.size), { signal: around.signal }))
  } finally {
    await source.close()
  }
}

async function run(_args: Arguments, files: readonly string[], around: Surroundings): Promise<number> {
  const [path, ...others] = files
  if (path === undefined) throw new UsageError('no path: kstream info ocean.parq, or kstream info ocean.nc')
  if (others.length > 0) throw new UsageError(`info takes one path, not ${files.length}`)
  const isSet = await stat(join(path, '.zmetadata')).then(
    () => true,
    () => false,
  )
  if (isSet) return describeSet(path, around)
  return (await isJson(path, around)) ? describeJson(path, around) : describeFile(path, around)
}

export const infoCommand: Command = {
  name: 'info',
  synopsis: 'PATH',
  describe: 'Show what a file or a reference set holds, in Parquet or kerchunk JSON',
  options: {},
  examples: [
    ['kstream info ocean.parq', 'Arrays, references and sources of a set'],
    ['kstream info legacy.json', 'The same of a JSON reference set, counted as it streams by'],
  ],
  run,
}
