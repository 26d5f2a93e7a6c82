/** The error for a reference document that is not as it should be. */
import { FormatError } from '../../errors.ts'

/** `offset`: the byte where it was found, 0 where that is not known. */
export function documentError(
  url: string,
  problem: string,
  { offset = 0, cause }: { readonly offset?: number; readonly cause?: unknown } = {},
): FormatError {
  return new FormatError({ url, offset, structure: 'JSON reference set' }, problem, { cause })
}
