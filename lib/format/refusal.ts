/** Errors for what references cannot express, with the ways round it. */
import { UnsupportedError } from '../errors.ts'
import type { Skipped } from '../model/metadata.ts'

/** Arrays named one by one. */
const SHOWN = 20

/** What decides which ways there are. */
interface Ways {
  /** Whether copying was asked for already. */
  readonly copies?: boolean
  /** Paths of what copying would save. */
  readonly copyable?: ReadonlySet<string>
}

/** The error for a file that cannot be taken as a whole: all that its header leaves out, at least one thing. */
export function fileRefusal(
  url: string,
  skipped: readonly Skipped[],
  { copies = false, copyable = new Set() }: Ways = {},
): UnsupportedError {
  const lines = skipped.slice(0, SHOWN).map(({ path, reason }) => `${path}: ${reason}`)
  if (skipped.length > SHOWN) lines.push(`and ${skipped.length - SHOWN} more`)
  const them = skipped.length === 1 ? 'it' : 'them'
  const saved = skipped.filter(({ path }) => copyable.has(path)).length
  const copied = saved === skipped.length ? them : `${saved} of them`
  const ways = waysRound(saved > 0 ? copied : undefined, them, copies)
  const message =
    lines.length === 1
      ? `${url}: ${lines[0]}. ${ways}.`
      : `${url}: ${skipped.length} things cannot be referenced:\n  ${lines.join('\n  ')}\n${ways}.`
  return new UnsupportedError(skipped[0].reason, { url, array: skipped[0].path }, message)
}

/** The error for an array whose references were being read. */
export function arrayRefusal(
  { feature, url, array, message, copyable }: UnsupportedError,
  { copies = false }: Pick<Ways, 'copies'> = {},
): UnsupportedError {
  const advised = `${message}. ${waysRound(copyable ? 'it' : undefined, 'the array', copies)}.`
  return new UnsupportedError(feature, { url, array }, advised)
}

function waysRound(copied: string | undefined, left: string, copies: boolean): string {
  const skip = `--on-unsupported ${copies ? 'copy-or-skip' : 'skip'} goes on without ${left}`
  return copied ? `--on-unsupported copy decodes and copies ${copied}; ${skip}` : skip
}
