/** Chunk extents and sizes on the command line: `time=1,lev=10`, `4MiB`. */
import { type ChunkTarget, UsageError } from '../lib/index.ts'
import { parseBytes } from './byte-count.ts'
import { type Arguments, listOf, pairOf } from './option.ts'

function parseExtent(name: string, pair: string): [dim: string, extent: number] {
  const [dim, text] = pairOf(name, pair, 'DIM=N or a size like 4MiB')
  const extent = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(extent) && extent >= 1) return [dim, extent]
  throw new UsageError(`--${name} ${pair}: ${text} is no extent; give a whole number of at least 1`)
}

/**
 * What `--split-chunks` and `--merge-chunks` ask for; undefined where they were not given.
 * @throws UsageError for what is neither an extent nor a size, or both.
 */
export function chunkTargetOf(args: Arguments, name: string): ChunkTarget | undefined {
  const parts = listOf(args, name)
  if (!parts) return undefined
  const sizes = parts.filter((part) => !part.includes('='))
  if (sizes.length === 0) return extentsOf(name, parts)
  const bytes = parseBytes(sizes[0])
  if (parts.length > 1) {
    throw new UsageError(`--${name} takes extents (time=1,lev=10) or one size (4MiB), not ${parts.join(',')}`)
  }
  if (bytes !== undefined) return bytes
  throw new UsageError(`--${name} takes DIM=N or a size like 4MiB, not '${sizes[0]}'`)
}

function extentsOf(name: string, parts: readonly string[]): Readonly<Record<string, number>> {
  const extents = parts.map((part) => parseExtent(name, part))
  const dims = extents.map(([dim]) => dim)
  const twice = dims.find((dim, at) => dims.indexOf(dim) < at)
  if (twice !== undefined) throw new UsageError(`--${name} names ${twice} twice`)
  return Object.fromEntries(extents)
}
