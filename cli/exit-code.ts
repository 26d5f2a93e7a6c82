/** What the command's exit codes mean, and which one an error gets. */
import { isKStreamError, UnsupportedError } from '../lib/index.ts'

export const EXIT = {
  done: 0,
  /** The data says no: inputs that do not combine, an array that references cannot express. */
  refused: 1,
  usage: 2,
  /** An input, the output or the network failed. */
  failed: 3,
  /** Done, but inputs or arrays were left out. */
  incomplete: 4,
  /** 128 + SIGINT. */
  interrupted: 130,
  /** 128 + SIGTERM. */
  terminated: 143,
} as const

/** The exit code of a command that ended in `error`. */
export function exitCodeOf(error: unknown): number {
  if (isKStreamError(error, 'ERR_KSTREAM_USAGE')) return EXIT.usage
  if (isKStreamError(error, 'ERR_KSTREAM_PLAN')) return EXIT.refused
  if (error instanceof UnsupportedError && error.array !== undefined) return EXIT.refused
  return EXIT.failed
}
