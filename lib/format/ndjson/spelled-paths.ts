/** The files that references point into, by the paths as the lines spell them. */
import { absolutePath, checkRelative } from '../reference-path.ts'

/** Paths beyond which the next batch begins another list: whoever holds a batch holds its list. */
const MANY = 1 << 16

/** Distinct absolute paths, numbered as they come. */
export class SpelledPaths {
  /** Each once; it grows. */
  paths: string[] = []
  readonly #url: string
  #indexes = new Map<string, number>()
  /** Relative paths that may lead nowhere. */
  #unchecked: string[] = []

  /** @param url the file that has the references. */
  constructor(url: string) {
    this.#url = url
  }

  index(spelled: string): number {
    const known = this.#indexes.get(spelled)
    if (known !== undefined) return known
    const { path, relative } = absolutePath(spelled)
    if (relative !== undefined) this.#unchecked.push(relative)
    this.#indexes.set(spelled, this.paths.length)
    return this.paths.push(path) - 1
  }

  /** Whether it is time for a new list. */
  get isLong(): boolean {
    return this.paths.length >= MANY
  }

  /** Begins a new list; indexes that were given before are of the old one. */
  renew(): void {
    this.paths = []
    this.#indexes = new Map()
  }

  /** @throws SourceError for the first relative path that leads to no file. */
  async check(): Promise<void> {
    if (this.#unchecked.length === 0) return
    const unchecked = this.#unchecked
    this.#unchecked = []
    for (const path of unchecked) await checkRelative(path, this.#url)
  }
}
