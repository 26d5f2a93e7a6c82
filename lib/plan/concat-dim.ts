/** Which dimension files are to be concatenated along, where the caller does not say. */
import { UsageError } from '../errors.ts'
import type { Header } from '../model/metadata.ts'

/**
 * The one unlimited dimension that all files share.
 * @throws UsageError where there is none, or more than one.
 */
export function inferConcatDim(headers: Iterable<Header>): string {
  let shared: Set<string> | undefined
  for (const { groups } of headers) {
    const own = new Set(groups.flatMap((group) => group.unlimitedDims ?? []))
    shared = shared ? new Set([...shared].filter((dim) => own.has(dim))) : own
  }
  const [dim, ...others] = shared ?? []
  if (dim === undefined) {
    throw new UsageError('the files share no unlimited dimension: name the one to concatenate along')
  }
  if (others.length === 0) return dim
  const names = [dim, ...others].join(', ')
  throw new UsageError(
    `the files share several unlimited dimensions (${names}): name the one to concatenate along`,
  )
}
