/** A local file as a source. */
import { constants, fstatSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SourceError, systemCode } from '../errors.ts'
import type { SourceInfo } from '../model/reference-set.ts'
import { checkRange } from './byte-range.ts'
import type { ByteSource, ReadOptions } from './byte-source.ts'
import { ReadPace } from './read-pace.ts'

/** Longer reads never block: copying them alone takes as long as the way through the thread pool. */
const LONGEST_BLOCKING_READ = 1 << 18
/** The system's own limit of one read call is 2^31 - 4096. */
const LONGEST_CALL = 1 << 30
/** Milliseconds after which blocking reads let timers, signals and other sources have a turn. */
const TURN = 10

/** What to do about the ways in which a file refuses to open. */
const REFUSALS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; check the path, and that its folder is mounted',
  ENOTDIR: 'no such file: a part of the path is a file, not a directory',
  EISDIR: 'a directory; name the files in it',
  EACCES: 'permission denied; it must be readable for the user who runs this',
  EPERM: 'permission denied; it must be readable for the user who runs this',
  EMFILE: 'too many open files; raise the limit (ulimit -n) or lower the concurrency',
  ENFILE: 'too many open files on this machine; lower the concurrency',
  ELOOP: 'a symbolic link that leads back to itself',
  ENAMETOOLONG: 'the name is too long for the file system',
}

interface OpenFileOptions extends ReadOptions {
  /** Decides which reads may block; by default one is shared by the files of a device. */
  readonly pace?: ReadPace
}

/** One measure for each device: what one file has learned of a slow disk need not be learned again by the next. */
const paces = new Map<number, ReadPace>()

function paceOf(device: number): ReadPace {
  let pace = paces.get(device)
  if (!pace) {
    pace = new ReadPace()
    paces.set(device, pace)
  }
  return pace
}

function readFailure(url: string, offset: number, length: number, cause: unknown): SourceError {
  if (cause instanceof SourceError) return cause
  return new SourceError(url, `reading failed (${systemCode(cause) || String(cause)})`, {
    cause,
    offset,
    length,
  })
}

class FileSource implements ByteSource {
  readonly url: string
  readonly size: number
  readonly info: SourceInfo
  readonly #handle: FileHandle
  readonly #pace: ReadPace
  #lastTurn = performance.now()
  #closed: Promise<void> | undefined

  constructor(handle: FileHandle, info: SourceInfo, pace: ReadPace) {
    this.#handle = handle
    this.#pace = pace
    this.url = info.url
    this.size = info.size
    this.info = info
  }

  async read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array> {
    options?.signal?.throwIfAborted()
    if (this.#closed) throw new SourceError(this.url, 'read after it was closed', { offset, length })
    checkRange(this.url, this.size, offset, length)
    const bytes = options?.into?.length === length ? options.into : new Uint8Array(length)
    try {
      if (length <= LONGEST_BLOCKING_READ && this.#pace.mayBlock()) {
        const now = this.#readBlocking(bytes, offset)
        if (now - this.#lastTurn > TURN) {
          await nextTurn()
          this.#lastTurn = performance.now()
        }
      } else await this.#readInPool(bytes, offset)
    } catch (error) {
      throw readFailure(this.url, offset, length, error)
    }
    options?.signal?.throwIfAborted()
    return bytes
  }

  /** Fills `bytes`, measured; returns the time of its end. */
  #readBlocking(bytes: Uint8Array, offset: number): number {
    const began = performance.now()
    for (let done = 0; done < bytes.length; ) {
      const got = readSync(this.#handle.fd, bytes, done, bytes.length - done, offset + done)
      if (got === 0) throw this.#cut(offset, bytes.length)
      done += got
    }
    const ended = performance.now()
    this.#pace.record(ended - began)
    return ended
  }

  async #readInPool(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const wanted = Math.min(bytes.length - done, LONGEST_CALL)
      const { bytesRead } = await this.#handle.read(bytes, done, wanted, offset + done)
      if (bytesRead === 0) throw this.#cut(offset, bytes.length)
      done += bytesRead
    }
  }

  #cut(offset: number, length: number): SourceError {
    const problem = `it had ${this.size} bytes when it was opened and has become shorter since`
    return new SourceError(this.url, problem, { offset, length })
  }

  close(): Promise<void> {
    // The handle itself waits for the reads that are still in the pool.
    this.#closed ??= this.#handle.close()
    return this.#closed
  }
}

/** Blocking: whatever opened the file knows its attributes, and the way through the thread pool takes 20 times as long. */
function describe(handle: FileHandle, url: string): { info: SourceInfo; device: number } {
  const stats = fstatSync(handle.fd)
  if (stats.isDirectory()) throw new SourceError(url, REFUSALS.EISDIR)
  if (!stats.isFile()) throw new SourceError(url, 'not a regular file; references need one that stays')
  if (stats.size === 0) throw new SourceError(url, 'the file is empty (0 bytes); was its download cut short?')
  const { size, mtime, dev, ino } = stats
  return { info: { url, size, lastModified: mtime.toISOString(), identity: `${dev}:${ino}` }, device: dev }
}

/**
 * Opens a file by its path; the source's url is the absolute path, links not followed.
 *
 * While reads are quick (the page cache) they block: 2 to 4 µs each against 25 to 40 µs through the thread pool,
 * and a walk over a chunk index makes hundreds of thousands of them. As soon as they prove slow they go through
 * the pool, many in flight, and a blocking one is tried again from time to time (ReadPace). Long reads always go
 * through the pool, and after 10 ms of blocking reads the event loop gets a turn, so that aborts come through.
 * @throws SourceError that says what is wrong and what to do: missing, a directory, no permission, empty.
 */
export async function openFile(path: string, options: OpenFileOptions = {}): Promise<ByteSource> {
  options.signal?.throwIfAborted()
  const url = resolve(path)
  let handle: FileHandle
  try {
    // Without O_NONBLOCK (which regular files ignore) opening a named pipe would wait for its writer for ever.
    handle = await open(url, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    const code = systemCode(cause)
    throw new SourceError(url, REFUSALS[code] ?? `could not be opened (${code || String(cause)})`, { cause })
  }
  try {
    const { info, device } = describe(handle, url)
    options.signal?.throwIfAborted()
    return new FileSource(handle, info, options.pace ?? paceOf(device))
  } catch (error) {
    await handle.close()
    throw error
  }
}
