/** Puts structures together from the specification's field tables. */
import { Cursor } from '../../../../lib/format/hdf5/cursor.ts'

/** Little-endian fields: [value, bytes] pairs, texts as they are, and bytes. */
export type Field = readonly [value: number, size: number] | string | Uint8Array

export function bytesOf(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map((field) => {
      if (typeof field === 'string') return Buffer.from(field)
      if (field instanceof Uint8Array) return field
      const [value, size] = field
      const bytes = Buffer.alloc(size)
      for (let i = 0, rest = BigInt(value); i < size; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
      return bytes
    }),
  )
}

export function cursorOf(...fields: readonly Field[]): Cursor {
  return new Cursor(bytesOf(...fields), { url: 'test', structure: 'message', offset: 0 })
}
