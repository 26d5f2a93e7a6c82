/** Standard input as a file: a set is read more than once, and a pipe cannot be. */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UsageError } from '../lib/index.ts'
import type { Surroundings } from './output.ts'
import { STANDARD } from './set-format.ts'

/** Inputs by their names, standard input being a temporary file. */
export class Inputs {
  readonly files: readonly string[]
  readonly #folder: string | undefined

  private constructor(files: readonly string[], folder: string | undefined) {
    this.files = files
    this.#folder = folder
  }

  /**
   * Copies standard input to a file where it is among the names.
   * @throws UsageError where it is there twice, or is a terminal.
   */
  static async open(names: readonly string[], { stdin, signal }: Surroundings): Promise<Inputs> {
    const count = names.filter((name) => name === STANDARD).length
    if (count === 0) return new Inputs(names, undefined)
    if (count > 1) throw new UsageError('standard input (-) can be read once')
    if (stdin.isTTY) throw new UsageError('nothing is written to standard input (-): name a file')
    const folder = await mkdtemp(join(tmpdir(), 'kstream-'))
    const spooled = join(folder, 'stdin')
    try {
      await pipeline(stdin, createWriteStream(spooled), { signal })
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
    return new Inputs(
      names.map((name) => (name === STANDARD ? spooled : name)),
      folder,
    )
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }
}
