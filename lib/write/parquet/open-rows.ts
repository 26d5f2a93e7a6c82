/** The rows of all open shards: where they take too much memory, those of the largest go to a temporary file for a while. */
import { tmpdir } from 'node:os'
import { RunFile } from '../../stream/run-file.ts'

/** Bytes of a row in the columns of a shard. */
const ROW_BYTES = 24
/** Bytes of rows that are held at most, where nothing else is asked for. */
const MEMORY = 1 << 26
/** Fewer rows of a shard stay: they are not worth a write. */
const FEW_ROWS = 512

/** An open shard, if there is one. */
interface RowHolder {
  /** Rows in memory that could go. */
  readonly heldRows: number
  spill(file: RunFile): Promise<void>
}

/** Watches how many rows are held; arrays that come by turns have a shard open each. */
export class OpenRows {
  readonly #holders: readonly RowHolder[]
  readonly #mostRows: number
  #rows = 0
  #file: RunFile | undefined

  /** @param memoryBytes of rows that may be held; 64 MiB by default. */
  constructor(holders: readonly RowHolder[], memoryBytes = MEMORY) {
    this.#holders = holders
    this.#mostRows = Math.ceil(memoryBytes / ROW_BYTES)
  }

  /**
   * So many rows more are held than before, or fewer.
   * @throws WriteError where there is no room on disk.
   */
  async changed(rows: number): Promise<void> {
    this.#rows += rows
    if (this.#rows <= this.#mostRows) return
    this.#file ??= await RunFile.create(tmpdir())
    for (const holder of this.#holders) {
      const { heldRows } = holder
      if (heldRows < FEW_ROWS) continue
      await holder.spill(this.#file)
      this.#rows -= heldRows
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
