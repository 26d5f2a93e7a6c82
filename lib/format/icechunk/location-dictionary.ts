/** Locations that are compressed with the manifest's Zstandard dictionary (version 2). */
import type { Preset } from '../../source/zstd/block.ts'
import { decodeWithDictionary, parseZstdDictionary } from '../../source/zstd/dictionary.ts'
import type { Table } from './flatbuffer.ts'

/** Bytes of a location, decompressed: Icechunk reads no longer ones. */
const MOST_LOCATION = 1 << 10

/** The location that these bytes stand for; `ref` is told what is wrong with them. */
export type DecodeLocation = (bytes: Uint8Array, ref: Table) => string

/** Decodes with `dictionary`, which is as zstd trains it; without one nothing can be decoded. */
export function locationDecoder(bytes: Uint8Array | undefined): DecodeLocation {
  let dictionary: Preset | undefined
  return (frame, ref) => {
    if (bytes === undefined) return ref.refuse('has a compressed location, and the manifest no dictionary')
    const damaged = (problem: string): never => ref.refuse(`has a compressed location with ${problem}`)
    dictionary ??= parseZstdDictionary(bytes, damaged)
    return Buffer.from(decodeWithDictionary(frame, dictionary, MOST_LOCATION, damaged)).toString('utf8')
  }
}
