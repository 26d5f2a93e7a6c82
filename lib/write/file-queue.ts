/** Files on their way to disk, a few at a time, while the next one is made. */
import { writeFile } from 'node:fs/promises'
import { WriteError } from '../errors.ts'

const MOST_WRITES = 4

export class FileQueue {
  /** Bytes on disk. */
  bytes = 0
  readonly #writes = new Set<Promise<void>>()
  #failure: WriteError | undefined

  /** Takes a file, waiting while too many are under way. @throws WriteError where an earlier one failed. */
  async add(path: string, bytes: Uint8Array): Promise<void> {
    while (this.#writes.size >= MOST_WRITES) await Promise.race(this.#writes)
    this.#check()
    const write = this.#write(path, bytes)
    this.#writes.add(write)
    write.finally(() => this.#writes.delete(write))
  }

  /** Waits for all files. @throws WriteError where one failed. */
  async drain(): Promise<void> {
    await Promise.all(this.#writes)
    this.#check()
  }

  /** Never rejects: the failure is told to whoever adds or drains next. */
  async #write(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await writeFile(path, bytes, { flush: true })
      this.bytes += bytes.length
    } catch (cause) {
      this.#failure ??= new WriteError(path, cause instanceof Error ? cause.message : String(cause), {
        cause,
      })
    }
  }

  #check(): void {
    if (this.#failure) throw this.#failure
  }
}
