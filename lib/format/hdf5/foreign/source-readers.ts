/** Readers of the sources of a virtual dataset: of the last few that were used. */
import { ChunkReader } from '../../../store/chunk-reader.ts'
import type { SourceDataset } from './foreign.ts'

/** More than are used at a time, so that none closes in use. */
const KEPT = 64

/** One reader a source, shared by all chunks that need it; those that have not been used for longest are closed. */
export class SourceReaders {
  readonly #readers = new Map<SourceDataset, ChunkReader>()
  readonly #closing: Promise<void>[] = []
  readonly #signal: AbortSignal | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** The reader of a source, made when it is first asked for. */
  of(source: SourceDataset): ChunkReader {
    const reader =
      this.#readers.get(source) ?? new ChunkReader(source.set, { open: source.open, signal: this.#signal })
    this.#readers.delete(source)
    this.#readers.set(source, reader)
    const [oldest] = this.#readers
    if (this.#readers.size > KEPT) {
      this.#readers.delete(oldest[0])
      this.#closing.push(oldest[1].close())
    }
    return reader
  }

  /** Closes all that was opened. */
  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...[...this.#readers.values()].map((reader) => reader.close())])
  }
}
