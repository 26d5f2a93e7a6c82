/** Makes one read of the reads that are issued together and lie near one another: for sources a round trip away. */
import { checkRange } from './byte-range.ts'
import type { ByteSource } from './byte-source.ts'

/** What one flush did. */
export interface FlushReport {
  readonly url: string
  /** Reads made of the source. */
  readonly groups: number
  /** Reads asked for. */
  readonly requests: number
  /** Bytes read of the source, the gaps included. */
  readonly bytes: number
}

interface RangeCoalescingOptions {
  /** Unwanted bytes that are read along rather than making another read; 32 KiB by default. */
  readonly gap?: number
  /** Bytes beyond which a read is not made longer; 8 MiB by default. One longer read stays one. */
  readonly maxLength?: number
  readonly onFlush?: (report: FlushReport) => void
}

interface Range {
  readonly offset: number
  readonly length: number
}

interface RangeGroup<R extends Range> extends Range {
  /** By ascending offset. */
  readonly members: readonly R[]
}

/** Groups ranges so that none is further than `gap` from the ones before it, nor a group longer than `maxLength`. */
export function planRangeGroups<R extends Range>(
  ranges: readonly R[],
  gap: number,
  maxLength: number,
): RangeGroup<R>[] {
  const groups: { offset: number; length: number; members: R[] }[] = []
  for (const range of [...ranges].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    const group = groups.at(-1)
    const end = range.offset + range.length
    if (group && range.offset <= group.offset + group.length + gap) {
      const length = Math.max(group.length, end - group.offset)
      if (length === group.length || length <= maxLength) {
        group.length = length
        group.members.push(range)
        continue
      }
    }
    groups.push({ offset: range.offset, length: range.length, members: [range] })
  }
  return groups
}

interface Request extends Range {
  readonly signal: AbortSignal | undefined
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (reason: unknown) => void
}

async function readAlone(source: ByteSource, request: Request): Promise<void> {
  try {
    request.resolve(await source.read(request.offset, request.length, { signal: request.signal }))
  } catch (error) {
    request.reject(error)
  }
}

/** What waits for a signal: one listener for all of it, as Node warns of more than ten and reads are hundreds. */
const watchers = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `giveUp` when `signal` aborts, until what this returns is called. */
function watch(signal: AbortSignal, giveUp: () => void): () => void {
  const waiting = watchers.get(signal) ?? new Set()
  if (!watchers.has(signal)) {
    watchers.set(signal, waiting)
    signal.addEventListener('abort', () => [...waiting].map((each) => each()), { once: true })
  }
  waiting.add(giveUp)
  return () => waiting.delete(giveUp)
}

/** One read for many: it is given up when the last of them is. */
async function readTogether(source: ByteSource, group: RangeGroup<Request>): Promise<void> {
  const controller = new AbortController()
  let waiting = group.members.length
  const watched = group.members.map(({ signal, reject }) => {
    const giveUp = () => {
      reject(signal?.reason)
      if (--waiting === 0) controller.abort(signal?.reason)
    }
    if (signal?.aborted) giveUp()
    return signal && !signal.aborted ? watch(signal, giveUp) : undefined
  })
  try {
    const bytes = await source.read(group.offset, group.length, { signal: controller.signal })
    for (const { offset, length, resolve } of group.members) {
      // A copy each: aligned, and the caller's to keep.
      const start = offset - group.offset
      resolve(new Uint8Array(bytes.subarray(start, start + length)))
    }
  } catch (error) {
    for (const { reject } of group.members) reject(error)
  } finally {
    for (const stopWatching of watched) stopWatching?.()
  }
}

/**
 * Collects the reads that are issued before the event loop moves on, and makes one of those that are near.
 * A read whose own signal aborts fails alone; the read it shared goes on for the others.
 */
export function withRangeCoalescing(source: ByteSource, options: RangeCoalescingOptions = {}): ByteSource {
  const { gap = 1 << 15, maxLength = 1 << 23, onFlush } = options
  const { url, size } = source
  let waiting: Request[] = []

  function flush(): void {
    const requests = waiting
    waiting = []
    const groups = planRangeGroups(requests, gap, maxLength)
    const bytes = groups.reduce((sum, group) => sum + group.length, 0)
    onFlush?.({ url, groups: groups.length, requests: requests.length, bytes })
    for (const group of groups) {
      if (group.members.length === 1) readAlone(source, group.members[0])
      else readTogether(source, group)
    }
  }

  return {
    url,
    size,
    info: source.info,
    async read(offset, length, { signal } = {}) {
      signal?.throwIfAborted()
      // Here already, so that one bad range does not fail the ones it would be read with.
      checkRange(url, size, offset, length)
      return new Promise((resolve, reject) => {
        // Not a microtask: reads that follow an await of something at hand still belong together.
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ offset, length, signal, resolve, reject })
      })
    },
    close: () => source.close(),
  }
}
