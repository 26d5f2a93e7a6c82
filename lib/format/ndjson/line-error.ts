/** The error for a line of NDJSON that is not as it should be. */
import { FormatError } from '../../errors.ts'

/** A line of a file. */
interface LinePlace {
  readonly url: string
  /** From 1. */
  readonly line: number
  /** Bytes before the line, decompressed. */
  readonly offset: number
}

/** Raises what is wrong with a line. */
export type RefuseLine = (problem: string, cause?: unknown) => never

/** What raises errors about the line at this place. */
export function refusalAt({ url, line, offset }: LinePlace): RefuseLine {
  return (problem, cause) => {
    throw new FormatError({ url, offset, structure: `NDJSON line ${line}` }, problem, { cause })
  }
}
