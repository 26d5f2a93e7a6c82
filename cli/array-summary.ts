/** What the arrays of one or more sets amount to: the table of `kstream scan --summary`. */
import {
  type ArrayMetadata,
  INLINE,
  itemSize,
  type ReferenceBatch,
  type ReferenceSet,
  type Skipped,
} from '../lib/index.ts'
import { codecText, extentText, typeText } from './array-text.ts'
import { type Alignment, formatBytes, formatCount, formatTable } from './text-table.ts'

interface ArraySummary {
  readonly path: string
  readonly shapes: Set<string>
  readonly chunkShapes: Set<string>
  readonly grids: Set<string>
  readonly types: Set<string>
  readonly codecs: Set<string>
  references: number
  inlined: number
  missing: number
  /** As stored. */
  bytes: number
  /** Of the same chunks, decoded. */
  decodedBytes: number
}

interface Totals {
  readonly arrays: number
  readonly references: number
  readonly inlined: number
  readonly missing: number
  readonly bytes: number
  readonly decodedBytes: number
}

const HEADING = [
  'array',
  'shape',
  'chunks',
  'grid',
  'dtype',
  'references',
  'inlined',
  'missing',
  'bytes',
  'ratio',
  'codecs',
]
const ALIGNMENTS = HEADING.map(
  (name): Alignment => (/references|inlined|missing|bytes|ratio/.test(name) ? 'right' : 'left'),
)

function ratioText({ bytes, decodedBytes }: { bytes: number; decodedBytes: number }): string {
  return bytes > 0 ? (decodedBytes / bytes).toFixed(2) : '-'
}

/** One value, or how many there are over the files. */
function onlyValue(values: ReadonlySet<string>): string {
  const [value] = values
  return values.size === 1 ? value : `${values.size} kinds`
}

export class SetSummary {
  readonly #arrays = new Map<string, ArraySummary>()
  readonly #skipped = new Map<string, Skipped>()

  /** What references cannot express, each named once over all files. */
  get skipped(): readonly Skipped[] {
    return [...this.#skipped.values()]
  }

  /** Reads the whole body of `set` and adds it. */
  async add(set: ReferenceSet, signal: AbortSignal): Promise<void> {
    const rows = set.header.arrays.map((array) => this.#rowOf(array.path))
    for (const skipped of set.header.skipped) this.#skipped.set(skipped.path, skipped)
    const chunkBytes = set.header.arrays.map(
      ({ chunkShape, dataType }) =>
        chunkShape.reduce((count, extent) => count * extent, 1) * itemSize(dataType),
    )
    const sizes = new Map(set.sources.map(({ url, size }) => [url, size]))
    for await (const item of set.body({ signal })) {
      if (item.kind === 'batch') {
        addBatch(rows[item.array], item, chunkBytes[item.array], sizes)
        continue
      }
      for (const [index, array] of set.header.arrays.entries()) {
        describeArray(rows[index], array, item.shapes[index])
        rows[index].missing += item.missing[index]
      }
      for (const { path, outcome, reason = '' } of item.coverage.arrays) {
        if (outcome === 'skipped') this.#skipped.set(path, { path, reason })
      }
    }
  }

  #rowOf(path: string): ArraySummary {
    const known = this.#arrays.get(path)
    if (known) return known
    const row: ArraySummary = {
      path,
      shapes: new Set(),
      chunkShapes: new Set(),
      grids: new Set(),
      types: new Set(),
      codecs: new Set(),
      references: 0,
      inlined: 0,
      missing: 0,
      bytes: 0,
      decodedBytes: 0,
    }
    this.#arrays.set(path, row)
    return row
  }

  totals(): Totals {
    const rows = [...this.#arrays.values()]
    const sum = (pick: (row: ArraySummary) => number) => rows.reduce((total, row) => total + pick(row), 0)
    return {
      arrays: rows.length,
      references: sum((row) => row.references),
      inlined: sum((row) => row.inlined),
      missing: sum((row) => row.missing),
      bytes: sum((row) => row.bytes),
      decodedBytes: sum((row) => row.decodedBytes),
    }
  }

  /** A heading, a line an array and one of totals. */
  lines(): string[] {
    const rows = [...this.#arrays.values()].map((row) => [
      row.path,
      onlyValue(row.shapes),
      onlyValue(row.chunkShapes),
      onlyValue(row.grids),
      onlyValue(row.types),
      formatCount(row.references),
      formatCount(row.inlined),
      formatCount(row.missing),
      formatBytes(row.bytes),
      ratioText(row),
      onlyValue(row.codecs),
    ])
    const totals = this.totals()
    const last = [
      'total',
      ...['', '', '', ''],
      formatCount(totals.references),
      formatCount(totals.inlined),
      formatCount(totals.missing),
      formatBytes(totals.bytes),
      ratioText(totals),
      '',
    ]
    return formatTable([HEADING, ...rows, last], ALIGNMENTS)
  }
}

/** Whole files count where their `sizes` are known. */
function addBatch(
  row: ArraySummary,
  batch: ReferenceBatch,
  chunkBytes: number,
  sizes: ReadonlyMap<string, number>,
): void {
  let inlined = 0
  let bytes = 0
  for (let index = 0; index < batch.rows; index++) {
    if (batch.path[index] === INLINE) {
      inlined++
      bytes += batch.raw?.[index]?.length ?? 0
    } else bytes += batch.length[index] || (sizes.get(batch.paths[batch.path[index]]) ?? 0)
  }
  row.inlined += inlined
  row.references += batch.rows - inlined
  row.bytes += bytes
  row.decodedBytes += batch.rows * chunkBytes
}

function describeArray(row: ArraySummary, array: ArrayMetadata, shape: readonly number[]): void {
  row.shapes.add(extentText(shape))
  row.chunkShapes.add(extentText(array.chunkShape))
  row.grids.add(extentText(shape.map((extent, axis) => Math.ceil(extent / array.chunkShape[axis]))))
  row.types.add(typeText(array.dataType))
  row.codecs.add(codecText(array))
}
