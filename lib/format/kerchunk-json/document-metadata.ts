/** The Zarr metadata of a reference document, gathered as its entries go by. */
import { UnsupportedError } from '../../errors.ts'
import type { Header } from '../../model/metadata.ts'
import { isJsonObject, type JsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import { type HeaderOptions, parseExtents, parseHeader, type Refuse } from '../zarr-metadata.ts'
import type { ChunkGrid } from './array-count.ts'
import { documentError } from './document-error.ts'
import { BASE64 } from './inline-chunk.ts'

/** Characters of all metadata together. */
const MOST_CHARACTERS = 1 << 27
/** Arrays, groups and their attributes. */
const MOST_DOCUMENTS = 1_000_000

const ARRAY = /^(?:(.*)\/)?\.zarray$/s

/** All documents so far, and the grids of their arrays. */
export class DocumentMetadata {
  readonly #url: string
  readonly #documents = new Map<string, JsonObject>()
  readonly #grids = new Map<string, ChunkGrid>()
  #characters = 0
  #repeated = 0
  #firstRepeated: string | undefined

  constructor(url: string) {
    this.#url = url
  }

  /** By the array's path. */
  get grids(): ReadonlyMap<string, ChunkGrid> {
    return this.#grids
  }

  /** Documents that were given again; the last counts, as for any reader. */
  get repeated(): number {
    return this.#repeated
  }

  /** The first key that was given again. */
  get firstRepeated(): string | undefined {
    return this.#firstRepeated
  }

  readonly #refuse: Refuse = (key, problem) => {
    throw documentError(this.#url, `${key} ${problem}`)
  }

  /** Parses and keeps the document of this key; returns its array's path and grid where it is a `.zarray`. */
  add(key: string, text: string): readonly [path: string, grid: ChunkGrid] | undefined {
    this.#characters += key.length + text.length
    if (this.#characters > MOST_CHARACTERS)
      this.#refuse(key, `is metadata beyond ${MOST_CHARACTERS} characters in all`)
    if (this.#documents.size === MOST_DOCUMENTS)
      this.#refuse(key, `is metadata beyond ${MOST_DOCUMENTS} documents`)
    if (this.#documents.has(key) && this.#repeated++ === 0) this.#firstRepeated = key
    const document = this.#parse(key, text)
    const array = ARRAY.exec(key)
    this.#documents.set(key, document)
    if (!array) return undefined
    const [, path = ''] = array
    const grid = this.#parseGrid(key, document)
    this.#grids.set(path, grid)
    return [path, grid]
  }

  #parse(key: string, text: string): JsonObject {
    let document: PythonJson
    try {
      // Kerchunk spells metadata so too that is not ASCII.
      document = parsePythonJson(
        text.startsWith(BASE64) ? Buffer.from(text.slice(BASE64.length), 'base64').toString() : text,
      )
    } catch (cause) {
      throw documentError(this.#url, `${key} is not JSON`, { cause })
    }
    return isJsonObject(document) ? document : this.#refuse(key, 'is no object')
  }

  #parseGrid(key: string, zarray: JsonObject): ChunkGrid {
    const version = zarray.zarr_format
    if (version !== undefined && version !== 2n) {
      throw new UnsupportedError(`Zarr format ${String(version)} (only 2 so far)`, {
        url: this.#url,
        array: key,
      })
    }
    const shape = parseExtents(this.#refuse, `${key} shape`, zarray.shape, 0)
    const chunkShape = parseExtents(this.#refuse, `${key} chunks`, zarray.chunks, 1)
    if (shape.length !== chunkShape.length)
      this.#refuse(key, 'has extents and chunk extents of different ranks')
    return { shape, chunkShape, separator: zarray.dimension_separator === '/' ? '/' : '.' }
  }

  /** @throws FormatError where there is no metadata at all, or some that is none of Zarr's. */
  header(options: HeaderOptions = {}): Header {
    if (this.#documents.size === 0) this.#refuse('it', 'has no Zarr metadata, so it is no reference set')
    return parseHeader(this.#refuse, Object.fromEntries(this.#documents), options)
  }
}
