/** A DMR++ document (DAP4's DMR with the elements of DMR++) but for its chunks, which are only counted. */
import { UnsupportedError } from '../../errors.ts'
import type { ByteSource, ReadOptions } from '../../source/byte-source.ts'
import { zarrNameProblem } from '../zarr-name.ts'
import { AttributeList } from './attribute.ts'
import { type Chunk, StorageFacts, storageKind } from './storage.ts'
import {
  type Dim,
  type Dimension,
  documentError,
  type Enumeration,
  type Group,
  type Member,
  pathIn,
  type Variable,
  wholeNumber,
} from './variable.ts'
import { type Element, type ElementHandler, type Place, walkXml } from './xml.ts'

/** Characters of metadata, with what each element weighs beside its text: what is kept of a document. */
const MOST_METADATA = 1 << 26
const ELEMENT = 64

/** Elements of DAP4 that are variables. */
const VARIABLES: ReadonlySet<string> = new Set([
  ...['Byte', 'Char', 'Int8', 'UInt8', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Int64', 'UInt64'],
  ...['Float32', 'Float64', 'String', 'URL', 'URI', 'Url', 'Enum', 'Opaque', 'Structure', 'Sequence'],
])

/** A document's metadata. */
export interface Document {
  /** Parents before children; the first is the root. */
  readonly groups: readonly Group[]
  readonly dimensions: readonly Dimension[]
  /** By their paths. */
  readonly enumerations: ReadonlyMap<string, Enumeration>
  readonly variables: readonly Variable[]
  /** The root's `dmrpp:href`. */
  readonly href: string | undefined
  /** Whether it says which version made it: those before have other rules for filters. */
  readonly versioned: boolean
  /** By what files chunks name, undefined for the root's: the furthest byte that is wanted. */
  readonly files: ReadonlyMap<string | undefined, FileEnd>
}

/** The last chunk in a file. */
interface FileEnd {
  readonly end: number
  readonly variable: string
  readonly place: Place
}

/** Whether an element within a group is a variable: both passes number them alike. */
export function isVariable(element: Element): boolean {
  return VARIABLES.has(element.name)
}

/** Gathers a document. */
class DocumentReader {
  readonly groups: Group[] = []
  readonly dimensions: Dimension[] = []
  readonly enumerations = new Map<string, Enumeration>()
  readonly variables: Variable[] = []
  readonly files = new Map<string | undefined, FileEnd>()
  href: string | undefined
  versioned = false
  readonly #url: string
  #metadata = 0

  constructor(url: string) {
    this.#url = url
  }

  fail(place: Place, what: string, problem: string): never {
    throw documentError(this.#url, place, what, problem)
  }

  root(element: Element): ElementHandler {
    if (element.name !== 'Dataset')
      this.fail(element.place(), 'DMR++', `the root is ${element.name}, not a Dataset of DAP4`)
    this.href = element.attribute('dmrpp:href') || undefined
    this.versioned = element.attribute('dmrpp:version') !== undefined
    return this.#group('')
  }

  #weigh(characters: number): void {
    this.#metadata += characters
    if (this.#metadata <= MOST_METADATA) return
    throw new UnsupportedError(`more than ${MOST_METADATA} characters of metadata`, { url: this.#url })
  }

  #named(element: Element, what: string): string {
    const name = element.attribute('name')
    if (name === undefined || name === '') return this.fail(element.place(), what, `a ${what} without a name`)
    this.#weigh(name.length + ELEMENT)
    return name
  }

  /** @param problem why no store can hold its name, or that of one around it. */
  #group(path: string, problem?: string): ElementHandler {
    const attributes = this.#attributes()
    const at = this.groups.push({ path, problem, attributes: {}, problems: [], unlimited: [] }) - 1
    return {
      open: (child) => this.#inGroup({ path, problem }, child, attributes),
      close: () => {
        const { values, problems, unlimited } = attributes
        this.groups[at] = { path, problem, attributes: values, problems, unlimited }
      },
    }
  }

  #attributes(): AttributeList {
    return new AttributeList((characters) => this.#weigh(characters + ELEMENT))
  }

  #inGroup(
    { path: group, problem }: Pick<Group, 'path' | 'problem'>,
    element: Element,
    attributes: AttributeList,
  ): ElementHandler | undefined {
    if (isVariable(element)) return this.#variable({ path: group, problem }, element)
    switch (element.name) {
      case 'Attribute':
        return attributes.read(element)
      case 'Group':
        return this.#inner({ path: group, problem }, this.#named(element, 'Group'))
      case 'Dimension':
        this.dimensions.push({ ...this.#dimension(element), group })
        return undefined
      case 'Enumeration':
        return this.#enumeration(group, element)
      default:
        return undefined
    }
  }

  #inner({ path, problem }: Pick<Group, 'path' | 'problem'>, name: string): ElementHandler {
    return this.#group(pathIn(path, name), problem ?? zarrNameProblem(name))
  }

  #dimension(element: Element): { name: string; size: number } {
    const name = this.#named(element, 'Dimension')
    const size = wholeNumber(element.attribute('size'))
    if (size === undefined)
      return this.fail(element.place(), `dimension ${name}`, 'its size is no whole number')
    return { name, size }
  }

  #enumeration(group: string, element: Element): ElementHandler {
    const name = this.#named(element, 'Enumeration')
    const base = element.attribute('basetype') ?? ''
    const members: { name: string; value: bigint }[] = []
    this.enumerations.set(pathIn(group, name), { base, members })
    return {
      open: (child) => {
        if (child.name !== 'EnumConst') return undefined
        const value = child.attribute('value') ?? ''
        if (!/^-?\d{1,20}$/.test(value))
          this.fail(child.place(), `enumeration ${name}`, 'a value that is no integer')
        members.push({ name: this.#named(child, 'EnumConst'), value: BigInt(value) })
        return undefined
      },
    }
  }

  #variable({ path: group, problem }: Pick<Group, 'path' | 'problem'>, element: Element): ElementHandler {
    const name = this.#named(element, element.name)
    const place = element.place()
    const path = pathIn(group, name)
    const attributes = this.#attributes()
    const storage = new StorageFacts()
    const dims: Dim[] = []
    const members: Member[] = []
    let strings: Variable['strings']
    const at = this.variables.length
    const type = element.name
    const enumeration = element.attribute('enum')
    const unsafe = problem ?? zarrNameProblem(name)
    const told = { group, name, unsafe, type, enumeration, dims, members, place }
    const close = (): void => {
      const { values, problems } = attributes
      this.variables[at] = { ...told, attributes: values, problems, strings, storage: storage.facts }
    }
    close()
    const reader = {
      chunk: (chunk: Chunk) => this.#addChunk(path, chunk),
      fail: (where: Place, problem: string) => this.fail(where, `variable ${path}`, problem),
    }
    const open = (child: Element): ElementHandler | undefined => {
      const kind = storageKind(child)
      if (kind) return storage.read(kind, child, reader)
      if (isVariable(child)) return this.#member(child, members)
      if (child.name === 'Dim') dims.push(this.#dim(child, path))
      if (child.name === 'dmrpp:FixedLengthStringArray') strings = this.#strings(child, path)
      return child.name === 'Attribute' ? attributes.read(child) : undefined
    }
    return { open, close }
  }

  #strings(element: Element, path: string): Variable['strings'] {
    const length = wholeNumber(element.attribute('string_length'))
    if (length === undefined)
      return this.fail(element.place(), `variable ${path}`, 'strings without a length')
    return { length, pad: element.attribute('pad') ?? '' }
  }

  #dim(element: Element, path: string): Dim {
    this.#weigh(ELEMENT)
    const name = element.attribute('name')
    const text = element.attribute('size')
    const size = wholeNumber(text)
    if (name === undefined && size === undefined)
      this.fail(element.place(), `variable ${path}`, 'a Dim without a name or a size')
    return { name, size }
  }

  #member(element: Element, members: Member[]): ElementHandler {
    const dims: Dim[] = []
    const at = members.length
    const told = { type: element.name, name: this.#named(element, 'member'), dims }
    members.push({ ...told, nested: false })
    return {
      open: (child) => {
        if (child.name === 'Dim') dims.push(this.#dim(child, told.name))
        if (isVariable(child)) members[at] = { ...told, nested: true }
        return undefined
      },
    }
  }

  #addChunk(variable: string, { href, offset, length, place }: Chunk): void {
    const end = offset + length
    const known = this.files.get(href)
    if (known && known.end >= end) return
    if (!known) this.#weigh((href?.length ?? 0) + ELEMENT)
    this.files.set(href, { end, variable, place: place() })
  }
}

/**
 * Reads all of a document but its values and the places of its chunks.
 * @throws FormatError where it is no such document, with line and byte.
 */
export async function readDocument(source: ByteSource, options: ReadOptions): Promise<Document> {
  const reader = new DocumentReader(source.url)
  for await (const _ of walkXml(source, { open: (element) => reader.root(element) }, options)) {
    // Its pieces are taken up as they come.
  }
  return reader
}
