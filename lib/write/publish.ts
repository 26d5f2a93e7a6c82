/** Publication of a reference set's folder in one step: readers see the old set, the new one or none. */
import { lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isKStreamError, systemCode, UsageError, WriteError } from '../errors.ts'
import { parseZmetadata } from '../format/kerchunk-parquet/zmetadata.ts'
import type { Journal } from './journal.ts'
import { beginBuild, endBuild, ignoreMissing, locateSet, recoverLeftovers } from './leftovers.ts'
import { rootProblem } from './names.ts'

/** A checked place for a set. */
export interface Target {
  /** Absolute, symbolic links resolved. */
  readonly path: string
  /** A reference set is there, and shall be replaced. */
  readonly replaces: boolean
}

/** What may be at the place. */
export interface TargetOptions {
  /** A set that is there may be replaced. */
  readonly overwrite?: boolean
  /** A set must be there, to be added to. */
  readonly append?: boolean
  /** A set that is there may be the very one that was asked for: `writeParquet` tells, before it reads a reference. */
  readonly resume?: boolean
}

/**
 * Checks where a set shall go, and heals what a crash has left there; nothing else is touched.
 * @throws UsageError for a path that fsspec cannot open; WriteError where the parent folder is missing, a set is there
 * and no option lets it pass, none is there to append to, or something else than a set is there.
 */
export async function checkTarget(path: string, options: TargetOptions = {}): Promise<Target> {
  const problem = rootProblem(resolve(path))
  if (path === '' || problem) throw new UsageError(`${path}: ${problem ?? 'no path to write to'}`)
  const { overwrite = false, append = false, resume = false } = options
  const target = await locateSet(path)
  await recoverLeftovers(target, { keepJournals: true })
  if (!(await stat(target).catch(ignoreMissing))) {
    const link = await lstat(resolve(path)).catch(ignoreMissing)
    if (link) throw new WriteError(path, 'is a link that leads nowhere')
    if (append) throw new WriteError(path, 'there is no set to append to')
    return { path: target, replaces: false }
  }
  if (!(await isReferenceSet(target))) {
    throw new WriteError(path, 'exists and is not a reference set, so it is left alone')
  }
  if (!overwrite && !append && !resume) throw alreadyThere(path)
  return { path: target, replaces: true }
}

/** A set is where one shall go. */
export function alreadyThere(path: string): WriteError {
  return new WriteError(path, 'exists already; --overwrite replaces it')
}

/**
 * Builds in a folder beside the target and puts it in the target's place when `build` is done.
 * On an error or abort that folder is removed and the target stays as it was; with a journal, which ends with the build,
 * the work is kept where it may be gone on with.
 */
export async function publish<R>(
  target: Target,
  build: (folder: string) => Promise<R>,
  journal?: Journal,
): Promise<R> {
  const id = journal?.id ?? beginBuild()
  const folder = journal?.setFolder ?? `${target.path}.${id}.tmp`
  try {
    if (!journal) await mkdir(folder)
    const result = await build(folder)
    await syncFolder(folder)
    await replace(folder, target, `${target.path}.${id}.old`)
    await journal?.close()
    return result
  } catch (cause) {
    const error = asWriteError(cause, target.path)
    if (journal) await journal.close(error)
    else await rm(folder, { recursive: true, force: true })
    throw error
  } finally {
    endBuild(id)
  }
}

/** Node has no exchanging rename: between these two there is no set, which `recoverLeftovers` heals. */
async function replace(folder: string, target: Target, aside: string): Promise<void> {
  if (target.replaces) await rename(target.path, aside)
  try {
    await rename(folder, target.path)
  } catch (error) {
    if (target.replaces) await rename(aside, target.path)
    const taken = ['ENOTEMPTY', 'EEXIST'].includes(systemCode(error))
    if (!taken) throw error
    throw new WriteError(target.path, 'another set was put there meanwhile, and stays', { cause: error })
  }
  await syncFolder(dirname(target.path))
  if (target.replaces) await rm(aside, { recursive: true, force: true })
}

async function isReferenceSet(path: string): Promise<boolean> {
  try {
    parseZmetadata(await readFile(join(path, '.zmetadata'), 'utf8'), path)
    return true
  } catch {
    return false
  }
}

/** Makes the names in a folder durable, where the system lets a folder be opened. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** What the file system says of the target gets the class of this library; all else, aborts included, stays. */
export function asWriteError(error: unknown, path: string): unknown {
  const ours = error instanceof Error && 'path' in error && String(error.path).startsWith(path)
  return ours && !isKStreamError(error) ? new WriteError(path, error.message, { cause: error }) : error
}
