/** Object ids as file names: Crockford's Base32 ("Common Types" of the Icechunk specification). */

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Upper case, no padding; zero bits fill the last digit. 12 bytes give 20 digits. */
export function objectName(id: Uint8Array): string {
  let name = ''
  let bits = 0
  let held = 0
  for (const byte of id) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      name += DIGITS[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? name : name + DIGITS[(held << (5 - bits)) & 31]
}

/** Whether `name` is that of a snapshot, manifest or chunk. */
export function isObjectName(name: string): boolean {
  return /^[0-9A-HJKMNP-TV-Z]{20}$/.test(name)
}
