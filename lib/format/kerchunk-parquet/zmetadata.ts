/** A Parquet set's `.zmetadata`: Zarr v2's consolidated metadata and the rows of a shard. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import type { Header } from '../../model/metadata.ts'
import { isJsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import { type HeaderOptions, parseHeader, type Refuse } from '../zarr-metadata.ts'

interface ConsolidatedMetadata {
  readonly header: Header
  /** Rows of a shard. */
  readonly recordSize: number
}

/**
 * Parses the text of `.zmetadata`; `url` is for messages.
 * @throws FormatError where it is no JSON, or not that of a Parquet reference set; UnsupportedError for Zarr format 3.
 */
export function parseZmetadata(text: string, url: string, options: HeaderOptions = {}): ConsolidatedMetadata {
  const refuse: Refuse = (key, problem) => {
    throw new FormatError({ url, offset: 0, structure: '.zmetadata' }, `${key} ${problem}`)
  }
  let document: PythonJson
  try {
    document = parsePythonJson(text)
  } catch (cause) {
    throw new FormatError({ url, offset: 0, structure: '.zmetadata' }, 'is not JSON', { cause })
  }
  if (!isJsonObject(document) || !isJsonObject(document.metadata)) return refuse('metadata', 'is missing')
  const newer = Object.keys(document.metadata).find((key) => /(?:^|\/)zarr\.json$/.test(key))
  if (newer !== undefined) {
    throw new UnsupportedError('Zarr format 3 in a Parquet set, which no reader of such sets knows', {
      url,
      array: newer,
    })
  }
  const recordSize = typeof document.record_size === 'bigint' ? Number(document.record_size) : 0
  if (recordSize < 1 || !Number.isSafeInteger(recordSize)) refuse('record_size', 'is missing')
  return { header: parseHeader(refuse, document.metadata, options), recordSize }
}
