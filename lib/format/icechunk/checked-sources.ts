/** Files that virtual references point into: whether they are what they were when the references were written. */

import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { SourceError } from '../../errors.ts'
import type { Skipped } from '../../model/metadata.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import { schemeOf } from '../../source/open.ts'
import type { Checksum } from './manifest.ts'

/** Files that are kept in mind; of more, nothing is told. */
const MOST_FILES = 1 << 20

/** The ETag that Icechunk's file system storage gives a local file: inode, microseconds and bytes in hexadecimal digits. */
function etagOf({ ino, mtimeNs, size }: BigIntStats): string {
  return [ino, mtimeNs / 1000n, size].map((number) => number.toString(16)).join('-')
}

function isUnchanged(stats: BigIntStats, { etag, lastModified }: Checksum): boolean {
  if (etag !== undefined) return etag.replace(/^"(.*)"$/, '$1') === etagOf(stats)
  // Whole seconds: what changed within the second cannot be told.
  return lastModified === undefined || Number(stats.mtimeNs / 1_000_000_000n) <= lastModified
}

/** As a source tells it, to the millisecond: Node rounds there, and cuts off in its BigIntStats. */
function lastModifiedOf({ mtimeNs }: BigIntStats): string {
  const seconds = mtimeNs / 1_000_000_000n
  const milliseconds = Number(seconds) * 1000 + Number(mtimeNs - seconds * 1_000_000_000n) / 1e6
  return new Date(Math.round(milliseconds)).toISOString()
}

/** Looks at each file once for each checksum that the references into it have. */
export class CheckedSources {
  /** What was told of a file: its path, and the checksum. */
  readonly #seen = new Set<string>()
  readonly #sources = new Map<string, SourceInfo>()
  readonly #elsewhere = new Set<string>()
  readonly #unchecked = new Set<string>()
  #isFull = false
  #lastPath = ''
  #lastChecksum: string | number | undefined

  /** Local files that are as they were. */
  get sources(): readonly SourceInfo[] {
    return [...this.#sources.values()]
  }

  /** What cannot be told. */
  get notes(): readonly Skipped[] {
    const notes: string[] = []
    const elsewhere = [...this.#elsewhere]
    const unchecked = [...this.#unchecked].filter((path) => !this.#sources.has(path))
    if (elsewhere.length > 0)
      notes.push(
        `${elsewhere.length} files that references point into are not on this machine (first ${elsewhere[0]}): their checksums in the repository are not kept`,
      )
    if (unchecked.length > 0)
      notes.push(
        `the repository has no checksum of ${unchecked.length} files (first ${unchecked[0]}): whether they have changed cannot be told`,
      )
    if (this.#isFull)
      notes.push(`references point into more than ${MOST_FILES} files: not all were looked at`)
    return notes.map((reason) => ({ path: '', reason }))
  }

  /**
   * Told of a reference. Undefined where there is nothing to wait for.
   * @throws SourceError where the file is on this machine and has changed.
   */
  see(path: string, checksum: Checksum): Promise<void> | undefined {
    const value = checksum.etag ?? checksum.lastModified
    if (path === this.#lastPath && value === this.#lastChecksum) return undefined
    this.#lastPath = path
    this.#lastChecksum = value
    const key = `${path}\0${value}`
    if (this.#seen.has(key)) return undefined
    if (this.#seen.size >= MOST_FILES) {
      this.#isFull = true
      return undefined
    }
    this.#seen.add(key)
    if (value === undefined) this.#unchecked.add(path)
    else if (schemeOf(path) !== undefined) this.#elsewhere.add(path)
    else return this.#check(path, checksum)
    return undefined
  }

  async #check(path: string, checksum: Checksum): Promise<void> {
    const stats = await stat(path, { bigint: true }).catch(() => undefined)
    if (!stats?.isFile()) {
      this.#elsewhere.add(path)
      return
    }
    if (!isUnchanged(stats, checksum)) {
      // Whoever reads on, or again, is told again.
      this.#seen.delete(`${path}\0${checksum.etag ?? checksum.lastModified}`)
      this.#lastPath = ''
      throw new SourceError(
        path,
        'has changed since the references to it were written to the Icechunk repository',
      )
    }
    const { size, dev, ino } = stats
    const info = {
      url: path,
      size: Number(size),
      lastModified: lastModifiedOf(stats),
      identity: `${dev}:${ino}`,
    }
    this.#sources.set(path, info)
  }
}
