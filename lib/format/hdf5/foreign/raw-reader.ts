/** Reads raw files beside an HDF5 file, of which the last stays open. */
import { UnsupportedError } from '../../../errors.ts'
import type { SourceInfo } from '../../../model/reference-set.ts'
import type { ByteSource } from '../../../source/byte-source.ts'
import { openUnchanged } from '../../../source/unchanged.ts'
import type { OpenForeign } from './foreign.ts'

/** Each file must be as it was when its info was taken. */
export class RawReader {
  readonly #open: OpenForeign | undefined
  readonly #signal: AbortSignal | undefined
  #source: ByteSource | undefined

  constructor(open: OpenForeign | undefined, signal: AbortSignal | undefined) {
    this.#open = open
    this.#signal = signal
  }

  async read(file: SourceInfo, offset: number, length: number): Promise<Uint8Array> {
    if (this.#source?.url !== file.url) {
      await this.close()
      const open = this.#open
      if (!open) throw new UnsupportedError('reading external raw files')
      const openSame = openUnchanged((url, options) => open(url, { signal: options?.signal }), [file])
      this.#source = await openSame(file.url, { signal: this.#signal })
    }
    return this.#source.read(offset, length, { signal: this.#signal })
  }

  async close(): Promise<void> {
    await this.#source?.close()
    this.#source = undefined
  }
}
