/** What `kstream plan` tells people: a screen, however many files there are. */
import type { ArrayReport, DimensionReport, PlanReport } from '../lib/index.ts'
import { extentText } from './array-text.ts'
import { barrierLines, groupBarriers } from './barrier-text.ts'
import { formatBytes, formatCount, formatPlural, formatTable } from './text-table.ts'
import { valueText } from './value-text.ts'

/** A report, and what its text depends on besides. */
export interface PlanText {
  readonly report: PlanReport
  /** Everything, however long it is. */
  readonly verbose: boolean
  /** Whether a build with these options would write a set. */
  readonly builds: boolean
  /** Arrays for which a build would be refused, as references cannot express them. */
  readonly unsupported: number
  /** Whether a build would copy what can be copied. */
  readonly copies?: boolean
}

/** Lines of each list. */
const MOST = { dimensions: 8, arrays: 12, barriers: 4, eras: 5, leftOut: 5 } as const

type List = keyof typeof MOST

/** As many lines as fit, and how many are left. */
function cut(lines: readonly string[], list: List, noun: string, verbose: boolean): string[] {
  const more = lines.length - MOST[list]
  if (verbose || more <= 0) return [...lines]
  return [...lines.slice(0, MOST[list]), `  and ${formatPlural(more, noun)} more; --verbose shows all`]
}

function orderLine({ inputs, order }: PlanReport): string {
  const moved = order.moved > 0 ? `; ${formatCount(order.moved)} of them not where the list has them` : ''
  const ends = inputs > 1 ? `: ${order.first} … ${order.last}` : `: ${order.first}`
  return `${formatPlural(inputs, 'file')}, ${order.reason}${moved}${inputs > 0 ? ends : ''}`
}

function coordinateText({ coordinate, joined }: DimensionReport): string {
  if (!coordinate) return joined ? 'joined' : ''
  const { from, first, last, units, dates } = coordinate
  const numbers = `${valueText(first)} to ${valueText(last)}${units === undefined ? '' : ` ${units}`}`
  return `joined by ${from}: ${dates ? `${dates.join(' to ')} (${numbers})` : numbers}`
}

function dimensionLines(dimensions: readonly DimensionReport[]): string[] {
  const rows = dimensions.map((dimension) => [
    dimension.name,
    formatCount(dimension.size),
    coordinateText(dimension),
  ])
  return formatTable([['dimension', 'size', ''], ...rows], ['left', 'right', 'left'])
}

/** What becomes of an array's chunks, where it is not that each is referenced. */
function roleText({ role, chunks, inputs }: ArrayReport, all: number): string {
  if (role === 'gathered') return 'gathered'
  const lacking = inputs < all && role === 'referenced' ? ` (${formatPlural(inputs, 'file')})` : ''
  return `${formatCount(chunks)}${role === 'once' ? ' once' : lacking}`
}

function arrayLines({ arrays, inputs }: PlanReport): string[] {
  const heading = ['array', 'dims', 'shape', 'chunks', 'dtype', 'codecs', 'references']
  const rows = arrays.map((array) => [
    array.path,
    array.dims.join(', '),
    extentText(array.shape),
    extentText(array.chunkShape),
    array.dataType,
    array.codecs.join(' ') || 'none',
    roleText(array, inputs),
  ])
  const alignments = heading.map((name) => (name === 'references' ? 'right' : 'left') as 'right' | 'left')
  return formatTable([heading, ...rows], alignments)
}

function sizeLines(report: PlanReport): string[] {
  const { references, inlined, estimatedBytes, readerBytes, cells, emptyCells, emptyExamples } = report
  const size = [
    `At most ${formatPlural(references, 'reference')}, ${formatCount(inlined)} inlined`,
    `about ${formatBytes(estimatedBytes)} on disk, ${formatBytes(readerBytes)} of memory to read one variable`,
  ].join('; ')
  if (emptyCells === 0) return [size]
  const examples = emptyExamples.length > 0 ? `: ${emptyExamples.join('; ')}` : ''
  const more = emptyCells > emptyExamples.length ? ', …' : ''
  return [size, `No file for ${emptyCellsText(cells, emptyCells)}${examples}${more}`]
}

