/** The report of a plan, for people and machines. */
import { chunkCount, extentsSoFar } from '../model/chunk-grid.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { PlannedDimension } from '../plan/combination.ts'
import { firstFileOf, lastFileOf, type PlanInput } from '../plan/plan-input.ts'
import type { ArrayReport, DimensionReport, EraReport, PlanReport } from '../plan/plan-report.ts'
import { gridCounts } from './merged-footer.ts'
import type { SettledPlan } from './settled-plan.ts'

/** Bytes of a shard for each reference, as measured over large sets. */
const REFERENCE_BYTES = 6
/** Bytes of metadata and files for each array. */
const ARRAY_BYTES = 1500
/** Memory of xarray with fsspec and fastparquet, and of each row of the shards of one variable, of which it keeps 128. */
const READER_BYTES = 167e6
const READER_ROW_BYTES = 32
const READER_ROWS = 12_800_000
/** Empty cells that are named. */
const MOST_EXAMPLES = 5

interface ReportContext {
  /** The inputs of each era. */
  readonly eras: readonly (readonly PlanInput[])[]
  readonly leftOut: PlanReport['leftOut']
  /** The same plan with copies of chunks. */
  readonly healed: SettledPlan
}

/** What the plan would build, and every barrier. */
export function reportPlan(settled: SettledPlan, { eras, leftOut, healed }: ReportContext): PlanReport {
  const { plan } = settled
  const { inputs } = plan
  const counts = gridCounts(settled)
  const references = counts.reduce((sum, count, index) => (settled.chunks.has(index) ? sum : sum + count), 0)
  const inline = [...settled.chunks.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  const cells = countCells(settled)
  const greatest = counts.reduce((most, count) => Math.max(most, count), 0)
  return {
    inputs: inputs.length,
    order: {
      by: plan.options.order,
      reason: orderText(settled),
      first: inputs[0].name,
      last: inputs[inputs.length - 1].name,
      moved: countMoved(settled),
    },
    dimensions: reportDimensions(settled),
    arrays: settled.arrays.map((_, index) => reportArray(settled, index, counts[index])),
    ...cells,
    references,
    inlined: settled.chunks.size,
    estimatedBytes: references * REFERENCE_BYTES + inline + settled.arrays.length * ARRAY_BYTES,
    readerBytes: READER_BYTES + READER_ROW_BYTES * Math.min(READER_ROWS, greatest),
    ...reportSeams(healed),
    barriers: settled.barriers,
    eras: eras.map(reportEra),
    leftOut,
    skipped: plan.skipped,
    notes: settled.notes,
  }
}

/** What copies would cost, where with them nothing stands in the way. */
function reportSeams({ seams, barriers, arrays }: SettledPlan): Pick<PlanReport, 'seams'> {
  if (!seams || seams.size === 0 || barriers.length > 0) return {}
  const plans = [...seams]
  return {
    seams: {
      arrays: plans.map(([index]) => arrays[index].path),
      chunks: plans.reduce((sum, [, { chunks }]) => sum + chunks, 0),
      bytes: plans.reduce((sum, [, { bytes }]) => sum + bytes, 0),
      wholeBytes: plans.reduce((sum, [, { array }]) => sum + arrayBytes(array), 0),
    },
  }
}

function arrayBytes({ shape, dataType }: ArrayMetadata): number {
  return chunkCount(extentsSoFar(shape)) * itemSize(dataType)
}

function orderText({ plan }: SettledPlan): string {
  const placed = plan.dimensions.filter((dimension) => dimension.plan.segments)
  if (plan.options.order === 'list' || placed.length === 0) return 'as in the list'
  return `by the values of ${placed.map(({ name }) => name).join(' and ')}`
}

/** Inputs that do not stand where the list has them, those left out not counted. */
function countMoved({ plan }: SettledPlan): number {
  const listed = plan.inputs.map(({ index }) => index).sort((a, b) => a - b)
  return plan.inputs.filter(({ index }, at) => index !== listed[at]).length
}

function reportDimensions({ plan, arrays }: SettledPlan): DimensionReport[] {
  const sizes = new Map<string, number>()
  for (const { dims, shape } of arrays) {
    for (const [axis, name] of dims.entries()) if (!sizes.has(name)) sizes.set(name, shape[axis] ?? 0)
  }
  return [...sizes].map(([name, size]) => {
    const dimension = plan.dimensions.find((each) => each.name === name)
    const coordinate = dimension && reportCoordinate(dimension)
    return { name, size, joined: dimension !== undefined, ...(coordinate && { coordinate }) }
  })
}

function reportCoordinate({ plan }: PlannedDimension): DimensionReport['coordinate'] {
  const { segments, placement, text, date, units, from } = plan
  const valued = placement.slots.flatMap((input) => segments?.[input] ?? [])
  if (valued.length === 0) return undefined
  const [first, last] = [valued[0].first, valued[valued.length - 1].last]
  const [begin, end] = [date?.(first), date?.(last)]
  const dates = begin !== undefined && end !== undefined ? { dates: [begin, end] as const } : {}
  return { from, first: text(first), last: text(last), ...(units !== '' && { units }), ...dates }
}

const ROLES = { along: 'referenced', gathered: 'gathered', fixed: 'once' } as const

function reportArray({ plan, arrays }: SettledPlan, index: number, chunks: number): ArrayReport {
  const { path, dims, shape, chunkShape, dataType, codecs } = arrays[index]
  return {
    path,
    dims,
    shape: shape.map((extent) => extent ?? 0),
    chunkShape,
    dataType: typeof dataType === 'string' ? dataType : 'structure',
    codecs: codecs.map(({ id }) => id),
    role: plan.dimensions.length === 0 ? 'referenced' : ROLES[plan.arrays[index].role],
    chunks,
    inputs: plan.inputs.filter(({ indexOf }) => indexOf.has(path)).length,
  }
}

function reportEra(inputs: readonly PlanInput[], at: number): EraReport {
  return {
    name: `era_${at}`,
    inputs: inputs.length,
    first: firstFileOf(inputs[0]),
    last: lastFileOf(inputs[inputs.length - 1]),
  }
}

/** The grid of joined dimensions: how many places it has, and which of them no input fills. */
function countCells({ plan }: SettledPlan): Pick<PlanReport, 'cells' | 'emptyCells' | 'emptyExamples'> {
  const { dimensions, inputs } = plan
  const shape = dimensions.map(({ slots }) => slots)
  const cells = shape.reduce((product, slots) => product * slots, 1)
  const filled = new Set(
    inputs.flatMap((_, at) => {
      const slots = dimensions.map(({ slotOf }) => slotOf[at])
      return slots.includes(-1) ? [] : [slots.reduce((cell, slot, dim) => cell * shape[dim] + slot, 0)]
    }),
  )
  const emptyExamples: string[] = []
  for (let cell = 0; cell < cells && emptyExamples.length < MOST_EXAMPLES && filled.size < cells; cell++) {
    if (!filled.has(cell)) emptyExamples.push(cellText(cell, dimensions, shape))
  }
  return { cells, emptyCells: cells - filled.size, emptyExamples }
}

function cellText(cell: number, dimensions: readonly PlannedDimension[], shape: readonly number[]): string {
  const parts: string[] = []
  for (let dim = dimensions.length - 1; dim >= 0; dim--) {
    const slot = cell % shape[dim]
    const { name, plan } = dimensions[dim]
    const first = plan.segments?.[plan.placement.slots[slot]]?.first
    parts.unshift(`${name}=${first === undefined ? slot : plan.text(first)}`)
    cell = Math.floor(cell / shape[dim])
  }
  return parts.join(', ')
}
