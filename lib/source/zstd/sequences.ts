/** The sequences of a zstd block (RFC 8878, 3.1.1.3.2): how many literals, then a match of which length at which distance. */
import { bitsAt, type Damaged, type FseTable, fseTable, lastBit, readFseTable, viewOf } from './entropy.ts'

/** What a code stands for: a base and the bits that are added to it. */
interface Codes {
  readonly bases: Uint32Array
  readonly bits: Uint8Array
  readonly mostAccuracy: number
  readonly predefined: FseTable
}

/** Codes from `first` on that stand for themselves, then those of these bits, each going on where the one before ends. */
function codesOf(
  first: number,
  plain: number,
  bits: readonly number[],
  mostAccuracy: number,
  table: FseTable,
): Codes {
  const all = [...new Array<number>(plain).fill(0), ...bits]
  let base = first
  const bases = all.map((count) => {
    base += 2 ** count
    return base - 2 ** count
  })
  return { bases: Uint32Array.from(bases), bits: Uint8Array.from(all), mostAccuracy, predefined: table }
}

/** 3.1.1.3.2.2 and appendix A. */
const LITERAL_LENGTHS = codesOf(
  0,
  16,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  9,
  fseTable(
    [
      4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1,
      -1, -1,
    ],
    6,
  ),
)
const MATCH_LENGTHS = codesOf(
  3,
  32,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  9,
  fseTable([1, 4, 3, 2, 2, 2, 2, 2, 2, ...new Array<number>(37).fill(1), -1, -1, -1, -1, -1, -1, -1], 6),
)
/** Windows are smaller than 2^28, so no distance has more bits. */
const OFFSETS = codesOf(
  1,
  0,
  Array.from({ length: 29 }, (_, bits) => bits),
  8,
  fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, ...new Array<number>(15).fill(1), -1, -1, -1, -1, -1], 5),
)

const PREDEFINED = 0
const ONE_SYMBOL = 1
const STORED = 2

/** What a frame's blocks have from those before. */
export interface SequenceTables {
  literalLengths?: FseTable
  offsets?: FseTable
  matchLengths?: FseTable
}

/** The sequences of one block in columns: `literals` bytes of those, then `matchLengths` bytes by an offset as it is coded. */
export class Sequences {
  count = 0
  literals = new Uint32Array(0)
  offsetValues = new Uint32Array(0)
  matchLengths = new Uint32Array(0)

  /** Forgets those of the block before; these are to be set. `count` is less than 2^17. */
  renew(count: number): void {
    this.count = count
    if (count <= this.literals.length) return
    this.literals = new Uint32Array(count)
    this.offsetValues = new Uint32Array(count)
    this.matchLengths = new Uint32Array(count)
  }
}

/** Reads which table a block uses; returns it and where its description ends. */
function readTable(
  bytes: Uint8Array,
  at: number,
  end: number,
  {
    mode,
    codes,
    before,
  }: { readonly mode: number; readonly codes: Codes; readonly before: FseTable | undefined },
  damaged: Damaged,
): { readonly table: FseTable; readonly end: number } {
  const mostSymbols = codes.bits.length
  if (mode === PREDEFINED) return { table: codes.predefined, end: at }
  if (mode === STORED)
    return readFseTable(bytes, at, { end, mostAccuracy: codes.mostAccuracy, mostSymbols }, damaged)
  if (mode !== ONE_SYMBOL) return { table: before ?? damaged('a table of no block before'), end: at }
  if (at >= end || bytes[at] >= mostSymbols) damaged('a code that is none')
  return { table: { accuracy: 0, states: Uint32Array.of(bytes[at]) }, end: at + 1 }
}

