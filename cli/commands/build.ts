/** `kstream build`: files to one Parquet reference set. */
import { checkTarget, isKStreamError, scan, Tally, UsageError, writeParquet } from '../../lib/index.ts'
import { ON_UNSUPPORTED, readOptions } from '../build-options.ts'
import { each, makeStages, planSet } from '../build-plan.ts'
import { reportBuild } from '../build-report.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { openInputs } from '../inputs.ts'
import { type Arguments, choiceOf, flagOf, flagOption, valueOption } from '../option.ts'
import type { Surroundings } from '../output.ts'
import { PROGRESS_MODES, Progress } from '../progress.ts'
import { withProtocol } from '../seen-protocol.ts'

/** An output that is in the way is a matter of how the command was called. */
async function checkOutput(output: string, overwrite: boolean): Promise<void> {
  try {
    await checkTarget(output, { overwrite })
  } catch (error) {
    throw isKStreamError(error, 'ERR_KSTREAM_WRITE') ? new UsageError(error.message) : error
  }
}

async function run(args: Arguments, files: readonly string[], around: Surroundings): Promise<number> {
  const options = readOptions(args)
  const { output, overwrite, onUnsupported, recordSize } = options
  const mode = choiceOf(args, 'progress', PROGRESS_MODES) ?? 'auto'
  const stages = makeStages(options)
  const write = writeParquet(output, { recordSize, overwrite, onUnsupported })
  const tally = new Tally()
  const request = { command: 'kstream build', files, nulSeparated: flagOf(args, 'null') }
  const inputs = openInputs(around, request)
  await checkOutput(output, overwrite)
  const { signal } = around
  const progress = new Progress(mode, tally, around.stderr)
  try {
    const sets = scan(inputs, { onUnsupported, tally, signal })
    const seen: { protocol?: string } = {}
    const set = withProtocol(await planSet(sets, stages, options, around), seen)
    progress.beginReferences(set.header)
    const report = await write(each([set]), { signal })
    progress.end()
    const { protocol = 'file' } = seen
    const { arrays } = set.header
    const build = { report, output, files: tally.files, seconds: progress.seconds, arrays, protocol }
    return (await reportBuild(around, build)) ? EXIT.incomplete : EXIT.done
  } finally {
    progress.end()
  }
}

export const buildCommand: Command = {
  name: 'build',
  synopsis: '[FILES..] -o OUT',
  describe: 'Write one Parquet reference set from files, or from a list of them on stdin',
  options: {
    output: valueOption('Where the set goes: a folder, customarily NAME.parq', { alias: 'o' }),
    'concat-dims': valueOption('Dimension to join files along', {
      defaultDescription: 'the one unlimited dimension they share',
    }),
    'identical-dims': valueOption('Dimensions that are equal in all files: compared and kept once'),
    select: valueOption('Arrays or groups to keep, with the coordinates they need'),
    'rewrite-paths': valueOption('Write references with another prefix: /old=s3://new'),
    'inline-threshold': valueOption('Keep chunks of fewer bytes in the set itself', {
      defaultDescription: '0, none',
    }),
    'record-size': valueOption('References in a shard', { defaultDescription: '100000' }),
    'on-unsupported': valueOption(`What references cannot express: ${ON_UNSUPPORTED.join(' or ')}`, {
      defaultDescription: 'fail',
    }),
    overwrite: flagOption('Replace the set that is at OUT'),
    null: flagOption('Names on stdin end with NUL, as find -print0 writes them', { alias: '0' }),
    progress: valueOption(`On stderr: ${PROGRESS_MODES.join(', ')}`, { defaultDescription: 'auto' }),
  },
  examples: [
    ['kstream build *.nc --concat-dims time -o ocean.parq', 'Join files along time'],
    ['find . -name "*.nc" -print0 | kstream build -0 -o all.parq', 'Names of any kind'],
  ],
  run,
}
