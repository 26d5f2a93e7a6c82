/** Chunks whose bytes the repository holds: small ones go into manifests, others side by side into files of its own. */
import { objectId } from './object-id.ts'
import type { ChunkFile, OwnChunk } from './reference-rows.ts'

/** Icechunk's own limit of a chunk that lies in a manifest, in bytes. */
const MOST_INLINE = 512
/** Bytes of a file of chunks from which on a new one begins. */
const FILE_BYTES = 8 << 20

/** Stores a file under its id. */
export type StoreChunks = (id: Uint8Array, bytes: Uint8Array) => Promise<void>

/** Collects chunks of all arrays. */
export class OwnChunks {
  readonly #store: StoreChunks
  #parts: Uint8Array[] = []
  #bytes = 0
  #file: ChunkFile = { id: undefined }

  constructor(store: StoreChunks) {
    this.#store = store
  }

  /** Takes a copy of the bytes; `flush` must come before the chunk is referred to. */
  async add(bytes: Uint8Array): Promise<OwnChunk> {
    if (bytes.length <= MOST_INLINE) return { inline: Uint8Array.from(bytes) }
    const own = { file: this.#file, offset: this.#bytes, length: bytes.length }
    this.#parts.push(Uint8Array.from(bytes))
    this.#bytes += bytes.length
    if (this.#bytes >= FILE_BYTES) await this.flush()
    return own
  }

  /** Stores what was taken. */
  async flush(): Promise<void> {
    if (this.#parts.length === 0) return
    const bytes = Buffer.concat(this.#parts)
    this.#file.id = objectId('chunks', bytes)
    const { id } = this.#file
    this.#parts = []
    this.#bytes = 0
    this.#file = { id: undefined }
    await this.#store(id, bytes)
  }
}
