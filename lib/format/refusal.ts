/** Errors for what references cannot express, with the way round it. */
import { UnsupportedError } from '../errors.ts'
import type { Skipped } from '../model/metadata.ts'

/** Arrays named one by one. */
const SHOWN = 20

/** The error for a file that cannot be taken as a whole: all that its header leaves out, at least one thing. */
export function fileRefusal(url: string, skipped: readonly Skipped[]): UnsupportedError {
  const lines = skipped.slice(0, SHOWN).map(({ path, reason }) => `${path}: ${reason}`)
  if (skipped.length > SHOWN) lines.push(`and ${skipped.length - SHOWN} more`)
  const way = `--on-unsupported skip goes on without ${skipped.length === 1 ? 'it' : 'them'}`
  const message =
    lines.length === 1
      ? `${url}: ${lines[0]}. ${way}.`
      : `${url}: ${skipped.length} things cannot be referenced:\n  ${lines.join('\n  ')}\n${way}.`
  return new UnsupportedError(skipped[0].reason, { url, array: skipped[0].path }, message)
}

/** The error for an array whose references were being read. */
export function arrayRefusal({ feature, url, array, message }: UnsupportedError): UnsupportedError {
  const advised = `${message}. --on-unsupported skip goes on without the array.`
  return new UnsupportedError(feature, { url, array }, advised)
}
