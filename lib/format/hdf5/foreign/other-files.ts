/** Other HDF5 files that a file names, and the datasets in them, each as a set of its own. */
import { SourceError, UnsupportedError } from '../../../errors.ts'
import type { Header } from '../../../model/metadata.ts'
import type { ReferenceSet, SourceInfo } from '../../../model/reference-set.ts'
import type { ByteSource, OpenSource } from '../../../source/byte-source.ts'
import { isMissingFile } from '../../../source/external.ts'
import { withHead } from '../../../source/head.ts'
import { openUnchanged } from '../../../source/unchanged.ts'
import type { OpenAgain, OpenExternal } from '../../format.ts'
import { planArray } from '../array-storage.ts'
import { damageOrThrow } from '../damage.ts'
import { type Dataset, readDataset } from '../dataset.ts'
import type { Hdf5File } from '../file.ts'
import type { ObjectHeader } from '../object-header.ts'
import type { PlannedArray } from '../planned-array.ts'
import { scanBody } from '../reference-body.ts'
import { openHdf5 } from '../superblock.ts'
import type { ForeignDataset, OpenDataset, OpenForeign, SourceDataset } from './foreign.ts'
import { ObjectFinder } from './object-path.ts'
import { openRawFiles } from './raw-files.ts'
import { openVirtual } from './virtual.ts'

/** Virtual datasets and links on the way from one file to the next. */
const DEEPEST = 8
/** Datasets of other files that are opened for the header of one. */
const MOST_DATASETS = 1 << 18
/** Files that stay open for the next dataset. */
const KEPT_FILES = 64
/** Bytes read at once when a file is opened. */
const HEAD = 1 << 14

/** How other files are read. */
interface OtherFilesOptions {
  /** Absent: other files cannot be had. */
  readonly openExternal?: OpenExternal | undefined
  /** Opens the file that all begins with. */
  readonly openAgain: OpenAgain
  readonly copies: boolean
  readonly signal?: AbortSignal | undefined
}

/** A file that is open until `OtherFiles.close`, or until many others have been opened. */
interface OpenedFile {
  readonly info: SourceInfo
  readonly file: Hdf5File
  readonly finder: ObjectFinder
  readonly openAgain: OpenAgain
}

interface KeptFile {
  readonly opened: Promise<OpenedFile | undefined>
  users: number
}

/** Opens what one input refers to. Everything it gives stays of use after `close`. */
export class OtherFiles {
  readonly #own: OpenedFile
  readonly #openExternal: OpenExternal
  readonly #opening: Opening
  readonly #signal: AbortSignal | undefined
  readonly #files = new Map<string, KeptFile>()
  readonly #sources = new Map<string, Promise<SourceDataset>>()
  #datasets = 0

  constructor(file: Hdf5File, options: OtherFilesOptions) {
    const { openAgain, openExternal = noOtherFiles, copies, signal } = options
    const { info } = file.source
    this.#own = { info, file, finder: new ObjectFinder(file), openAgain }
    this.#openExternal = openExternal
    this.#opening = { copies, open: openerOf(info.url, openAgain, openExternal) }
    this.#signal = signal
  }

  /**
   * The dataset of the input with its values' places, where these are in other files; else as it is.
   * What cannot be reached is thrown when it is asked for.
   */
  withForeignValues(dataset: Dataset, address: number): Promise<Dataset> {
    return this.#withForeignValues(dataset, this.#own, [keyOf(this.#own, address)])
  }

