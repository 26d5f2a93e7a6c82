/** The smallest HDF5 file around one chunk: what libhdf5 needs to undo a filter (HDF5 File Format 3.0, II.B, IV.A). */
import { lookup3 } from '../checksum.ts'
import type { Filter } from '../message/filter-pipeline.ts'

/** The name of the container's dataset. */
export const CONTAINED = 'd'

const SUPERBLOCK = 48
const UNDEFINED = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]

/**
 * A file of one dataset of `size` single bytes, in one chunk that went through `filter`.
 * Types, shapes, links and everything else of the file that the chunk comes from stay outside.
 * @param chunk the bytes as stored.
 * @param size bytes before the filter: at least 1, below 2^32.
 */
export function containerOf(chunk: Uint8Array, filter: Filter, size: number): Uint8Array {
  const rootSize = objectHeader(rootMessages(0)).length
  const datasetSize = objectHeader(datasetMessages(0, chunk.length, filter, size)).length
  const dataset = SUPERBLOCK + rootSize
  const data = dataset + datasetSize
  const file = new Uint8Array(data + chunk.length)
  file.set(superblock(file.length))
  file.set(objectHeader(rootMessages(dataset)), SUPERBLOCK)
  file.set(objectHeader(datasetMessages(data, chunk.length, filter, size)), dataset)
  file.set(chunk, data)
  return file
}

/** Version 2, with addresses and lengths of 8 bytes. */
function superblock(end: number): number[] {
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
  return checked([...signature, 2, 8, 8, 0, ...u64(0), ...UNDEFINED, ...u64(end), ...u64(SUPERBLOCK)])
}

type Message = readonly [type: number, body: readonly number[]]

/** Version 2, without times or creation order; four bytes say how long the messages are. */
function objectHeader(messages: readonly Message[]): number[] {
  const body = messages.flatMap(([type, bytes]) => [type, ...u16(bytes.length), 0, ...bytes])
  return checked([...latin1('OHDR'), 2, 2, ...u32(body.length), ...body])
}

function rootMessages(dataset: number): Message[] {
  const linkInfo = [0, 0, ...UNDEFINED, ...UNDEFINED]
  const link = [1, 0, CONTAINED.length, ...latin1(CONTAINED), ...u64(dataset)]
  return [
    [0x02, linkInfo],
    [0x0a, [0, 0]],
    [0x06, link],
  ]
}

function datasetMessages(address: number, stored: number, filter: Filter, size: number): Message[] {
  const dataspace = [2, 1, 0, 1, ...u64(size)]
  const unsignedByte = [0x10, 0, 0, 0, ...u32(1), ...u16(0), ...u16(8)]
  const noFillValue = [3, 0x0b]
  const singleChunk = [1, ...u64(stored), ...u32(0), ...u64(address)]
  const width = Math.ceil((32 - Math.clz32(size)) / 8)
  const extents = [size, 1].flatMap((extent) => u32(extent).slice(0, width))
  const layout = [4, 2, 2, 2, width, ...extents, ...singleChunk]
  const { id, clientData } = filter
  const named = id < 256 ? [] : u16(0)
  const step = [...u16(id), ...named, ...u16(0), ...u16(clientData.length), ...clientData.flatMap(u32)]
  return [
    [0x01, dataspace],
    [0x03, unsignedByte],
    [0x05, noFillValue],
    [0x08, layout],
    [0x0b, [2, 1, ...step]],
  ]
}

function checked(bytes: readonly number[]): number[] {
  return [...bytes, ...u32(lookup3(Uint8Array.from(bytes)))]
}

function latin1(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0))
}

function u16(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff]
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)]
}

function u64(value: number): number[] {
  return [...u32(value >>> 0), ...u32(Math.floor(value / 2 ** 32))]
}
