/** The URLs of a reference document as references spell them: templates put in, paths absolute. */
import { UnsupportedError } from '../../errors.ts'
import { absolutePath, checkRelative } from '../reference-path.ts'
import { ownString } from './distinct-urls.ts'
import type { Templates } from './jinja/template.ts'

/** Paths of one list, and their characters as the document spells them: a document may name a file for each chunk. */
const MOST_PATHS = 1 << 16
const MOST_CHARACTERS = 1 << 22

/** The distinct files that references point into, numbered as they come. */
export class AbsolutePaths {
  readonly #document: string
  readonly #templates: Templates
  #paths: string[] = []
  /** Indexes in `paths`, by the URL as the document spells it. */
  readonly #indexes = new Map<string, number>()
  #characters = 0
  /** Relative paths that may lead nowhere. */
  #unchecked: string[] = []

  constructor(document: string, templates: Templates) {
    this.#document = document
    this.#templates = templates
  }

  /** Each once. */
  get paths(): readonly string[] {
    return this.#paths
  }

  /** Whether no more should be put into this list. */
  get isFull(): boolean {
    return this.#paths.length >= MOST_PATHS || this.#characters >= MOST_CHARACTERS
  }

  /** Begins another list; those who hold the last one keep it. */
  renew(): void {
    this.#paths = []
    this.#indexes.clear()
    this.#characters = 0
  }

  /**
   * The index in `paths` of what `url` stands for.
   * @throws UnsupportedError where only Jinja could expand it.
   */
  index(url: string): number {
    const known = this.#indexes.get(url)
    if (known !== undefined) return known
    const expanded = this.#templates.expand(url)
    if (expanded === undefined)
      throw new UnsupportedError(`the URL ${JSON.stringify(url)}, which only Jinja could expand`)
    const index = this.#add(expanded)
    this.#indexes.set(ownString(url), index)
    this.#characters += url.length
    return index
  }

  /** The same for a URL that has no templates in it any more. */
  plainIndex(url: string): number {
    return url.includes('{{') ? this.#add(url) : this.index(url)
  }

  #add(url: string): number {
    const { path, relative } = absolutePath(url)
    if (relative !== undefined) this.#unchecked.push(ownString(relative))
    this.#characters += path.length
    return this.#paths.push(ownString(path)) - 1
  }

  /**
   * Makes sure that the relative paths so far lead to files.
   * @throws SourceError for the first that does not.
   */
  async check(): Promise<void> {
    const unchecked = this.#unchecked
    this.#unchecked = []
    for (const path of unchecked) await checkRelative(path, this.#document)
  }
}
