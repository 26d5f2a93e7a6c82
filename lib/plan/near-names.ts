/** Names that resemble a mistyped one, for messages. */

/** Names shown when none resembles it. */
const SHOWN = 8
/** Characters of a name that is compared by edits: the time goes with the square, and files choose their names. */
const LONGEST = 256

/** Edits (insert, delete, replace a character) that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

/** How far apart two names are; undefined where they do not resemble each other. */
function distance(name: string, known: string): number | undefined {
  const a = name.toLowerCase()
  const b = known.toLowerCase()
  if (a === b.slice(b.lastIndexOf('/') + 1)) return 0
  const limit = a.length < 4 ? 1 : 2
  const isClose = a.length <= LONGEST && Math.abs(a.length - b.length) <= limit
  const edits = isClose ? editDistance(a, b) : Number.POSITIVE_INFINITY
  if (edits <= limit) return edits
  return b.includes(a) || (b.length > 2 && a.includes(b)) ? limit + 1 : undefined
}

/** `; did you mean temp, temp_bnds?`, or what there is: the end of a message about an unknown name. */
export function nearNames(name: string, known: readonly string[]): string {
  const near = known
    .flatMap((other) => {
      const apart = distance(name, other)
      return apart === undefined ? [] : [{ other, apart }]
    })
    .sort((a, b) => a.apart - b.apart)
  if (near.length > 0) {
    const names = near.slice(0, SHOWN).map(({ other }) => other)
    return `; did you mean ${names.join(', ')}?`
  }
  if (known.length === 0) return '; there are none'
  const more = known.length > SHOWN ? `, and ${known.length - SHOWN} more` : ''
  return `; there are ${known.slice(0, SHOWN).join(', ')}${more}`
}
