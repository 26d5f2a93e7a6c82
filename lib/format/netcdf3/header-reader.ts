/** Reads the header of a netCDF classic file, however long it is, in pieces that grow. */
import { FormatError } from '../../errors.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { type ClassicHeader, parseHeader } from './header.ts'
import { HeaderCursor } from './header-cursor.ts'

/** Most headers; whoever scans has read as many already. */
const FIRST_BYTES = 1 << 16
const GROWTH = 4
/** Tens of thousands of variables with their attributes need less. */
const MOST_BYTES = 1 << 26

/** @throws FormatError where the header is damaged, SourceError where it cannot be read. */
export async function readClassicHeader(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<ClassicHeader> {
  const { url, size } = source
  for (let length = FIRST_BYTES; ; ) {
    const bytes = await source.read(0, Math.min(length, size), { signal })
    const cursor = new HeaderCursor(bytes, { url, size })
    try {
      return parseHeader(cursor)
    } catch (error) {
      if (!(error instanceof FormatError) || cursor.wanted === undefined) throw error
      if (cursor.wanted > MOST_BYTES) throw cursor.error(`a header of more than ${MOST_BYTES} bytes`)
      length = Math.min(MOST_BYTES, Math.max(cursor.wanted, length * GROWTH))
    }
  }
}
