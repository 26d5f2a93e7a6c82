/** From the header of a netCDF classic file to the metadata of its arrays, and where the body finds their values. */
import type { ArrayMetadata, GroupMetadata, Header, Skipped } from '../../model/metadata.ts'
import { zarrNameProblem } from '../zarr-name.ts'
import type { ClassicHeader, ClassicVariable } from './header.ts'
import { choosePieces } from './piece-runs.ts'
import { findShared, isRecordVariable, planRecords, type RecordLayout, slabBytes } from './record-layout.ts'

/** What a body needs of the arrays, and what the files of a series have in common. */
export interface ArrayPlan {
  /** Bytes from one record to the next. */
  readonly recordBytes: number
  /** By array: whether the values of other arrays lie between its records. */
  readonly interleaved: readonly boolean[]
}

/** A header as the set shows it, with the plan of its arrays. */
export interface PlannedFile {
  readonly header: Header
  readonly plan: ArrayPlan
  /** By array: where its first value is in the file. */
  readonly begins: readonly number[]
}

interface PlannedVariable {
  readonly metadata: ArrayMetadata
  readonly interleaved: boolean
  readonly begin: number
}

/** Bytes of absent values that zeros stand for, at most; also of one record where there is none. */
const MOST_ABSENT = 2 ** 40

/**
 * Plans a file's arrays; `skipped` in the header names each variable that references cannot express.
 * @param copies whether zeros may stand for values past the end of the file.
 */
export function planFile(file: ClassicHeader, fileSize: number, copies: boolean): PlannedFile {
  const records = planRecords(file, fileSize)
  const skipped: Skipped[] = []
  const notes: Skipped[] = file.list.problems.map((reason) => ({ path: '', reason }))
  const names = new Set<string>()
  const shared = findShared(file.variables, records)
  const planned: PlannedVariable[] = []
  for (const variable of file.variables) {
    const { name: path, list } = variable
    const reason =
      refuseName(path, names) ??
      refuseShared(path, shared) ??
      refuseValues(variable, file, records, fileSize, copies ? MOST_ABSENT : 0)
    names.add(path)
    if (reason === undefined) {
      planned.push(planVariable(variable, records, fileSize))
      notes.push(...list.problems.map((problem) => ({ path, reason: problem })))
    } else skipped.push({ path, reason })
  }
  const header: Header = {
    kind: 'header',
    groups: [rootOf(file)],
    arrays: planned.map(({ metadata }) => metadata),
    skipped,
    notes,
  }
  const plan = {
    recordBytes: records.recordBytes,
    interleaved: planned.map(({ interleaved }) => interleaved),
  }
  return { header, plan, begins: planned.map(({ begin }) => begin) }
}

function rootOf({ list, dimensions }: ClassicHeader): GroupMetadata {
  const unlimitedDims = dimensions.filter(({ length }) => length === 0).map(({ name }) => name)
  return { path: '', attributes: list.attributes, unlimitedDims }
}

function refuseName(name: string, others: ReadonlySet<string>): string | undefined {
  return zarrNameProblem(name) ?? (others.has(name) ? 'another variable has the same name' : undefined)
}

function refuseShared(name: string, shared: ReadonlyMap<string, string>): string | undefined {
  const other = shared.get(name)
  return other === undefined ? undefined : `the header puts its values where those of ${other} are`
}

/** @param absent how many bytes may be behind the file's last. */
function refuseValues(
  variable: ClassicVariable,
  file: ClassicHeader,
  records: RecordLayout,
  fileSize: number,
  absent: number,
): string | undefined {
  const end = endOf(variable, records)
  if (end === undefined) {
    const slab = slabBytes(variable)
    return slab > MOST_ABSENT ? `no record, and ${slab} bytes for each` : undefined
  }
  const { begin } = variable
  if (begin < file.length) return `its values begin at byte ${begin}, within the header`
  return end > fileSize + absent ? pastTheEnd(end, fileSize) : undefined
}

/** What is wrong with values that end behind the file's last byte. */
export function pastTheEnd(end: number, fileSize: number): string {
  return `its values end at byte ${end}, but the file has ${fileSize} (truncated?)`
}

/** The byte behind the last value; undefined where there is none. */
function endOf(variable: ClassicVariable, { recordBytes, recordCount }: RecordLayout): number | undefined {
  const slab = slabBytes(variable)
  if (!isRecordVariable(variable)) return variable.begin + slab
  return recordCount === 0 ? undefined : variable.begin + (recordCount - 1) * recordBytes + slab
}

/**
 * Records with other values between them are a row of chunks each, or several where they are long. Records that adjoin
 * are one run of values, as a fixed variable is: split along the records into pieces of several.
 */
function planVariable(variable: ClassicVariable, records: RecordLayout, fileSize: number): PlannedVariable {
  const { name: path, dimensions, list, type, begin } = variable
  const { recordBytes, recordCount } = records
  const isRecord = isRecordVariable(variable)
  const shape = dimensions.map(({ length }) => length || recordCount)
  const interleaved = isRecord && slabBytes(variable) < recordBytes
  const end = endOf(variable, records) ?? begin
  // Where values are past the end, so may be the padding of their pieces.
  const room = end > fileSize ? Infinity : fileSize - begin
  const chunkShape = interleaved
    ? [1, ...choosePieces(shape.slice(1), type.size, room - Math.max(0, recordCount - 1) * recordBytes)]
    : choosePieces(shape, type.size, room)
  const metadata: ArrayMetadata = {
    path,
    dims: dimensions.map(({ name }) => name),
    attributes: list.attributes,
    shape,
    chunkShape,
    dataType: type.dataType,
    fillValue: end > fileSize ? null : characterFill(variable),
    codecs: [],
  }
  return { metadata, interleaved, begin }
}

/**
 * The fill value of characters, which readers mask by it. No chunk is ever left to a fill value, as every value is in
 * the file; but for those past its end, which are 0.
 */
function characterFill({ type, list }: ClassicVariable): Uint8Array | null {
  const fill = Object.hasOwn(list.attributes, '_FillValue') ? list.attributes._FillValue : undefined
  if (type.number !== undefined || typeof fill !== 'string') return null
  const bytes = Buffer.from(fill)
  return bytes.length === 1 ? bytes : null
}
