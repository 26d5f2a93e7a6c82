/** The header's line (lib/write/ndjson.ts says what is in it) as a header and its sources. */
import { chunkCount, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import { itemSize } from '../../model/data-type.ts'
import type { ArrayMetadata, CodecConfig, FillValue, GroupMetadata, Header } from '../../model/metadata.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import { isJsonObject, type JsonObject, type PythonJson } from '../python-json.ts'
import { absolutePath } from '../reference-path.ts'
import { parseFillValue } from '../zarr-fill-value.ts'
import { parseCodec, parseDataType, parseExtents, type Refuse } from '../zarr-metadata.ts'
import { parseAttributes } from './attributes.ts'
import type { RefuseLine } from './line-error.ts'
import { countOf, flagOf, listOf, neededText, objectsOf, remarksOf, textOf, textsOf } from './members.ts'

/** The latest layout of the lines that is known here. */
const VERSION = 1

const UNTOLD = 'its sources are not listed: whether they have changed cannot be told'

/** What the header's line says. */
export interface HeaderLine {
  readonly header: Header
  readonly sources: readonly SourceInfo[]
  /** Each array's chunks come ascending. */
  readonly sorted: boolean
  /** A footer ends the file. */
  readonly footer: boolean
}

function parseSource(refuse: RefuseLine, source: JsonObject): SourceInfo {
  const within: RefuseLine = (problem, cause) => refuse(`a source ${problem}`, cause)
  const etag = textOf(within, source, 'etag')
  const lastModified = textOf(within, source, 'lastModified')
  return {
    url: absolutePath(neededText(within, source, 'url')).path,
    size: countOf(within, source, 'size') ?? within('has no size'),
    ...(flagOf(within, source, 'external') && { external: true }),
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  }
}

function parseGroup(refuse: RefuseLine, group: JsonObject): GroupMetadata {
  const path = textOf(refuse, group, 'path') ?? refuse('a group has no path')
  const within = namedRefusal(refuse, 'group', path)
  checkPath(within, path)
  return {
    path,
    attributes: parseAttributes(within, group),
    ...(group.unlimitedDims !== undefined && { unlimitedDims: textsOf(within, group, 'unlimitedDims') }),
  }
}

function namedRefusal(refuse: RefuseLine, kind: string, path: string): RefuseLine {
  return (problem, cause) => refuse(`${kind} ${JSON.stringify(path)}: ${problem}`, cause)
}

/** Paths become those of files. */
function checkPath(refuse: RefuseLine, path: string): void {
  const isUnsafe = (name: string) => name === '' || name === '.' || name === '..' || name.includes('\0')
  if (path !== '' && path.split('/').some(isUnsafe)) refuse('leads out of the set')
}

function parseShape(refuse: Refuse, json: PythonJson | undefined): (number | null)[] {
  const extents = Array.isArray(json) ? json.map((extent: PythonJson) => extent ?? 0n) : json
  const shape = parseExtents(refuse, 'shape', extents, 0)
  return shape.map((extent, axis) => (Array.isArray(json) && json[axis] === null ? null : extent))
}

/** A parameter that is a list or an object would be lost. */
function parseCodecs(refuse: Refuse, json: readonly PythonJson[]): CodecConfig[] {
  return json.map((codec) => {
    const values = isJsonObject(codec) ? Object.values(codec) : []
    if (values.some((value) => typeof value === 'object' && value !== null)) {
      refuse('codecs', 'has a parameter that is a list or an object')
    }
    return parseCodec(refuse, 'codecs', codec)
  })
}

function parseFill(refuse: RefuseLine, array: JsonObject, dataType: ArrayMetadata['dataType']): FillValue {
  const hex = textOf(refuse, array, 'fill')
  if (hex === undefined) {
    return parseFillValue(dataType, array.fillValue) ?? (array.fillValue == null ? null : refuseFill(refuse))
  }
  const isElement = /^(?:[0-9a-f]{2})*$/i.test(hex) && hex.length === 2 * itemSize(dataType)
  return isElement ? new Uint8Array(Buffer.from(hex, 'hex')) : refuse('fill is no element in hexadecimal')
}

function refuseFill(refuse: RefuseLine): never {
  return refuse('fillValue does not fit the data type')
}

function parseArray(refuse: RefuseLine, array: JsonObject): ArrayMetadata {
  const path = textOf(refuse, array, 'path') ?? refuse('an array has no path')
  const within = namedRefusal(refuse, 'array', path)
  const keyed: Refuse = (key, problem) => within(`${key} ${problem}`)
  checkPath(within, path)
  const shape = parseShape(keyed, array.shape)
  const chunkShape = parseExtents(keyed, 'chunkShape', array.chunkShape, 1)
  const dims =
    array.dims === undefined ? shape.map((_, axis) => `dim_${axis}`) : textsOf(within, array, 'dims')
  if (chunkShape.length !== shape.length || dims.length !== shape.length) {
    within('shape, chunkShape and dims are of different ranks')
  }
  if (!Number.isSafeInteger(chunkCount(gridShape(extentsSoFar(shape), chunkShape))))
    within('has chunks beyond count')
  const dataType = parseDataType(keyed, 'dataType', array.dataType)
  return {
    path,
    dims,
    attributes: parseAttributes(within, array),
    shape,
    chunkShape,
    dataType,
    fillValue: parseFill(within, array, dataType),
    codecs: parseCodecs(keyed, listOf(within, array, 'codecs')),
  }
}

/** The root and the groups that arrays lie in. */
function impliedGroups(arrays: readonly ArrayMetadata[]): GroupMetadata[] {
  const paths = new Set([''])
  for (const { path } of arrays) {
    const names = path.split('/')
    for (let depth = 1; depth < names.length; depth++) paths.add(names.slice(0, depth).join('/'))
  }
  return [...paths].sort().map((path) => ({ path, attributes: {} }))
}

function checkDistinct(refuse: RefuseLine, nodes: readonly { readonly path: string }[]): void {
  const seen = new Set<string>()
  for (const { path } of nodes) {
    if (seen.has(path)) refuse(`${JSON.stringify(path)} is given twice`)
    seen.add(path)
  }
}

/** @throws what `refuse` raises, where the line is none of a header, or not of this layout. */
export function parseHeaderLine(refuse: RefuseLine, line: JsonObject): HeaderLine {
  if (line.kind !== 'header') refuse('is no header ({"kind": "header", ...}), with which a set begins')
  const version = countOf(refuse, line, 'version') ?? VERSION
  if (version < 1 || version > VERSION) refuse(`is of version ${version}; only ${VERSION} is known here`)
  if (line.arrays === undefined) refuse('has no arrays')
  const arrays = objectsOf(refuse, line, 'arrays').map((array) => parseArray(refuse, array))
  const groups =
    line.groups === undefined
      ? impliedGroups(arrays)
      : objectsOf(refuse, line, 'groups').map((group) => parseGroup(refuse, group))
  checkDistinct(refuse, arrays)
  checkDistinct(refuse, groups)
  const notes = remarksOf(refuse, line, 'notes')
  if (line.sources === undefined) notes.push({ path: '', reason: UNTOLD })
  return {
    header: { kind: 'header', groups, arrays, skipped: remarksOf(refuse, line, 'skipped'), notes },
    sources: objectsOf(refuse, line, 'sources').map((source) => parseSource(refuse, source)),
    sorted: flagOf(refuse, line, 'sorted'),
    footer: flagOf(refuse, line, 'footer'),
  }
}
