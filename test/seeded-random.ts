/** Numbers that look random and are the same for the same seed, so that a failure can be repeated (mulberry32). */

/** Gives whole numbers below 2^32. */
function wordsFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Gives numbers from 0 to below 1. */
export function randomFrom(seed: number): () => number {
  const next = wordsFrom(seed)
  return () => next() / 2 ** 32
}

/** Gives whole numbers from 0 to below what is asked for. */
export function wholeRandomFrom(seed: number): (below: number) => number {
  const next = wordsFrom(seed)
  return (below) => next() % below
}
