/** `kstream info`: what a file or a reference set holds, without reading a chunk index. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Header, readSetSummary, type SetSummary, scan, UsageError } from '../../lib/index.ts'
import { codecText, extentText, typeText } from '../array-text.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import type { Arguments } from '../option.ts'
import { type Surroundings, say, writeLines } from '../output.ts'
import { reportNotes, reportSkipped } from '../skipped-report.ts'
import { formatBytes, formatCount, formatPlural, formatTable } from '../text-table.ts'

/** Characters of an attribute's value. */
const LONGEST_VALUE = 100

function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part))
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

function headerLines({ groups, arrays }: Header): string[] {
  const rows = arrays.map((array) => [
    array.path,
    array.dims.join(', '),
    extentText(array.shape),
    extentText(array.chunkShape),
    typeText(array.dataType),
    codecText(array),
  ])
  const table = formatTable(
    [['array', 'dims', 'shape', 'chunks', 'dtype', 'codecs'], ...rows],
    [...new Array<'left'>(6).fill('left')],
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

/** Sums of the coverage; a set that kstream did not write has none. */
function coverageText({ arrays }: SetSummary): string {
  const records = arrays.map(({ coverage }) => coverage)
  if (records.some((record) => record === undefined)) return 'no coverage: kstream did not write this set'
  const sum = (name: 'references' | 'inlined' | 'missing') =>
    records.reduce((total, record) => total + (record?.[name] ?? 0), 0)
  const references = formatPlural(sum('references'), 'reference')
  return `${references}, ${formatCount(sum('inlined'))} inlined, ${formatCount(sum('missing'))} missing`
}

async function describeSet(path: string, around: Surroundings): Promise<number> {
  const summary = await readSetSummary(path)
  const { recordSize, groups, arrays, skipped, notes, sources } = summary
  const header: Header = {
    kind: 'header',
    groups,
    arrays: arrays.map(({ metadata }) => metadata),
    skipped: [],
    notes: [],
  }
  const shards = arrays.reduce((total, array) => total + array.shards, 0)
  await writeLines(around, [
    `${path}: ${formatPlural(arrays.length, 'array')} in ${formatPlural(shards, 'shard')} of ${formatCount(recordSize)} rows`,
    coverageText(summary),
    ...(sources === undefined ? [] : [`references into ${formatPlural(sources, 'file')}`]),
    ...headerLines(header),
  ])
  reportSkipped(
    around,
    skipped.map(({ path: array, reason = '' }) => ({ path: array, reason })),
  )
  reportNotes(
    around,
    notes.map(({ path: array, note }) => ({ path: array, reason: note })),
  )
  const lost = arrays.flatMap((array) =>
    array.lost.map((shard) => `${array.metadata.path}/refs.${shard}.parq`),
  )
  for (const shard of lost)
    say(around, `Lost: ${shard} was written and is not there; its chunks would read as fill`)
  return lost.length > 0 ? EXIT.refused : EXIT.done
}

async function run(_args: Arguments, files: readonly string[], around: Surroundings): Promise<number> {
  const [path, ...others] = files
  if (path === undefined) throw new UsageError('no path: kstream info ocean.parq, or kstream info ocean.nc')
  if (others.length > 0) throw new UsageError(`info takes one path, not ${files.length}`)
  const isSet = await stat(join(path, '.zmetadata')).then(
    () => true,
    () => false,
  )
  return isSet ? describeSet(path, around) : describeFile(path, around)
}

export const infoCommand: Command = {
  name: 'info',
  synopsis: 'PATH',
  describe: 'Show what a file or a reference set holds',
  options: {},
  examples: [['kstream info ocean.parq', 'Arrays, references and sources of a set']],
  run,
}
