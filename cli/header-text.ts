/** A header as text: its arrays in a table, its groups' attributes, its references counted. */
import type { ArrayMetadata, GroupMetadata, Header } from '../lib/index.ts'
import { codecText, extentText, typeText } from './array-text.ts'
import { formatBytes, formatCount, formatPlural, formatTable } from './text-table.ts'

/** Characters of an attribute's value. */
const LONGEST_VALUE = 100

function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part))
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

/** More columns of the table of arrays, flush right: the headings first. */
export type Columns = readonly (readonly string[])[]

/** The lines of the table, and of attributes. */
export function headerLines({ groups, arrays }: Header, more: Columns = []): string[] {
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

/** Groups and arrays as a header. */
export function headerOf(
  groups: readonly GroupMetadata[],
  arrays: readonly { metadata: ArrayMetadata }[],
): Header {
  return {
    kind: 'header',
    groups,
    arrays: arrays.map(({ metadata }) => metadata),
    skipped: [],
    notes: [],
  }
}

/** Chunks of an array, counted. */
export interface Counted {
  readonly references: number
  readonly inlined: number
  readonly missing: number
}

/** Bytes of references, and of files in the set itself, where they are known. */
interface Bytes {
  readonly referenced?: number | undefined
  readonly copied?: number | undefined
}

/** The counts of all arrays, summed up. */
export function countText(
  arrays: readonly (Counted | undefined)[],
  { referenced, copied = 0 }: Bytes = {},
): string {
  const sum = (name: keyof Counted) => arrays.reduce((total, array) => total + (array?.[name] ?? 0), 0)
  const references = formatPlural(sum('references'), 'reference')
  const span = referenced === undefined ? '' : ` to ${formatBytes(referenced)}`
  const files = copied > 0 ? `, ${formatBytes(copied)} copied into the set` : ''
  return `${references}${span}, ${formatCount(sum('inlined'))} inlined${files}, ${formatCount(sum('missing'))} missing`
}
