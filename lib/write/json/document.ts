/** kerchunk's JSON document of one set (its specification, versions 0 and 1), in blocks of bytes as the body comes. */
import type { GroupMetadata } from '../../model/metadata.ts'
import type { ReferenceBatch } from '../../model/reference-batch.ts'
import { ArrayFill } from '../array-fill.ts'
import type { CountedArray } from '../counted-array.ts'
import type { CountedBody } from '../counted-body.ts'
import { type JsonValue, jsonText } from '../json-text.ts'
import { arrayAttributesText, groupAttributesText, ZGROUP_TEXT, zarrayText } from '../zarr-documents.ts'
import { ArrayRows } from './array-rows.ts'
import { PathTexts } from './path-texts.ts'
import { TextBlock } from './text-block.ts'

/** Versions of the specification: 0 is the references alone, 1 has them as its member `refs`. */
export type JsonVersion = 0 | 1

/** An array while it is written. */
interface OpenArray {
  readonly counted: CountedArray
  readonly fill: ArrayFill
  readonly rows: ArrayRows
  /** The chunk after the last one written. */
  next: number
  /** Whether its attributes, and what of its metadata is known before its end, are written. */
  isBegun: boolean
  hasMetadata: boolean
}

/** A declared fill value is told without missing chunks too: a document has no other place for what sets are joined by. */
function fillOf({ fill }: OpenArray, missing: number): JsonValue {
  return fill.value(fill.isDeclared ? 1 : missing)
}

/**
 * Makes the document. What is known before the references comes before them: groups at once, an array's metadata with
 * its first reference, as an array that turns out to be unreferenceable must leave nothing; the rest comes last.
 */
export class JsonDocument {
  readonly #body: CountedBody
  readonly #groups: readonly GroupMetadata[]
  readonly #version: JsonVersion
  readonly #arrays: readonly OpenArray[]
  readonly #block = new TextBlock()
  #isFirst = true

  /** @param groups all of them, each after its parent. */
  constructor(body: CountedBody, groups: readonly GroupMetadata[], version: JsonVersion) {
    const paths = new PathTexts()
    this.#body = body
    this.#groups = groups
    this.#version = version
    this.#arrays = body.arrays.map((counted) => ({
      counted,
      fill: new ArrayFill(counted.metadata),
      rows: new ArrayRows(counted.metadata, paths),
      next: 0,
      isBegun: false,
      hasMetadata: false,
    }))
  }

  /** The bytes, each block of which is the caller's. */
  async *blocks(): AsyncGenerator<Uint8Array> {
    yield* this.#text(this.#version === 0 ? '{' : '{"version": 1, "refs": {')
    for (const { path, attributes } of this.#groups) {
      yield* this.#document(path, '.zgroup', ZGROUP_TEXT)
      yield* this.#document(path, '.zattrs', groupAttributesText(attributes))
    }
    for await (const batch of this.#body.batches()) yield* this.#addBatch(batch)
    for (const [index, array] of this.#arrays.entries()) yield* this.#finish(array, index)
    yield* this.#text(this.#version === 0 ? '\n}\n' : '\n}}\n')
    yield this.#block.take()
  }

  async *#addBatch(batch: ReferenceBatch): AsyncGenerator<Uint8Array> {
    const array = this.#arrays[batch.array]
    if (batch.rows > 0 && !array.isBegun) yield* this.#begin(array)
    for (let row = 0; row < batch.rows; ) {
      if (array.fill.isWritten) yield* this.#fillUpTo(array, batch.chunk[row])
      const gap = array.fill.isWritten ? nextGap(batch, row) : batch.rows
      row = array.rows.add(this.#block, batch, row, gap)
      if (row > 0) array.next = batch.chunk[row - 1] + 1
      if (row < gap) yield this.#block.take()
    }
  }

  /** Writes the missing chunks before `end` as the fill value, where they are few and would be misread otherwise. */
  async *#fillUpTo(array: OpenArray, end: number): AsyncGenerator<Uint8Array> {
    const { counted, fill, rows } = array
    if (array.next >= end) return
    const bytes = await fill.bytesFor(end - array.next)
    if (!bytes) {
      fill.isWritten = false
      if (fill.conflict === undefined) return
      return this.#body.refuse(counted, `chunks are missing, and ${fill.conflict}`)
    }
    if (!array.isBegun) yield* this.#begin(array)
    this.#body.countFilled(counted, end - array.next)
    for (; array.next < end; array.next++) {
      fill.chunks.push(array.next)
      if (rows.addInline(this.#block, array.next, bytes)) continue
      yield this.#block.take()
      rows.addInline(this.#block, array.next, bytes)
    }
  }

  *#begin(array: OpenArray): Generator<Uint8Array> {
    const { metadata } = array.counted
    array.isBegun = true
    const shape = metadata.shape.filter((extent) => extent !== null)
    const fills = [0, 1].map((missing) => jsonText(fillOf(array, missing)))
    if (shape.length === metadata.shape.length && fills[0] === fills[1]) {
      array.hasMetadata = true
      const text = zarrayText({ metadata, shape, fill: fillOf(array, 0) })
      yield* this.#document(metadata.path, '.zarray', text)
    }
    yield* this.#document(metadata.path, '.zattrs', arrayAttributesText(metadata))
  }

  async *#finish(array: OpenArray, index: number): AsyncGenerator<Uint8Array> {
    const { counted, fill } = array
    if (counted.dropped === undefined && fill.isWritten) yield* this.#fillUpTo(array, counted.chunks)
    if (counted.dropped !== undefined) return
    if (!array.isBegun) yield* this.#begin(array)
    counted.remark = fill.note(counted.missing)
    if (array.hasMetadata) return
    const { metadata } = counted
    const shape = this.#body.footer.shapes[index]
    const text = zarrayText({ metadata, shape, fill: fillOf(array, counted.missing) })
    yield* this.#document(metadata.path, '.zarray', text)
  }

  /** A metadata document: a string that holds JSON, as kerchunk writes it. */
  *#document(path: string, name: string, text: string): Generator<Uint8Array> {
    const key = jsonText(path === '' ? name : `${path}/${name}`)
    yield* this.#text(`${this.#isFirst ? '' : ','}\n${key}: ${jsonText(text)}`)
    this.#isFirst = false
  }

  *#text(ascii: string): Generator<Uint8Array> {
    if (!this.#block.makeRoom(ascii.length)) {
      yield this.#block.take()
      this.#block.makeRoom(ascii.length)
    }
    this.#block.text(ascii)
  }
}

/** The first row after `row` whose chunk does not follow the one before it; where there is none, all rows. */
function nextGap({ rows, chunk }: ReferenceBatch, row: number): number {
  for (let at = row + 1; at < rows; at++) if (chunk[at] !== chunk[at - 1] + 1) return at
  return rows
}
