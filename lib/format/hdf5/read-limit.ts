/** A source that lets no more than so many reads fly at once. */
import type { ByteSource } from '../../source/byte-source.ts'

/** Further reads wait in the order in which they were asked for. */
export function withReadLimit(source: ByteSource, limit: number): ByteSource {
  const waiting: (() => void)[] = []
  let flying = 0
  const read: ByteSource['read'] = async (offset, length, options) => {
    if (flying < limit) flying++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await source.read(offset, length, options)
    } finally {
      // Whoever is next takes over this one's place.
      const next = waiting.shift()
      if (next === undefined) flying--
      else next()
    }
  }
  const { url, size, info } = source
  return { url, size, info, read, close: () => source.close() }
}
