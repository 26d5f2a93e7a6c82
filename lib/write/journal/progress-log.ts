/** How far a sink has come, as records that add up; written anew from time to time, so that it does not grow with the set. */
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { messageOf, WriteError } from '../../errors.ts'
import { FrameLog } from './frame-log.ts'

/** The log is written anew when it is this much, and twice as much as it was then. */
const ROOM = 16 << 20

/** Files `progress.<n>` in `folder`, of which the last counts. Each begins with a signature: of what it is the progress. */
export class ProgressLog<T> {
  readonly #folder: string
  #log: FrameLog | undefined
  #number = 0
  #least = 0
  #signature = ''

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The records that are there, if they are of this signature; the next ones are added to them. */
  resume(signature: string): T[] | undefined {
    const numbers = this.#numbers()
    this.#number = numbers.at(-1) ?? 0
    if (this.#number === 0) return undefined
    const log = new FrameLog(this.#path(this.#number))
    const [first, ...groups] = [...log.frames()].map(([, payload]): unknown => deserialize(payload))
    if (first !== signature) {
      log.close()
      return undefined
    }
    this.#log = log
    this.#least = log.size
    this.#signature = signature
    // What was left of a log that was not complete, or whose successor was.
    for (const number of numbers.slice(0, -1)) rmSync(this.#path(number), { force: true })
    return (groups as T[][]).flat()
  }

  /** Begins anew with these records, in one step. */
  start(signature: string, records: Iterable<T>): void {
    const number = this.#number + 1
    const unfinished = join(this.#folder, 'progress.tmp')
    this.#try(() => rmSync(unfinished, { force: true }))
    const log = new FrameLog(unfinished)
    log.append(serialize(signature))
    for (const record of records) log.append(serialize([record]))
    this.#try(() => renameSync(unfinished, this.#path(number)))
    this.close()
    this.#try(() => rmSync(this.#path(this.#number), { force: true }))
    this.#log = log
    this.#least = log.size
    this.#number = number
    this.#signature = signature
  }

  /** Adds records: all of them are there later, or none. */
  append(...records: readonly T[]): void {
    this.#log?.append(serialize(records))
  }

  /** Whether most of the log is out of date, so that `restart` pays. */
  get isLong(): boolean {
    return (this.#log?.size ?? 0) > 2 * this.#least + ROOM
  }

  /** Puts these records in the place of all. */
  restart(records: Iterable<T>): void {
    this.start(this.#signature, records)
  }

  close(): void {
    this.#log?.close()
    this.#log = undefined
  }

  #path(number: number): string {
    return join(this.#folder, `progress.${number}`)
  }

  #numbers(): number[] {
    const names = this.#try(() => readdirSync(this.#folder))
    const numbers = names.flatMap((name) => /^progress\.(\d+)$/.exec(name)?.[1] ?? []).map(Number)
    return numbers.sort((a, b) => a - b)
  }

  #try<R>(action: () => R): R {
    try {
      return action()
    } catch (cause) {
      throw new WriteError(this.#folder, messageOf(cause), { cause })
    }
  }
}
