/** Which errors are the file's own, so that they cost no more than the object they are in. */
import { FormatError, UnsupportedError } from '../../errors.ts'

/** Damage to the file, or a part of it that cannot be read; a failing source or an abort is neither. */
export type Damage = FormatError | UnsupportedError

/** Gives back damage; throws everything else. */
export function damageOrThrow(error: unknown): Damage {
  if (error instanceof FormatError || error instanceof UnsupportedError) return error
  throw error
}
