/** The decoders of the `numcodecs` package (WebAssembly), behind checks of their headers: given short input it reads past it. */
import { messageOf } from '../errors.ts'
import type { CodecConfig } from '../model/metadata.ts'
import { checkDeclared, DecodeProblem, type Decoder } from './decoder.ts'

interface WasmCodec {
  encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** Blosc 1: the header holds the decoded size at byte 4 and the encoded size at byte 12. */
export async function bloscDecoder(): Promise<Decoder> {
  const { default: Blosc } = await import('numcodecs/blosc')
  return guarded(Blosc.fromConfig({ id: 'blosc' }), 16, (view, limit) => {
    checkDeclared(view.getUint32(4, true), limit)
    const encoded = view.getUint32(12, true)
    if (encoded > view.byteLength) throw new DecodeProblem(`ends at byte ${view.byteLength} of ${encoded}`)
  })
}

/** numcodecs' LZ4: the decoded size in the first four bytes, then one block. */
export async function lz4Decoder(): Promise<Decoder> {
  const { default: LZ4 } = await import('numcodecs/lz4')
  return guarded(LZ4.fromConfig({ id: 'lz4' }), 5, (view, limit) =>
    checkDeclared(view.getUint32(0, true), limit),
  )
}

/** Zstandard (RFC 8878). */
export async function zstdDecoder(): Promise<Decoder> {
  const { default: Zstd } = await import('numcodecs/zstd')
  return guarded(Zstd.fromConfig({ id: 'zstd' }), 6, (view, limit) => {
    const declared = zstdContentSize(view)
    if (declared !== undefined) checkDeclared(declared, limit)
  })
}

/** For writing: compresses to the same bytes on every Node, unlike `node:zlib`, whose library changes with its version. */
export async function numcodecsEncoder(id: 'zstd' | 'zlib', level: number): Promise<WasmCodec['encode']> {
  const { default: Codec } = await (id === 'zstd' ? import('numcodecs/zstd') : import('numcodecs/zlib'))
  const codec = Codec.fromConfig({ id, level })
  return (bytes) => codec.encode(bytes)
}

/** Blosc 1, by numcodecs' parameters; elements are taken for single bytes, which the frame itself tells. */
export async function bloscEncoder(config: CodecConfig): Promise<WasmCodec['encode']> {
  const { default: Blosc } = await import('numcodecs/blosc')
  const { cname = 'lz4', clevel = 5, shuffle = 1, blocksize = 0 } = config
  const codec = Blosc.fromConfig({
    id: 'blosc',
    cname: String(cname),
    clevel: Number(clevel),
    shuffle: Number(shuffle),
    blocksize: Number(blocksize),
  })
  return (bytes) => codec.encode(bytes)
}

/** The frame header's content size (RFC 8878, 3.1.1.1.4); undefined where the frame does not tell. */
function zstdContentSize(view: DataView): number | undefined {
  if (view.getUint32(0, true) !== 0xfd2fb528) throw new DecodeProblem('no Zstandard frame')
  const descriptor = view.getUint8(4)
  const singleSegment = (descriptor & 0x20) !== 0
  const at = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]
  const width = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]
  if (width === 0) return undefined
  if (at + width > view.byteLength) throw new DecodeProblem('the frame header is cut short')
  if (width === 1) return view.getUint8(at)
  if (width === 2) return view.getUint16(at, true) + 256
  return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true))
}

function guarded(codec: WasmCodec, least: number, check: (view: DataView, limit: number) => void): Decoder {
  return async (bytes, limit) => {
    if (bytes.length < least) throw new DecodeProblem(`${bytes.length} bytes are too few`)
    check(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), limit)
    try {
      return await codec.decode(bytes)
    } catch (cause) {
      throw new DecodeProblem(messageOf(cause), { cause })
    }
  }
}
