/** Everything of one Parquet set, into one folder: shards as the body comes, then metadata and records. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UnsupportedError, WriteError } from '../../errors.ts'
import type { ArrayMetadata, GroupMetadata, Skipped } from '../../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../../model/reference-batch.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import { FileQueue } from '../file-queue.ts'
import { nameProblem, RECORDS_FOLDER, UNPAIRED } from '../names.ts'
import {
  type ArrayCoverage,
  COVERAGE_FILE,
  coverageText,
  ranges,
  type SetCoverage,
  SOURCES_FILE,
  sourcesText,
} from '../records.ts'
import { allGroups, type FinalArray, zmetadataTexts } from '../zmetadata.ts'
import { ArrayWriter } from './array-writer.ts'
import type { WriteParquetOptions, WriteReport } from './report.ts'

export class SetWriter {
  readonly #set: ReferenceSet
  readonly #folder: string
  readonly #options: WriteParquetOptions & { readonly recordSize: number }
  readonly #writers: ArrayWriter[]
  readonly #groups: GroupMetadata[]
  readonly #notes: Skipped[] = []
  readonly #missing: number[] = []
  readonly #files = new FileQueue()
  readonly #totals = { references: 0, inlined: 0, shards: 0 }
  #protocol: string | undefined

  constructor(
    set: ReferenceSet,
    folder: string,
    options: WriteParquetOptions & { readonly recordSize: number },
  ) {
    this.#set = set
    this.#folder = folder
    this.#options = options
    this.#writers = set.header.arrays.map((array) => this.#arrayWriter(array))
    this.#groups = this.#writableGroups()
    this.#checkPaths()
  }

  /** Reads the whole body and writes all files. */
  async write(): Promise<Omit<WriteReport, 'path'>> {
    try {
      await this.#makeFolders()
      const footer = await this.#writeBody()
      await this.#finishArrays(footer)
      const coverage = this.#coverage(footer)
      await this.#writeMetadata(footer)
      await this.#writeRecords(coverage)
      await this.#files.drain()
      return this.#report(coverage)
    } finally {
      await this.#files.drain().catch(() => {})
    }
  }

  #arrayWriter(array: ArrayMetadata): ArrayWriter {
    const { recordSize, onUnsupported = 'fail' } = this.#options
    const writer = new ArrayWriter(array, {
      recordSize,
      onUnsupported,
      checkPath: (path) => this.#checkPath(array, path),
      store: (shard, bytes) => {
        this.#totals.shards++
        return this.#write(join(array.path, `refs.${shard}.parq`), bytes)
      },
    })
    const problem = nameProblem(array.path, this.#folder)
    if (problem !== undefined) this.#refuse(array.path, problem)
    if (problem !== undefined) writer.drop(problem)
    if (array.dims.length !== array.shape.length || array.chunkShape.length !== array.shape.length) {
      throw new WriteError(array.path, 'names, extents and chunk extents of its axes differ in number')
    }
    return writer
  }

  #writableGroups(): GroupMetadata[] {
    const arrays = this.#writers
      .filter(({ dropped }) => dropped === undefined)
      .map(({ metadata }) => metadata)
    const groups = this.#set.header.groups.filter(({ path }) => {
      const problem = path === '' ? undefined : nameProblem(path, this.#folder)
      if (problem === undefined) return true
      this.#refuse(path, problem)
      this.#notes.push({ path, reason: `left out: ${problem}` })
      return false
    })
    return allGroups(groups, arrays)
  }

  #refuse(path: string, problem: string): void {
    if (this.#options.onUnsupported === 'skip') return
    const message = `${path}: ${problem}; --on-unsupported skip leaves it out`
    throw new UnsupportedError(problem, { array: path }, message)
  }

  #checkPaths(): void {
    const seen = new Set(this.#groups.map(({ path }) => path))
    for (const { metadata } of this.#writers) {
      if (seen.has(metadata.path)) throw new WriteError(metadata.path, 'two arrays or groups have this path')
      seen.add(metadata.path)
    }
  }

  /** One folder each, made once: where two names are one to the file system, the second fails. */
  async #makeFolders(): Promise<void> {
    const arrays = this.#writers.filter(({ dropped }) => dropped === undefined)
    const paths = [
      ...this.#groups.filter(({ path }) => path !== ''),
      ...arrays.map(({ metadata }) => metadata),
    ]
    for (const { path } of [{ path: RECORDS_FOLDER }, ...paths]) {
      await mkdir(join(this.#folder, path)).catch((cause) => {
        const problem =
          cause.code === 'EEXIST' ? 'the file system takes its name for that of another' : cause.message
        throw new WriteError(path, problem, { cause })
      })
    }
  }

  async #writeBody(): Promise<Footer> {
    const { signal, onProgress } = this.#options
    let footer: Footer | undefined
    for await (const part of this.#set.body({ signal })) {
      signal?.throwIfAborted()
      if (footer) throw new WriteError(this.#folder, 'the references go on after their footer')
      if (part.kind === 'footer') footer = part
      else await this.#append(part)
      onProgress?.({ ...this.#totals, bytes: this.#files.bytes })
    }
    if (!footer) throw new WriteError(this.#folder, 'the references end without a footer')
    return footer
  }

  async #append(batch: ReferenceBatch): Promise<void> {
    const writer = this.#writers[batch.array]
    if (!writer) throw new WriteError(this.#folder, `a batch names array ${batch.array}, which there is not`)
    const before = writer.references
    const inlined = writer.inlined
    await writer.append(batch)
    this.#totals.references += writer.references - before
    this.#totals.inlined += writer.inlined - inlined
  }

  async #finishArrays(footer: Footer): Promise<void> {
    for (const index of footer.dropped) {
      const { path } = this.#set.header.arrays[index]
      const outcome = footer.coverage.arrays.find((each) => each.path === path)
      this.#writers[index].drop(outcome?.reason ?? 'found unreferenceable')
    }
    for (const [index, writer] of this.#writers.entries()) {
      if (writer.dropped === undefined) await this.#finishArray(writer, footer, index)
      if (writer.dropped !== undefined) await this.#removeArray(writer)
    }
  }

  async #finishArray(writer: ArrayWriter, footer: Footer, index: number): Promise<void> {
    const missing = await writer.finish(footer.shapes[index])
    this.#missing[index] = missing
    if (writer.dropped !== undefined) return
    const { path } = writer.metadata
    if (missing + writer.filled !== footer.missing[index]) {
      const problem = `${missing + writer.filled} chunks never came, but ${footer.missing[index]} were said to be absent`
      throw new WriteError(path, problem)
    }
    const note = writer.fillNote(missing)
    if (note !== undefined) this.#notes.push({ path, reason: note })
  }

  async #removeArray(writer: ArrayWriter): Promise<void> {
    await this.#files.drain()
    if (nameProblem(writer.metadata.path, this.#folder) !== undefined) return
    await rm(join(this.#folder, writer.metadata.path), { recursive: true, force: true })
  }

  async #writeMetadata(footer: Footer): Promise<void> {
    const arrays = this.#writers.flatMap((writer, index): FinalArray[] => {
      if (writer.dropped !== undefined) return []
      const fill = writer.fillValue(this.#missing[index])
      return [{ metadata: writer.metadata, shape: footer.shapes[index], fill }]
    })
    for (const [path, text] of zmetadataTexts(this.#groups, arrays, this.#options.recordSize)) {
      await this.#write(join(path, '.zmetadata'), Buffer.from(text))
    }
  }

  async #writeRecords(coverage: SetCoverage): Promise<void> {
    const sources = sourcesText(this.#set.sources)
    await this.#write(join(RECORDS_FOLDER, SOURCES_FILE), Buffer.from(sources))
    await this.#write(join(RECORDS_FOLDER, COVERAGE_FILE), Buffer.from(coverageText(coverage)))
  }

  #coverage(footer: Footer): SetCoverage {
    const { header } = this.#set
    const outcomes = new Map(footer.coverage.arrays.map((outcome) => [outcome.path, outcome]))
    const arrays = this.#writers.map((writer, index): ArrayCoverage => {
      const { path } = writer.metadata
      if (writer.dropped !== undefined) return skipped(path, writer.dropped)
      const { references, inlined } = writer
      const missing = this.#missing[index]
      const known = outcomes.get(path)
      const outcome = known?.outcome ?? (inlined > 0 && references === 0 ? 'copied' : 'referenced')
      const reason = known?.reason === undefined ? {} : { reason: known.reason }
      const chunks = references + inlined + missing
      return { path, outcome, ...reason, chunks, references, inlined, missing, shards: ranges(writer.shards) }
    })
    const listed = new Set(arrays.map(({ path }) => path))
    const others = [...footer.coverage.arrays, ...header.skipped].filter(({ path }) => !listed.has(path))
    const unwritten = new Map(
      others.map(({ path, reason }) => [path, skipped(path, reason ?? 'not in the set')]),
    )
    const notes = [...header.notes, ...footer.coverage.notes, ...this.#notes]
    const distinct = new Map(notes.map((note) => [`${note.path}\0${note.reason}`, note]))
    return { arrays: [...arrays, ...unwritten.values()], notes: [...distinct.values()] }
  }

  #report(coverage: SetCoverage): Omit<WriteReport, 'path'> {
    const kept = this.#writers.filter(({ dropped }) => dropped === undefined)
    const total = (count: (writer: ArrayWriter) => number) => kept.reduce((sum, each) => sum + count(each), 0)
    return {
      arrays: kept.length,
      references: total(({ references }) => references),
      inlined: total(({ inlined }) => inlined),
      missing: coverage.arrays.reduce((sum, { missing }) => sum + missing, 0),
      shards: total(({ shards }) => shards.length),
      bytes: this.#files.bytes,
      referencedBytes: total(({ referencedBytes }) => referencedBytes),
      skipped: coverage.arrays.flatMap(({ path, outcome, reason = '' }) =>
        outcome === 'skipped' ? [{ path, reason }] : [],
      ),
      notes: coverage.notes,
      coverage,
    }
  }

  /** fsspec opens one protocol, the first it finds. */
  #checkPath(array: ArrayMetadata, path: string): void {
    const protocol = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1] ?? 'file'
    this.#protocol ??= protocol
    if (path === '' || UNPAIRED.test(path)) throw new WriteError(array.path, `points at the path '${path}'`)
    if (protocol === this.#protocol) return
    const problem = `points at ${path}, others at ${this.#protocol}: a set can have but one protocol`
    throw new WriteError(array.path, problem)
  }

  #write(path: string, bytes: Uint8Array): Promise<void> {
    return this.#files.add(join(this.#folder, path), bytes)
  }
}

function skipped(path: string, reason: string): ArrayCoverage {
  return { path, outcome: 'skipped', reason, chunks: 0, references: 0, inlined: 0, missing: 0, shards: [] }
}
