/** The options of `kstream build`, checked. */
import { UsageError } from '../lib/index.ts'
import { type Arguments, flagOf, integerOf, pairsOf, singleValueOf } from './option.ts'
import { readPlanningOptions } from './planning-options.ts'
import type { StageOptions } from './stages.ts'
import { VERSION } from './version.ts'

export interface BuildOptions extends StageOptions {
  readonly output: string
  readonly recordSize: number | undefined
  readonly overwrite: boolean
  readonly append: boolean
  readonly resume: boolean
}

function outputOf(args: Arguments): string {
  const output = singleValueOf(args, 'output')
  if (output !== undefined) return output
  throw new UsageError(
    'no output: say where the set goes with -o, for example kstream build *.nc --concat-dims time -o ocean.parq',
  )
}

/** Appending changes a set that is there, and only at its end. */
function checkAppend({ append, overwrite, resume, onMismatch }: BuildOptions): void {
  if (!append) return
  const other = overwrite ? '--overwrite' : resume ? '--resume' : undefined
  if (other) throw new UsageError(`--append adds to the set that is there: it does not go with ${other}`)
  if (onMismatch === 'eras') {
    throw new UsageError('--append adds to the arrays that are there: it cannot write eras beside them')
  }
  if (onMismatch === 'copy') {
    throw new UsageError(
      '--append links the chunks that are there: --on-mismatch copy builds anew, from all files',
    )
  }
}

/** @throws UsageError for what is missing, or makes no sense. */
export function readBuildOptions(args: Arguments): BuildOptions {
  const options = {
    ...readPlanningOptions(args),
    output: outputOf(args),
    rewritePaths: pairsOf(args, 'rewrite-paths'),
    inlineThreshold: integerOf(args, 'inline-threshold', 0) ?? 0,
    recordSize: integerOf(args, 'record-size', 1),
    overwrite: flagOf(args, 'overwrite'),
    append: flagOf(args, 'append'),
    resume: flagOf(args, 'resume'),
  }
  checkAppend(options)
  return options
}

/** Equal for builds that make the same set of the same files: one can go on where the other has stopped. */
export function buildKey(options: BuildOptions): string {
  const { output: _output, overwrite: _overwrite, resume: _resume, ...what } = options
  return JSON.stringify({ version: VERSION, ...what })
}
