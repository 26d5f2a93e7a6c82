/** What a file, a JSON set or a repository holds, from its headers; of JSON sets the references are read and counted. */
import { stat } from 'node:fs/promises'
import { detectFileFormat, readJsonSummary, scan } from '../lib/index.ts'
import { EXIT } from './exit-code.ts'
import { type Columns, type Counted, countText, headerLines, headerOf } from './header-text.ts'
import { type Surroundings, writeLines } from './output.ts'
import { reportNotes, reportSkipped } from './skipped-report.ts'
import { formatBytes, formatCount, formatPlural } from './text-table.ts'

function countColumns(arrays: readonly (Counted & { readonly bytes: number })[]): Columns {
  const rows = arrays.map(({ references, inlined, missing, bytes }) => [
    ...[references, inlined, missing].map(formatCount),
    formatBytes(bytes),
  ])
  return [['references', 'inlined', 'missing', 'bytes'], ...rows]
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

/** Describes what is at `path`; returns the exit code. */
export async function describeInput(path: string, around: Surroundings): Promise<number> {
  const { signal } = around
  const isFile = (await stat(path).catch(() => undefined))?.isFile() === true
  const isJson = isFile && (await detectFileFormat(path, { signal })) === 'kerchunk-json'
  return isJson ? describeJson(path, around) : describeFile(path, around)
}
