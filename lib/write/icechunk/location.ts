/** Where an Icechunk reference points, as Icechunk spells it, and what tells its readers that the object has changed. */
import { realpath, stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { messageOf, SourceError, UnsupportedError, WriteError } from '../../errors.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import { schemeOf } from '../../source/open.ts'
import { UNPAIRED } from '../names.ts'
import type { Location } from './reference-rows.ts'

/** A place to refer to, with the bytes of the whole object where they are known. */
export interface KnownLocation extends Location {
  readonly size: number | undefined
}

/** Icechunk's names of the schemes of object stores, whose keys are percent-encoded in its URLs. */
const OBJECT_STORES = new Map([
  ['s3', 's3'],
  ['s3a', 's3'],
  ['gs', 'gs'],
  ['gcs', 'gs'],
])
/** What the crate object_store refuses. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\0-\x1f\x7f]/
const MILLISECOND_NS = 1_000_000n
const SECOND_NS = 1_000_000_000n

/** The locations of a set's paths. Each is found once as long as it is in use; sources are known from the set. */
export class Locations {
  readonly #sources: ReadonlyMap<string, SourceInfo>
  #known = new Map<string, Promise<KnownLocation>>()

  constructor(sources: readonly SourceInfo[]) {
    this.#sources = new Map(sources.map((source) => [source.url, source]))
  }

  /** @throws UnsupportedError for a path that Icechunk has no store for. */
  find(array: string, path: string): Promise<KnownLocation> {
    const known = this.#known.get(path)
    if (known) return known
    const found = this.#locate(array, path)
    // Whoever asks for it again waits for the same one; an endless list of files is forgotten by and by.
    if (this.#known.size >= 65_536) this.#known = new Map()
    this.#known.set(path, found)
    return found
  }

  async #locate(array: string, path: string): Promise<KnownLocation> {
    const url = icechunkUrl(array, await withoutParents(path))
    const source = this.#sources.get(path)
    if (!url.startsWith('file:')) {
      return { url, size: source?.size, ...(source ? remoteChecksum(source) : { lastModified: 0 }) }
    }
    if (source?.lastModified === undefined) {
      const { size, mtimeNs } = await statExactly(path)
      return { url, size: Number(size), lastModified: seconds(mtimeNs) }
    }
    return { url, size: source.size, lastModified: await localSeconds(path, source.lastModified) }
  }
}

/** URLs leave `LINK/..` out, which is another folder where LINK is a symbolic link. */
async function withoutParents(path: string): Promise<string> {
  if (schemeOf(path) !== undefined || !path.split('/').includes('..')) return path
  return realpath(path).catch(() => path)
}

/** The URL of a path or URL of a reference. */
export function icechunkUrl(array: string, path: string): string {
  const scheme = schemeOf(path)
  if (path === '' || UNPAIRED.test(path)) throw new WriteError(array, `points at the path '${path}'`)
  const store = scheme === undefined ? undefined : OBJECT_STORES.get(scheme)
  if (store !== 's3' && CONTROL.test(path)) {
    throw unsupported(array, `Icechunk reads no control characters in a path: ${JSON.stringify(path)}`)
  }
  if (scheme === undefined) return pathToFileURL(path).href
  if (store !== undefined && /\/\.\.?(?:\/|$)/.test(path)) {
    throw unsupported(array, `Icechunk reads no '.' or '..' in the key of an object: ${path}`)
  }
  if (store !== undefined) {
    const [bucket, ...key] = path.slice(path.indexOf('://') + 3).split('/')
    if (bucket !== '' && key.join('') !== '')
      return `${store}://${bucket}/${key.map(encodeSegment).join('/')}`
  }
  if (scheme === 'http' || scheme === 'https') return httpUrl(array, path)
  throw unsupported(array, `Icechunk has no store for ${path}`)
}

/** Icechunk takes the path of a URL alone. */
function httpUrl(array: string, path: string): string {
  const url = URL.canParse(path) ? new URL(path) : undefined
  if (url?.search !== '' || url.hash !== '' || url.username !== '') {
    throw unsupported(array, `Icechunk reads no URL with a query, a fragment or a user in it: ${path}`)
  }
  return url.href
}

/** The characters that end or begin something else in a URL; all others stay as readable as they were. */
function encodeSegment(name: string): string {
  return name.replace(/[^A-Za-z0-9._~!$&'()*+,;=:@-]/gu, (character) => encodeURIComponent(character))
}

/** A weak ETag would never match: HTTP compares strongly when it is asked for a range. */
function remoteChecksum({ etag, lastModified }: SourceInfo): Pick<Location, 'etag' | 'lastModified'> {
  if (etag !== undefined && !etag.startsWith('W/')) return { etag, lastModified: 0 }
  return { lastModified: lastModified === undefined ? 0 : Math.ceil(Date.parse(lastModified) / 1000) || 0 }
}

/**
 * Icechunk compares whole seconds, so a time is rounded up: else a file that never changed would be refused. Recorded
 * times are rounded to milliseconds, so that one on the second may have been just after it: only the file knows.
 */
async function localSeconds(path: string, lastModified: string): Promise<number> {
  const time = Date.parse(lastModified)
  if (Number.isNaN(time)) return 0
  if (time % 1000 !== 0) return Math.ceil(time / 1000)
  const stats = await stat(path, { bigint: true }).catch(() => undefined)
  const isSame = stats && Math.abs(Number(stats.mtimeNs / MILLISECOND_NS) - time) <= 1
  return isSame ? seconds(stats.mtimeNs) : time / 1000
}

function seconds(nanoseconds: bigint): number {
  return Number((nanoseconds + SECOND_NS - 1n) / SECOND_NS)
}

async function statExactly(path: string): Promise<{ size: bigint; mtimeNs: bigint }> {
  return stat(path, { bigint: true }).catch((cause) => {
    const advice = 'convert where the file is, or say with --rewrite-paths where it will be'
    throw new SourceError(path, `Icechunk needs its time of change (${messageOf(cause)}); ${advice}`, {
      cause,
    })
  })
}

function unsupported(array: string, reason: string): UnsupportedError {
  return new UnsupportedError(reason, { array }, `${array}: ${reason}`)
}
