/** The URLs of a reference document as references spell them: templates put in, paths absolute. */
import { UnsupportedError } from '../../errors.ts'
import { absolutePath, checkRelative } from '../reference-path.ts'
import { expandUrl, ownString } from './distinct-urls.ts'

/** The distinct files that references point into, numbered as they come. */
export class AbsolutePaths {
  /** Each once. */
  readonly paths: string[] = []
  readonly #document: string
  readonly #templates: ReadonlyMap<string, string>
  /** Indexes in `paths`, by the URL as the document spells it. */
  readonly #indexes = new Map<string, number>()
  /** Relative paths that may lead nowhere. */
  #unchecked: string[] = []

  constructor(document: string, templates: ReadonlyMap<string, string>) {
    this.#document = document
    this.#templates = templates
  }

  /**
   * The index in `paths` of what `url` stands for.
   * @throws UnsupportedError where only Jinja could expand it.
   */
  index(url: string): number {
    const known = this.#indexes.get(url)
    if (known !== undefined) return known
    const expanded = expandUrl(url, this.#templates)
    if (expanded === undefined)
      throw new UnsupportedError(`the URL ${JSON.stringify(url)}, which only Jinja could expand`)
    const { path, relative } = absolutePath(expanded)
    if (relative !== undefined) this.#unchecked.push(ownString(relative))
    this.#indexes.set(ownString(url), this.paths.length)
    return this.paths.push(ownString(path)) - 1
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
