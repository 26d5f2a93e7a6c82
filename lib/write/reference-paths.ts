/** Which paths the references of a set may hold. */
import { isAbsolute } from 'node:path'
import { PlanError, UsageError, WriteError } from '../errors.ts'
import { isCopiedPath } from '../format/kerchunk-parquet/copied-path.ts'
import { absolutePath } from '../format/reference-path.ts'
import { schemeOf } from '../source/open.ts'
import { UNPAIRED } from './names.ts'

/** Where references to a set's own files point: at `location`, or else at `path`, where it is written to. */
export function checkedLocation(location: string | undefined, path: string): string {
  if (location === undefined) return path
  if (schemeOf(location) === undefined && !isAbsolute(location)) {
    throw new UsageError(`location ${location}: references hold absolute paths or URLs, so must it`)
  }
  return absolutePath(location).path.replace(/(?<=.)\/+$/, '')
}

/** The error for a set whose references to its own files point elsewhere than they shall. */
export function otherLocation(path: string, known: string, location: string): PlanError {
  const message = `${path} was built for another location: its copied chunks are found at ${known}, not ${location}; build it anew, or for the place that it had`
  return new PlanError(message, { inputs: [path] })
}

/** Checks paths as they come; all must be of one protocol. */
export class ReferencePaths {
  readonly #own: readonly string[]
  #protocol: string | undefined
  #hasCopies = false
  readonly #onProtocol: (protocol: string) => void

  /**
   * @param own places of the set: what may lie there now is replaced, so that nothing may point at it.
   * @param onProtocol told of the protocol when it is known.
   */
  constructor(own: readonly string[], onProtocol: (protocol: string) => void) {
    this.#own = own
    this.#onProtocol = onProtocol
  }

  /** All that comes must be of the protocol of this path. */
  begin(path: string): void {
    this.keep(protocolOf(path))
  }

  /** All that comes must be of this protocol, where one is known. */
  keep(protocol: string | undefined): void {
    this.#protocol = protocol
    if (protocol !== undefined) this.#onProtocol(protocol)
  }

  /**
   * fsspec opens one protocol, the first it finds.
   * @param copied the path is that of a file of this set, and whoever writes it made it.
   */
  check(array: string, path: string, copied: boolean): void {
    const protocol = protocolOf(path)
    this.#hasCopies ||= copied
    if (this.#protocol === undefined) this.keep(protocol)
    if (path === '' || UNPAIRED.test(path)) throw new WriteError(array, `points at the path '${path}'`)
    if (!copied && this.#own.some((root) => isCopiedPath(path, root))) {
      const message = `${array}: points at ${path}, a file of the set that is to be replaced; open that set with copies: 'raw'`
      throw new PlanError(message, { array })
    }
    if (protocol === this.#protocol) return
    const own = this.#hasCopies
      ? '; --rewrite-paths must name the place of the set too (the option location)'
      : ''
    const problem = `points at ${path}, others at ${this.#protocol}: a set can have but one protocol${own}`
    throw new WriteError(array, problem)
  }
}

function protocolOf(path: string): string {
  return /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1] ?? 'file'
}