  async close(): Promise<void> {
    const kept = [...this.#files.values()]
    this.#files.clear()
    await Promise.all(kept.map(({ opened }) => closeFile(opened)))
  }

  async #withForeignValues(dataset: Dataset, from: OpenedFile, trail: readonly string[]): Promise<Dataset> {
    if (!dataset.externalFiles && dataset.layout.kind !== 'virtual') return dataset
    const [signal, { url }] = [this.#signal, from.info]
    const openDataset: OpenDataset = (file, path) => this.#dataset(from, file, path, trail)
    try {
      const values = dataset.externalFiles
        ? await openRawFiles(dataset, from.file, openerFrom(url, this.#openExternal), signal)
        : await openVirtual(dataset, from.file, openDataset, signal)
      const { shape } = values
      return { ...dataset, dataspace: { ...dataset.dataspace, shape }, foreign: () => values }
    } catch (error) {
      const damage = damageOrThrow(error)
      const foreign = (): ForeignDataset => {
        throw damage
      }
      return { ...dataset, foreign }
    }
  }

  async #dataset(
    from: OpenedFile,
    name: string,
    path: string,
    trail: readonly string[],
  ): Promise<SourceDataset | undefined> {
    if (++this.#datasets > MOST_DATASETS)
      throw new UnsupportedError(`more than ${MOST_DATASETS} datasets in other files`)
    if (trail.length > DEEPEST)
      throw new UnsupportedError(`virtual datasets of virtual datasets, more than ${DEEPEST} deep`)
    if (name === '.') return this.#datasetIn(from, path, trail)
    const key = `${from.info.url}\0${name}`
    const kept = this.#keep(key, () => this.#openFile(name, from.info.url))
    kept.users++
    try {
      const opened = await kept.opened
      return opened && (await this.#datasetIn(opened, path, trail))
    } finally {
      kept.users--
      await this.#evict()
    }
  }

  #keep(key: string, open: () => Promise<OpenedFile | undefined>): KeptFile {
    const kept = this.#files.get(key) ?? { opened: open(), users: 0 }
    this.#files.delete(key)
    this.#files.set(key, kept)
    return kept
  }

  async #evict(): Promise<void> {
    for (const [key, { users, opened }] of this.#files) {
      if (this.#files.size <= KEPT_FILES) return
      if (users > 0) continue
      this.#files.delete(key)
      await closeFile(opened)
    }
  }

  async #openFile(name: string, from: string): Promise<OpenedFile | undefined> {
    const [openExternal, signal] = [this.#openExternal, this.#signal]
    let source: ByteSource | undefined
    try {
      source = await openExternal(name, { from, signal })
      const { info } = source
      const file = await openHdf5(await withHead(source, new Uint8Array(HEAD), { signal }), { signal })
      return { info, file, finder: new ObjectFinder(file), openAgain: openAgainOf(info, openExternal) }
    } catch (error) {
      await source?.close()
      if (isMissingFile(error)) return undefined
      if (error instanceof SourceError)
        throw new UnsupportedError(`values in ${name}, which cannot be read: ${error.message}`)
      throw error
    }
  }

  async #datasetIn(
    from: OpenedFile,
    path: string,
    trail: readonly string[],
  ): Promise<SourceDataset | undefined> {
    const signal = this.#signal
    const found = await from.finder.find(path, signal)
    if (!found) return undefined
    if (found.kind === 'elsewhere')
      return this.#dataset(from, found.file, found.path, [...trail, `${from.info.url} ${path}`])
    if (found.kind !== 'dataset')
      throw new UnsupportedError(`values in ${path} of ${from.info.url}, which is no dataset`)
    const key = keyOf(from, found.header.address)
    if (trail.includes(key)) throw new UnsupportedError('a virtual dataset that shows itself')
    // By depth as well: those that show each other would wait for each other, and what is too deep from one place is not from another.
    const place = `${trail.length} ${key}`
    const source = this.#sources.get(place) ?? this.#readSource(from, found.header, path, [...trail, key])
    this.#sources.set(place, source)
    return source
  }

  async #readSource(
    from: OpenedFile,
    header: ObjectHeader,
    path: string,
    trail: readonly string[],
  ): Promise<SourceDataset> {
    const stored = await readDataset(from.file, header, this.#signal)
    const dataset = await this.#withForeignValues(stored, from, trail)
    return sourceOf(dataset, from, path, this.#opening)
  }
}

function keyOf({ info }: OpenedFile, address: number): string {
  return `${info.url}\0${address}`
}

/** Apart from whoever has the source open: a closure there would keep it. */
function openAgainOf(info: SourceInfo, openExternal: OpenExternal): OpenAgain {
  const open = openUnchanged(openExternal, [info])
  return (options) => open(info.url, options)
}

function openerOf(own: string, openAgain: OpenAgain, openExternal: OpenExternal): OpenSource {
  return (url, options) => (url === own ? openAgain(options) : openExternal(url, options))
}

function openerFrom(from: string, openExternal: OpenExternal): OpenForeign {
  return (name, options) => openExternal(name, { ...options, from })
}

async function closeFile(opened: Promise<OpenedFile | undefined>): Promise<void> {
  const file = await opened.catch(() => undefined)
  await file?.file.source.close()
}

interface Opening {
  readonly copies: boolean
  /** Opens any file again that has been opened here. */
  readonly open: OpenSource
}

function sourceOf(
  dataset: Dataset,
  from: OpenedFile,
  path: string,
  { copies, open }: Opening,
): SourceDataset {
  const { file, info, openAgain } = from
  const { shape, kind } = dataset.dataspace
  if (kind === 'null') throw new UnsupportedError(`values in ${path} of ${info.url}, which has none`)
  const name = path.replace(/^\/+/, '')
  const variable = { name, dims: shape.map((_, axis) => `axis${axis}`), shape, hasValues: true }
  const planned = planArray(dataset, { file, path: name, variable, attributes: {}, copies })
  const { metadata, unfillable } = planned
  const header: Header = { kind: 'header', groups: [], arrays: [metadata], skipped: [], notes: [] }
  const { source: _closed, ...facts } = file
  const plan = { header, arrays: [planned], file: facts, openAgain, onUnsupported: 'fail', copies } as const
  const set: ReferenceSet = {
    header,
    sources: sourcesOf(info, [planned]),
    replayable: true,
    body: (options) => scanBody(plan, options),
  }
  return { set, open, metadata, rank: shape.length, unfillable }
}

/** The file itself, and the others that values of its arrays lie in, in the order of the arrays. */
export function sourcesOf(own: SourceInfo, arrays: readonly PlannedArray[]): readonly SourceInfo[] {
  const sources = new Map([[own.url, own]])
  for (const { storage } of arrays) {
    if (storage.kind !== 'foreign') continue
    for (const info of storage.sources)
      if (!sources.has(info.url)) sources.set(info.url, { ...info, external: true })
  }
  return [...sources.values()]
}

function noOtherFiles(name: string): Promise<never> {
  return Promise.reject(
    new UnsupportedError(`values in ${name}, another file, which cannot be opened from here`),
  )
}
