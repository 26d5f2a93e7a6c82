/** Where records lie (specification: computing offsets): pure arithmetic of the header. */
import type { ClassicHeader, ClassicVariable } from './header.ts'

/** How the values of a file's variables are laid out. */
export interface RecordLayout {
  /** Bytes from one record of a variable to its next. */
  readonly recordBytes: number
  readonly recordCount: number
}

/** Slabs of several record variables are padded to this. */
const ALIGNMENT = 4

/** Whether the variable grows with the records. */
export function isRecordVariable({ dimensions }: ClassicVariable): boolean {
  return dimensions.at(0)?.length === 0
}

/** Bytes of the values of a variable, or of one record of it, without padding; inexact above 2^53. */
export function slabBytes({ dimensions, type }: ClassicVariable): number {
  return dimensions.reduce((bytes, { length }) => bytes * (length || 1), type.size)
}

/**
 * The layout of the records. A record is all record variables, each padded; one alone has no padding.
 * The stored vsize plays no part: it overflows, and includes the padding that one alone does not have.
 * @param fileSize tells how many records there are where the header does not (STREAMING).
 */
export function planRecords(header: ClassicHeader, fileSize: number): RecordLayout {
  const variables = header.variables.filter(isRecordVariable)
  const alone = variables.length === 1
  const sum = variables.reduce((bytes, variable) => {
    const slab = slabBytes(variable)
    return bytes + (alone ? slab : Math.ceil(slab / ALIGNMENT) * ALIGNMENT)
  }, 0)
  // Finite, for a first record to be 0 times it behind the beginning.
  const recordBytes = Math.min(sum, Number.MAX_SAFE_INTEGER)
  return { recordBytes, recordCount: header.recordCount ?? countRecords(variables, recordBytes, fileSize) }
}

/** Records of which all values are in the file; padding behind the last may be absent. */
function countRecords(variables: readonly ClassicVariable[], recordBytes: number, fileSize: number): number {
  if (variables.length === 0) return 0
  const counts = variables.map((variable) => {
    const room = fileSize - variable.begin - slabBytes(variable)
    return room < 0 ? 0 : Math.floor(room / recordBytes) + 1
  })
  return Math.min(...counts)
}

/** Bytes from `begin` to before `end` that belong to a variable. */
interface Span {
  readonly begin: number
  readonly end: number
  readonly name: string
}

/**
 * Variables whose values share bytes with another's, and with which: one of the two is not where the header says. Some
 * writers put a fixed scalar among the records.
 */
export function findShared(
  variables: readonly ClassicVariable[],
  { recordBytes, recordCount }: RecordLayout,
): ReadonlyMap<string, string> {
  const spanOf = (variable: ClassicVariable): Span => {
    const { begin, name } = variable
    return { begin, end: begin + slabBytes(variable), name }
  }
  const fixed = variables.filter((variable) => !isRecordVariable(variable)).map(spanOf)
  const record = recordCount > 0 ? variables.filter(isRecordVariable).map(spanOf) : []
  const shared = new Map<string, string>()
  markShared(record, shared)
  const first = record.reduce((least, span) => (span.begin < least.begin ? span : least), record[0])
  if (!first) {
    markShared(fixed, shared)
    return shared
  }
  const behind = (recordCount - 1) * recordBytes
  const last = record.reduce((end, span) => Math.max(end, span.end), 0)
  // What reaches past the length of a record lies in the next one.
  const next = { ...first, begin: first.begin + recordBytes, end: first.end + recordBytes }
  if (recordCount > 1) markShared([...record.filter(({ end }) => end > next.begin), next], shared)
  markShared([...fixed, { ...first, end: last + behind }], shared)
  const intruder = fixed.find(({ begin, end }) => begin < last + behind && end > first.begin)
  // Which records it lies in tells nothing of which are where they should be.
  for (const { name } of intruder ? record : []) shared.set(name, intruder?.name ?? '')
  return shared
}

/** Marks the neighbours among spans that overlap. */
function markShared(spans: readonly Span[], shared: Map<string, string>): void {
  let reach: Span | undefined
  for (const span of spans.toSorted((a, b) => a.begin - b.begin)) {
    if (reach && span.begin < reach.end) {
      shared.set(span.name, reach.name)
      shared.set(reach.name, span.name)
    }
    if (!reach || span.end > reach.end) reach = span
  }
}
