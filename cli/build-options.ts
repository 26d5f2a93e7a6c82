/** The options of `kstream build`, checked. */
import { UsageError } from '../lib/index.ts'
import { type Arguments, choiceOf, flagOf, integerOf, listOf, pairsOf, singleValueOf } from './option.ts'

export const ON_UNSUPPORTED = ['fail', 'skip'] as const

export interface BuildOptions {
  readonly output: string
  readonly concatDim: string | undefined
  readonly identicalDims: readonly string[]
  readonly select: readonly string[] | undefined
  readonly rewritePaths: Readonly<Record<string, string>> | undefined
  /** Bytes; 0 for none. */
  readonly inlineThreshold: number
  readonly recordSize: number | undefined
  readonly onUnsupported: 'fail' | 'skip'
  readonly overwrite: boolean
}

function outputOf(args: Arguments): string {
  const output = singleValueOf(args, 'output')
  if (output !== undefined) return output
  throw new UsageError(
    'no output: say where the set goes with -o, for example kstream build *.nc --concat-dims time -o ocean.parq',
  )
}

function concatDimOf(args: Arguments): string | undefined {
  const dims = listOf(args, 'concat-dims') ?? []
  if (dims.length > 1) {
    throw new UsageError(
      `--concat-dims takes one dimension in this version, not ${dims.length}: ${dims.join(', ')}`,
    )
  }
  return dims.at(0)
}

/** @throws UsageError for what is missing, or makes no sense. */
export function readOptions(args: Arguments): BuildOptions {
  return {
    output: outputOf(args),
    concatDim: concatDimOf(args),
    identicalDims: listOf(args, 'identical-dims') ?? [],
    select: listOf(args, 'select'),
    rewritePaths: pairsOf(args, 'rewrite-paths'),
    inlineThreshold: integerOf(args, 'inline-threshold', 0) ?? 0,
    recordSize: integerOf(args, 'record-size', 1),
    onUnsupported: choiceOf(args, 'on-unsupported', ON_UNSUPPORTED) ?? 'fail',
    overwrite: flagOf(args, 'overwrite'),
  }
}
