/** The options that decide what is combined and how: those of `kstream build` and `kstream plan` alike. */
import { type ChunkTarget, type CooMap, UsageError } from '../lib/index.ts'
import { chunkTargetOf } from './chunk-target.ts'
import {
  type Arguments,
  choiceOf,
  entriesOf,
  flagOf,
  flagOption,
  listOf,
  type Option,
  pairsOf,
  singleValueOf,
  valueOption,
} from './option.ts'

const FAIL_OR_SKIP = ['fail', 'skip'] as const
const ON_UNSUPPORTED = ['fail', 'copy', 'skip', 'copy-or-skip'] as const
const ON_MISMATCH = ['fail', 'eras', 'skip', 'copy'] as const
const ORDERS = ['coordinate', 'list'] as const

/** `--allow-external`, of the commands that read what inputs refer to. */
export const ALLOW_EXTERNAL = valueOption(
  'Folders outside those of the inputs whose files these may refer to',
)

/** What is combined and how, checked. */
export interface PlanningOptions {
  /** Those of the `cooMap` by default; undefined: the one unlimited dimension that all inputs share. */
  readonly concatDims: readonly string[] | undefined
  readonly identicalDims: readonly string[]
  readonly order: (typeof ORDERS)[number]
  readonly cooMap: CooMap
  readonly mergeVariables: boolean
  readonly onMismatch: (typeof ON_MISMATCH)[number]
  readonly allowGaps: boolean
  readonly onError: (typeof FAIL_OR_SKIP)[number]
  readonly onUnsupported: (typeof ON_UNSUPPORTED)[number]
  readonly allowExternal: readonly string[]
  readonly splitChunks: ChunkTarget | undefined
  readonly mergeChunks: ChunkTarget | undefined
  readonly group: string | undefined
  readonly select: readonly string[] | undefined
  readonly drop: readonly string[] | undefined
  readonly rename: Readonly<Record<string, string>> | undefined
}

export const PLANNING_OPTIONS: Readonly<Record<string, Option>> = {
  'concat-dims': valueOption('Dimensions to join files along: time, or time,member', {
    defaultDescription: 'the one unlimited dimension they share',
  }),
  'identical-dims': valueOption('Dimensions that are equal in all files: compared and kept once'),
  order: valueOption('Order of the files: that of the coordinate, or of the list', {
    defaultDescription: 'coordinate',
  }),
  'coo-map': valueOption(
    'DIM=SOURCE, where its values come from: cf:NAME, data:NAME, attr:NAME, vattr:ARRAY:NAME, /pattern/, INDEX, list:1,2, a constant',
  ),
  'merge-variables': flagOption('Files may hold different variables: merge them'),
  'on-mismatch': valueOption(
    'Files that do not fit: fail, eras (a group for each run that does), skip, copy (the chunks that no grid holds)',
    { defaultDescription: 'fail' },
  ),
  'allow-gaps': flagOption('Steps along a coordinate may be missing'),
  'on-error': valueOption('Files that cannot be read: fail or skip', { defaultDescription: 'fail' }),
  'on-unsupported': valueOption(`What references cannot express: ${ON_UNSUPPORTED.join(', ')}`, {
    defaultDescription: 'fail',
  }),
  'allow-external': ALLOW_EXTERNAL,
  'split-chunks': valueOption('Split chunks that have no filter: time=1,lev=10, or to a size, 4MiB'),
  'merge-chunks': valueOption('Merge chunks that lie side by side and have no filter: time=12, or 4MiB'),
  group: valueOption('The content of this group as the whole: /PRODUCT'),
  select: valueOption('Arrays or groups to keep, with the coordinates they need'),
  drop: valueOption('Arrays or groups to leave out'),
  rename: valueOption('Other names for arrays and dimensions: lon=longitude'),
}

/** Examples of where a coordinate comes from. */
export const COORDINATE_EXAMPLES = [
  [
    "kstream build *.nc --concat-dims time,member --coo-map 'member=/r(\\d+)/' -o ens.parq",
    'A new dimension out of file names',
  ],
  ['kstream build *.nc --concat-dims time --coo-map time=cf:time -o all.parq', 'Times in any unit'],
] as const

function cooMapOf(args: Arguments): CooMap {
  const entries = entriesOf(args, 'coo-map', 'DIM=SOURCE') ?? []
  const map: Record<string, string> = Object.fromEntries(entries)
  const twice = entries.find(([dim, source]) => map[dim] !== source)
  if (twice) throw new UsageError(`--coo-map says twice where ${twice[0]} comes from; give it once`)
  return map
}

/** @throws UsageError for what makes no sense. */
export function readPlanningOptions(args: Arguments): PlanningOptions {
  const cooMap = cooMapOf(args)
  const mapped = Object.keys(cooMap)
  return {
    // Whoever says where a coordinate comes from wants to join along it.
    concatDims: listOf(args, 'concat-dims') ?? (mapped.length > 0 ? mapped : undefined),
    identicalDims: listOf(args, 'identical-dims') ?? [],
    order: choiceOf(args, 'order', ORDERS) ?? 'coordinate',
    cooMap,
    mergeVariables: flagOf(args, 'merge-variables'),
    onMismatch: choiceOf(args, 'on-mismatch', ON_MISMATCH) ?? 'fail',
    allowGaps: flagOf(args, 'allow-gaps'),
    onError: choiceOf(args, 'on-error', FAIL_OR_SKIP) ?? 'fail',
    onUnsupported: choiceOf(args, 'on-unsupported', ON_UNSUPPORTED) ?? 'fail',
    allowExternal: listOf(args, 'allow-external') ?? [],
    splitChunks: chunkTargetOf(args, 'split-chunks'),
    mergeChunks: chunkTargetOf(args, 'merge-chunks'),
    group: singleValueOf(args, 'group'),
    select: listOf(args, 'select'),
    drop: listOf(args, 'drop'),
    rename: pairsOf(args, 'rename'),
  }
}
