/** What every decoder of this folder is: encoded bytes in, decoded bytes out, within a limit. */

/** Undoes one codec; `limit` is the most bytes that an honest chunk decodes to. Throws on bytes that it did not write. */
export type Decoder = (bytes: Uint8Array, limit: number) => Uint8Array | Promise<Uint8Array>

/** Why a decoder gave up; its caller turns this into a FormatError that names file and byte. */
export class DecodeProblem extends Error {}

/** Fails where a header declares more than `limit`, before anything is allocated for it. */
export function checkDeclared(declared: number, limit: number): void {
  if (declared > limit) throw new DecodeProblem(`declares ${declared} bytes where at most ${limit} belong`)
}
