/** `--append`: the set that is there, and which of the files it does not hold yet. */
import { resolve } from 'node:path'
import {
  checkTarget,
  isKStreamError,
  type OpenSource,
  openParquetSet,
  openSource,
  PlanError,
  type ReferenceSet,
  type SourceInfo,
  type Stage,
  UsageError,
} from '../lib/index.ts'
import type { BuildOptions } from './build-options.ts'
import { each } from './combination.ts'

type TargetOptions = Pick<BuildOptions, 'overwrite' | 'append' | 'resume'>

/** An output that is in the way, or not there, is a matter of how the command was called. */
export async function checkOutput(output: string, options: TargetOptions): Promise<void> {
  try {
    await checkTarget(output, options)
  } catch (error) {
    throw isKStreamError(error, 'ERR_KSTREAM_WRITE') ? new UsageError(error.message) : error
  }
}

/** Opens the files of a set whose paths were rewritten where they are now: the longest new prefix that fits is taken back. */
export function openBefore(rewrites: Readonly<Record<string, string>>): OpenSource {
  const rules = Object.entries(rewrites)
    .map((pair) => pair.map((prefix) => prefix.replace(/\/+$/, '')))
    .sort(([, a], [, b]) => b.length - a.length)
  return (url, options) => {
    const rule = rules.find(([, written]) => url === written || url.startsWith(`${written}/`))
    return openSource(rule ? rule[0] + url.slice(rule[1].length) : url, options)
  }
}

/** The set that grows, and the files that are in it already. */
export class AppendTarget {
  readonly set: ReferenceSet
  /** Files that were left out because the set holds them, by the names that references have. */
  readonly held: string[] = []
  readonly #output: string
  readonly #after: Stage
  readonly #open: OpenSource
  readonly #sources: ReadonlyMap<string, SourceInfo>
  /** By name: what the file is to its system, undefined where it cannot be told. */
  readonly #identities = new Map<string, string | undefined>()

  /**
   * @param after changes the paths of files as the build does.
   * @param open opens files by the names that the set has for them.
   */
  constructor(set: ReferenceSet, output: string, after: Stage, open: OpenSource) {
    this.set = set
    this.#output = output
    this.#after = after
    this.#open = open
    this.#sources = new Map(set.sources.map((source) => [source.url, source]))
  }

  /** @throws SourceError or FormatError where the set cannot be read. */
  static async open(output: string, after: Stage, open: OpenSource): Promise<AppendTarget> {
    const set = await openParquetSet(resolve(output), { copies: 'raw' })
    return new AppendTarget(set, output, after, open)
  }

  /**
   * The sets of files that are not all in the set yet, as they come.
   * @throws PlanError where the set holds another version of a file.
   */
  async *newOf(sets: AsyncIterable<ReferenceSet>): AsyncGenerator<ReferenceSet> {
    for await (const set of sets) {
      const sources = await this.#written(set)
      const inputs = sources.filter(({ external }) => !external)
      const held: string[] = []
      for (const source of sources) {
        const isHeld = await this.#holds(source)
        if (isHeld && !source.external) held.push(source.url)
      }
      if (held.length === 0 || held.length < inputs.length) yield set
      else this.held.push(...held)
    }
  }

  /** `changed` with the files that are in the set called as they are there: new prefixes are for new files alone. */
  withKnownNames(changed: ReferenceSet, planned: ReferenceSet): ReferenceSet {
    const sources = changed.sources.map((source, at) => {
      const known = this.#sources.get(planned.sources[at].url)
      if (!known) return source
      // Named by an input before, it may be one itself now.
      const { external: _external, ...named } = known
      return source.external ? { ...named, external: source.external } : named
    })
    return {
      header: changed.header,
      sources,
      replayable: changed.replayable,
      body: (options) => changed.body(options),
    }
  }

  /** Sources as the set would name them. */
  async #written(set: ReferenceSet): Promise<readonly SourceInfo[]> {
    for await (const { sources } of this.#after(each([set]))) return sources
    return set.sources
  }

  /** Whether the file is an input of the set; one that an input only names is not all in it. */
  async #holds(source: SourceInfo): Promise<boolean> {
    const known = this.#sources.get(source.url)
    if (!known) return this.#holdsByOtherName(source)
    const isSame = (['size', 'lastModified', 'etag'] as const).every((name) => known[name] === source[name])
    if (isSame) return !known.external
    const message = `${source.url}: has changed since ${this.#output} was built from it; build the set anew`
    throw new PlanError(message, { inputs: [this.#output, source.url] })
  }

  /** Links lead to one file; it has one size and time by all its names. */
  async #holdsByOtherName({ identity, size, lastModified }: SourceInfo): Promise<boolean> {
    if (identity === undefined) return false
    for (const known of this.#sources.values()) {
      if (known.external || known.size !== size || known.lastModified !== lastModified) continue
      if ((await this.#identityOf(known.url)) === identity) return true
    }
    return false
  }

  async #identityOf(url: string): Promise<string | undefined> {
    if (this.#identities.has(url)) return this.#identities.get(url)
    const source = await this.#open(url).catch(() => undefined)
    await source?.close()
    this.#identities.set(url, source?.info.identity)
    return source?.info.identity
  }
}
