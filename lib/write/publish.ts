/** Publication of a reference set's folder in one step: readers see the old set, the new one or none. */
import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { isKStreamError, UsageError, WriteError } from '../errors.ts'
import { parseZmetadata } from '../format/kerchunk-parquet/zmetadata.ts'
import { rootProblem } from './names.ts'

/** A checked place for a set. */
export interface Target {
  /** Absolute, symbolic links resolved. */
  readonly path: string
  /** A reference set is there, and shall be replaced. */
  readonly replaces: boolean
}

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
const building = new Set<string>()

/**
 * Checks where a set shall go, and heals what a crash has left there; nothing else is touched.
 * @throws UsageError for a path that fsspec cannot open; WriteError where the parent folder is missing, a set is there
 * and `overwrite` is not given, or something else than a set is there.
 */
export async function checkTarget(path: string, options: { overwrite?: boolean } = {}): Promise<Target> {
  const problem = rootProblem(resolve(path))
  if (path === '' || problem) throw new UsageError(`${path}: ${problem ?? 'no path to write to'}`)
  const parent = await realpath(dirname(resolve(path))).catch((cause) => {
    throw new WriteError(path, `the folder ${dirname(resolve(path))} does not exist`, { cause })
  })
  const beside = join(parent, basename(resolve(path)))
  await recoverLeftovers(beside)
  const stats = await lstat(beside).catch(ignoreMissing)
  if (!stats) return { path: beside, replaces: false }
  const target = await realpath(beside).catch((cause) => {
    throw new WriteError(path, 'is a link that leads nowhere', { cause })
  })
  if (!(await isReferenceSet(target))) {
    throw new WriteError(path, 'exists and is not a reference set, so it is left alone')
  }
  if (!options.overwrite) throw new WriteError(path, 'exists already; --overwrite replaces it')
  return { path: target, replaces: true }
}

/**
 * Builds in a folder beside the target and puts it in the target's place when `build` is done.
 * On an error or abort that folder is removed and the target stays as it was.
 */
export async function publish<R>(target: Target, build: (folder: string) => Promise<R>): Promise<R> {
  const id = `${HOST}-${process.pid}-${randomBytes(4).toString('hex')}`
  const folder = `${target.path}.${id}.tmp`
  building.add(id)
  try {
    await mkdir(folder)
    const result = await build(folder)
    await syncFolder(folder)
    await replace(folder, target, `${target.path}.${id}.old`)
    return result
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw asWriteError(error, target.path)
  } finally {
    building.delete(id)
  }
}

/** Node has no exchanging rename: between these two there is no set, which `recoverLeftovers` heals. */
async function replace(folder: string, target: Target, aside: string): Promise<void> {
  if (target.replaces) await rename(target.path, aside)
  try {
    await rename(folder, target.path)
  } catch (error) {
    if (target.replaces) await rename(aside, target.path)
    const taken = ['ENOTEMPTY', 'EEXIST'].includes(String(errorCode(error)))
    if (!taken) throw error
    throw new WriteError(target.path, 'another set was put there meanwhile, and stays', { cause: error })
  }
  await syncFolder(dirname(target.path))
  if (target.replaces) await rm(aside, { recursive: true, force: true })
}

/**
 * Undoes what builds of `path` that died on this machine have left: an old set that was moved aside comes back where
 * none took its place, and unfinished folders go. Builds that still run, or ran elsewhere, are left alone.
 */
export async function recoverLeftovers(path: string): Promise<void> {
  const absolute = resolve(path)
  const names = await readdir(dirname(absolute)).catch(ignoreMissing)
  const prefix = `${basename(absolute)}.`
  for (const name of (names ?? []).filter((each) => each.startsWith(prefix)).sort()) {
    const [, id, host, pid, kind] = /^((\w{8})-(\d+)-\w{8})\.(tmp|old)$/.exec(name.slice(prefix.length)) ?? []
    if (id === undefined || host !== HOST || isAlive(id, Number(pid))) continue
    const leftover = join(dirname(absolute), name)
    const lost = kind === 'old' && (await lstat(absolute).catch(ignoreMissing)) === undefined
    if (lost) await rename(leftover, absolute)
    else await rm(leftover, { recursive: true, force: true })
  }
}

function isAlive(id: string, pid: number): boolean {
  if (pid === process.pid) return building.has(id)
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
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
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

function ignoreMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** What the file system says of the target gets the class of this library; all else, aborts included, stays. */
function asWriteError(error: unknown, path: string): unknown {
  const ours = error instanceof Error && 'path' in error && String(error.path).startsWith(path)
  return ours && !isKStreamError(error) ? new WriteError(path, error.message, { cause: error }) : error
}
