/**
 * The journal of a build, `OUT.<id>.journal` beside OUT, so that a build which was killed can be gone on with:
 * - `key`: what the build was asked for; a journal of another key is of no use;
 * - `headers`, `values`: what was read of each input;
 * - `work/`: all that belongs to one plan: `plan` (its fingerprint), `set/` (the folder that becomes OUT), `footers` (of
 *   parts whose references are all in), `progress.<n>` (rows that are in no complete shard yet, and which shards are complete).
 * The invariant: a recorded footer means that every row of its part is in a recorded shard or in the log of rows.
 * SIGKILL at any moment leaves prefixes of logs, and folders that came or went in one rename; so nothing here is synced:
 * after a power failure the checksums and sizes tell what counts.
 */
import { existsSync } from 'node:fs'
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isKStreamError, messageOf, WriteError } from '../errors.ts'
import type { BuildJournal, InputValues } from '../model/build-journal.ts'
import type { Header } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { SourceInfo } from '../model/reference-set.ts'
import { RecordStore } from './journal/record-store.ts'
import { batchKey, restoredBatch, storedBatch } from './journal/stored-batch.ts'
import {
  beginBuild,
  endBuild,
  findLeftovers,
  ignoreMissing,
  locateSet,
  recoverLeftovers,
  removeJournal,
} from './leftovers.ts'

export interface JournalOptions {
  /** Go on with what a dead build of the same set has left; else that is removed. */
  readonly resume: boolean
  /** Everything that the build was asked for, and the version of the program: a build goes on with its like alone. */
  readonly key: string
  /** Whether the work is kept where the build is cut off, for one that resumes it; true by default. */
  readonly keep?: boolean
}

/** The sink whose rows the journal keeps. */
export interface JournalledSink {
  /** Makes all rows so far outlast the process. */
  flush(): Promise<void>
}

/** Raised when the layout changes. What V8 serializes is bound to its version. */
const LAYOUT = `2 v8 ${process.versions.v8}`

/**
 * Opens the journal of a build of the set at `path`.
 * @throws WriteError where it cannot be written.
 */
export async function openJournal(path: string, options: JournalOptions): Promise<Journal> {
  const place = await locateSet(path)
  const id = beginBuild()
  try {
    await recoverLeftovers(place, { keepJournals: options.resume })
    const folder = `${place}.${id}.journal`
    const key = `${LAYOUT}\n${options.key}`
    const found = options.resume ? await adopt(place, folder, key) : { adopted: false }
    if (!found.adopted) {
      await mkdir(folder)
      await writeFile(join(folder, 'key'), key)
    }
    return new Journal(folder, id, { ...found, resumes: options.resume, keeps: options.keep ?? true })
  } catch (error) {
    endBuild(id)
    throw asWriteError(path, error)
  }
}

interface Found {
  readonly adopted: boolean
  readonly discarded?: string
}

interface Opened {
  readonly resumes: boolean
  readonly keeps: boolean
  readonly discarded?: string
}

/** Takes over one dead journal of this key by a rename, which two builds cannot both do; all others go. */
async function adopt(place: string, folder: string, key: string): Promise<Found> {
  let adopted = false
  let discarded: string | undefined
  for (const { path, kind } of await findLeftovers(place)) {
    if (kind !== 'journal') continue
    const problem = keyProblem(await readFile(join(path, 'key'), 'utf8').catch(ignoreMissing), key)
    if (problem === undefined && !adopted) adopted = await renamed(path, folder)
    else {
      discarded ??= problem
      await removeJournal(path)
    }
  }
  return { adopted, ...(!adopted && discarded !== undefined && { discarded }) }
}

function keyProblem(found: string | undefined, key: string): string | undefined {
  if (found === key) return undefined
  if (found === undefined || !found.includes('\n')) return 'it had hardly begun'
  const sameLayout = found.startsWith(`${LAYOUT}\n`)
  return sameLayout ? 'it was begun with other options' : 'it was begun by another version of kstream or Node'
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    ignoreMissing(error)
    return false
  }
}

/** What a build remembers, on disk. */
export class Journal implements BuildJournal {
  /** The name of the build: `publish` takes it for what it puts beside OUT. */
  readonly id: string
  /** What of a dead build was taken over. */
  readonly resumed: 'nothing' | 'partly'
  /** Whether it was opened to go on with a dead build. */
  readonly resumes: boolean
  /** Why the work of a dead build of the same set was thrown away; undefined where there was none, or it was taken over. */
  readonly discarded: string | undefined
  readonly #path: string
  readonly #headers: RecordStore
  readonly #values: RecordStore
  #footers: RecordStore | undefined
  #fingerprint: string | undefined
  readonly #keeps: boolean
  #published = false
  #sink: JournalledSink | undefined
  #closed = false
  #kept = false

  /** Use `openJournal`. */
  constructor(path: string, id: string, found: Opened) {
    this.id = id
    this.#path = path
    this.#headers = new RecordStore(join(path, 'headers'))
    this.#values = new RecordStore(join(path, 'values'))
    const knows = this.#headers.size + this.#values.size > 0 || existsSync(join(this.workFolder, 'plan'))
    this.resumed = knows ? 'partly' : 'nothing'
    this.discarded = found.discarded
    this.resumes = found.resumes
    this.#keeps = found.keeps
  }

