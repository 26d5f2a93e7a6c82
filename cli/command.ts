/** What a command is: its name, its options, and what it does. */
import type { Arguments, Option } from './option.ts'
import type { Surroundings } from './output.ts'

export interface Command {
  readonly name: string
  /** What follows the name: `[FILES..] -o OUT`. */
  readonly synopsis: string
  readonly describe: string
  readonly options: Readonly<Record<string, Option>>
  /** Command lines, and what each does. */
  readonly examples: readonly (readonly [line: string, describe: string])[]
  /** Files are all that is no option, wherever it stands. Returns the exit code. */
  run(args: Arguments, files: readonly string[], around: Surroundings): Promise<number>
}
