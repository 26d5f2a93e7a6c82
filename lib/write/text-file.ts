/** Where text goes: a file that appears when it is complete, compressed as its name says, or a stream. */
import { type FileHandle, link, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { messageOf, systemCode, UsageError, WriteError } from '../errors.ts'
import { beginBuild, endBuild, ignoreMissing, locateSet, recoverLeftovers } from './leftovers.ts'
import { alreadyThere, asWriteError, syncFolder } from './publish.ts'
import { compressionFor } from './text-compression.ts'
import { isTextSet } from './text-head.ts'

/** A place for one text. */
export interface TextTarget {
  /** What messages and reports call it: the absolute path of a file, links resolved. */
  readonly name: string
  /** Bytes that went out so far, compressed. */
  readonly bytes: number
  /**
   * Writes all blocks; no more than one waits, so that readers of a stream set the pace. A file then takes its
   * place in one step; on an error or abort nothing is left of it, and what was there stays.
   */
  write(blocks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>
}

/**
 * Checks where text shall go, and heals what a crash has left there; a stream is not closed in the end.
 * @throws WriteError where the parent folder is missing, or something is there that may not be replaced.
 */
export async function openTextTarget(
  target: string | Writable,
  { overwrite = false }: { overwrite?: boolean | undefined } = {},
): Promise<TextTarget> {
  if (typeof target !== 'string') return new StreamTarget(target)
  if (target === '') throw new UsageError('no path to write to')
  const path = await locateSet(target)
  await recoverLeftovers(path, { keepJournals: true })
  const there = await stat(path).catch(ignoreMissing)
  if (!there) {
    const leads = await lstat(resolve(target)).catch(ignoreMissing)
    if (leads) throw new WriteError(target, 'is a link that leads nowhere')
    return new FileTarget(path, false)
  }
  if (there.isDirectory()) throw new WriteError(target, 'is a folder, where a file shall be written')
  if (!there.isFile()) throw new WriteError(target, 'exists and is no regular file, so it is left alone')
  if (!(await isTextSet(path))) {
    throw new WriteError(target, 'exists and is no reference set in text, so it is left alone')
  }
  if (!overwrite) throw alreadyThere(target)
  return new FileTarget(path, true)
}

class FileTarget implements TextTarget {
  readonly name: string
  bytes = 0
  readonly #replaces: boolean

  constructor(path: string, replaces: boolean) {
    this.name = path
    this.#replaces = replaces
  }

  async write(blocks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const id = beginBuild()
    const unfinished = `${this.name}.${id}.tmp`
    try {
      const handle = await open(unfinished, 'wx')
      try {
        await this.#fill(handle, blocks, signal)
      } finally {
        await handle.close()
      }
      await this.#publish(unfinished)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw asWriteError(error, this.name)
    } finally {
      endBuild(id)
    }
  }

  async #fill(handle: FileHandle, blocks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const compress = compressionFor(this.name)
    // A block is written while the next one is made.
    let writing = Promise.resolve()
    try {
      for await (const block of compress ? compress(blocks) : blocks) {
        signal?.throwIfAborted()
        await writing
        writing = this.#writeBlock(handle, block)
        writing.catch(() => {})
      }
    } finally {
      await writing
    }
    signal?.throwIfAborted()
    await handle.sync().catch((cause) => this.#fail(cause))
  }

  async #writeBlock(handle: FileHandle, block: Uint8Array): Promise<void> {
    for (let done = 0; done < block.length; ) {
      const { bytesWritten } = await handle.write(block, done).catch((cause) => this.#fail(cause))
      done += bytesWritten
      this.bytes += bytesWritten
    }
  }

  async #publish(unfinished: string): Promise<void> {
    if (this.#replaces) await rename(unfinished, this.name)
    // Unlike a rename, a link takes nobody's place.
    else await link(unfinished, this.name).catch((cause) => this.#renameWithoutLinks(unfinished, cause))
    await rm(unfinished, { force: true })
    await syncFolder(dirname(this.name))
  }

  async #renameWithoutLinks(unfinished: string, cause: unknown): Promise<void> {
    const taken = await lstat(this.name).catch(ignoreMissing)
    if (!taken) return rename(unfinished, this.name)
    throw new WriteError(this.name, 'another file was put there meanwhile, and stays', { cause })
  }

  /** What a file handle says of a failure names no path. */
  #fail(cause: unknown): never {
    throw new WriteError(this.name, messageOf(cause), { cause })
  }
}

class StreamTarget implements TextTarget {
  readonly name: string
  bytes = 0
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
    this.name = stream === process.stdout ? 'standard output' : 'the output stream'
  }

  async write(blocks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    // An error comes to the write that failed; as an event it may come later, and ends the process where nobody hears it.
    const heard = (): void => {}
    this.#stream.on('error', heard)
    for await (const block of blocks) {
      await this.#writeBlock(block, signal)
      this.bytes += block.length
    }
    this.#stream.off('error', heard)
  }

  async #writeBlock(block: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const stopped = new AbortController()
    try {
      await Promise.race([this.#written(block), abortOf(signal, stopped.signal)])
    } finally {
      stopped.abort()
    }
  }

  #written(block: Uint8Array): Promise<void> {
    return new Promise((done, reject) => {
      this.#stream.write(block, (cause) => {
        if (!cause) return done()
        const problem = systemCode(cause) === 'EPIPE' ? 'its reader has gone' : messageOf(cause)
        reject(new WriteError(this.name, problem, { cause }))
      })
    })
  }
}

/** Rejects when `signal` aborts, unless `stopped` does before. */
function abortOf(signal: AbortSignal | undefined, stopped: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: stopped })
  })
}
