/** Where a virtual chunk lies: Icechunk's locations, which are URLs, as the paths and URLs that references hold. */
import { schemeOf } from '../../source/open.ts'

const CONTAINER = 'vcc://'
/** Schemes whose URLs other readers take as they are. */
const WEB = new Set(['http', 'https'])
const PERCENT = /(?:%[0-9a-f]{2})+/gi

/** Undoes percent signs that mean something; others stay, as with Icechunk. Undefined where they stand for no UTF-8. */
function decodePercent(text: string): string | undefined {
  try {
    return text.replace(PERCENT, decodeURIComponent)
  } catch {
    return undefined
  }
}

/** The path of a local file. */
function localPath(location: string): string | undefined {
  if (!URL.canParse(location)) return undefined
  return decodePercent(new URL(location).pathname)
}

/** The key of an object as it is: neither percent signs, nor what would be a query. */
function objectUrl(location: string, scheme: string): string | undefined {
  const [address] = location.slice(scheme.length + 3).split(/[?#]/)
  const path = decodePercent(address)
  return path === undefined ? undefined : `${scheme}://${path}`
}

/**
 * The path or URL of a location, as references spell it: local files by their absolute path, objects by their key. A
 * string is what is wrong with it. `containers`: URL prefixes by name.
 */
export function resolveLocation(
  location: string,
  containers: ReadonlyMap<string, string>,
): { path: string } | string {
  const expanded = location.startsWith(CONTAINER) ? expandContainer(location, containers) : { path: location }
  if (typeof expanded === 'string') return expanded
  const scheme = schemeOf(expanded.path) ?? /^(file):\//i.exec(expanded.path)?.[1].toLowerCase()
  if (scheme === undefined) return `is no URL, ${JSON.stringify(location)}`
  if (WEB.has(scheme)) return expanded
  const path = scheme === 'file' ? localPath(expanded.path) : objectUrl(expanded.path, scheme)
  if (path === undefined || path.includes('\0')) return `is no URL, ${JSON.stringify(location)}`
  return { path }
}

function expandContainer(
  location: string,
  containers: ReadonlyMap<string, string>,
): { path: string } | string {
  const rest = location.slice(CONTAINER.length)
  const slash = rest.indexOf('/')
  const prefix = slash < 0 ? undefined : containers.get(rest.slice(0, slash))
  if (prefix === undefined)
    return `lies in a container that the repository's configuration does not name, ${JSON.stringify(location)}`
  return { path: `${prefix}${prefix.endsWith('/') ? '' : '/'}${rest.slice(slash + 1)}` }
}
