/** Virtual chunk containers: the prefixes of URLs that readers must authorise, as few and as narrow as may be. */
import { fileURLToPath } from 'node:url'

/** One prefix, which ends in a slash. */
export interface Container {
  /** Without percent-encoding: Icechunk decodes a location before it looks for the container of its prefix. */
  readonly prefix: string
  /** The absolute folder, for `file://`. */
  readonly folder?: string
}

/** Folders below one of this many names are joined into one container. */
const SHARED_DEPTH = 2

/** Collects prefixes from locations. */
export class Containers {
  /** Common prefixes, as segments, by what must be equal for two to be joined. */
  readonly #common = new Map<string, readonly string[]>()

  add(url: string): void {
    const segments = url.slice(0, url.lastIndexOf('/')).split('/')
    const isFile = url.startsWith('file:')
    // A store is as narrow as its bucket or host; 'file:', '', '' come before the names of folders.
    const shared = segments.slice(0, 3 + (isFile ? SHARED_DEPTH : 0))
    const key = shared.join('/')
    const common = this.#common.get(key)
    if (!isFile) this.#common.set(key, shared)
    else if (!common) this.#common.set(key, segments)
    else if (!startsWith(segments, common)) this.#common.set(key, commonStart(segments, common))
  }

  /** In the order of their prefixes; none lies within another. */
  list(): Container[] {
    const all = [...this.#common.values()].map((segments) => `${segments.join('/')}/`).sort()
    const prefixes = all.filter((prefix, at) => !all.slice(0, at).some((other) => prefix.startsWith(other)))
    return prefixes.map((prefix) =>
      prefix.startsWith('file:')
        ? { prefix: decodeURIComponent(prefix), folder: fileURLToPath(prefix) }
        : { prefix },
    )
  }
}

function startsWith(segments: readonly string[], start: readonly string[]): boolean {
  return start.every((segment, at) => segments[at] === segment)
}

function commonStart(a: readonly string[], b: readonly string[]): string[] {
  const end = a.findIndex((segment, at) => segment !== b[at])
  return a.slice(0, end === -1 ? a.length : end)
}
