/** Manifests of one repository, decompressed; some are kept, since small ones are asked for again and again. */
import { join } from 'node:path'
import { type IcechunkFile, readIcechunkFile } from './icechunk-file.ts'

/** Bytes of manifests that are kept; one of more than these is kept until the next. */
const KEPT_BYTES = 1 << 26

export class ManifestCache {
  readonly #folder: string
  /** In the order of last use. */
  readonly #kept = new Map<string, IcechunkFile>()
  #bytes = 0

  /** @param root the repository's folder. */
  constructor(root: string) {
    this.#folder = join(root, 'manifests')
  }

  /** Where a manifest lies. */
  url(name: string): string {
    return join(this.#folder, name)
  }

  /** @throws as `readIcechunkFile`. */
  async read(name: string, signal?: AbortSignal): Promise<IcechunkFile> {
    const kept = this.#kept.get(name)
    if (kept) {
      this.#kept.delete(name)
      this.#kept.set(name, kept)
      return kept
    }
    const file = await readIcechunkFile(this.url(name), 'manifest', signal)
    this.#keep(name, file)
    return file
  }

  #keep(name: string, file: IcechunkFile): void {
    if (this.#kept.has(name)) return
    for (const [oldest, { payload }] of this.#kept) {
      if (this.#bytes + file.payload.length <= KEPT_BYTES) break
      this.#kept.delete(oldest)
      this.#bytes -= payload.length
    }
    this.#kept.set(name, file)
    this.#bytes += file.payload.length
  }
}
