/** The Zarr metadata of a reference document, gathered as its entries go by. */
import { UnsupportedError } from '../../errors.ts'
import { extentsSoFar } from '../../model/chunk-grid.ts'
import type { Header } from '../../model/metadata.ts'
import { isJsonObject, type JsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import {
  type HeaderOptions,
  parseChunkExtents,
  parseExtents,
  parseHeader,
  type Refuse,
} from '../zarr-metadata.ts'
import { parseZarr3Node, type Zarr3Node } from '../zarr3-metadata.ts'
import type { KeyEncoding } from './chunk-key.ts'
import { documentError } from './document-error.ts'
import { BASE64 } from './inline-chunk.ts'

/** Characters of all metadata together. */
const MOST_CHARACTERS = 1 << 27
/** Arrays, groups and their attributes. */
const MOST_DOCUMENTS = 1_000_000

const ARRAY = /^(?:(.*)\/)?\.zarray$/s
const NODE = /^(?:(.*)\/)?zarr\.json$/s

/** What counting and finding chunks needs of an array. */
export interface ChunkGrid extends KeyEncoding {
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
}

/** All documents so far, and the grids of their arrays. */
export class DocumentMetadata {
  readonly #url: string
  readonly #documents = new Map<string, JsonObject>()
  /** Of Zarr v3, by path. */
  readonly #nodes = new Map<string, Zarr3Node>()
  readonly #grids = new Map<string, ChunkGrid>()
  #characters = 0
  #repeated = 0
  #firstRepeated: { readonly key: string; readonly offset: number } | undefined

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

  /** The first key that was given again, and where. */
  get firstRepeated(): { readonly key: string; readonly offset: number } | undefined {
    return this.#firstRepeated
  }

  readonly #refuse: Refuse = (key, problem) => {
    throw documentError(this.#url, `${key} ${problem}`)
  }

  /**
   * Parses and keeps the document of this key, which is at the byte `offset`; returns its array's path and grid where
   * it is that of an array.
   */
  add(key: string, text: string, offset: number): readonly [path: string, grid: ChunkGrid] | undefined {
    this.#characters += key.length + text.length
    if (this.#characters > MOST_CHARACTERS)
      this.#refuse(key, `is metadata beyond ${MOST_CHARACTERS} characters in all`)
    if (this.#documents.size + this.#nodes.size === MOST_DOCUMENTS)
      this.#refuse(key, `is metadata beyond ${MOST_DOCUMENTS} documents`)
    const document = this.#parse(key, text)
    const node = NODE.exec(key)
    const known = node ? this.#nodes.has(node[1] ?? '') : this.#documents.has(key)
    if (known && this.#repeated++ === 0) this.#firstRepeated = { key, offset }
    if (node) return this.#addNode(key, node[1] ?? '', document)
    this.#documents.set(key, document)
    const array = ARRAY.exec(key)
    if (!array) return undefined
    const [, path = ''] = array
    const grid = this.#parseGrid(key, document)
    this.#grids.set(path, grid)
    return [path, grid]
  }

  #addNode(
    key: string,
    path: string,
    json: JsonObject,
  ): readonly [path: string, grid: ChunkGrid] | undefined {
    const node = this.#parseNode(key, json)
    this.#nodes.set(path, node)
    if (node.kind === 'group') return undefined
    const { shape, chunkShape } = node.array
    const grid = { shape: extentsSoFar(shape), chunkShape, ...node.chunkKeys }
    this.#grids.set(path, grid)
    return [path, grid]
  }

  #parseNode(key: string, json: JsonObject): Zarr3Node {
    try {
      return parseZarr3Node(this.#refuse, key, json)
    } catch (error) {
      if (!(error instanceof UnsupportedError) || error.url !== undefined) throw error
      throw new UnsupportedError(error.feature, { url: this.#url, array: error.array ?? key })
    }
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
    const chunkShape = parseChunkExtents(this.#refuse, `${key} chunks`, zarray.chunks, shape)
    if (shape.length !== chunkShape.length)
      this.#refuse(key, 'has extents and chunk extents of different ranks')
    const separator = zarray.dimension_separator === '/' ? '/' : '.'
    return { shape, chunkShape, prefix: '', separator }
  }

  /** @throws FormatError where there is no metadata at all, some that is none of Zarr's, or both versions for a node. */
  header(options: HeaderOptions = {}): Header {
    if (this.#documents.size + this.#nodes.size === 0)
      this.#refuse('it', 'has no Zarr metadata, so it is no reference set')
    const header = parseHeader(this.#refuse, Object.fromEntries(this.#documents), options)
    const groups = [...header.groups]
    const arrays = [...header.arrays]
    for (const [path, node] of this.#nodes) {
      this.#refuseMixed(path)
      if (node.kind === 'group') groups.push(node.group)
      else arrays.push(node.array)
    }
    return { ...header, groups, arrays }
  }

  #refuseMixed(path: string): void {
    const prefix = path === '' ? '' : `${path}/`
    const other = ['.zarray', '.zgroup', '.zattrs'].find((name) => this.#documents.has(prefix + name))
    if (other !== undefined)
      this.#refuse(`${prefix}zarr.json`, `stands beside ${other}: Zarr v3 and v2 for one node`)
  }
}
