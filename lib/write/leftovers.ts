/** What builds leave beside their output while they run, and what is done with it when one has died. */
import { createHash, randomBytes } from 'node:crypto'
import { lstat, readdir, readlink, realpath, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { systemCode, WriteError } from '../errors.ts'

/** `tmp`: unfinished, or to be removed; `old`: a set that was moved aside; `journal`: lib/write/journal.ts. */
type LeftoverKind = 'tmp' | 'old' | 'journal'

/** Something that a build which died on this machine has left: `OUT.<host>-<pid>-<random>.<kind>`. */
interface Leftover {
  readonly path: string
  readonly kind: LeftoverKind
}

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
const building = new Set<string>()
/** Links followed one after the other. */
const MOST_LINKS = 40

/** The name of a build that begins: until `endBuild`, nothing named so counts as left over. */
export function beginBuild(): string {
  const id = `${HOST}-${process.pid}-${randomBytes(4).toString('hex')}`
  building.add(id)
  return id
}

/** The build with this name has ended, in whatever way. */
export function endBuild(id: string): void {
  building.delete(id)
}

/**
 * Where a set called `path` lies, and its leftovers beside it: absolute, links resolved, though nothing need be there.
 * @throws WriteError where the parent folder is missing.
 */
export async function locateSet(path: string): Promise<string> {
  let place = resolve(path)
  for (let links = 0; links < MOST_LINKS; links++) {
    const parent = await realpath(dirname(place)).catch((cause) => {
      throw new WriteError(path, `the folder ${dirname(place)} does not exist`, { cause })
    })
    place = join(parent, basename(place))
    const stats = await lstat(place).catch(ignoreMissing)
    if (!stats?.isSymbolicLink()) return place
    place = resolve(parent, await readlink(place))
  }
  throw new WriteError(path, 'is a link that leads to itself')
}

/** What dead builds of the set at `place` have left. Builds that still run, or ran elsewhere, are left alone. */
export async function findLeftovers(place: string): Promise<Leftover[]> {
  const names = await readdir(dirname(place)).catch(ignoreMissing)
  const prefix = `${basename(place)}.`
  return (names ?? [])
    .filter((name) => name.startsWith(prefix))
    .sort()
    .flatMap((name): Leftover[] => {
      const suffix = name.slice(prefix.length)
      const [, id, host, pid, kind] = /^((\w{8})-(\d+)-\w{8})\.(tmp|old|journal)$/.exec(suffix) ?? []
      if (id === undefined || host !== HOST || isAlive(id, Number(pid))) return []
      return [{ path: join(dirname(place), name), kind: kind as LeftoverKind }]
    })
}

/**
 * Undoes what builds of the set at `place` that died on this machine have left: an old set that was moved aside comes
 * back where none took its place, and unfinished folders go; journals too, unless they are to be kept.
 */
export async function recoverLeftovers(
  place: string,
  options: { keepJournals?: boolean } = {},
): Promise<void> {
  const absolute = resolve(place)
  for (const { path, kind } of await findLeftovers(absolute)) {
    const lost = kind === 'old' && (await lstat(absolute).catch(ignoreMissing)) === undefined
    if (lost) await rename(path, absolute)
    else if (kind !== 'journal') await rm(path, { recursive: true, force: true })
    else if (!options.keepJournals) await removeJournal(path)
  }
}

/** Makes a journal rubbish in one step before it goes: half of one would be taken for a whole. */
export async function removeJournal(path: string): Promise<void> {
  const rubbish = path.replace(/\.journal$/, '.tmp')
  const moved = await rename(path, rubbish).then(
    () => true,
    (error) => ignoreMissing(error) ?? false,
  )
  if (moved) await rm(rubbish, { recursive: true, force: true })
}

function isAlive(id: string, pid: number): boolean {
  if (pid === process.pid) return building.has(id)
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/** For `catch`: nothing there is no error. */
export function ignoreMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error
}
