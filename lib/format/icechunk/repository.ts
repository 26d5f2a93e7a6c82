/** Which snapshot a branch, a tag or nothing at all stands for: the `repo` file of version 2, the `refs` folder of version 1. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError, SourceError, systemCode, UsageError } from '../../errors.ts'
import { isJsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import { readContainers } from './container-config.ts'
import type { Table, TableVector } from './flatbuffer.ts'
import { flatBufferOf, readIcechunkFile } from './icechunk-file.ts'
import { isObjectName, objectName } from './object-id.ts'

/** Which commit is read: at most one of the three, the newest of the branch `main` where none is given. */
export interface IcechunkVersion {
  readonly branch?: string | undefined
  readonly tag?: string | undefined
  /** An id, as Icechunk prints it. */
  readonly snapshot?: string | undefined
}

/** What is known of a repository before its snapshot is read. */
export interface Repository {
  /** The name of the snapshot's file. */
  readonly snapshot: string
  /** URL prefixes by the names of containers, for locations that begin with `vcc://NAME/`. */
  readonly containers: ReadonlyMap<string, string>
}

const MOST_NAME = 1 << 12
const MOST_REASON = 1 << 12
/** Bytes of `ref.json`. */
const MOST_REF = 1 << 16
const OFFLINE = 2
const OBJECT_ID = 12

interface Named {
  readonly kind: 'branch' | 'tag'
  readonly name: string
}

function namedVersion({ branch, tag, snapshot }: IcechunkVersion): Named | string {
  if ([branch, tag, snapshot].filter((value) => value !== undefined).length > 1)
    throw new UsageError('give one of branch, tag and snapshot, not several')
  if (snapshot !== undefined) return checkSnapshotName(snapshot)
  return tag === undefined ? { kind: 'branch', name: branch ?? 'main' } : { kind: 'tag', name: tag }
}

function checkSnapshotName(name: string): string {
  if (isObjectName(name)) return name
  throw new UsageError(`${JSON.stringify(name)} is no id of a snapshot: 20 digits and capital letters`)
}

function missing(path: string, { kind, name }: Named, known: readonly string[] = []): SourceError {
  const list = known.length === 0 ? '' : ` (there are ${known.slice(0, 20).join(', ')})`
  return new SourceError(path, `the repository has no ${kind} ${JSON.stringify(name)}${list}`)
}

/**
 * Finds the snapshot of a version in the repository at `path`, a folder.
 * @throws SourceError where there is no such branch or tag, FormatError where what tells it is damaged.
 */
export async function readRepository(
  path: string,
  version: IcechunkVersion,
  signal?: AbortSignal,
): Promise<Repository> {
  const wanted = namedVersion(version)
  const info = await stat(join(path, 'repo')).catch(() => undefined)
  if (info?.isFile()) return readRepoFile(path, wanted, signal)
  const snapshot = typeof wanted === 'string' ? wanted : await readRef(path, wanted)
  return { snapshot, containers: new Map() }
}

async function readRepoFile(
  path: string,
  wanted: Named | string,
  signal: AbortSignal | undefined,
): Promise<Repository> {
  const file = await readIcechunkFile(join(path, 'repo'), 'repository', signal)
  const root = flatBufferOf(file).root('repository')
  const status = root.table(5, 'status')
  if (status?.uint8(0, 0) === OFFLINE) {
    const reason = status.string(2, MOST_REASON) ?? ''
    throw new SourceError(path, `the repository is set offline${reason === '' ? '' : `: ${reason}`}`)
  }
  const containers = readContainers(root.bytes(9), (problem) => root.refuse(problem))
  return { snapshot: typeof wanted === 'string' ? wanted : findRef(path, root, wanted), containers }
}

function findRef(path: string, root: Table, wanted: Named): string {
  const refs = root.required(root.tables(wanted.kind === 'tag' ? 1 : 2, 'reference'), `${wanted.kind} list`)
  const snapshots: TableVector = root.required(root.tables(4, 'snapshot information'), 'snapshots')
  const known: string[] = []
  for (let i = 0; i < refs.length; i++) {
    const ref = refs.at(i)
    const name = ref.required(ref.string(0, MOST_NAME), 'name')
    known.push(name)
    if (name !== wanted.name) continue
    const index = ref.uint32(1)
    if (index >= snapshots.length) ref.refuse(`leads to snapshot ${index} of ${snapshots.length}`)
    const snapshot = snapshots.at(index)
    return objectName(snapshot.required(snapshot.struct(0, OBJECT_ID), 'id'))
  }
  throw missing(path, wanted, known)
}

/** Version 1: a file for each branch and tag, and one more beside a tag that was deleted. */
async function readRef(path: string, wanted: Named): Promise<string> {
  const { kind, name } = wanted
  if (name.includes('/') || name === '' || name.includes('\0')) throw missing(path, wanted)
  const url = join(path, 'refs', `${kind}.${name}`, 'ref.json')
  const isDeleted = kind === 'tag' && (await stat(`${url}.deleted`).catch(() => undefined)) !== undefined
  if (isDeleted) throw missing(path, wanted)
  const info = await stat(url).catch(() => undefined)
  const size = info?.size ?? 0
  const at = { url, offset: 0, structure: 'Icechunk reference' }
  if (size > MOST_REF) throw new FormatError(at, `has ${size} bytes, more than ${MOST_REF}`)
  // A pipe or a device may never end.
  if (info && !info.isFile()) throw new FormatError(at, 'is no regular file')
  const text = await readFile(url, 'utf8').catch((cause) => {
    if (systemCode(cause) === 'ENOENT') throw missing(path, wanted)
    throw new SourceError(url, 'cannot be read', { cause })
  })
  let json: PythonJson
  try {
    json = parsePythonJson(text)
  } catch (cause) {
    throw new FormatError(at, 'is not JSON', { cause })
  }
  const snapshot = isJsonObject(json) ? json.snapshot : undefined
  if (typeof snapshot === 'string' && isObjectName(snapshot)) return snapshot
  throw new FormatError(at, 'names no snapshot')
}
