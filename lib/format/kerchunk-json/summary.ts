/** What a kerchunk JSON reference set holds: its metadata, and its references counted as they stream by. */
import type { ArrayMetadata, GroupMetadata, Skipped } from '../../model/metadata.ts'
import type { ByteSource, OpenSource } from '../../source/byte-source.ts'
import { openSource } from '../../source/open.ts'
import { ArrayCount, type ChunkGrid, type MarkBudget } from './array-count.ts'
import { arrayOfKey, chunkPart, isZarrDocument, refuseZarr3 } from './chunk-key.ts'
import { DistinctUrls } from './distinct-urls.ts'
import { type DocumentEnd, scanEntries } from './document.ts'
import { DocumentMetadata } from './document-metadata.ts'
import type { Entry } from './entry-reader.ts'

/** 32 MiB of marks, for 2^28 chunks that lie together. */
const MARK_PAGES = 1 << 13

/** One array, and its references counted. */
export interface JsonArraySummary {
  readonly metadata: ArrayMetadata
  /** Chunks of the grid. */
  readonly chunks: number
  readonly references: number
  readonly inlined: number
  /** Chunks of the grid that no key names. */
  readonly missing: number
  /** Bytes that the references span, whole files left out. */
  readonly bytes: number
  /** References to whole files, whose length the document does not say. */
  readonly wholeFiles: number
}

/** What a reference document holds. */
export interface JsonSummary {
  readonly url: string
  /** Of the document itself, in bytes. */
  readonly size: number
  /** Of kerchunk's specification. */
  readonly version: 0 | 1
  readonly groups: readonly GroupMetadata[]
  readonly arrays: readonly JsonArraySummary[]
  /** Distinct URLs that references point into. */
  readonly urls: number
  /** Whether there are more than `urls`: no more are kept. */
  readonly moreUrls: boolean
  /** What is strange about the document, or was not counted. */
  readonly notes: readonly Skipped[]
}

/** How the document is read. */
export interface JsonSummaryOptions {
  /** Opens the document; local files by default. */
  readonly open?: OpenSource
  readonly signal?: AbortSignal | undefined
}

/** The references of all arrays, counted. */
class Counts {
  readonly arrays = new Map<string, ArrayCount>()
  readonly urls = new DistinctUrls()
  /** Keys that belong to no array. */
  stray = 0
  firstStray = ''
  readonly #budget: MarkBudget = { pages: MARK_PAGES }

  addArray(path: string, grid: ChunkGrid): void {
    this.arrays.set(path, new ArrayCount(grid, this.#budget))
  }

  add(entry: Entry): void {
    if (entry.kind === 'template') this.urls.addTemplate(entry.key, entry.text)
    else if (entry.kind !== 'metadata' && !isZarrDocument(entry.key)) this.#addChunk(entry)
  }

  #addChunk(entry: Exclude<Entry, { kind: 'metadata' | 'template' }>): void {
    if (entry.kind === 'reference' && entry.url !== null) this.urls.add(entry.url)
    const path = arrayOfKey(entry.key, this.arrays)
    if (path === undefined && this.stray++ === 0) this.firstStray = entry.key
    if (path === undefined) return
    this.arrays.get(path)?.add(chunkPart(entry.key, path), entry)
  }
}

interface Reading {
  readonly metadata: DocumentMetadata
  readonly counts: Counts
  readonly end: DocumentEnd
}

/** Reads all metadata; the counts are right where each array's metadata came before its chunks, else undefined. */
async function readThrough(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<Omit<Reading, 'counts'> & { readonly counts: Counts | undefined }> {
  const metadata = new DocumentMetadata(source.url)
  let counts: Counts | undefined = new Counts()
  let end: DocumentEnd = { kind: 'end', version: 0, generators: 0 }
  for await (const entries of scanEntries(source, { signal })) {
    for (const entry of entries) {
      if (entry.kind === 'end') end = entry
      else if (entry.kind !== 'metadata') counts?.add(refuseZarr3(entry, source.url))
      else {
        const array = metadata.add(entry.key, entry.text)
        if (array && counts?.arrays.has(array[0])) counts = undefined
        if (array) counts?.addArray(...array)
      }
    }
    if (counts && counts.stray > 0) counts = undefined
  }
  return { metadata, counts, end }
}

/** A second pass, now that all arrays are known. */
async function recount(
  source: ByteSource,
  metadata: DocumentMetadata,
  signal?: AbortSignal,
): Promise<Counts> {
  const counts = new Counts()
  for (const [path, grid] of metadata.grids) counts.addArray(path, grid)
  for await (const entries of scanEntries(source, { signal })) {
    for (const entry of entries) if (entry.kind !== 'end') counts.add(entry)
  }
  return counts
}

function arrayNotes(path: string, { repeated, outside }: ArrayCount): Skipped[] {
  return [
    ...(repeated > 0
      ? [{ path, reason: `${repeated} chunks are given more than once; the last one counts` }]
      : []),
    ...(outside > 0 ? [{ path, reason: `${outside} keys are no chunks of its grid` }] : []),
  ]
}

function documentNotes({ metadata, counts, end }: Reading, unexpanded: number): Skipped[] {
  const { stray, firstStray, arrays } = counts
  const notes: [count: number, reason: string][] = [
    [end.generators, `'gen' stands for references that are not counted (${end.generators} generators)`],
    [unexpanded, `${unexpanded} URLs need Jinja; they are counted as they are spelled`],
    [metadata.repeated, `${metadata.repeated} metadata keys are given more than once; the last one counts`],
    [stray, `${stray} keys belong to no array, the first is ${JSON.stringify(firstStray)}`],
  ]
  return [
    ...notes.flatMap(([count, reason]) => (count > 0 ? [{ path: '', reason }] : [])),
    ...[...arrays].flatMap(([path, count]) => arrayNotes(path, count)),
  ]
}

function summarize(source: ByteSource, reading: Reading): JsonSummary {
  const { metadata, counts, end } = reading
  const { groups, arrays } = metadata.header()
  const { urls, unexpanded } = counts.urls.count()
  return {
    url: source.url,
    size: source.size,
    version: end.version,
    groups,
    arrays: arrays.flatMap((array) => {
      const count = counts.arrays.get(array.path)
      if (!count) return []
      const { chunks, references, inlined, missing, bytes, wholeFiles } = count
      return [{ metadata: array, chunks, references, inlined, missing, bytes, wholeFiles }]
    }),
    urls,
    moreUrls: counts.urls.overflowed,
    notes: documentNotes(reading, unexpanded),
  }
}

/**
 * Reads the kerchunk JSON reference set at `path`, version 0 or 1: all its metadata, and its references counted,
 * none of them kept. Where chunks come before the metadata of their array it is read twice.
 * @throws FormatError with the place where it is no JSON or no reference set, UnsupportedError for Zarr format 3.
 */
export async function readJsonSummary(path: string, options: JsonSummaryOptions = {}): Promise<JsonSummary> {
  const { open = openSource, signal } = options
  const source = await open(path, { signal })
  try {
    const { metadata, counts, end } = await readThrough(source, signal)
    return summarize(source, { metadata, end, counts: counts ?? (await recount(source, metadata, signal)) })
  } finally {
    await source.close()
  }
}
