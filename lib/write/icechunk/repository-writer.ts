/** Everything of one Icechunk repository, into one folder: manifests as the body comes, then snapshots and configuration. */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { objectName } from '../../format/icechunk/object-id.ts'
import { gridShape } from '../../model/chunk-grid.ts'
import type { GroupMetadata } from '../../model/metadata.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import { CountedBody } from '../counted-body.ts'
import { FileQueue } from '../file-queue.ts'
import { arrayDocument, groupDocument, type NodeDocument, zarr3Problem } from '../zarr3.ts'
import { allGroups } from '../zmetadata.ts'
import { ArrayWriter, type ClosedManifest, gridProblem } from './array-writer.ts'
import { binaryFile, type FILE_TYPES } from './binary-file.ts'
import { type Commit, Commits, type StoredManifest } from './commits.ts'
import { Containers } from './containers.ts'
import { type KnownLocation, Locations } from './location.ts'
import { nodePathProblem } from './node-name.ts'
import { INITIAL_SNAPSHOT, nodeId } from './object-id.ts'
import { OwnChunks } from './own-chunks.ts'
import type { IcechunkReport, WriteIcechunkOptions } from './report.ts'
import { configText } from './repository-config.ts'
import { encodeInitialSnapshot, encodeSnapshot, type ManifestOfArray, type SnapshotNode } from './snapshot.ts'

/** References in open manifests, of all arrays together. */
const OPEN_REFERENCES = 2_000_000
const LEAST_REFERENCES = 4096
const MOST_REFERENCES = 250_000
const COMMIT_REFERENCES = 1_000_000
const UNCHECKED = 'readers cannot tell whether its files change: neither ETag nor time is known'
const PORT = /^https?:\/\/[^/]*:\d/
const WITH_PORT = 'its URLs have a port, which Icechunk 1 leaves out: only Icechunk 2 reads them'

/** Writes one set. */
export class RepositoryWriter {
  readonly #set: ReferenceSet
  readonly #folder: string
  readonly #options: WriteIcechunkOptions
  readonly #body: CountedBody
  readonly #writers: readonly ArrayWriter[]
  readonly #groups: readonly GroupMetadata[]
  readonly #files = new FileQueue()
  readonly #containers = new Containers()
  readonly #locations: Locations
  readonly #commits: Commits
  /** Arrays, and what readers of them should know. */
  readonly #remarks = new Map<string, string>()

