/** `kstream plan`: what a build would make of files, and everything that stands in its way; writes nothing. */
import { compose, isKStreamError, PLAN_REPORT_SCHEMA, Tally, UsageError } from '../../lib/index.ts'
import { type Combined, combineFiles, planningStages } from '../combination.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { INPUT_OPTIONS, openInputs } from '../inputs.ts'
import { LeftAsIs } from '../left-as-is.ts'
import { type Arguments, flagOf, flagOption } from '../option.ts'
import { type Surroundings, writeLines, writeText } from '../output.ts'
import { type PlanText, planLines } from '../plan-text.ts'
import { PLANNING_OPTIONS, readPlanningOptions } from '../planning-options.ts'
import { PROGRESS_OPTIONS, Progress, progressModeOf, sayWork } from '../progress.ts'
import { reportNotes, reportSkipped } from '../skipped-report.ts'
import { jsonText } from '../value-text.ts'

/** Whether there is a set to write, with these options. */
async function isPossible({ combination }: Combined): Promise<boolean> {
  try {
    await combination?.set()
    return true
  } catch (error) {
    if (isKStreamError(error, 'ERR_KSTREAM_PLAN')) return false
    throw error
  }
}

/** All that there is to read, on stdout and stderr. */
async function writePlan(text: PlanText, left: LeftAsIs, around: Surroundings): Promise<void> {
  await writeLines(around, planLines(text))
  left.report(around)
  reportSkipped(around, text.report.skipped)
  reportNotes(around, text.report.notes)
}

async function run(args: Arguments, files: readonly string[], around: Surroundings): Promise<number> {
  if (flagOf(args, 'schema')) {
    if (files.length > 0) throw new UsageError('--schema prints the schema of --json: give no files')
    await writeText(around, jsonText(PLAN_REPORT_SCHEMA))
    return EXIT.done
  }
  const options = readPlanningOptions(args)
  const mode = progressModeOf(args)
  const left = new LeftAsIs()
  const before = compose(...planningStages(options, left.add))
  const tally = new Tally()
  const inputs = openInputs('kstream plan', args, files, around)
  const progress = new Progress(mode, tally, around.stderr)
  try {
    // What references cannot express is told with all the rest, and not one at a time.
    const refuses = !options.onUnsupported.endsWith('skip')
    const copies = options.onUnsupported.startsWith('copy')
    const reading = { ...options, onUnsupported: copies ? 'copy-or-skip' : 'skip' } as const
    const combined = await combineFiles({ files: inputs, options: reading, before, tally }, around)
    progress.end()
    if (!combined.combination) throw new UsageError('no files')
    const { report: planned } = combined.combination
    const report = { ...planned, leftOut: [...planned.leftOut, ...combined.unread] }
    const unsupported = refuses ? report.skipped.length : 0
    const builds = unsupported === 0 && (await isPossible(combined))
    if (flagOf(args, 'json')) await writeText(around, jsonText(report))
    else {
      const verbose = flagOf(args, 'verbose')
      await writePlan({ report, verbose, builds, unsupported, copies }, left, around)
      sayWork('planned', tally, progress, around)
    }
    if (!builds) return EXIT.refused
    return report.leftOut.length + report.skipped.length > 0 ? EXIT.incomplete : EXIT.done
  } finally {
    progress.end()
  }
}

export const planCommand: Command = {
  name: 'plan',
  synopsis: '[FILES..]',
  describe: 'Show what build would make of files, and everything that stands in its way; writes nothing',
  options: {
    ...PLANNING_OPTIONS,
    json: flagOption('The report as JSON'),
    schema: flagOption('The JSON Schema of that report'),
    ...INPUT_OPTIONS,
    ...PROGRESS_OPTIONS,
  },
  examples: [
    ['kstream plan *.nc --concat-dims time', 'Will these files combine, and if not, where does it stop?'],
    ['kstream plan *.nc --json | jq .barriers', 'The same for a program'],
  ],
  run,
}
