/** The sink of NDJSON: one reference set into lines (lib/write/ndjson.ts), written as its references come. */
import type { Writable } from 'node:stream'
import { UnsupportedError } from '../errors.ts'
import type { ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { anySignal, type Sink } from '../stream/stage.ts'
import { CountedBody } from './counted-body.ts'
import { batchLines, footerLine, headerLine } from './ndjson.ts'
import { onlySet } from './only-set.ts'
import type { SinkProgress, SinkReport } from './report.ts'
import { openTextTarget } from './text-file.ts'

/** Rows whose lines are made at a time, and bytes in them: a string has an end. */
const MOST_ROWS = 1 << 13
const MOST_BYTES = 1 << 20
/** Bytes of one chunk that a line takes. */
const LONGEST_CHUNK = 1 << 28

/** How lines are written. */
export interface WriteNdjsonOptions {
  /** Replace a reference set in text that is there. */
  readonly overwrite?: boolean | undefined
  /** What becomes of an array that lines cannot express; 'fail' by default. */
  readonly onUnsupported?: 'fail' | 'skip' | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after each batch, without waiting. */
  readonly onProgress?: ((progress: SinkProgress) => void) | undefined
}

/**
 * Writes the one reference set that comes to the file `target`, which appears when it is complete, or to a stream, which
 * stays open. A name that ends with `.gz` or `.zst` is that of a compressed file.
 * @throws UsageError where no set comes, PlanError where two do, WriteError where it cannot be written or breaks the order
 * of references, UnsupportedError for a chunk that no line takes.
 */
export function writeNdjson(target: string | Writable, options: WriteNdjsonOptions = {}): Sink<SinkReport> {
  return async (source, context) => {
    const signal = anySignal(options.signal, context?.signal)
    signal?.throwIfAborted()
    const place = await openTextTarget(target, options)
    const set = await onlySet(source, 'writeNdjson')
    const body = new CountedBody(set, { ...options, signal, target: place.name, saysAll: true })
    const blocks = async function* () {
      for await (const lines of linesOf(set, body)) {
        yield Buffer.from(lines)
        body.bytes = place.bytes
      }
    }
    await place.write(blocks(), signal)
    return body.report(place.bytes)
  }
}

async function* linesOf(set: ReferenceSet, body: CountedBody): AsyncGenerator<string> {
  yield `${headerLine(set)}\n`
  for await (const batch of body.batches()) {
    const { metadata } = body.arrays[batch.array]
    for (const piece of pieces(batch)) {
      const long = piece.raw?.find((bytes) => bytes !== null && bytes.length > LONGEST_CHUNK)
      if (long) {
        const feature = `an inlined chunk of ${long.length} bytes, which no line takes`
        throw new UnsupportedError(feature, { array: metadata.path })
      }
      yield batchLines(piece, metadata)
    }
  }
  yield `${footerLine(body.footer, set.header)}\n`
}

/** The batch in pieces whose lines make no long string. */
function* pieces(batch: ReferenceBatch): Generator<ReferenceBatch> {
  for (let start = 0; start < batch.rows; ) {
    let end = start
    let bytes = 0
    while (end < batch.rows && end - start < MOST_ROWS && bytes < MOST_BYTES) {
      bytes += batch.raw?.[end]?.length ?? 0
      end++
    }
    yield rowsOf(batch, start, end)
    start = end
  }
}

function rowsOf(batch: ReferenceBatch, start: number, end: number): ReferenceBatch {
  const { chunk, path, offset, length, raw, filterMask } = batch
  return {
    ...batch,
    rows: end - start,
    chunk: chunk.subarray(start, end),
    path: path.subarray(start, end),
    offset: offset.subarray(start, end),
    length: length.subarray(start, end),
    ...(raw && { raw: raw.slice(start, end) }),
    ...(filterMask && { filterMask: filterMask.subarray(start, end) }),
  }
}
