/** Paths as JSON, made once for many references. */
import { jsonText } from '../json-text.ts'

/** Paths that are remembered. */
const MOST = 4096

/** What comes between the key of a reference and its offset: `": ["s3://bucket/a.nc"`, ASCII. */
export class PathTexts {
  readonly #texts = new Map<string, Uint8Array>()

  of(path: string): Uint8Array {
    const known = this.#texts.get(path)
    if (known) return known
    if (this.#texts.size === MOST) this.#texts.clear()
    const text = Buffer.from(`": [${jsonText(path)}`, 'latin1')
    this.#texts.set(path, text)
    return text
  }
}