  /** `target`: what the report calls the repository. */
  constructor(set: ReferenceSet, folder: string, target: string, options: WriteIcechunkOptions) {
    const { signal, onProgress, onUnsupported, commitReferences = COMMIT_REFERENCES } = options
    this.#set = set
    this.#folder = folder
    this.#options = options
    this.#body = new CountedBody(set, { target, signal, onProgress, onUnsupported })
    this.#locations = new Locations(set.sources)
    this.#commits = new Commits(commitReferences, (id, buffer) =>
      this.#store('transactions', id, buffer).then(),
    )
    this.#writers = this.#arrayWriters()
    this.#groups = this.#writableGroups()
  }

  /** Reads the whole body and writes all files. */
  async write(): Promise<IcechunkReport> {
    try {
      for (const name of ['snapshots', 'manifests', 'transactions', 'chunks', 'refs/branch.main']) {
        await mkdir(join(this.#folder, name), { recursive: true })
      }
      for await (const batch of this.#body.batches()) {
        await this.#writers[batch.array].add(batch)
        this.#body.bytes = this.#files.bytes
      }
      for (const writer of this.#writers) await writer.close()
      await this.#finish()
      await this.#files.drain()
      return this.#report()
    } finally {
      await this.#files.drain().catch(() => {})
    }
  }

  #arrayWriters(): ArrayWriter[] {
    const { manifestReferences = MOST_REFERENCES } = this.#options
    const share = Math.floor(OPEN_REFERENCES / Math.max(1, this.#body.arrays.length))
    const most = Math.min(manifestReferences, Math.max(LEAST_REFERENCES, share))
    const ownChunks = new OwnChunks((id, bytes) =>
      this.#files.add(join(this.#folder, 'chunks', objectName(id)), bytes),
    )
    const paths = this.#arrayPaths
    return this.#body.arrays.map((array) => {
      const { metadata } = array
      const problem = nodePathProblem(metadata.path, paths) ?? zarr3Problem(metadata) ?? gridProblem(metadata)
      if (problem !== undefined) this.#body.refuse(array, problem)
      return new ArrayWriter(metadata, {
        most,
        ownChunks,
        locate: (path, url) => this.#locate(path, url),
        store: (writer, manifest) => this.#storeManifest(writer, manifest),
      })
    })
  }

  get #arrayPaths(): ReadonlySet<string> {
    return new Set(this.#set.header.arrays.map(({ path }) => path))
  }

  #writableGroups(): GroupMetadata[] {
    const paths = this.#arrayPaths
    const groups = this.#set.header.groups.filter(({ path }) => {
      const problem = path === '' ? undefined : nodePathProblem(path, paths)
      if (problem !== undefined) this.#body.note(path, `left out: ${problem}`)
      return problem === undefined
    })
    return groups
  }

  async #locate(array: string, path: string): Promise<KnownLocation> {
    const location = await this.#locations.find(array, path)
    this.#containers.add(location.url)
    if (location.etag === undefined && location.lastModified === 0) this.#remarks.set(array, UNCHECKED)
    else if (PORT.test(location.url)) this.#remarks.set(array, WITH_PORT)
    return location
  }

  async #storeManifest(writer: ArrayWriter, { buffer, chunks, ...manifest }: ClosedManifest): Promise<void> {
    const bytes = await this.#store('manifests', manifest.id, buffer)
    await this.#commits.add({ writer, manifest, bytes }, chunks)
  }

  /** Returns the bytes of the file. */
  async #store(folder: keyof typeof FILE_TYPES, id: Uint8Array, buffer: Uint8Array): Promise<number> {
    const file = await binaryFile(folder, buffer)
    await this.#files.add(join(this.#folder, folder, objectName(id)), file)
    return file.length
  }

  async #finish(): Promise<void> {
    const nodes = this.#nodes()
    const ids = (isArray: boolean) =>
      nodes.filter(({ array }) => (array !== undefined) === isArray).map(({ id }) => id)
    const documents = nodes.map(({ document }) => document)
    await this.#commits.finish({ groups: ids(false), arrays: ids(true) }, documents)
    const time = timeOf(this.#set)
    await this.#store('snapshots', INITIAL_SNAPSHOT, encodeInitialSnapshot(time))
    await this.#writeSnapshots(nodes, time)
    const snapshot = objectName(this.#lastCommit.id)
    await this.#writeText('refs/branch.main/ref.json', JSON.stringify({ snapshot }))
    await this.#writeText('config.yaml', this.#config())
    for (const [array, remark] of this.#remarks) this.#body.note(array, remark)
  }

  /** One after the other, each with the manifests of all before it. */
  async #writeSnapshots(nodes: readonly SnapshotNode[], time: bigint): Promise<void> {
    const manifests = new Map<string, ManifestOfArray[]>()
    let parent: Uint8Array = INITIAL_SNAPSHOT
    for (const [at, commit] of this.#commits.done.entries()) {
      for (const stored of commit.manifests) {
        const { path } = stored.writer.metadata
        manifests.set(path, [...(manifests.get(path) ?? []), this.#manifestOf(stored)])
      }
      const withManifests = nodes.map((node) =>
        node.array ? { ...node, array: { ...node.array, manifests: manifests.get(node.path) ?? [] } } : node,
      )
      const message = this.#message(at, commit)
      const content = { id: commit.id, parent, nodes: withManifests, message, time }
      await this.#store('snapshots', commit.id, encodeSnapshot(content))
      parent = commit.id
    }
  }

  #manifestOf({ writer, manifest, bytes }: StoredManifest): ManifestOfArray {
    const index = this.#writers.indexOf(writer)
    const grid = gridShape(this.#body.footer.shapes[index], writer.metadata.chunkShape)
    const { id, references, block } = manifest
    return { id, references, bytes, box: writer.blocks.box(block, grid) }
  }

  #nodes(): SnapshotNode[] {
    const { footer, arrays } = this.#body
    const kept = arrays.flatMap(({ metadata, dropped }, index) =>
      dropped === undefined ? [{ metadata, shape: footer.shapes[index] }] : [],
    )
    const groups = allGroups(
      this.#groups,
      kept.map(({ metadata }) => metadata),
    )
    const documentOf = (path: string, { text, notes }: NodeDocument): string => {
      for (const { reason } of notes) this.#body.note(path, reason)
      return text
    }
    return [
      ...groups.map((group) => {
        const { path } = group
        return { id: nodeId(path), path, document: documentOf(path, groupDocument(group)) }
      }),
      ...kept.map(({ metadata, shape }): SnapshotNode => {
        const { path, dims, chunkShape } = metadata
        const document = documentOf(path, arrayDocument(metadata, shape))
        return { id: nodeId(path), path, document, array: { shape, chunkShape, dims, manifests: [] } }
      }),
    ]
  }

  #message(at: number, { references }: Commit): string {
    const { done } = this.#commits
    const total = done.reduce((sum, commit) => sum + commit.references, 0)
    const { name = this.#set.name ?? 'a reference set' } = this.#options
    if (done.length === 1) return `kstream: ${name}, ${total} references`
    const before = done.slice(0, at).reduce((sum, commit) => sum + commit.references, 0)
    return `kstream: ${name}, references ${before + 1} to ${before + references} of ${total}`
  }

  #config(): string {
    const all = this.#commits.done.flatMap(({ manifests }) => manifests)
    const counts = new Map<ArrayWriter, number>()
    for (const { writer } of all) counts.set(writer, (counts.get(writer) ?? 0) + 1)
    const splits = [...counts]
      .filter(([, count]) => count > 1)
      .map(([{ metadata, blocks }]) => ({ path: metadata.path, sizes: blocks.sizes() }))
    return configText(this.#containers.list(), splits)
  }

  async #writeText(path: string, text: string): Promise<void> {
    await this.#files.add(join(this.#folder, path), Buffer.from(text))
  }

  get #lastCommit(): Commit {
    return this.#commits.done[this.#commits.done.length - 1]
  }

  #report(): IcechunkReport {
    const { done } = this.#commits
    return {
      ...this.#body.report(this.#files.bytes),
      commits: done.length,
      manifests: done.reduce((sum, { manifests }) => sum + manifests.length, 0),
      snapshot: objectName(this.#lastCommit.id),
      containers: this.#containers.list().map(({ prefix }) => prefix),
    }
  }
}

/** When the newest source changed, in microseconds: the same inputs give the same bytes, so no time of writing. */
function timeOf({ sources }: ReferenceSet): bigint {
  const times = sources.map(({ lastModified }) => Date.parse(lastModified ?? '') || 0)
  return BigInt(times.reduce((newest, time) => Math.max(newest, time), 0)) * 1000n
}
