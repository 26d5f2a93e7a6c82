/** Names of groups and arrays that would not be found again in an Icechunk repository, or by zarr-python in it. */
import { UNPAIRED } from '../names.ts'

/** Why no node of this path can be written; undefined where it can. `arrays`: the paths of all arrays. */
export function nodePathProblem(path: string, arrays: ReadonlySet<string>): string | undefined {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const above = path.slice(0, at)
    if (arrays.has(above)) return `'${above}' is an array, and Zarr v3 has no node below one`
  }
  return nodeNameProblem(path)
}

function nodeNameProblem(path: string): string | undefined {
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') return `'${name}' is no name of a Zarr node`
    if (name === 'zarr.json') return "Zarr v3 takes the name 'zarr.json' for metadata"
    if (name.includes('\\')) return 'zarr-python takes the backslash in its name for a slash'
    if (name.includes('\0')) return 'its name holds a NUL byte'
    if (UNPAIRED.test(name)) return 'its name is no valid Unicode'
  }
  return undefined
}
