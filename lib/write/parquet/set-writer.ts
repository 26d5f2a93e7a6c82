/** Everything of one Parquet set, into one folder: shards as the body comes, then metadata and records. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UnsupportedError, WriteError } from '../../errors.ts'
import type { ArrayMetadata, GroupMetadata, Skipped } from '../../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../../model/reference-batch.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import { FileQueue } from '../file-queue.ts'
import { nameProblem, RECORDS_FOLDER } from '../names.ts'
import { COVERAGE_FILE, coverageText, type SetCoverage, SOURCES_FILE, sourcesText } from '../records.ts'
import { otherLocation, ReferencePaths } from '../reference-paths.ts'
import type { FinalArray } from '../zarr-documents.ts'
import { allGroups, zmetadataTexts } from '../zmetadata.ts'
import type { AppendedSet } from './appended-set.ts'
import type { StoredShard } from './array-progress.ts'
import { ArrayWriter } from './array-writer.ts'
import { OpenRows } from './open-rows.ts'
import type { WriteParquetOptions, WriteReport } from './report.ts'
import { coverageOf } from './set-coverage.ts'
import { makeFolders } from './set-folders.ts'
import { SetLog, signatureOf } from './set-log.ts'
import { reportOf } from './set-report.ts'
import { takeOverArrays } from './takeover.ts'

interface SetWriterOptions extends Omit<WriteParquetOptions, 'append'> {
  readonly recordSize: number
  readonly inlineLimit: number
  /** What references to files of the set begin with. */
  readonly location: string
  /** Names of the folder that the set will have: what lies there now, if anything, is replaced. */
  readonly places: readonly string[]
  /** The set that is added to. */
  readonly appended?: AppendedSet | undefined
}

/** Writes one set. */
export class SetWriter {
  readonly #set: ReferenceSet
  readonly #folder: string
  readonly #options: SetWriterOptions
  readonly #writers: ArrayWriter[]
  readonly #groups: GroupMetadata[]
  readonly #notes: Skipped[] = []
  readonly #missing: number[] = []
  readonly #files: FileQueue
  readonly #log: SetLog | undefined
  readonly #openRows: OpenRows | undefined
  readonly #paths: ReferencePaths
  readonly #totals = { references: 0, inlined: 0, shards: 0 }
  // Bytes of shards that are here without being written now, and of all files beside shards.
  #earlierBytes = 0
  #fileBytes = 0
  readonly #unsynced = new Set<ArrayWriter>()
  // The batch that is being added: between two of its rows a shard may be closed and not yet handed on.
  #adding: Promise<void> = Promise.resolve()

  constructor(set: ReferenceSet, folder: string, options: SetWriterOptions) {
    this.#set = set
    this.#folder = folder
    this.#options = options
    const { journal, location, places } = options
    this.#paths = new ReferencePaths([location, ...places], (protocol) => this.#log?.keepProtocol(protocol))
    this.#files = new FileQueue({ renames: journal !== undefined })
    this.#writers = set.header.arrays.map((array, index) => this.#arrayWriter(array, index))
    this.#groups = this.#writableGroups()
    this.#checkPaths()
    if (journal) this.#log = new SetLog(journal, this.#writers, this.#files)
    // A journal reads the rows of open shards where they are.
    else this.#openRows = new OpenRows(this.#writers, options.memoryBytes)
  }

