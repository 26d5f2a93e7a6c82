/** The options of `kstream convert`, checked. */
import { type IcechunkVersion, type InputFormat, UsageError } from '../lib/index.ts'
import { bytesOf } from './byte-count.ts'
import { type Arguments, choiceOf, flagOf, integerOf, pairsOf, singleValueOf } from './option.ts'
import { readPlanningOptions } from './planning-options.ts'
import {
  inputFormatNamed,
  OUTPUT_FORMATS,
  type OutputFormat,
  outputFormatOf,
  STANDARD,
} from './set-format.ts'
import type { StageOptions } from './stages.ts'

/** The least that `--max-memory` can hold to: what Node itself takes, and some rows. */
const LEAST_MEMORY = 128 << 20

export interface ConvertOptions extends StageOptions {
  readonly inputs: readonly string[]
  readonly output: string
  readonly from: InputFormat | undefined
  readonly to: OutputFormat
  readonly recordSize: number | undefined
  readonly overwrite: boolean
  /** Bytes of rows that each input may hold to put them in order. */
  readonly memoryBytes: number
  /** Which commit of Icechunk repositories is read. */
  readonly version: IcechunkVersion
}

/** The last name is the output, as for cp, where -o does not give it. */
function namesOf(args: Arguments, names: readonly string[]): Pick<ConvertOptions, 'inputs' | 'output'> {
  const given = singleValueOf(args, 'output')
  const inputs = given === undefined ? names.slice(0, -1) : names
  const output = given ?? names.at(-1)
  if (output !== undefined && inputs.length > 0) return { inputs, output }
  throw new UsageError(
    'convert takes what there is and what to make of it: kstream convert legacy.json refs.parq (- is standard input or output)',
  )
}

/** Bytes that Node and the commands take before the first row. */
const OWN_MEMORY = 104 << 20
/** Bytes in memory for one of rows that wait: those being sorted, read and written, and what is not yet freed. */
const ROW_COST = 6
const DEFAULT_MEMORY = 256 << 20

/** What is left of the most memory when Node has its part is for rows that wait, in the input and in the sink. */
function rowMemory(args: Arguments): number {
  const most = bytesOf(args, 'max-memory', LEAST_MEMORY) ?? DEFAULT_MEMORY
  return Math.floor((most - OWN_MEMORY) / ROW_COST)
}

function checkOptions({ to, output, recordSize }: ConvertOptions): void {
  if (recordSize !== undefined && to !== 'parquet') {
    throw new UsageError(`--record-size is of Parquet sets, and ${output} becomes ${to}`)
  }
  const isFolder = to === 'parquet' || to === 'icechunk'
  if (isFolder && output === STANDARD) {
    throw new UsageError(`a set in ${to} is a folder: standard output takes json, json-v0 and ndjson`)
  }
}

/** @throws UsageError for what is missing, or makes no sense. */
export function readConvertOptions(args: Arguments, names: readonly string[]): ConvertOptions {
  const { inputs, output } = namesOf(args, names)
  const options: ConvertOptions = {
    ...readPlanningOptions(args),
    inputs,
    output,
    from: inputFormatNamed(singleValueOf(args, 'from')),
    to: choiceOf(args, 'to', OUTPUT_FORMATS) ?? outputFormatOf(output),
    rewritePaths: pairsOf(args, 'rewrite-paths'),
    inlineThreshold: integerOf(args, 'inline-threshold', 0) ?? 0,
    recordSize: integerOf(args, 'record-size', 1),
    overwrite: flagOf(args, 'overwrite'),
    memoryBytes: rowMemory(args),
    version: {
      branch: singleValueOf(args, 'branch'),
      tag: singleValueOf(args, 'tag'),
      snapshot: singleValueOf(args, 'snapshot'),
    },
  }
  checkOptions(options)
  return options
}
