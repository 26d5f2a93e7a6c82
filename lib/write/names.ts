/** Names that would not be found again in a Parquet set: array and group names come from files and become folders. */

/** Where kstream keeps what is not Zarr's, in the set's own folder. */
export const RECORDS_FOLDER = '.kstream'

/** Half of a surrogate pair: it would become U+FFFD on its way to the disk. */
export const UNPAIRED = /\p{Surrogate}/u

/** Bytes of a folder's name that file systems take, and of a whole path. */
const MOST_NAME_BYTES = 255
const MOST_PATH_BYTES = 4095
/** The longest that is added to a path: the suffix of a build's folder and a shard's name. */
const ROOM = 80

/** Why readers of keys would not find an array or group of this path again; undefined where they would. */
export function keyProblem(path: string): string | undefined {
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') return `'${name}' is no name of a Zarr node`
    if (name.startsWith('.z')) return `fsspec takes the name '${name}' for Zarr metadata`
    if (name.includes('\\')) return 'zarr-python takes the backslash in its name for a slash'
    if (name.includes('\0')) return 'its name holds a NUL byte'
    if (UNPAIRED.test(name)) return 'its name is no valid Unicode'
  }
  return undefined
}

/** Why no array or group of this path can be written into the folder `root`; undefined where it can. */
export function nameProblem(path: string, root: string): string | undefined {
  const problem = keyProblem(path)
  if (problem !== undefined) return problem
  for (const [depth, name] of path.split('/').entries()) {
    if (depth === 0 && name === RECORDS_FOLDER) return `the name '${name}' is kstream's own`
    if (Buffer.byteLength(name) > MOST_NAME_BYTES) return `its name is longer than ${MOST_NAME_BYTES} bytes`
  }
  if (Buffer.byteLength(root) + Buffer.byteLength(path) + ROOM > MOST_PATH_BYTES) {
    return `its path is longer than ${MOST_PATH_BYTES} bytes`
  }
  return undefined
}

/** Why fsspec could not open a set at this path; undefined where it can. */
export function rootProblem(path: string): string | undefined {
  if (/[{}]/.test(path)) return "fsspec's reader cannot open a path with a brace in it"
  if (path.includes('.json')) return "fsspec takes every path with '.json' in it for a JSON file"
  if (path.includes('::')) return "fsspec takes '::' for a chain of file systems"
  return undefined
}

/** The paths of all groups above `path`, the root ('') first. */
export function ancestors(path: string): string[] {
  if (path === '') return []
  const names = path.split('/')
  return names.map((_, depth) => names.slice(0, depth).join('/'))
}
