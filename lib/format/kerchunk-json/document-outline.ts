/** What the first reading of a reference document finds: all but its chunks, and whether these are in order. */
import { UnsupportedError } from '../../errors.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { type PythonJson, parsePythonJson } from '../python-json.ts'
import { isZarrDocument } from './chunk-key.ts'
import { ChunkOrder } from './chunk-order.ts'
import { type DocumentOptions, readMembers } from './document.ts'
import { documentError } from './document-error.ts'
import { DocumentMetadata } from './document-metadata.ts'
import { generate, generatedCount, parseGenerators, type ReferenceGenerator } from './jinja/generator.ts'
import { Templates } from './jinja/template.ts'
import type { Entry } from './members/entry.ts'
import type { MemberVisitor } from './members/members-reader.ts'
import type { PlainMember } from './members/plain-member.ts'

/** Characters of all templates together. */
const MOST_TEMPLATES = 1 << 25

/** All but the chunks. */
export interface DocumentOutline {
  readonly metadata: DocumentMetadata
  readonly templates: Templates
  readonly generators: readonly ReferenceGenerator[]
  readonly order: ChunkOrder
}

/** Gathers the outline while the document goes by. */
class Outlining implements MemberVisitor {
  readonly metadata: DocumentMetadata
  readonly templates = new Map<string, string>()
  readonly order = new ChunkOrder()
  readonly #url: string
  #characters = 0

  constructor(url: string) {
    this.#url = url
    this.metadata = new DocumentMetadata(url)
  }

  plain({ keyBytes, keyStart, keyEnd }: PlainMember): void {
    this.order.add(keyBytes, keyStart, keyEnd)
  }

  entry(entry: Entry, offset: number): void {
    if (entry.kind === 'metadata') this.metadata.add(entry.key, entry.text, offset)
    else if (entry.kind === 'template') this.#addTemplate(entry.key, entry.text)
    else if (!isZarrDocument(entry.key)) this.addKey(entry.key)
    else if (entry.kind === 'reference')
      throw new UnsupportedError('metadata that lies in another file', { url: this.#url, array: entry.key })
  }

  addKey(key: string): void {
    const bytes = Buffer.from(key)
    this.order.add(bytes, 0, bytes.length)
  }

  #addTemplate(name: string, text: string): void {
    this.#characters += name.length + text.length
    if (this.#characters > MOST_TEMPLATES)
      throw documentError(this.#url, `more than ${MOST_TEMPLATES} characters of templates`)
    this.templates.set(name, text)
  }
}

function parseText(url: string, text: string): PythonJson {
  try {
    return parsePythonJson(text)
  } catch (cause) {
    throw documentError(url, "'gen' is not JSON", { cause })
  }
}

/**
 * The generators of a document.
 * @throws FormatError where they are none, or give more references than all arrays have chunks.
 */
export function generatorsOf(
  url: string,
  text: string | undefined,
  metadata: DocumentMetadata,
): ReferenceGenerator[] {
  if (text === undefined) return []
  const refuse = (problem: string): never => {
    throw documentError(url, problem)
  }
  const generators = parseGenerators(parseText(url, text), refuse)
  const generated = generators.reduce((sum, generator) => sum + generatedCount(generator), 0)
  let chunks = 0
  for (const { shape, chunkShape } of metadata.grids.values())
    chunks += chunkCount(gridShape(shape, chunkShape))
  if (generated > chunks)
    refuse(`'gen' gives ${generated} references, where all arrays have ${chunks} chunks`)
  return generators
}

/** Reads a document through. @throws FormatError where a key of metadata is there twice, too. */
export async function readOutline(source: ByteSource, options: DocumentOptions): Promise<DocumentOutline> {
  const { url } = source
  const outlining = new Outlining(url)
  const end = await readMembers(source, outlining, options)
  const { metadata, order } = outlining
  const { firstRepeated: again } = metadata
  if (again) throw documentError(url, `${JSON.stringify(again.key)} is given twice`, { offset: again.offset })
  const templates = new Templates(outlining.templates, end.version)
  const generators = generatorsOf(url, end.generators, metadata)
  const refuse = (problem: string): never => {
    throw documentError(url, problem)
  }
  for (const generator of generators) {
    for (const { key } of generate(generator, templates, refuse)) outlining.addKey(key)
  }
  return { metadata, templates, generators, order }
}
