/** The footer of a file, read before anything else of the body: chunks are numbered by extents that only it may tell. */
import type { ArrayMetadata, Header } from '../../model/metadata.ts'
import type { OpenAgain } from '../format.ts'
import { type FooterLine, parseFooterLine } from './footer.ts'
import { refusalAt } from './line-error.ts'
import { parseLine } from './line-text.ts'
import { lineEnd, scanLines } from './lines.ts'

/** What is read, and by which header. */
interface FooterPlan {
  readonly url: string
  readonly header: Header
  readonly openAgain: OpenAgain
}

interface Line {
  readonly bytes: Uint8Array
  /** From 1. */
  readonly line: number
  readonly offset: number
}

/** The last line that is not blank. */
async function readLastLine(
  { openAgain }: FooterPlan,
  signal: AbortSignal | undefined,
): Promise<Line | undefined> {
  const source = await openAgain({ signal })
  try {
    let last: Line | undefined
    let line = 0
    for await (const { bytes, start, end, offset } of scanLines(source, { signal })) {
      let begin = -1
      let number = line
      for (let at = start; at < end; at = lineEnd(bytes, at, end) + 1) {
        line++
        if (bytes[at] <= 0x20) continue
        begin = at
        number = line
      }
      if (begin < 0) continue
      const text = Uint8Array.from(bytes.subarray(begin, lineEnd(bytes, begin, end)))
      last = { bytes: text, line: number, offset: offset + begin - start }
    }
    return last
  } finally {
    await source.close()
  }
}

/** Whether chunks cannot be numbered before the footer is known. */
export function growsBehindFirst({ shape }: ArrayMetadata): boolean {
  return shape.some((extent, axis) => extent === null && axis > 0)
}

/** @throws FormatError where the last line is no footer that tells the extents of all arrays that need it. */
export async function readFooter(plan: FooterPlan, signal: AbortSignal | undefined): Promise<FooterLine> {
  const last = await readLastLine(plan, signal)
  const refuse = refusalAt({ url: plan.url, line: last?.line ?? 1, offset: last?.offset ?? 0 })
  const parsed = last && parseLine(last.bytes, refuse)
  const footer = parsed?.kind === 'footer' ? parseFooterLine(refuse, parsed, plan.header) : undefined
  const isTold = (array: ArrayMetadata, index: number) =>
    !growsBehindFirst(array) || footer?.shapes.has(index)
  if (footer && plan.header.arrays.every(isTold)) return footer
  return refuse('is no footer, which has to tell the extents that are null in the header')
}