function readTables(
  bytes: Uint8Array,
  at: number,
  end: number,
  tables: SequenceTables,
  damaged: Damaged,
): { readonly tables: Required<SequenceTables>; readonly end: number } {
  const modes = bytes[at]
  if (at >= end || (modes & 3) !== 0) damaged('reserved bits')
  const lengths = { mode: modes >> 6, codes: LITERAL_LENGTHS, before: tables.literalLengths }
  const first = readTable(bytes, at + 1, end, lengths, damaged)
  const offsets = { mode: (modes >> 4) & 3, codes: OFFSETS, before: tables.offsets }
  const second = readTable(bytes, first.end, end, offsets, damaged)
  const matches = { mode: (modes >> 2) & 3, codes: MATCH_LENGTHS, before: tables.matchLengths }
  const third = readTable(bytes, second.end, end, matches, damaged)
  const read = { literalLengths: first.table, offsets: second.table, matchLengths: third.table }
  Object.assign(tables, read)
  return { tables: read, end: third.end }
}

/** 3.1.1.3.2.1: how many sequences there are, and where what follows begins. */
function readCount(bytes: Uint8Array, at: number): { readonly count: number; readonly end: number } {
  const first = bytes[at]
  if (first < 128) return { count: first, end: at + 1 }
  if (first < 255) return { count: ((first - 128) << 8) + bytes[at + 1], end: at + 2 }
  return { count: bytes[at + 1] + (bytes[at + 2] << 8) + 0x7f00, end: at + 3 }
}

/**
 * Reads the sequences between `at` and `end`, behind which PADDING follows, into `sequences`.
 * @param tables of the blocks before, and then of this one.
 */
export function readSequences(
  sequences: Sequences,
  tables: SequenceTables,
  { bytes, at, end }: { readonly bytes: Uint8Array; readonly at: number; readonly end: number },
  damaged: Damaged,
): void {
  if (at >= end) damaged('no sequences')
  const { count, end: tablesAt } = readCount(bytes, at)
  sequences.renew(count)
  if (count > 0) {
    const { tables: read, end: start } = readTables(bytes, tablesAt, end, tables, damaged)
    decodeSequences(sequences, read, { bytes, start, end }, damaged)
  } else if (tablesAt !== end) damaged('more than no sequences')
}

/** 3.1.1.3.2.2: three states take turns. Bits before the first are read as any, and then refused. */
function decodeSequences(
  { count, literals, offsetValues, matchLengths }: Sequences,
  tables: Required<SequenceTables>,
  { bytes, start, end }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  damaged: Damaged,
): void {
  const view = viewOf(bytes)
  let at = lastBit(bytes, start, end, damaged)
  const read = (bits: number): number => {
    at -= bits
    return bitsAt(view, at, bits)
  }
  const literalStates = tables.literalLengths.states
  const offsetStates = tables.offsets.states
  const matchStates = tables.matchLengths.states
  let literal = literalStates[read(tables.literalLengths.accuracy)]
  let offset = offsetStates[read(tables.offsets.accuracy)]
  let match = matchStates[read(tables.matchLengths.accuracy)]
  for (let row = 0; row < count; row++) {
    const bits = offset & 0xff
    const upper = bits > 16 ? read(bits - 16) << 16 : 0
    offsetValues[row] = (1 << bits) + upper + read(Math.min(16, bits))
    const matchCode = match & 0xff
    matchLengths[row] = MATCH_LENGTHS.bases[matchCode] + read(MATCH_LENGTHS.bits[matchCode])
    const literalCode = literal & 0xff
    literals[row] = LITERAL_LENGTHS.bases[literalCode] + read(LITERAL_LENGTHS.bits[literalCode])
    if (row + 1 < count) {
      literal = literalStates[(literal >>> 16) + read((literal >> 8) & 0xff)]
      match = matchStates[(match >>> 16) + read((match >> 8) & 0xff)]
      offset = offsetStates[(offset >>> 16) + read((offset >> 8) & 0xff)]
    }
    if (at < start * 8) damaged('sequences that are cut off')
  }
  if (at !== start * 8) damaged('sequences of another length')
}
