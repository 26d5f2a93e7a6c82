/** `kstream convert`: any reference format to any other; several sets become one. */
import { isKStreamError, type ReferenceSet, SourceError, scan, Tally, UsageError } from '../../lib/index.ts'
import { combineFiles, each } from '../combination.ts'
import { reportCombination } from '../combination-report.ts'
import type { Command } from '../command.ts'
import { type ConvertOptions, readConvertOptions } from '../convert-options.ts'
import { reportConversion } from '../convert-report.ts'
import { EXIT } from '../exit-code.ts'
import { expectedBytes } from '../expected-bytes.ts'
import { checkInputsKept } from '../kept-inputs.ts'
import { type Arguments, flagOption, valueOption } from '../option.ts'
import type { Surroundings } from '../output.ts'
import { PLANNING_OPTIONS } from '../planning-options.ts'
import { PROGRESS_OPTIONS, Progress, progressModeOf } from '../progress.ts'
import { protocolOf, withProtocol } from '../seen-protocol.ts'
import { INPUT_FORMAT_NAMES, OUTPUT_FORMATS } from '../set-format.ts'
import { setSink } from '../set-sink.ts'
import { firstSet, makeStages, type Stages } from '../stages.ts'
import { Inputs } from '../standard-input.ts'

interface Conversion extends Stages {
  readonly options: ConvertOptions
  readonly inputs: Inputs
  readonly tally: Tally
  readonly progress: Progress
}

/** The set to write, and whether any input was left out. */
interface Converted {
  readonly set: ReferenceSet | undefined
  readonly isIncomplete: boolean
}

/** How inputs are read, beside what every command has options for. */
function readingOf({ from: format, memoryBytes, version }: ConvertOptions) {
  return { format, memoryBytes, version }
}

/** One input goes through as it is: nothing is planned, so that each of its references stays what it was. */
async function readOne(conversion: Conversion, around: Surroundings): Promise<Converted> {
  const { options, before, tally } = conversion
  const { files } = conversion.inputs
  const { onUnsupported, allowExternal } = options
  const { signal } = around
  const sets = scan(files, { onUnsupported, allowExternal, ...readingOf(options), tally, signal })
  return { set: await firstSet(before(sets, { signal })), isIncomplete: false }
}

async function combine(conversion: Conversion, around: Surroundings): Promise<Converted> {
  const { options, before, tally, progress } = conversion
  const { files } = conversion.inputs
  const request = { files, options, before, tally, reading: readingOf(options) }
  const combined = await combineFiles(request, around)
  progress.clear()
  const isIncomplete = reportCombination(around, combined, { ...options, append: false })
  return { set: await combined.combination?.set(), isIncomplete }
}

/** The set as it is written: read, checked, and changed. */
async function readSet(conversion: Conversion, around: Surroundings): Promise<Converted> {
  const { options, inputs, after, left, progress } = conversion
  const isJoined = inputs.files.length > 1 || options.concatDims !== undefined
  const { set, isIncomplete } = await (isJoined ? combine : readOne)(conversion, around)
  if (set) {
    inputs.check(set)
    await checkInputsKept(options.output, [...inputs.files, ...set.sources.map(({ url }) => url)])
  }
  const changed = set && (await firstSet(after(each([set]), { signal: around.signal })))
  progress.clear()
  left.report(around)
  return { set: changed, isIncomplete }
}

async function convert(conversion: Conversion, around: Surroundings): Promise<number> {
  const { options, inputs, tally, progress } = conversion
  const seen: { protocol?: string } = {}
  let converted: Converted | undefined
  // Sinks check their place before they ask for a set: nothing is read for one that may not be written.
  async function* reading(): AsyncGenerator<ReferenceSet> {
    converted = { set: undefined, isIncomplete: false }
    await inputs.read()
    const bytes = await expectedBytes(inputs.files, options.from, around.signal)
    if (bytes !== undefined) progress.expectBytes(bytes)
    converted = await readSet(conversion, around)
    if (!converted.set) throw new SourceError(inputs.files[0], 'holds no reference set')
    progress.beginReferences(converted.set.header)
    yield withProtocol(converted.set, seen)
  }
  const write = setSink(options, around, ({ references, inlined }) => progress.wrote(references + inlined))
  const report = await write(reading(), { signal: around.signal }).catch((error) => {
    throw !converted && isKStreamError(error, 'ERR_KSTREAM_WRITE') ? new UsageError(error.message) : error
  })
  progress.end()
  const { protocol = protocolOf(options.output) } = seen
  await reportConversion(around, {
    ...options,
    report,
    files: tally.files,
    seconds: progress.seconds,
    arrays: converted?.set?.header.arrays ?? [],
    protocol,
    containers: report.containers,
  })
  return converted?.isIncomplete || report.skipped.length > 0 ? EXIT.incomplete : EXIT.done
}

async function run(args: Arguments, names: readonly string[], around: Surroundings): Promise<number> {
  const options = readConvertOptions(args, names)
  const mode = progressModeOf(args)
  const stages = makeStages(options)
  const tally = new Tally()
  const inputs = new Inputs(options.inputs, around)
  const progress = new Progress(mode, tally, around.stderr)
  try {
    return await convert({ options, inputs, ...stages, tally, progress }, inputs.around)
  } catch (error) {
    throw inputs.named(error)
  } finally {
    progress.end()
    await inputs.close()
  }
}

export const convertCommand: Command = {
  name: 'convert',
  synopsis: 'IN.. OUT',
  describe: 'Turn a reference set of any format into one of any other',
  options: {
    from: valueOption(`What the inputs are: ${INPUT_FORMAT_NAMES.join(', ')}`, {
      defaultDescription: 'told by their bytes',
    }),
    to: valueOption(`What to make: ${OUTPUT_FORMATS.join(', ')}`, { defaultDescription: 'told by the name' }),
    output: valueOption('The output, where all names are inputs', { alias: 'o' }),
    overwrite: flagOption('Replace the set that is at OUT'),
    branch: valueOption('Of Icechunk repositories that are read', { defaultDescription: 'main' }),
    tag: valueOption('The same, a version by its tag'),
    snapshot: valueOption('The same, a version by the id of its snapshot'),
    'rewrite-paths': valueOption('Write references with another prefix: /old=s3://new'),
    'inline-threshold': valueOption('Keep chunks of fewer bytes in the set itself', {
      defaultDescription: '0, none',
    }),
    'record-size': valueOption('References in a shard of a Parquet set', { defaultDescription: '100000' }),
    'max-memory': valueOption('Memory to aim at; what needs more goes to disk', {
      defaultDescription: '256M',
    }),
    ...PLANNING_OPTIONS,
    ...PROGRESS_OPTIONS,
  },
  examples: [
    ['kstream convert legacy.json refs.parq', 'A set that opens lazily, of one that does not'],
    ['kstream convert refs.parq refs.json.gz', 'And back'],
    ['kstream convert old.json --rewrite-paths /data=s3://bucket/data new.parq', 'Of files that were moved'],
    ['kstream convert 2023.json 2024.json both.parq --concat-dims time', 'Two sets as one'],
    ['kstream convert refs.parq - --to ndjson | grep \'"temp"\'', 'For other tools'],
  ],
  run,
}
