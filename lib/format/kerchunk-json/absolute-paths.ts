/** The URLs of a reference document as references spell them: templates put in, paths absolute. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SourceError, UnsupportedError } from '../../errors.ts'
import { schemeOf } from '../../source/open.ts'
import { expandUrl, ownString } from './distinct-urls.ts'

const FILE = 'file://'

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
   * The index in `paths` of what `url` stands for. A relative path is taken from the working directory, as fsspec does.
   * @throws UnsupportedError where only Jinja could expand it.
   */
  index(url: string): number {
    const known = this.#indexes.get(url)
    if (known !== undefined) return known
    const expanded = expandUrl(url, this.#templates)
    if (expanded === undefined)
      throw new UnsupportedError(`the URL ${JSON.stringify(url)}, which only Jinja could expand`)
    // fsspec undoes no percent signs.
    const path = schemeOf(expanded) === 'file' ? expanded.slice(FILE.length) : expanded
    const isRelative = schemeOf(path) === undefined && !path.startsWith('/')
    if (isRelative) this.#unchecked.push(ownString(path))
    this.#indexes.set(ownString(url), this.paths.length)
    return this.paths.push(isRelative ? resolve(path) : ownString(path)) - 1
  }

  /**
   * Makes sure that relative paths lead to files: taken from anywhere else they would point nowhere, or at others.
   * @throws SourceError for the first that does not.
   */
  async check(): Promise<void> {
    const unchecked = this.#unchecked
    this.#unchecked = []
    for (const path of unchecked) {
      await stat(path).catch((cause) => {
        const problem = `points at the relative path '${path}', which leads to no file from ${process.cwd()}; run where it does`
        throw new SourceError(this.#document, problem, { cause })
      })
    }
  }
}
