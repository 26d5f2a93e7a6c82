/** The references of one array on their way into manifests. */
import { UnsupportedError } from '../../errors.ts'
import { gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { KnownLocation } from './location.ts'
import { type EncodedManifest, encodeManifest } from './manifest.ts'
import { type Block, ManifestBlocks } from './manifest-blocks.ts'
import { nodeId } from './object-id.ts'
import type { OwnChunks } from './own-chunks.ts'
import { ReferenceRows } from './reference-rows.ts'

/** A manifest that is full. */
export interface ClosedManifest extends EncodedManifest {
  readonly block: Block
  readonly references: number
  /** Numbers of the chunks. */
  readonly chunks: Float64Array
}

export interface ArrayWriterOptions {
  /** References in a manifest. */
  readonly most: number
  readonly ownChunks: OwnChunks
  readonly locate: (array: string, path: string) => Promise<KnownLocation>
  readonly store: (writer: ArrayWriter, manifest: ClosedManifest) => Promise<void>
}

const EMPTY = new Uint8Array(0)
/** Chunks along an axis that Icechunk counts. */
const MOST_CHUNKS = 2 ** 32
const BEYOND_COUNT = 'its grid has more chunks along an axis than Icechunk counts'

/** Why an array's grid cannot be written; undefined where it can, or its first axis may still grow. */
export function gridProblem({ shape, chunkShape }: ArrayMetadata): string | undefined {
  const grid = gridShape(
    shape.map((extent) => extent ?? 0),
    chunkShape,
  )
  return grid.some((chunks) => chunks > MOST_CHUNKS) ? BEYOND_COUNT : undefined
}

/** Writes one array. */
export class ArrayWriter {
  readonly metadata: ArrayMetadata
  readonly node: Uint8Array
  /** Infinity along the first axis where that may grow. */
  readonly grid: readonly number[]
  readonly blocks: ManifestBlocks
  readonly #options: ArrayWriterOptions
  #rows = new ReferenceRows()
  #block: Block = { start: 0, end: 0 }

  constructor(metadata: ArrayMetadata, options: ArrayWriterOptions) {
    this.metadata = metadata
    this.node = nodeId(metadata.path)
    const shape = metadata.shape.map((extent) => extent ?? Number.POSITIVE_INFINITY)
    this.grid = gridShape(shape, metadata.chunkShape)
    this.blocks = new ManifestBlocks(this.grid, options.most)
    this.#options = options
  }

  /** Takes the rows of a batch that was checked. */
  async add(batch: ReferenceBatch): Promise<void> {
    const locations: KnownLocation[] = []
    for (let row = 0; row < batch.rows; row++) {
      const chunk = batch.chunk[row]
      if (chunk >= this.#block.end) await this.#begin(chunk)
      const path = batch.path[row]
      if (path === INLINE) await this.#addOwn(chunk, batch.raw?.[row] ?? EMPTY)
      else {
        locations[path] ??= await this.#options.locate(this.metadata.path, batch.paths[path])
        await this.#addReference(chunk, locations[path], batch.offset[row], batch.length[row])
      }
    }
  }

  /** Stores what is still open. */
  async close(): Promise<void> {
    if (this.#rows.rows === 0) return
    const rows = this.#rows
    this.#rows = new ReferenceRows()
    if (rows.own.size > 0) await this.#options.ownChunks.flush()
    const manifest = encodeManifest(this.node, rows, this.grid)
    const chunks = rows.chunk.slice(0, rows.rows)
    await this.#options.store(this, { ...manifest, block: this.#block, references: rows.rows, chunks })
  }

  async #begin(chunk: number): Promise<void> {
    await this.close()
    if (this.grid.length > 0 && chunk / this.#perIndex() >= MOST_CHUNKS) {
      throw this.#unsupported(BEYOND_COUNT)
    }
    this.#block = this.blocks.blockOf(chunk)
  }

  #perIndex(): number {
    return this.grid.slice(1).reduce((a, b) => a * b, 1)
  }

  async #addReference(chunk: number, location: KnownLocation, offset: number, length: number): Promise<void> {
    if (offset !== 0 || length !== 0) return this.#rows.addReference(chunk, location, offset, length)
    if (location.size === undefined) {
      throw this.#unsupported(`refers to the whole of ${location.url}, whose length is not known`)
    }
    // Icechunk reads no range of no bytes.
    if (location.size === 0) return this.#addOwn(chunk, EMPTY)
    this.#rows.addReference(chunk, location, 0, location.size)
  }

  async #addOwn(chunk: number, bytes: Uint8Array): Promise<void> {
    this.#rows.addOwn(chunk, await this.#options.ownChunks.add(bytes))
  }

  #unsupported(reason: string): UnsupportedError {
    const { path } = this.metadata
    return new UnsupportedError(reason, { array: path }, `${path}: ${reason}`)
  }
}
