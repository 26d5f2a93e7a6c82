/** The commits of a repository while its references come: each of whole manifests, and of no more than so many references. */
import type { ArrayWriter, ClosedManifest } from './array-writer.ts'
import { INITIAL_SNAPSHOT, objectId } from './object-id.ts'
import { type CommittedChunks, encodeTransactionLog } from './transaction-log.ts'

/** A manifest on disk. */
export interface StoredManifest {
  readonly writer: ArrayWriter
  readonly manifest: Omit<ClosedManifest, 'buffer' | 'chunks'>
  /** Of the file. */
  readonly bytes: number
}

/** A commit that is complete. */
export interface Commit {
  readonly id: Uint8Array
  readonly manifests: readonly StoredManifest[]
  readonly references: number
}

/** Nodes that the first commit brings. */
export interface NewNodes {
  readonly groups: readonly Uint8Array[]
  readonly arrays: readonly Uint8Array[]
}

type StoreLog = (id: Uint8Array, buffer: Uint8Array) => Promise<void>

/** Collects manifests. */
export class Commits {
  readonly done: Commit[] = []
  readonly #most: number
  readonly #store: StoreLog
  #manifests: StoredManifest[] = []
  #chunks = new Map<ArrayWriter, Float64Array[]>()
  #references = 0
  // Which nodes there are is known last, so the log of the first commit waits.
  #firstChunks: CommittedChunks[] = []

  constructor(most: number, store: StoreLog) {
    this.#most = most
    this.#store = store
  }

  async add(stored: StoredManifest, chunks: Float64Array): Promise<void> {
    const { writer, manifest } = stored
    this.#manifests.push(stored)
    this.#chunks.set(writer, [...(this.#chunks.get(writer) ?? []), chunks])
    this.#references += manifest.references
    if (this.#references >= this.#most) await this.#cut([])
  }

  /** Ends the last commit; there is at least one. */
  async finish(nodes: NewNodes, documents: readonly string[]): Promise<void> {
    if (this.#manifests.length > 0 || this.done.length === 0) await this.#cut(documents)
    const [{ id }] = this.done
    await this.#store(
      id,
      encodeTransactionLog({
        id,
        newGroups: nodes.groups,
        newArrays: nodes.arrays,
        chunks: this.#firstChunks,
      }),
    )
  }

  async #cut(documents: readonly string[]): Promise<void> {
    const parent = this.done.at(-1)?.id ?? INITIAL_SNAPSHOT
    const manifests = this.#manifests.map(({ manifest }) => manifest.id)
    const id = objectId('snapshot', parent, ...manifests, ...documents)
    const chunks = [...this.#chunks].map(([{ node, grid }, runs]) => ({ node, grid, chunks: runs }))
    const isFirst = this.done.length === 0
    this.done.push({ id, manifests: this.#manifests, references: this.#references })
    this.#manifests = []
    this.#chunks = new Map()
    this.#references = 0
    if (isFirst) this.#firstChunks = chunks
    else await this.#store(id, encodeTransactionLog({ id, newGroups: [], newArrays: [], chunks }))
  }
}
