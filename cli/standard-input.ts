/** Standard input as a file: a set is read more than once, and a pipe cannot be. */
import { access, type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ReferenceSet, UsageError } from '../lib/index.ts'
import type { Surroundings } from './output.ts'
import { STANDARD } from './set-format.ts'

/** What messages call it. */
const NAME = 'standard input'

/** A temporary file, open as long as it is needed. */
interface Spool {
  readonly path: string
  readonly handle: FileHandle
  readonly folder: string
}

/** Where the system finds open files by their handles the name goes at once: who is killed leaves nothing. */
async function makeSpool(): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-'))
  const path = join(folder, 'stdin')
  const handle = await open(path, 'wx+')
  const byHandle = `/proc/self/fd/${handle.fd}`
  try {
    await access(byHandle)
  } catch {
    return { path, handle, folder }
  }
  await rm(folder, { recursive: true, force: true })
  return { path: byHandle, handle, folder }
}

async function removeSpool({ handle, folder }: Spool): Promise<void> {
  await handle.close()
  await rm(folder, { recursive: true, force: true })
}

/** Streams of node:fs close the handle when they end, or keep it from closing. */
class SpoolStream extends Writable {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    super()
    this.#handle = handle
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#handle.appendFile(chunk).then(() => done(), done)
  }
}

async function copyToSpool(stdin: Readable, signal: AbortSignal): Promise<Spool> {
  const spool = await makeSpool()
  try {
    await pipeline(stdin, new SpoolStream(spool.handle), { signal })
    return spool
  } catch (error) {
    await removeSpool(spool)
    throw error
  }
}

/** Inputs by their names, standard input being a temporary file. */
export class Inputs {
  readonly #names: readonly string[]
  readonly #around: Surroundings
  #spool: Spool | undefined

  /** @throws UsageError where standard input is there twice, or is a terminal. */
  constructor(names: readonly string[], around: Surroundings) {
    this.#names = names
    this.#around = around
    const count = names.filter((name) => name === STANDARD).length
    if (count > 1) throw new UsageError('standard input (-) can be read once')
    if (count > 0 && around.stdin.isTTY) {
      throw new UsageError('nothing is written to standard input (-): name a file')
    }
  }

  /** Files, standard input among them once it is read. */
  get files(): readonly string[] {
    const path = this.#spool?.path
    return path === undefined ? this.#names : this.#names.map((name) => (name === STANDARD ? path : name))
  }

  /** Copies standard input to a file where it is among the names. */
  async read(): Promise<void> {
    const { stdin, signal } = this.#around
    if (this.#names.includes(STANDARD)) this.#spool = await copyToSpool(stdin, signal)
  }

  /** @throws UsageError where references of the set would point at standard input, which is not there any more then. */
  check({ sources }: ReferenceSet): void {
    if (this.#spool === undefined || sources.every(({ url }) => url !== this.#spool?.path)) return
    throw new UsageError('standard input (-) takes reference sets: references to data need a file that stays')
  }

  /** What is said of the temporary file says standard input. */
  get around(): Surroundings {
    const { stderr } = this.#around
    const write = (text: string): boolean => stderr.write(this.#named(text))
    return { ...this.#around, stderr: { isTTY: stderr.isTTY, columns: stderr.columns, write } }
  }

  /** The same for an error. */
  named(error: unknown): unknown {
    if (error instanceof Error) error.message = this.#named(error.message)
    return error
  }

  #named(text: string): string {
    return this.#spool === undefined ? text : text.replaceAll(this.#spool.path, NAME)
  }

  async close(): Promise<void> {
    if (this.#spool !== undefined) await removeSpool(this.#spool)
  }
}
