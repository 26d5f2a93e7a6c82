/** The name that someone most likely meant. */

/** Edits (insertions, deletions, substitutions) that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, substitution))
    }
    row = next
  }
  return row[b.length]
}

/** Letters that tell a name by its beginning. */
const LEAST_BEGINNING = 3

/** The one of `names` that begins so, or the nearest; undefined where none is near: more than a third of its letters differ. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const begun = name.length < LEAST_BEGINNING ? [] : names.filter((candidate) => candidate.startsWith(name))
  if (begun.length === 1) return begun[0]
  const ranked = names
    .map((candidate) => ({ candidate, edits: distance(name, candidate) }))
    .sort((a, b) => a.edits - b.edits)
  const best = ranked[0]
  if (best === undefined || best.edits > Math.max(1, Math.ceil(best.candidate.length / 3))) return undefined
  return best.candidate
}
