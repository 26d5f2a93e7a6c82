/** The file beside a shard that holds the chunks which are too large for it, one after the other in the order of the rows. */
import { open, writeFile } from 'node:fs/promises'
import { messageOf, WriteError } from '../../errors.ts'

/** Grows at its end alone. Bytes go to the disk when `write` is called, and outlast the system after `sync`. */
export class CopiedFile {
  readonly path: string
  #size: number
  #waiting: Uint8Array[] = []
  #isSynced = true

  /** `size`: bytes of it that are there already. */
  constructor(path: string, size = 0) {
    this.path = path
    this.#size = size
  }

  /** Bytes, with those that wait to be written. */
  get size(): number {
    return this.#size
  }

  /** Takes bytes, which must stay as they are until they are written; returns where they will lie. */
  add(bytes: Uint8Array): number {
    const offset = this.#size
    this.#waiting.push(bytes)
    this.#size += bytes.length
    return offset
  }

  /** Writes what waits. @throws WriteError in the system's words, for a full disk. */
  async write(): Promise<void> {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#isSynced = false
    await this.#try(() => writeFile(this.path, waiting, { flag: 'a' }))
  }

  /** Makes what is written outlast the system. */
  async sync(): Promise<void> {
    if (this.#isSynced) return
    this.#isSynced = true
    await this.#try(async () => {
      const handle = await open(this.path, 'r+')
      await handle.sync().finally(() => handle.close())
    })
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (cause) {
      throw new WriteError(this.path, messageOf(cause), { cause })
    }
  }
}
