/** Values of attributes and coordinates as people read them. */
import type { AttributeValue } from '../lib/index.ts'

/** Characters of a value in a line. */
const LONGEST = 100

/** A value in a line, cut where it is long. */
export function valueText(value: AttributeValue): string {
  const text = wholeText(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

function wholeText(value: AttributeValue): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map(wholeText).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, member]) => `${name}: ${wholeText(member)}`)
  return `{${members.join(', ')}}`
}

/** One JSON document: whole numbers that doubles do not hold, NaN and infinities are strings. */
export function jsonText(value: object): string {
  const text = JSON.stringify(
    value,
    (_, part: unknown) => {
      if (typeof part === 'bigint') return Number.isSafeInteger(Number(part)) ? Number(part) : String(part)
      return typeof part === 'number' && !Number.isFinite(part) ? String(part) : part
    },
    2,
  )
  return `${text}\n`
}
