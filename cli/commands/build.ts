/** `kstream build`: files to one Parquet reference set. */
import { type Combination, type Sink, Tally, type WriteReport, writeParquet } from '../../lib/index.ts'
import { AppendTarget, checkOutput, openBefore } from '../append.ts'
import { type BuildOptions, readBuildOptions } from '../build-options.ts'
import { reportBuild } from '../build-report.ts'
import { combineFiles, each } from '../combination.ts'
import { reportCombination } from '../combination-report.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { INPUT_OPTIONS, openInputs } from '../inputs.ts'
import { BuildLog } from '../journal.ts'
import { checkInputsKept } from '../kept-inputs.ts'
import { type Arguments, flagOption, valueOption } from '../option.ts'
import { type Surroundings, say } from '../output.ts'
import { COORDINATE_EXAMPLES, PLANNING_OPTIONS } from '../planning-options.ts'
import { PROGRESS_OPTIONS, Progress, progressModeOf } from '../progress.ts'
import { protocolOf, withProtocol } from '../seen-protocol.ts'
import { firstSet, makeStages, placement, type Stages } from '../stages.ts'
import { formatPlural } from '../text-table.ts'

/** All that a build works with. */
interface Build extends Stages {
  readonly options: BuildOptions
  readonly files: readonly string[] | AsyncIterable<string>
  readonly tally: Tally
  readonly progress: Progress
  readonly log: BuildLog
  readonly target: AppendTarget | undefined
}

/** The sink, told where the build is; `location` is where readers will find the set. */
function sinkOf({ options, progress, log, target }: Build): { write: Sink<WriteReport>; location: string } {
  const { output, overwrite, onUnsupported, recordSize } = options
  const placed = placement(output, options)
  const write = writeParquet(output, {
    ...placed,
    recordSize,
    overwrite,
    onUnsupported: onUnsupported.endsWith('skip') ? 'skip' : 'fail',
    append: target?.set,
    journal: log.journal,
    onProgress: ({ references, inlined }) => progress.wrote(references + inlined),
  })
  return { write, location: placed.location ?? output }
}

/** Writes the set that was planned. */
async function writeSet(build: Build, combination: Combination, around: Surroundings): Promise<number> {
  const { options, progress, log, target, after } = build
  const { output, onUnsupported } = options
  const named = Array.isArray(build.files) ? build.files : []
  const { signal } = around
  const planned = await combination.set()
  await checkInputsKept(output, [...named, ...planned.sources.map(({ url }) => url)])
  const changed = await firstSet(after(each([planned]), { signal }))
  if (!changed) return EXIT.failed
  const set = target ? target.withKnownNames(changed, planned) : changed
  const seen: { protocol?: string } = {}
  const { write, location } = sinkOf(build)
  progress.beginReferences(set.header)
  const report: WriteReport = await write(each([withProtocol(set, seen)]), { signal })
  await log.close()
  progress.end()
  const { protocol = protocolOf(location) } = seen
  const { arrays } = set.header
  const { seconds } = progress
  const isIncomplete = await reportBuild(around, {
    report,
    output,
    files: combination.report.inputs - (target ? 1 : 0),
    seconds,
    arrays,
    protocol,
    tellsCopies: onUnsupported.startsWith('copy') || options.onMismatch === 'copy',
  })
  return isIncomplete ? EXIT.incomplete : EXIT.done
}

/** Plans, says what is to be said, and writes; where nothing is new, nothing is touched. */
async function runBuild(build: Build, around: Surroundings): Promise<number> {
  const { options, files, before, left, tally, progress, log, target } = build
  const { rewritePaths: rewrites } = options
  const open = target && rewrites ? openBefore(rewrites) : undefined
  const request = { files, options, before, tally, journal: log.headers, open, appendTo: target }
  const combined = await combineFiles(request, around)
  progress.clear()
  log.planned()
  left.report(around)
  if (target && target.held.length > 0) {
    say(around, `Already in ${options.output}: ${formatPlural(target.held.length, 'file')}`)
  }
  const isIncomplete = reportCombination(around, combined, options)
  const { combination } = combined
  const isNew = combination !== undefined && (!target || combination.report.inputs > 1)
  if (!isNew) say(around, `Nothing new: ${options.output} stays as it is`)
  const code = isNew ? await writeSet(build, combination, around) : EXIT.done
  return isIncomplete && code === EXIT.done ? EXIT.incomplete : code
}

async function run(args: Arguments, files: readonly string[], around: Surroundings): Promise<number> {
  const options = readBuildOptions(args)
  const mode = progressModeOf(args)
  const stages = makeStages(options)
  const inputs = openInputs('kstream build', args, files, around)
  const { output, append } = options
  await checkOutput(output, options)
  const reopen = openBefore(options.rewritePaths ?? {})
  const target = append ? await AppendTarget.open(output, stages.after, reopen) : undefined
  const tally = new Tally()
  const log = await BuildLog.open(options, tally, around)
  const progress = new Progress(mode, tally, around.stderr)
  let failure: unknown
  try {
    return await runBuild({ options, files: inputs, ...stages, tally, progress, log, target }, around)
  } catch (error) {
    failure = error
    throw error
  } finally {
    progress.end()
    await log.close(failure)
  }
}

export const buildCommand: Command = {
  name: 'build',
  synopsis: '[FILES..] -o OUT',
  describe: 'Write one Parquet reference set from files, or from a list of them on stdin',
  options: {
    output: valueOption('Where the set goes: a folder, customarily NAME.parq', { alias: 'o' }),
    ...PLANNING_OPTIONS,
    'rewrite-paths': valueOption('Write references with another prefix: /old=s3://new'),
    'inline-threshold': valueOption('Keep chunks of fewer bytes in the set itself', {
      defaultDescription: '0, none',
    }),
    'record-size': valueOption('References in a shard', { defaultDescription: '100000' }),
    overwrite: flagOption('Replace the set that is at OUT'),
    append: flagOption('Add files to the set that is at OUT; those that it holds are left out'),
    resume: flagOption('Go on where the same command was interrupted'),
    ...INPUT_OPTIONS,
    ...PROGRESS_OPTIONS,
  },
  examples: [
    ['kstream build *.nc --concat-dims time -o ocean.parq', 'Join files along time'],
    ['find . -name "*.nc" -print0 | kstream build -0 -o all.parq', 'Names of any kind'],
    ['kstream build new/*.nc --append -o ocean.parq', 'Add files to a set'],
    ['kstream build old.nc --split-chunks 4MiB -o old.parq', 'Small reads of data stored in one piece'],
    ...COORDINATE_EXAMPLES,
  ],
  run,
}
