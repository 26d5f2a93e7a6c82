/** What a kerchunk JSON reference set holds: its metadata, and its references counted as they stream by. */
import { isKStreamError, messageOf } from '../../errors.ts'
import type { ArrayMetadata, GroupMetadata, Skipped } from '../../model/metadata.ts'
import type { ByteSource, OpenSource } from '../../source/byte-source.ts'
import { openSource } from '../../source/open.ts'
import type { ArrayCount } from './array-count.ts'
import { readMembers } from './document.ts'
import { documentError } from './document-error.ts'
import { DocumentMetadata } from './document-metadata.ts'
import { generatorsOf } from './document-outline.ts'
import { generate } from './jinja/generator.ts'
import type { Entry } from './members/entry.ts'
import type { DocumentEnd, MemberVisitor } from './members/members-reader.ts'
import type { PlainMember } from './members/plain-member.ts'
import { ReferenceCounts } from './reference-counts.ts'

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

interface Reading {
  readonly metadata: DocumentMetadata
  readonly counts: ReferenceCounts
  readonly end: DocumentEnd
}

/** Reads all metadata; the counts are right where each array's metadata came before its chunks, else undefined. */
class FirstReading implements MemberVisitor {
  readonly metadata: DocumentMetadata
  counts: ReferenceCounts | undefined = new ReferenceCounts()

  constructor(url: string) {
    this.metadata = new DocumentMetadata(url)
  }

  plain(member: PlainMember): void {
    this.counts?.plain(member)
    this.#check()
  }

  entry(entry: Entry, offset: number): void {
    if (entry.kind === 'metadata') {
      const array = this.metadata.add(entry.key, entry.text, offset)
      if (array && this.counts?.arrays.has(array[0])) this.counts = undefined
      if (array) this.counts?.addArray(...array)
    } else this.counts?.entry(entry)
    this.#check()
  }

  #check(): void {
    if (this.counts && this.counts.stray > 0) this.counts = undefined
  }
}

/** A second pass, now that all arrays are known. */
async function recount(
  source: ByteSource,
  metadata: DocumentMetadata,
  signal: AbortSignal | undefined,
): Promise<ReferenceCounts> {
  const counts = new ReferenceCounts()
  for (const [path, grid] of metadata.grids) counts.addArray(path, grid)
  await readMembers(source, counts, { signal })
  return counts
}

/** Counts what comes of `gen`; gives why not, where that cannot be told. */
function countGenerated(url: string, { metadata, counts, end }: Reading): string | undefined {
  try {
    const refuse = (problem: string): never => {
      throw documentError(url, problem)
    }
    const { templates } = counts.urls
    for (const generator of generatorsOf(url, end.generators, metadata)) {
      for (const reference of generate(generator, templates, refuse))
        counts.entry({ kind: 'reference', ...reference })
    }
    return undefined
  } catch (error) {
    if (!isKStreamError(error)) throw error
    return messageOf(error)
  }
}

function arrayNotes(path: string, { repeated, outside }: ArrayCount): Skipped[] {
  return [
    ...(repeated > 0
      ? [{ path, reason: `${repeated} chunks are given more than once; the last one counts` }]
      : []),
    ...(outside > 0 ? [{ path, reason: `${outside} keys are no chunks of its grid` }] : []),
  ]
}

function documentNotes(
  { metadata, counts }: Reading,
  unexpanded: number,
  ungenerated: string | undefined,
): Skipped[] {
  const { stray, firstStray, arrays } = counts
  const notes: [count: number, reason: string][] = [
    [
      ungenerated === undefined ? 0 : 1,
      `'gen' stands for references that are not all counted: ${ungenerated}`,
    ],
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
  const ungenerated = countGenerated(source.url, reading)
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
    notes: documentNotes(reading, unexpanded, ungenerated),
  }
}

/**
 * Reads the kerchunk JSON reference set at `path`, version 0 or 1: all its metadata, and its references counted,
 * none of them kept. Where chunks come before the metadata of their array it is read twice.
 * @throws FormatError with the place where it is no JSON or no reference set, UnsupportedError for what Zarr v2
 * cannot say.
 */
export async function readJsonSummary(path: string, options: JsonSummaryOptions = {}): Promise<JsonSummary> {
  const { open = openSource, signal } = options
  const source = await open(path, { signal })
  try {
    const first = new FirstReading(source.url)
    const end = await readMembers(source, first, { signal })
    const { metadata } = first
    return summarize(source, {
      metadata,
      end,
      counts: first.counts ?? (await recount(source, metadata, signal)),
    })
  } finally {
    await source.close()
  }
}
