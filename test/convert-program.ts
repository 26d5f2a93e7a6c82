/**
 * Runs chains of command lines without a process for each: `node convert-program.js CASES OUTCOMES`, for
 * test/python/convert_chains.py. CASES is JSON; OUTCOMES gets a line of JSON a case: how each attempt ended.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kstream } from './cli/command.ts'

/** A command line in which `@0`, `@1` … stand for inputs, and `@out` for the output. */
interface Attempt {
  readonly args: readonly string[]
  readonly out: string
  /** Whether the one input comes through standard input, where it is a file; the output through standard output. */
  readonly stdin: boolean
  readonly stdout: boolean
}

/** The first attempt that is not refused counts. */
interface Step {
  /** Numbers of the steps whose outputs are the inputs; none for files, which the arguments name. */
  readonly inputs: readonly number[]
  readonly attempts: readonly Attempt[]
}

interface Case {
  readonly seed: number
  /** All that is written goes here. */
  readonly folder: string
  readonly steps: readonly Step[]
}

/** How one attempt ended. */
interface Ended {
  readonly args: readonly string[]
  readonly code: number | null
  readonly said: string
  /** Names that were not there before, the output apart. */
  readonly left: readonly string[]
}

/** What became of a step: its output, where an attempt made one. */
interface Made {
  readonly out?: string
  readonly ended: readonly Ended[]
}

const isFile = async (path: string): Promise<boolean> => (await stat(path)).isFile()

const namesIn = async (folder: string): Promise<string[]> =>
  (await Promise.all([folder, join(folder, 'tmp')].map((each) => readdir(each)))).flat()

async function runAttempt(attempt: Attempt, inputs: readonly string[], folder: string): Promise<Ended> {
  const before = new Set(await namesIn(folder))
  const spooled = attempt.stdin && (await isFile(inputs[0])) ? await readFile(inputs[0]) : undefined
  const args = attempt.args.map((arg) => {
    if (arg === '@out') return attempt.stdout ? '-' : join(folder, attempt.out)
    if (arg === '@0' && spooled) return '-'
    return /^@\d+$/.test(arg) ? inputs[Number(arg.slice(1))] : arg
  })
  const { code, stdout, stderr } = await kstream(args, { input: spooled, cwd: folder })
  if (attempt.stdout && code === 0) await writeFile(join(folder, attempt.out), stdout)
  const after = await namesIn(folder)
  const left = after.filter((name) => !before.has(name) && !(name === attempt.out && code === 0))
  return { args, code, said: stderr.slice(-2000), left }
}

async function runStep(step: Step, made: readonly Made[], folder: string): Promise<Made> {
  const inputs = step.inputs.map((number) => made[number].out ?? '')
  const ended: Ended[] = []
  for (const attempt of step.attempts) {
    const result = await runAttempt(attempt, inputs, folder)
    ended.push(result)
    if (result.code === 0) return { out: join(folder, attempt.out), ended }
    if (result.code !== 1 || result.left.length > 0) break
  }
  return { ended }
}

/** Ends at the first step that made nothing. */
async function run({ folder, steps }: Case): Promise<Made[]> {
  const made: Made[] = []
  process.env.TMPDIR = join(folder, 'tmp')
  await mkdir(process.env.TMPDIR, { recursive: true })
  for (const step of steps) {
    made.push(await runStep(step, made, folder))
    if (made.at(-1)?.out === undefined) break
  }
  return made
}

const [cases, outcomes] = process.argv.slice(2)
const lines = createWriteStream(outcomes)
for (const one of JSON.parse(await readFile(cases, 'utf8')) as Case[]) {
  lines.write(`${JSON.stringify({ seed: one.seed, steps: await run(one) })}\n`)
}
lines.end()
