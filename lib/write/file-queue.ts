/** Files on their way to disk, a few at a time, while the next one is made. */
import { rename, writeFile } from 'node:fs/promises'
import { messageOf, WriteError } from '../errors.ts'

const MOST_WRITES = 4

/** What the name of a file ends with until it is whole. */
const UNFINISHED = '.part'

/** Writes files in the background; a failure is told to whoever adds the next. */
export class FileQueue {
  /** Bytes on disk. */
  bytes = 0
  readonly #writes = new Set<Promise<void>>()
  #failure: WriteError | undefined
  readonly #renames: boolean

  /** `renames`: files come to their place whole, and never change one that is there, which may have a second name. */
  constructor(options: { renames?: boolean } = {}) {
    this.#renames = options.renames ?? false
  }

  /**
   * Takes a file, waiting while too many are under way; `stored` is called when it is on disk.
   * @throws WriteError where an earlier one failed.
   */
  async add(path: string, bytes: Uint8Array, stored?: () => void): Promise<void> {
    while (this.#writes.size >= MOST_WRITES) await Promise.race(this.#writes)
    this.#check()
    const write = this.#write(path, bytes, stored)
    this.#writes.add(write)
    write.finally(() => this.#writes.delete(write))
  }

  /** Waits for all files. @throws WriteError where one failed. */
  async drain(): Promise<void> {
    await Promise.all(this.#writes)
    this.#check()
  }

  /** Never rejects: the failure is told to whoever adds or drains next. */
  async #write(path: string, bytes: Uint8Array, stored?: () => void): Promise<void> {
    try {
      const first = this.#renames ? `${path}${UNFINISHED}` : path
      await writeFile(first, bytes, { flush: true })
      if (this.#renames) await rename(first, path)
      this.bytes += bytes.length
      stored?.()
    } catch (cause) {
      this.#failure ??= new WriteError(path, messageOf(cause), {
        cause,
      })
    }
  }

  #check(): void {
    if (this.#failure) throw this.#failure
  }
}
