/** How options are read: one value each, given again or separated by commas for more; always strings. */
import { UsageError } from '../lib/index.ts'

/** What yargs has read, by the options' long names. */
export type Arguments = Readonly<Record<string, unknown>>

/** An option as yargs takes it. */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly requiresArg?: boolean
  readonly describe: string
  /** One letter. */
  readonly alias?: string
  /** What happens without it, in words. */
  readonly defaultDescription?: string
}

type Extra = Pick<Option, 'alias' | 'defaultDescription'>

/** An option with a value. */
export function valueOption(describe: string, extra: Extra = {}): Option {
  return { type: 'string', requiresArg: true, describe, ...extra }
}

/** An option without a value. */
export function flagOption(describe: string, extra: Extra = {}): Option {
  return { type: 'boolean', describe, ...extra }
}

/** Every value that the option was given. */
function given(args: Arguments, name: string): string[] {
  return [args[name]].flat().filter((value): value is string => typeof value === 'string')
}

/** Whether a flag is set; the last word counts. */
export function flagOf(args: Arguments, name: string): boolean {
  return [args[name]].flat().at(-1) === true
}

/** All values of a list option, in order; undefined where it was not given. */
export function listOf(args: Arguments, name: string): string[] | undefined {
  const values = given(args, name)
  if (values.length === 0) return undefined
  const names = values.flatMap((value) => value.split(',')).map((value) => value.trim())
  const list = names.filter((value) => value !== '')
  if (list.length === 0) throw new UsageError(`--${name} was given without a name`)
  return list
}

/** The value of an option that may be given once. */
export function singleValueOf(args: Arguments, name: string): string | undefined {
  const values = given(args, name)
  if (values.length > 1) {
    throw new UsageError(`--${name} was given ${values.length} times (${values.join(', ')}); give it once`)
  }
  if (values[0] === '') throw new UsageError(`--${name} needs a value`)
  return values.at(0)
}

/** A whole number of at least `least`. */
export function integerOf(args: Arguments, name: string, least: number): number | undefined {
  const value = singleValueOf(args, name)
  if (value === undefined) return undefined
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new UsageError(`--${name} takes a whole number of at least ${least}, not '${value}'`)
}

/** One of a few words. */
export function choiceOf<T extends string>(
  args: Arguments,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = singleValueOf(args, name)
  if (value === undefined) return undefined
  const choice = choices.find((candidate) => candidate === value)
  if (choice === undefined) throw new UsageError(`--${name} takes ${choices.join(' or ')}, not '${value}'`)
  return choice
}

/** What stands before the first '=' of a value, and what after it. */
export function pairOf(name: string, pair: string, form: string): [string, string] {
  const at = pair.indexOf('=')
  if (at < 1) throw new UsageError(`--${name} takes ${form}, not '${pair}'`)
  return [pair.slice(0, at), pair.slice(at + 1)]
}

/** `/old=s3://new` pairs, separated by commas. */
export function pairsOf(args: Arguments, name: string): Record<string, string> | undefined {
  const pairs = listOf(args, name)?.map((pair) => pairOf(name, pair, 'OLD=NEW'))
  return pairs && Object.fromEntries(pairs)
}

/** `dim=source` pairs, one each time the option is given: commas belong to the value. */
export function entriesOf(args: Arguments, name: string, form: string): [string, string][] | undefined {
  const values = given(args, name)
  return values.length === 0 ? undefined : values.map((pair) => pairOf(name, pair, form))
}
