/** `kstream scan`: the header and the references of files, as NDJSON or as a table. */
import { ndjson, type ReferenceSet, scan, Tally, UsageError } from '../../lib/index.ts'
import { SetSummary } from '../array-summary.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { INPUT_OPTIONS, openInputs } from '../inputs.ts'
import { type Arguments, choiceOf, flagOf, flagOption, listOf, valueOption } from '../option.ts'
import { type Surroundings, writeLines, writeText } from '../output.ts'
import { ALLOW_EXTERNAL } from '../planning-options.ts'
import { PROGRESS_OPTIONS, Progress, progressModeOf, sayWork } from '../progress.ts'
import { reportSkipped } from '../skipped-report.ts'

const FORMATS = ['ndjson'] as const

/** What is scanned, and how. */
interface Scanned {
  readonly files: readonly string[] | AsyncIterable<string>
  readonly allowExternal: readonly string[]
  readonly tally: Tally
}

function scanned({ files, ...options }: Scanned, { signal }: Surroundings): AsyncIterable<ReferenceSet> {
  return scan(files, { onUnsupported: 'skip', ...options, signal })
}

/** Lines for each reference; what cannot be one is a line of the header. */
async function writeReferences(input: Scanned, around: Surroundings): Promise<number> {
  const { signal } = around
  let code: number = EXIT.done
  async function* noteSkipped() {
    for await (const set of scanned(input, around)) {
      if (set.header.skipped.length > 0) code = EXIT.incomplete
      yield set
    }
  }
  for await (const lines of ndjson()(noteSkipped(), { signal })) await writeText(around, lines)
  return code
}

async function writeSummary(input: Scanned, progress: Progress, around: Surroundings): Promise<number> {
  const summary = new SetSummary()
  for await (const set of scanned(input, around)) await summary.add(set, around.signal)
  progress.end()
  await writeLines(around, summary.lines())
  reportSkipped(around, summary.skipped)
  sayWork('scanned', input.tally, progress, around)
  return summary.skipped.length > 0 ? EXIT.incomplete : EXIT.done
}

async function run(args: Arguments, files: readonly string[], around: Surroundings): Promise<number> {
  const format = choiceOf(args, 'format', FORMATS)
  const summary = flagOf(args, 'summary')
  if (summary && format) throw new UsageError('--summary is a table: give it or --format, not both')
  const mode = progressModeOf(args)
  const tally = new Tally()
  const allowExternal = listOf(args, 'allow-external') ?? []
  const input = { files: openInputs('kstream scan', args, files, around), allowExternal, tally }
  const progress = new Progress(mode, tally, around.stderr)
  try {
    if (summary) return await writeSummary(input, progress, around)
    return await writeReferences(input, around)
  } finally {
    progress.end()
  }
}

export const scanCommand: Command = {
  name: 'scan',
  synopsis: '[FILES..]',
  describe: 'Show the arrays and references of files; writes no set',
  options: {
    format: valueOption(`How to write references: ${FORMATS.join(', ')}`, { defaultDescription: 'ndjson' }),
    summary: flagOption('A table of arrays instead: shape, chunks, references, bytes, codecs'),
    'allow-external': ALLOW_EXTERNAL,
    ...INPUT_OPTIONS,
    ...PROGRESS_OPTIONS,
  },
  examples: [
    ['kstream scan --summary ocean.nc', 'What is in a file'],
    ['kstream scan ocean.nc | grep \'"temp"\'', 'The references of one array'],
  ],
  run,
}
