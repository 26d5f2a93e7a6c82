/** Icechunk repositories in local folders (format versions 1 and 2) as reference sets. */
import { open, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SourceError } from '../../errors.ts'
import { Interning } from '../../model/interning.ts'
import type { Skipped } from '../../model/metadata.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { FormatOptions } from '../format.ts'
import { fileRefusal } from '../refusal.ts'
import { type BodyPlan, scanBody } from './body.ts'
import { CheckedSources } from './checked-sources.ts'
import { hasMagic, readIcechunkFile } from './icechunk-file.ts'
import { ManifestCache } from './manifest-cache.ts'
import { type IcechunkVersion, readRepository } from './repository.ts'
import { parseSnapshot } from './snapshot.ts'
import { headerOf } from './snapshot-header.ts'

/** How a repository is opened, and which of its commits. */
export type OpenIcechunkOptions = FormatOptions & IcechunkVersion

/** References that are looked through when a repository is opened, to learn which files they point into. */
const MOST_SURVEYED = 4_000_000

const NOT_SURVEYED =
  'more references than are looked through beforehand: whether their sources have changed is told when they are read'

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

async function beginsAsIcechunk(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined)
  if (!info?.isFile()) return false
  const file = await open(path).catch(() => undefined)
  if (!file) return false
  try {
    const head = new Uint8Array(12)
    await file.read(head, 0, head.length, 0)
    return hasMagic(head)
  } finally {
    await file.close()
  }
}

/** Whether there is an Icechunk repository in the folder `path`: a `repo` file, or branches and snapshots. */
export async function isIcechunk(path: string): Promise<boolean> {
  if (await beginsAsIcechunk(join(path, 'repo'))) return true
  return (await isFolder(join(path, 'refs'))) && (await isFolder(join(path, 'snapshots')))
}

/** Reads all references once, for the files that they point into. */
async function survey(plan: BodyPlan, references: number, signal?: AbortSignal): Promise<readonly Skipped[]> {
  const { sources } = plan.context
  if (references > MOST_SURVEYED) return [{ path: '', reason: NOT_SURVEYED }]
  let rows = 0
  for await (const item of scanBody(plan, { signal }, { sorted: false })) {
    if (item.kind === 'batch') rows += item.rows
    if (rows > MOST_SURVEYED) return [...sources.notes, { path: '', reason: NOT_SURVEYED }]
  }
  return sources.notes
}

/**
 * Opens the repository in the local folder `path`, by default as the newest commit of the branch `main` has it. Its
 * body reads the manifests again. `sources` are the local files that virtual references point into, where the
 * repository has their checksum and they are as they were.
 * @throws SourceError where there is no such repository, branch or tag, or a file that references point into has changed
 *   since they were written. FormatError where a file of the repository is damaged. UnsupportedError for a version of
 *   the format after 2 and, with `onUnsupported: 'fail'`, for arrays that cannot be expressed.
 */
export async function openIcechunk(path: string, options: OpenIcechunkOptions): Promise<ReferenceSet> {
  const { onUnsupported, interning = new Interning(), memoryBytes, signal } = options
  const root = resolve(path)
  if (!(await isIcechunk(root))) throw new SourceError(root, 'is no Icechunk repository')
  const { snapshot: name, containers } = await readRepository(root, options, signal)
  const file = await readIcechunkFile(join(root, 'snapshots', name), 'snapshot', signal)
  const snapshot = parseSnapshot(file, name)
  const found = headerOf(snapshot, file.url)
  if (onUnsupported === 'fail' && found.header.skipped.length > 0)
    throw fileRefusal(root, found.header.skipped)
  const sources = new CheckedSources()
  const context = { root, containers, sources }
  const manifests = new ManifestCache(root)
  const first: BodyPlan = { url: file.url, ...found, context, manifests, memoryBytes }
  const notes = await survey(first, snapshot.references, signal)
  const header = interning.share({ ...found.header, notes }, 'Icechunk header')
  const plan: BodyPlan = { ...first, header }
  return {
    name: root,
    header,
    sources: sources.sources,
    replayable: true,
    body: (bodyOptions) => scanBody(plan, bodyOptions),
  }
}
