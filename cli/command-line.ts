/** The command line as yargs reads it: which command, its options, its files, and what is wrong with them. */
import yargs, { type Argv } from 'yargs'
import { isKStreamError, UsageError } from '../lib/index.ts'
import type { Command } from './command.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { nearestName } from './nearest-name.ts'
import type { Arguments } from './option.ts'
import { type Surroundings, say } from './output.ts'
import { VERSION } from './version.ts'

/** Loaded by name: what a command needs takes longer to load than a small one takes to run. */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  build: async () => (await import('./commands/build.ts')).buildCommand,
  plan: async () => (await import('./commands/plan.ts')).planCommand,
  convert: async () => (await import('./commands/convert.ts')).convertCommand,
  scan: async () => (await import('./commands/scan.ts')).scanCommand,
  info: async () => (await import('./commands/info.ts')).infoCommand,
}

const NAMES = Object.keys(LOADERS)

/** The commands that the arguments may mean; all of them, for their overview, where they name none. */
function loadCommands(argv: readonly string[]): Promise<Command[]> {
  const named = NAMES.filter((name) => argv.includes(name))
  return Promise.all((named.length > 0 ? named : NAMES).map((name) => LOADERS[name]()))
}

/** `kstream help convert` is `kstream convert --help`. */
function withoutHelp(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
}

/** Options that every command has. */
const COMMON = ['help', 'version', 'verbose']

const EPILOGUE = `Exit codes: 0 done, 1 the data says no, 2 wrong usage, 3 an input or the output failed,
4 done but something was left out, 130 interrupted.`

/** What yargs found: the command, and what to run it with. */
interface Invocation {
  readonly command: Command
  readonly args: Arguments
}

function unknownOption(name: string, command: Command | undefined): string {
  const options = Object.entries(command?.options ?? {})
  const names = [...options.flatMap(([long, { alias }]) => (alias ? [long, alias] : [long])), ...COMMON]
  const near = nearestName(
    name,
    names.filter((candidate) => candidate.length > 1),
  )
  const spelled = name.length === 1 ? `-${name}` : `--${name}`
  const meant = near ? `; did you mean --${near}?` : ''
  return `unknown option ${spelled}${meant}`
}

/** yargs' message in the words of the command line. */
function describeFailure(message: string, command: Command | undefined): string {
  const [, missing] = /^Not enough arguments following: (.+)$/.exec(message) ?? []
  if (missing !== undefined) {
    const long =
      Object.entries(command?.options ?? {}).find(([, { alias }]) => alias === missing)?.[0] ?? missing
    return `--${long} needs a value`
  }
  const [, unknown] = /^Unknown arguments?: (.+)$/.exec(message) ?? []
  return unknown === undefined ? message : unknownOption(unknown.split(', ')[0], command)
}

function configure(
  argv: readonly string[],
  commands: readonly Command[],
  found: (invocation: Invocation) => void,
): Argv {
  const parser = yargs([...argv])
    .scriptName('kstream')
    .locale('en')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .usage(
      '$0 <command> [options]\n\nPoint at the chunks of NetCDF and HDF5 files: one virtual Zarr dataset, nothing copied.',
    )
    .example('ls *.nc | kstream build -o ocean.parq', 'One dataset from many files')
    .option('verbose', { type: 'boolean', describe: 'Show where an error came from', global: true })
    .version(VERSION)
    .help()
    .alias('help', 'h')
    .wrap(110)
    .epilogue(EPILOGUE)
    .strictOptions()
    .exitProcess(false)
  for (const command of commands) {
    parser.command({
      command: command.name,
      describe: command.describe,
      builder: (commandParser: Argv) => {
        commandParser.usage(`kstream ${command.name} ${command.synopsis}\n\n${command.describe}.`)
        for (const [line, describe] of command.examples) commandParser.example(line, describe)
        return commandParser.options({ ...command.options })
      },
      handler: (args) => found({ command, args }),
    })
  }
  return parser
}

/** Finds the command and its arguments; undefined where help or the version was asked for and printed. */
async function parse(argv: readonly string[], around: Surroundings): Promise<Invocation | undefined> {
  const commands = await loadCommands(argv)
  const first = argv.find((word) => NAMES.includes(word))
  const commandOf = () => commands.find(({ name }) => name === first)
  let invocation: Invocation | undefined
  const parser = configure(argv, commands, (found) => {
    invocation = found
  }).fail((message, error) => {
    throw isKStreamError(error)
      ? error
      : new UsageError(describeFailure(message ?? error?.message, commandOf()))
  })
  let printed = ''
  const args = await parser.parseAsync([...argv], {}, (_error, _args, output) => {
    printed = output
  })
  if (invocation) return invocation
  if (printed !== '') {
    around.stdout.write(`${printed}\n`)
    return undefined
  }
  const [name] = args._
  if (name === undefined) throw new UsageError(`no command: ${NAMES.join(', ')}. Try kstream --help`)
  const near = nearestName(String(name), NAMES)
  throw new UsageError(
    `unknown command '${name}'${near ? `; did you mean ${near}?` : `: ${NAMES.join(', ')}`}`,
  )
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** Whoever read standard output has seen enough (`| head`): the write fails before the stream says so. */
function isReaderGone(error: unknown): boolean {
  if (!isKStreamError(error, 'ERR_KSTREAM_WRITE')) return false
  const { cause } = error
  return cause instanceof Error && 'code' in cause && cause.code === 'EPIPE'
}

/** One message; where it came from only for those who ask. */
function reportError(error: unknown, verbose: boolean, around: Surroundings): void {
  const message = error instanceof Error ? error.message : String(error)
  say(around, `kstream: ${message.replaceAll('\n', '\n  ')}`)
  if (verbose && error instanceof Error) say(around, `${error.stack}\n${error.cause ?? ''}`)
  else if (!isKStreamError(error))
    say(around, 'This is a fault in kstream itself; --verbose shows where it is.')
}

/** Runs what the arguments ask for and returns the exit code; never throws. */
export async function runCommandLine(argv: readonly string[], around: Surroundings): Promise<number> {
  const verbose = argv.includes('--verbose') || process.env.KSTREAM_DEBUG === '1'
  let surroundings = around
  try {
    const invocation = await parse(withoutHelp(argv), around)
    if (!invocation) return EXIT.done
    const { command, args } = invocation
    const files = [args._].flat().slice(1).map(String)
    surroundings = { ...around, jsonEvents: args.progress === 'json' }
    return await command.run(args, files, surroundings)
  } catch (error) {
    if (around.signal.aborted && isAbort(error)) return EXIT.failed
    if (isReaderGone(error)) return EXIT.done
    reportError(error, verbose, surroundings)
    return exitCodeOf(error)
  }
}
