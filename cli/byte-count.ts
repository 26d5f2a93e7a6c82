/** Numbers of bytes on the command line: `4MiB`, `256M`. */
import { UsageError } from '../lib/index.ts'
import { type Arguments, singleValueOf } from './option.ts'

/** Bytes of a unit; a letter alone is one of two, as everywhere on the command line, with a B one of ten. */
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
}

/** The bytes of '4MiB', '500 kB' or '4096'; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text)
  if (!match) return undefined
  const unit = UNITS[match[2].toLowerCase() || 'b']
  const bytes = unit === undefined ? 0 : Math.floor(Number(match[1]) * unit)
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** A number of bytes of at least `least`. */
export function bytesOf(args: Arguments, name: string, least: number): number | undefined {
  const value = singleValueOf(args, name)
  if (value === undefined) return undefined
  const bytes = parseBytes(value)
  if (bytes !== undefined && bytes >= least) return bytes
  throw new UsageError(`--${name} takes a size like 256M, at least ${least >> 20}M, not '${value}'`)
}
