/** The references of all arrays of a document, counted as they go by. */
import { ArrayCount, type MarkBudget } from './array-count.ts'
import { arrayOfKey, chunkOfKey, isZarrDocument } from './chunk-key.ts'
import { DistinctUrls } from './distinct-urls.ts'
import type { ChunkGrid } from './document-metadata.ts'
import { KeyLookup } from './key-lookup.ts'
import type { Entry } from './members/entry.ts'
import type { MemberVisitor } from './members/members-reader.ts'
import type { PlainMember } from './members/plain-member.ts'

/** 32 MiB of marks, for 2^28 chunks that lie together. */
const MARK_PAGES = 1 << 13

/** Counts the chunks of the arrays that it knows of. */
export class ReferenceCounts implements MemberVisitor {
  readonly arrays = new Map<string, ArrayCount>()
  readonly urls = new DistinctUrls()
  /** Keys that belong to no array. */
  stray = 0
  firstStray = ''
  readonly #budget: MarkBudget = { pages: MARK_PAGES }
  readonly #lookup = new KeyLookup(this.arrays)
  #urlNumber = -1

  addArray(path: string, grid: ChunkGrid): void {
    this.arrays.set(path, new ArrayCount(grid, this.#budget))
    this.#lookup.added(path)
  }

  plain(member: PlainMember): void {
    const chunk = this.#lookup.chunk(member.keyBytes, member.keyStart, member.keyEnd)
    if (chunk < 0) {
      this.entry(member.entry)
      return
    }
    if (member.urlNumber !== this.#urlNumber) {
      this.#urlNumber = member.urlNumber
      this.urls.add(member.url)
    }
    this.#lookup.array?.addReference(chunk, member.whole ? undefined : member.range[1])
  }

  entry(entry: Entry): void {
    if (entry.kind === 'template') this.urls.addTemplate(entry.key, entry.text)
    else if (entry.kind !== 'metadata' && !isZarrDocument(entry.key)) this.#addChunk(entry)
  }

  #addChunk(entry: Exclude<Entry, { kind: 'metadata' | 'template' }>): void {
    if (entry.kind === 'reference' && entry.url !== null) this.urls.add(entry.url)
    const path = arrayOfKey(entry.key, this.arrays)
    const array = path === undefined ? undefined : this.arrays.get(path)
    if (path === undefined || !array) {
      if (this.stray++ === 0) this.firstStray = entry.key
      return
    }
    const chunk = chunkOfKey(entry.key, path, array)
    if (chunk === undefined) array.outside++
    else if (entry.kind === 'reference') array.addReference(chunk, entry.range?.[1])
    else array.addInlined(chunk)
  }
}
