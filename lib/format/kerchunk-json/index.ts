/** Kerchunk's JSON reference sets (versions 0 and 1 of its specification) as a format that can be scanned. */
import { chunkCount, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import { Interning } from '../../model/interning.ts'
import type { ArrayMetadata, Header, Skipped } from '../../model/metadata.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { isJson2, VLEN_UTF8 } from '../json2.ts'
import { fileRefusal } from '../refusal.ts'
import { type BodyPlan, scanBody } from './body.ts'
import type { KeyedArray } from './chunk-rows.ts'
import { type DocumentOutline, readOutline } from './document-outline.ts'

export { detectJson as detect } from './document.ts'

const UNTOLD =
  'JSON does not record the sizes and times of the files: whether they have changed cannot be told'

/** Codecs that say how the objects of an array are stored, and that every reader knows. */
const OBJECT_CODECS = new Set(['vlen-utf8', 'vlen-bytes'])

/** Why references cannot express an array; undefined where they can. */
function problemOf({ dataType, codecs }: ArrayMetadata): string | undefined {
  if (dataType !== '|O') return undefined
  const [codec] = codecs
  if (codec === undefined) return 'objects, and no codec that says how they are stored'
  if (OBJECT_CODECS.has(codec.id) || (codec.id === 'json2' && codecs.length === 1)) return undefined
  return `objects stored by ${codecs.map(({ id }) => id).join(' and ')}`
}

function keyedArray(
  array: ArrayMetadata,
  index: number | undefined,
  { metadata, order }: DocumentOutline,
): KeyedArray {
  const { path, shape, chunkShape } = array
  const grid = gridShape(extentsSoFar(shape), chunkShape)
  const { prefix = '', separator = '.' } = metadata.grids.get(path) ?? {}
  const json2 = isJson2(array) ? chunkCount(chunkShape) : undefined
  return { index, grid, prefix, separator, json2, ascends: order.ascends(path, { prefix, separator }) }
}

/** The header of the set, and how the keys of its chunks are read. */
function planOf(outline: DocumentOutline): Pick<BodyPlan, 'header' | 'arrays'> {
  const found = outline.metadata.header({ xarrayFills: true })
  const arrays: ArrayMetadata[] = []
  const skipped: Skipped[] = []
  const keyed = new Map<string, KeyedArray>()
  for (const array of found.arrays) {
    const reason = problemOf(array)
    keyed.set(array.path, keyedArray(array, reason === undefined ? arrays.length : undefined, outline))
    if (reason !== undefined) skipped.push({ path: array.path, reason })
    else arrays.push(isJson2(array) ? { ...array, codecs: VLEN_UTF8 } : array)
  }
  const header: Header = { ...found, arrays, skipped, notes: [...found.notes, { path: '', reason: UNTOLD }] }
  return { header, arrays: keyed }
}

/** Opens a document as `open` does, read in another way. */
export async function openDocument(
  source: ByteSource,
  openAgain: OpenAgain,
  { onUnsupported, memoryBytes, interning = new Interning(), signal }: FormatOptions,
  reading: BodyPlan['reading'] = {},
): Promise<ReferenceSet> {
  const { url } = source
  const outline = await readOutline(source, { ...reading, signal })
  const planned = planOf(outline)
  const header = interning.share(planned.header, 'JSON header')
  if (onUnsupported === 'fail' && header.skipped.length > 0) throw fileRefusal(url, header.skipped)
  const { templates, generators } = outline
  const plan: BodyPlan = {
    url,
    ...planned,
    header,
    templates,
    generators,
    openAgain,
    onUnsupported,
    memoryBytes,
    reading,
  }
  return { name: url, header, sources: [], replayable: true, body: (options) => scanBody(plan, options) }
}

/**
 * Reads the metadata of a reference document; keys come in any order. Its body reads the document again: the chunks of
 * arrays that ascend in it are handed on as they come, the others sorted in bounded memory. `sources` stays empty:
 * which files the references point into is known in the end only, and nothing tells how these were when the set was
 * written.
 * @throws FormatError where it is no JSON or no reference set, or has a key twice. UnsupportedError for what Zarr v2
 * cannot say, and for arrays that cannot be expressed with `onUnsupported: 'fail'`.
 */
export function open(
  source: ByteSource,
  openAgain: OpenAgain,
  options: FormatOptions,
): Promise<ReferenceSet> {
  return openDocument(source, openAgain, options)
}
