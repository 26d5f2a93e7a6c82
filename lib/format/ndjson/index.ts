/** Sets as NDJSON (lib/write/ndjson.ts says what its lines are) as a format that can be scanned. */
import { FormatError } from '../../errors.ts'
import { Interning } from '../../model/interning.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { PieceOptions } from '../../source/pieces.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { scanBody } from './body.ts'
import { type HeaderLine, parseHeaderLine } from './header.ts'
import { refusalAt } from './line-error.ts'
import { parseLine } from './line-text.ts'
import { lineEnd, scanLines } from './lines.ts'

/** White space before or within is any writer's own. */
const BEGINNING = /^(?:\xef\xbb\xbf)?\s*\{\s*"kind"\s*:\s*"header"/
/** Bytes in which the beginning must lie. */
const LONGEST_BEGINNING = 1024

/** Whether a file begins with a line that is an object whose first member is `"kind": "header"`. */
export function detect(head: Uint8Array): boolean {
  return BEGINNING.test(Buffer.from(head.subarray(0, LONGEST_BEGINNING)).toString('latin1'))
}

async function readHeaderLine(source: ByteSource, options: PieceOptions): Promise<HeaderLine> {
  const { url } = source
  let number = 0
  for await (const { bytes, start, end, offset } of scanLines(source, options)) {
    for (let at = start; at < end; ) {
      const stop = lineEnd(bytes, at, end)
      const refuse = refusalAt({ url, line: ++number, offset: offset + at - start })
      const line = parseLine(bytes.subarray(at, stop), refuse, { ended: stop < end })
      if (line) return parseHeaderLine(refuse, line)
      at = stop + 1
    }
  }
  throw new FormatError({ url, offset: 0, structure: 'NDJSON' }, 'has no lines')
}

/**
 * Reads the header, the first line. The body reads the file again: as it comes where the header says that it is sorted,
 * and otherwise sorted in bounded memory.
 * @throws FormatError with the line and its place where that is no header.
 */
export async function open(
  source: ByteSource,
  openAgain: OpenAgain,
  { interning = new Interning(), memoryBytes, signal }: FormatOptions,
): Promise<ReferenceSet> {
  const { url } = source
  const line = await readHeaderLine(source, { signal })
  const header = interning.share(line.header, 'NDJSON header')
  const plan = { url, header, sorted: line.sorted, footer: line.footer, openAgain, memoryBytes }
  return {
    name: url,
    header,
    sources: line.sources,
    replayable: true,
    body: (options) => scanBody(plan, options),
  }
}
