/** Whether a file begins as a reference set in text does: what may be replaced, and what is left alone. */
import { stat } from 'node:fs/promises'
import { openFile } from '../source/file.ts'
import { readHead } from '../source/pieces.ts'

/** Bytes within which the first key must end. */
const HEAD = 1 << 16
/** The first key of a JSON object. */
const FIRST_KEY = /^\uFEFF?\s*\{\s*("(?:[^"\\]|\\.)*")\s*:/
/** An object without keys. */
const NO_KEY = /^\uFEFF?\s*\{\s*\}\s*$/
/** The members of a document of version 1, Zarr's metadata, and chunks. */
const DOCUMENT_KEY =
  /^(?:version|refs|templates|gen)$|(?:^|\/)(?:\.z(?:group|array|attrs|metadata)|zarr\.json)$|\/(?:c\/)?\d+(?:[./]\d+)*$/
const NDJSON_HEADER = /^\s*\{\s*"kind"\s*:\s*"header"/

/** Whether the file is empty, or begins like kerchunk's JSON or kstream's NDJSON, compressed or not. */
export async function isTextSet(path: string): Promise<boolean> {
  if ((await stat(path)).size === 0) return true
  const source = await openFile(path)
  try {
    const head = Buffer.from(await readHead(source, HEAD)).toString('utf8')
    return NO_KEY.test(head) || NDJSON_HEADER.test(head) || isDocument(head)
  } catch {
    // What cannot be read is nobody's to replace.
    return false
  } finally {
    await source.close()
  }
}

function isDocument(head: string): boolean {
  const [, literal] = FIRST_KEY.exec(head) ?? []
  return literal !== undefined && DOCUMENT_KEY.test(String(JSON.parse(literal)))
}
