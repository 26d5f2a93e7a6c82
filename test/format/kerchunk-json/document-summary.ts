/** JSON documents summarized: a helper of the tests. */
import { type JsonSummary, readJsonSummary } from '../../../lib/format/kerchunk-json/summary.ts'
import { openMemory } from '../../../lib/source/memory.ts'

/** The summary of a document, which messages call `r.json`. */
export function readSummary(document: string | object): Promise<JsonSummary> {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return readJsonSummary('r.json', {
    open: async (url) => openMemory(new Uint8Array(Buffer.from(text)), url),
  })
}
