/** The last lines of `kstream convert`: what was written, what was not, and how to open it. */
import { writtenLine } from './build-report.ts'
import { openingLines, type WrittenSet } from './opening-lines.ts'
import { type Surroundings, say, writeLines } from './output.ts'
import { type OutputFormat, STANDARD } from './set-format.ts'
import type { ConvertReport } from './set-sink.ts'
import { reportNotes, reportSkipped } from './skipped-report.ts'

interface Conversion extends WrittenSet {
  readonly report: ConvertReport
  readonly to: OutputFormat
  readonly files: number
  readonly seconds: number
}

/** Writes it; where the set itself went to standard output, beside that. */
export async function reportConversion(around: Surroundings, conversion: Conversion): Promise<void> {
  const { report, to, output } = conversion
  const name = output === STANDARD ? 'to standard output' : output
  const line = writtenLine({ ...conversion, output: name })
  if (output === STANDARD) say(around, line)
  else await writeLines(around, [line, ...openingLines(to, conversion)])
  reportSkipped(around, report.skipped)
  reportNotes(around, report.notes)
}