  /** The folder that becomes the set. */
  get setFolder(): string {
    return join(this.#path, 'work', 'set')
  }

  /** Where the sink keeps its log. */
  get workFolder(): string {
    return join(this.#path, 'work')
  }

  /** Whether the dead build that is gone on with had put its set in place already. */
  get published(): boolean {
    return this.#published
  }

  /** Whether `close` left the work for a build that resumes it. */
  get kept(): boolean {
    return this.#kept
  }

  header(source: SourceInfo): Header | undefined {
    const found = this.#headers.get(sourceKey(source))
    if (!found) return undefined
    const count = found.own as number
    const [rest, ...nodes] = found.shared as [Omit<Header, 'groups' | 'arrays'>, ...object[]]
    return {
      ...rest,
      groups: nodes.slice(0, count) as unknown as Header['groups'],
      arrays: nodes.slice(count) as unknown as Header['arrays'],
    }
  }

  async putHeader(source: SourceInfo, { groups, arrays, ...rest }: Header): Promise<void> {
    this.#headers.put(sourceKey(source), { own: groups.length, shared: [rest, ...groups, ...arrays] })
  }

  values(key: string): InputValues | undefined {
    return this.#values.get(key)?.own as InputValues | undefined
  }

  async putValues(key: string, values: InputValues): Promise<void> {
    this.#values.put(key, { own: values, shared: [] })
  }

  /** Keeps the work of a plan of this fingerprint, forgets that of any other. */
  async begin(fingerprint: string): Promise<void> {
    if (this.#fingerprint === fingerprint) return
    await this.#writing(async () => {
      const known = await readFile(join(this.workFolder, 'plan'), 'utf8').catch(ignoreMissing)
      const set = await lstat(this.setFolder).catch(ignoreMissing)
      // Without its folder the set is in its place; that is known as long as the rest is kept.
      this.#published = known === fingerprint && set === undefined
      await this.#beginWork(fingerprint, known === fingerprint)
    })
  }

  /** For the sink: begins where no plan has. */
  async ensureWork(): Promise<void> {
    if (this.#fingerprint === undefined) await this.begin('')
  }

  /** For the sink: the work begins anew, whatever there was of it. */
  async restart(): Promise<void> {
    await this.#writing(() => this.#beginWork(this.#fingerprint ?? '', false))
  }

  /** For the sink, when it has all rows again that belong to recorded footers: only now are these told and recorded. */
  attach(sink: JournalledSink): void {
    this.#sink = sink
  }

  footer(part: number): Footer | undefined {
    const found = this.#sink && this.#footers?.get(String(part))
    if (!found) return undefined
    const [shapes, coverage] = found.shared
    return { ...(found.own as Footer), shapes, coverage } as Footer
  }

  async putFooter(part: number, { shapes, coverage, ...own }: Footer): Promise<void> {
    if (!this.#sink) return
    await this.#sink.flush()
    this.#footers?.put(String(part), { own, shared: [shapes, coverage] })
  }

  batch(part: number, index: number): ReferenceBatch | null | undefined {
    const found = this.#footers?.get(batchKey(part, index))
    return found && restoredBatch(found)
  }

  async putBatch(part: number, index: number, batch: ReferenceBatch | null): Promise<void> {
    if (this.#sink) this.#footers?.put(batchKey(part, index), storedBatch(batch))
  }

  /**
   * Ends the build. The work is kept for one that resumes it where this one was aborted or an input could not be read;
   * where it is done or failed in another way, the journal goes. A second call does nothing.
   */
  async close(error?: unknown): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#sink = undefined
    for (const store of [this.#headers, this.#values, this.#footers]) store?.close()
    this.#kept = this.#keeps && error !== undefined && isPassing(error)
    if (!this.#kept) await removeJournal(this.#path)
    endBuild(this.id)
  }

  async #writing<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw asWriteError(this.#path, error)
    }
  }

  async #beginWork(fingerprint: string, keeps: boolean): Promise<void> {
    this.#footers?.close()
    if (!keeps) await this.#makeWork(fingerprint)
    this.#footers = new RecordStore(join(this.workFolder, 'footers'))
    this.#fingerprint = fingerprint
  }

  /** The old work goes in one rename; the new one counts when its plan is written. */
  async #makeWork(fingerprint: string): Promise<void> {
    const old = join(this.#path, 'old')
    await rm(old, { recursive: true, force: true })
    await rename(this.workFolder, old).catch(ignoreMissing)
    await rm(old, { recursive: true, force: true })
    await mkdir(this.setFolder, { recursive: true })
    const plan = join(this.#path, 'plan')
    await writeFile(plan, fingerprint)
    await rename(plan, join(this.workFolder, 'plan'))
  }
}

function asWriteError(path: string, error: unknown): unknown {
  if (isKStreamError(error)) return error
  return new WriteError(path, messageOf(error), { cause: error })
}

/** What the same build may survive when it is tried again. */
function isPassing(error: unknown): boolean {
  return (
    isKStreamError(error, 'ERR_KSTREAM_SOURCE') || (error instanceof Error && error.name === 'AbortError')
  )
}

function sourceKey({ url, size, lastModified, etag }: SourceInfo): string {
  return JSON.stringify([url, size, lastModified ?? null, etag ?? null])
}
