/** Kerchunk's JSON reference sets (versions 0 and 1 of its specification) as a format that can be scanned. */
import { UnsupportedError } from '../../errors.ts'
import { chunkCount, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import { Interning } from '../../model/interning.ts'
import type { ArrayMetadata, CodecConfig, Header, Skipped } from '../../model/metadata.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { fileRefusal } from '../refusal.ts'
import { type BodyPlan, scanBody } from './body.ts'
import { isZarrDocument, refuseZarr3 } from './chunk-key.ts'
import type { KeyedArray } from './chunk-rows.ts'
import { scanEntries } from './document.ts'
import { documentError } from './document-error.ts'
import { DocumentMetadata } from './document-metadata.ts'

export { detectJson as detect } from './document.ts'

/** Characters of all templates together. */
const MOST_TEMPLATES = 1 << 25

const UNTOLD = 'kstream did not write this set: whether its sources have changed cannot be told'

/** Codecs that say how the objects of an array are stored, and that every reader knows. */
const OBJECT_CODECS = new Set(['vlen-utf8', 'vlen-bytes'])
const JSON2 = 'json2'
const VLEN_UTF8: readonly CodecConfig[] = [{ id: 'vlen-utf8' }]

interface Document {
  readonly metadata: DocumentMetadata
  readonly templates: ReadonlyMap<string, string>
}

/** Everything but the chunks. */
async function readDocument(source: ByteSource, signal: AbortSignal | undefined): Promise<Document> {
  const { url } = source
  const metadata = new DocumentMetadata(url)
  const templates = new Map<string, string>()
  let characters = 0
  for await (const entries of scanEntries(source, { signal })) {
    for (const entry of entries) {
      if (entry.kind === 'metadata') metadata.add(entry.key, entry.text)
      else if (entry.kind === 'template') {
        characters += entry.key.length + entry.text.length
        if (characters > MOST_TEMPLATES)
          throw documentError(url, `more than ${MOST_TEMPLATES} characters of templates`)
        templates.set(entry.key, entry.text)
      } else if (entry.kind === 'end') refuseGenerators(entry.generators, url)
      else if (refuseZarr3(entry, url).kind === 'reference' && isZarrDocument(entry.key)) {
        throw new UnsupportedError('metadata that lies in another file', { url, array: entry.key })
      }
    }
  }
  const { firstRepeated } = metadata
  if (firstRepeated !== undefined) throw documentError(url, `${JSON.stringify(firstRepeated)} is given twice`)
  return { metadata, templates }
}

function refuseGenerators(generators: number, url: string): void {
  if (generators > 0)
    throw new UnsupportedError(`'gen', references by Jinja (${generators} generators)`, { url })
}

/** Whether it is only `json2`, which becomes `vlen-utf8`. */
function isJson2({ codecs }: ArrayMetadata): boolean {
  return codecs.length === 1 && codecs[0].id === JSON2
}

/** Why references cannot express an array; undefined where they can. */
function problemOf({ dataType, codecs }: ArrayMetadata): string | undefined {
  if (dataType !== '|O') return undefined
  const [codec] = codecs
  if (codec === undefined) return 'objects, and no codec that says how they are stored'
  if (OBJECT_CODECS.has(codec.id) || (codec.id === JSON2 && codecs.length === 1)) return undefined
  return `objects stored by ${codecs.map(({ id }) => id).join(' and ')}`
}

function keyedArray(array: ArrayMetadata, index: number | undefined, separator: string): KeyedArray {
  const grid = gridShape(extentsSoFar(array.shape), array.chunkShape)
  return { index, grid, separator, json2: isJson2(array) ? chunkCount(array.chunkShape) : undefined }
}

/** The header of the set, and how the keys of its chunks are read. */
function planOf({ metadata, templates }: Document): Pick<BodyPlan, 'header' | 'arrays' | 'templates'> {
  const found = metadata.header({ xarrayFills: true })
  const arrays: ArrayMetadata[] = []
  const skipped: Skipped[] = []
  const keyed = new Map<string, KeyedArray>()
  for (const array of found.arrays) {
    const separator = metadata.grids.get(array.path)?.separator ?? '.'
    const reason = problemOf(array)
    keyed.set(array.path, keyedArray(array, reason === undefined ? arrays.length : undefined, separator))
    if (reason !== undefined) skipped.push({ path: array.path, reason })
    else arrays.push(isJson2(array) ? { ...array, codecs: VLEN_UTF8 } : array)
  }
  const header: Header = { ...found, arrays, skipped, notes: [{ path: '', reason: UNTOLD }] }
  return { header, arrays: keyed, templates }
}

/**
 * Reads the metadata of a reference document; keys come in any order. Its body reads the document again and sorts
 * the chunks in bounded memory. `sources` stays empty: which files the references point into is known in the end
 * only, and nothing tells how these were when the set was written.
 * @throws FormatError where it is no JSON or no reference set, or has a key twice. UnsupportedError for Zarr
 * format 3 and `gen`, and for arrays that cannot be expressed with `onUnsupported: 'fail'`.
 */
export async function open(
  source: ByteSource,
  openAgain: OpenAgain,
  { onUnsupported, interning = new Interning(), signal }: FormatOptions,
): Promise<ReferenceSet> {
  const { url } = source
  const planned = planOf(await readDocument(source, signal))
  const header = interning.share(planned.header, 'JSON header')
  if (onUnsupported === 'fail' && header.skipped.length > 0) throw fileRefusal(url, header.skipped)
  const plan: BodyPlan = { url, ...planned, header, openAgain, onUnsupported }
  return { name: url, header, sources: [], replayable: true, body: (options) => scanBody(plan, options) }
}