  /** Reads the whole body and writes all files. */
  async write(): Promise<Omit<WriteReport, 'path'>> {
    try {
      await this.#begin()
      const footer = await this.#writeBody()
      await this.#finishArrays(footer)
      const finished = this.#writers.map((writer, index) => ({ writer, missing: this.#missing[index] }))
      const { location } = this.#options
      const coverage = coverageOf(finished, this.#set.header, footer, this.#notes, location)
      await this.#writeMetadata(footer)
      await this.#writeRecords(coverage)
      await this.#files.drain()
      return reportOf(this.#writers, coverage, this.#earlierBytes + this.#files.bytes)
    } finally {
      await this.#files.drain().catch(() => {})
      await this.#openRows?.close()
      this.#log?.close()
    }
  }

  /** Before a recorded footer counts: all rows that came so far will be there again for a build that goes on with this. */
  async flush(): Promise<void> {
    await this.#adding
    // What is recorded as being in a file must be there after a power failure too.
    for (const writer of this.#unsynced) await writer.sync()
    this.#unsynced.clear()
    await this.#log?.flush()
  }

  /** Begins with what a dead build had, or what is taken over of the set that is added to, or nothing. */
  async #begin(): Promise<void> {
    const { journal, recordSize, onUnsupported = 'fail', appended } = this.#options
    const { location, inlineLimit } = this.#options
    const identity = appended?.identity ?? ''
    const signature = signatureOf(this.#set, [recordSize, onUnsupported, identity, location, inlineLimit])
    await journal?.ensureWork()
    // Of a set that is in its place already no rows are left to go on with.
    if (journal?.published || !(await this.#resume(signature))) {
      await journal?.restart()
      await this.#makeFolders()
      const stored = appended ? await this.#takeOver(appended) : []
      this.#log?.start(signature, stored)
    }
    this.#totals.shards = this.#writers.reduce((sum, { shards }) => sum + shards.length, 0)
    this.#totals.references = this.#writers.reduce((sum, { references }) => sum + references, 0)
    this.#totals.inlined = this.#writers.reduce((sum, { inlined }) => sum + inlined, 0)
    this.#fileBytes = this.#writers.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
    journal?.attach(this)
  }

  async #takeOver(appended: AppendedSet): Promise<StoredShard[][]> {
    const { location } = this.#options
    const { sources = [], arrays, path, location: known = location } = appended.summary
    if (known !== location) throw otherLocation(path, known, location)
    const stored = await takeOverArrays(appended, this.#writers, this.#folder, this.#options.signal)
    await this.#files.drain()
    this.#earlierBytes = stored.flat().reduce((sum, { bytes }) => sum + bytes, 0)
    const refers = arrays.some(({ coverage }) => coverage && coverage.references > 0)
    const copies = stored.flat().some(({ copied = 0 }) => copied > 0)
    if (refers && sources[0]) this.#paths.begin(sources[0].url)
    else if (copies) this.#paths.begin(location)
    return stored
  }

  async #resume(signature: string): Promise<boolean> {
    if (!this.#log) return false
    const paths = this.#writers.map(({ dropped, metadata }) =>
      dropped === undefined ? metadata.path : undefined,
    )
    const restored = await this.#log.resume(signature, paths, this.#options.recordSize)
    for (const [index, array] of (restored ?? []).entries()) {
      if (!array || this.#writers[index].dropped !== undefined) continue
      this.#writers[index].restore(array)
      this.#earlierBytes += array.stored.reduce((sum, { bytes }) => sum + bytes, 0)
    }
    if (!restored) return false
    this.#paths.keep(this.#log.protocol)
    this.#log.start(signature, [])
    return true
  }

  #arrayWriter(array: ArrayMetadata, index: number): ArrayWriter {
    const { recordSize, inlineLimit, location, onUnsupported = 'fail' } = this.#options
    const writer = new ArrayWriter(array, {
      recordSize,
      inlineLimit,
      location,
      folder: join(this.#folder, array.path),
      onUnsupported,
      checkPath: (path, copied) => this.#paths.check(array.path, path, copied),
      store: (shard, bytes, copied) => {
        this.#totals.shards++
        const sizes = { shard, bytes: bytes.length, ...(copied > 0 && { copied }) }
        const stored = this.#log?.closed(index, sizes)
        return this.#write(join(array.path, `refs.${shard}.parq`), bytes, stored)
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

  #makeFolders(): Promise<void> {
    const arrays = this.#writers.filter(({ dropped }) => dropped === undefined)
    const nodes = [
      ...this.#groups.filter(({ path }) => path !== ''),
      ...arrays.map(({ metadata }) => metadata),
    ]
    return makeFolders(this.#folder, [RECORDS_FOLDER, ...nodes.map(({ path }) => path)])
  }

  async #writeBody(): Promise<Footer> {
    const { signal, onProgress } = this.#options
    let footer: Footer | undefined
    for await (const part of this.#set.body({ signal })) {
      signal?.throwIfAborted()
      if (footer) throw new WriteError(this.#folder, 'the references go on after their footer')
      if (part.kind === 'footer') footer = part
      else await this.#append(part)
      const bytes = this.#earlierBytes + this.#fileBytes + this.#files.bytes
      onProgress?.({ ...this.#totals, bytes })
    }
    if (!footer) throw new WriteError(this.#folder, 'the references end without a footer')
    return footer
  }

  async #append(batch: ReferenceBatch): Promise<void> {
    const writer = this.#writers[batch.array]
    if (!writer) throw new WriteError(this.#folder, `a batch names array ${batch.array}, which there is not`)
    const { references, inlined, fileBytes, heldRows } = writer
    const adding = writer.append(batch)
    this.#adding = adding.catch(() => {})
    await adding
    this.#totals.references += writer.references - references
    this.#totals.inlined += writer.inlined - inlined
    this.#fileBytes += writer.fileBytes - fileBytes
    if (writer.fileBytes > fileBytes) this.#unsynced.add(writer)
    await this.#openRows?.changed(writer.heldRows - heldRows)
  }

  async #finishArrays(footer: Footer): Promise<void> {
    for (const index of footer.dropped) {
      const { path } = this.#set.header.arrays[index]
      const outcome = footer.coverage.arrays.find((each) => each.path === path)
      this.#writers[index].drop(outcome?.reason ?? 'found unreferenceable')
    }
    // That an array is dropped is recorded before its shards go.
    await this.flush()
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
    const absent = missing + writer.filledChunks.length
    if (absent !== footer.missing[index]) {
      const problem = `${absent} chunks never came, but ${footer.missing[index]} were said to be absent`
      throw new WriteError(path, problem)
    }
  }

  async #removeArray(writer: ArrayWriter): Promise<void> {
    await this.#files.drain()
    if (nameProblem(writer.metadata.path, this.#folder) !== undefined) return
    await rm(join(this.#folder, writer.metadata.path), { recursive: true, force: true })
  }

  async #writeMetadata(footer: Footer): Promise<void> {
    const arrays = this.#writers.flatMap((writer, index): FinalArray[] => {
      if (writer.dropped !== undefined) return []
      const fill = writer.fill.value(this.#missing[index])
      return [{ metadata: writer.metadata, shape: footer.shapes[index], fill }]
    })
    for (const [path, text] of zmetadataTexts(this.#groups, arrays, this.#options.recordSize)) {
      await this.#write(join(path, '.zmetadata'), Buffer.from(text))
    }
  }

  async #writeRecords(coverage: SetCoverage): Promise<void> {
    const sources = sourcesText(this.#set.sources)
    await this.#write(join(RECORDS_FOLDER, SOURCES_FILE), Buffer.from(sources))
    await this.#write(join(RECORDS_FOLDER, COVERAGE_FILE), Buffer.from(coverageText(coverage, this.#groups)))
  }

  #write(path: string, bytes: Uint8Array, stored?: () => void): Promise<void> {
    return this.#files.add(join(this.#folder, path), bytes, stored)
  }
}
