/** How many bytes a conversion reads, where that can be told beforehand. */
import { stat } from 'node:fs/promises'
import { detectFileFormat, type InputFormat } from '../lib/index.ts'

/** How often documents of references are read: for what they hold, and for the references. */
const PASSES: Readonly<Record<string, number>> = { 'kerchunk-json': 2, dmrpp: 2, ndjson: 1 }

/** Bytes of all passes over all files; undefined where one of them is read only here and there. */
export async function expectedBytes(
  files: readonly string[],
  format: InputFormat | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  let total = 0
  for (const file of files) {
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) return undefined
    // What cannot be read is told by who reads it.
    const name = format ?? (await detectFileFormat(file, { signal }).catch(() => ''))
    const passes = Object.hasOwn(PASSES, name) ? PASSES[name] : undefined
    if (passes === undefined) return undefined
    total += passes * found.size
  }
  return total
}
