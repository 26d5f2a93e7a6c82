/** The envelope of Icechunk's binary files (specification version 1): a header of 39 bytes, then a Zstandard frame. */
import { numcodecsEncoder } from '../../codec/numcodecs.ts'

const MAGIC = 'ICE🧊CHUNK'
const WRITER = 'kstream'.padEnd(24)
const SPEC_VERSION = 1
const ZSTD = 1
const ZSTD_LEVEL = 3

/** The kinds of files that are written. */
export const FILE_TYPES = { snapshots: 1, manifests: 2, transactions: 4 } as const

/** The file of a FlatBuffers buffer. */
export async function binaryFile(folder: keyof typeof FILE_TYPES, buffer: Uint8Array): Promise<Uint8Array> {
  const encode = await numcodecsEncoder('zstd', ZSTD_LEVEL)
  const header = Buffer.concat([
    Buffer.from(MAGIC + WRITER),
    Uint8Array.of(SPEC_VERSION, FILE_TYPES[folder], ZSTD),
  ])
  return Buffer.concat([header, await encode(buffer)])
}
