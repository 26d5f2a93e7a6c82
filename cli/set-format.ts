/** The formats of reference sets on the command line: what they are called, and which one a name tells. */
import { type InputFormat, UsageError } from '../lib/index.ts'

/** What `--from` takes, and what the library calls it. */
const INPUT_FORMATS: Readonly<Record<string, InputFormat>> = {
  parquet: 'kerchunk-parquet',
  json: 'kerchunk-json',
  ndjson: 'ndjson',
  icechunk: 'icechunk',
  dmrpp: 'dmrpp',
  hdf5: 'hdf5',
  netcdf3: 'netcdf3',
}

export const INPUT_FORMAT_NAMES = Object.keys(INPUT_FORMATS)

/** What `--to` takes. */
export const OUTPUT_FORMATS = ['parquet', 'json', 'json-v0', 'ndjson', 'icechunk'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** In the place of a file's name: standard input or output. */
export const STANDARD = '-'

const ENDINGS: readonly (readonly [ending: RegExp, format: OutputFormat])[] = [
  [/\.json(\.gz|\.zst)?$/i, 'json'],
  [/\.(ndjson|jsonl)(\.gz|\.zst)?$/i, 'ndjson'],
  [/\.(parq|parquet)\/?$/i, 'parquet'],
  [/\.icechunk\/?$/i, 'icechunk'],
]

/** The format of the library that a name of `--from` stands for. */
export function inputFormatNamed(name: string | undefined): InputFormat | undefined {
  if (name === undefined) return undefined
  if (Object.hasOwn(INPUT_FORMATS, name)) return INPUT_FORMATS[name]
  throw new UsageError(`--from takes ${INPUT_FORMAT_NAMES.join(' or ')}, not '${name}'`)
}

/**
 * The format that the name of an output tells.
 * @throws UsageError where it tells none.
 */
export function outputFormatOf(output: string): OutputFormat {
  const found = ENDINGS.find(([ending]) => ending.test(output))
  if (found) return found[1]
  const where = output === STANDARD ? 'standard output' : `the name '${output}'`
  throw new UsageError(
    `${where} does not tell a format: say --to ${OUTPUT_FORMATS.join('|')}, or end the name with .parq, .json, .ndjson (.gz, .zst) or .icechunk`,
  )
}