/** '3 of 12 places in the grid'. */
export function emptyCellsText(cells: number, emptyCells: number): string {
  return `${formatCount(emptyCells)} of ${formatPlural(cells, 'place')} in the grid`
}

function eraLines({ eras }: PlanReport, verbose: boolean): string[] {
  if (eras.length < 2) return []
  const lines = eras.map(
    ({ name, inputs, first, last }) => `  ${name}: ${formatPlural(inputs, 'file')}, ${first} … ${last}`,
  )
  return [
    '',
    `${formatPlural(eras.length, 'era')}, each without a barrier`,
    ...cut(lines, 'eras', 'era', verbose),
  ]
}

function leftOutLines({ leftOut }: PlanReport, verbose: boolean): string[] {
  if (leftOut.length === 0) return []
  const lines = leftOut.map(({ input, reason }) => `  ${input}: ${reason}`)
  return ['', `Left out: ${formatPlural(leftOut.length, 'file')}`, ...cut(lines, 'leftOut', 'file', verbose)]
}

/** '2 chunks of 1 array, 80 B of 240 B decoded': what is encoded anew where files do not fit into one grid. */
export function seamText({ arrays, chunks, bytes, wholeBytes }: NonNullable<PlanReport['seams']>): string {
  const what = `${formatPlural(chunks, 'chunk')} of ${formatPlural(arrays.length, 'array')}`
  return `${what}, ${formatBytes(bytes)} of ${formatBytes(wholeBytes)} decoded`
}

function seamLines({ seams, barriers }: PlanReport): string[] {
  if (!seams) return []
  const way =
    barriers.length > 0 ? '--on-mismatch copy would join all files by copying' : 'Copied where files meet:'
  return ['', `${way} ${seamText(seams)}`]
}

function barrierPart({ barriers }: PlanReport, verbose: boolean): string[] {
  if (barriers.length === 0) return []
  const most = verbose ? Number.POSITIVE_INFINITY : MOST.barriers
  return ['', formatPlural(groupBarriers(barriers).length, 'barrier'), ...barrierLines(barriers, most)]
}

function unsupportedText({ unsupported, copies = false }: PlanText): string {
  const ways = copies
    ? '--on-unsupported copy-or-skip leaves them out'
    : '--on-unsupported copy takes in what can be decoded, skip leaves them out'
  return `${formatPlural(unsupported, 'array')} without references (${ways})`
}

function verdict(text: PlanText): string {
  const { report, builds, unsupported } = text
  const { barriers, eras, leftOut } = report
  if (builds && barriers.length > 0 && eras.length > 1) {
    return `These files combine as ${eras.length} eras, a group each`
  }
  if (builds) return leftOut.length > 0 ? 'The other files combine' : 'These files combine'
  const groups = groupBarriers(barriers).length
  const reasons = [
    ...(groups > 0 ? [formatPlural(groups, 'barrier')] : []),
    ...(unsupported > 0 ? [unsupportedText(text)] : []),
  ]
  const ways = groups > 0 && eras.length > 1 ? `; --on-mismatch eras would write ${eras.length} groups` : ''
  return `These files do not combine: ${reasons.join(', ')}${ways}`
}

/** Files and their order, dimensions, arrays, sizes, barriers, eras, and the verdict. */
export function planLines(text: PlanText): string[] {
  const { report, verbose } = text
  const dimensions = dimensionLines(report.dimensions)
  const arrays = arrayLines(report)
  return [
    orderLine(report),
    '',
    dimensions[0],
    ...cut(dimensions.slice(1), 'dimensions', 'dimension', verbose),
    '',
    arrays[0],
    ...cut(arrays.slice(1), 'arrays', 'array', verbose),
    '',
    ...sizeLines(report),
    ...barrierPart(report, verbose),
    ...seamLines(report),
    ...eraLines(report, verbose),
    ...leftOutLines(report, verbose),
    '',
    verdict(text),
  ]
}
