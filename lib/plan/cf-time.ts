/** Time units of the CF Conventions (1.11, section 4.4): `days since 1958-01-01 00:00:00 +10:00`, converted exactly. */
import { type Calendar, dateOf, dayNumber } from './calendar.ts'

export interface TimeUnits {
  /** Nanoseconds of one unit. */
  readonly unit: bigint
  /** Nanoseconds from the calendar's own zero to the reference time, UTC. */
  readonly reference: bigint
  readonly calendar: Calendar
}

const SECOND = 1_000_000_000n
const DAY = 86_400n * SECOND

const UNITS: readonly (readonly [names: RegExp, nanoseconds: bigint])[] = [
  [/^(?:days?|d)$/, DAY],
  [/^(?:hours?|hrs?|h)$/, 3600n * SECOND],
  [/^(?:minutes?|mins?)$/, 60n * SECOND],
  [/^(?:seconds?|secs?|s)$/, SECOND],
  [/^(?:milliseconds?|millisecs?|msecs?|ms)$/, 1_000_000n],
  [/^(?:microseconds?|microsecs?)$/, 1000n],
  [/^(?:nanoseconds?|nanosecs?|ns)$/, 1n],
]

// Forms that readers take differently (an hour alone, a zone of one digit, a year alone) are not parsed at all.
const DATE = /^([+-]?\d{1,6})-(\d{1,2})-(\d{1,2})/
const CLOCK = /^(?:[T\s]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?/
const ZONE = /^\s*(?:Z|UTC|GMT|([+-])(\d{2}):?(\d{2})?)?$/i

/** Parses time units; undefined where they are none, or of a length that is no fixed number of seconds (months, years). */
export function parseTimeUnits(units: unknown, calendar: Calendar): TimeUnits | undefined {
  const match = typeof units === 'string' ? /^\s*(\S+)\s+since\s+(\S.*?)\s*$/i.exec(units) : null
  if (!match) return undefined
  const name = match[1].toLowerCase()
  const unit = UNITS.find(([names]) => names.test(name))?.[1]
  const reference = parseReference(match[2], calendar)
  return unit === undefined || reference === undefined ? undefined : { unit, reference, calendar }
}

function parseReference(text: string, calendar: Calendar): bigint | undefined {
  const date = DATE.exec(text)
  if (!date) return undefined
  const clock = CLOCK.exec(text.slice(date[0].length))
  const zone = ZONE.exec(text.slice(date[0].length + (clock?.[0].length ?? 0)))
  if (!clock || !zone) return undefined
  const day = dayNumber(calendar, Number(date[1]), Number(date[2]), Number(date[3]))
  const [hours, minutes, seconds] = [clock[1], clock[2], clock[3]].map((part) => Number(part ?? 0))
  if (day === undefined || hours > 23 || minutes > 59 || seconds > 59) return undefined
  const ahead = (zone[1] === '-' ? -1 : 1) * (Number(zone[2] ?? 0) * 60 + Number(zone[3] ?? 0))
  const fraction = BigInt((clock[4] ?? '').slice(0, 9).padEnd(9, '0'))
  return BigInt(day) * DAY + BigInt((hours * 60 + minutes - ahead) * 60 + seconds) * SECOND + fraction
}

/** Whether a value means the same time under both. */
export function sameTimeUnits(a: TimeUnits, b: TimeUnits): boolean {
  return a.calendar === b.calendar && a.unit === b.unit && a.reference === b.reference
}

/** Nanoseconds from the calendar's zero to a finite value; of a fraction nothing below a nanosecond is kept. */
export function nanosecondsOf(value: number | bigint, { unit, reference }: TimeUnits): bigint {
  const whole = typeof value === 'bigint' ? value : BigInt(Math.trunc(value))
  const rest = typeof value === 'bigint' ? 0 : value - Math.trunc(value)
  return whole * unit + BigInt(Math.round(rest * Number(unit))) + reference
}

/**
 * One time in other units of the same calendar. An integer comes back as a bigint where the result is one, and as the
 * nearest double otherwise; a double is split at its point, so that neither a far reference nor a small unit costs digits
 * (below a nanosecond nothing is kept).
 */
export function convertTime(value: number | bigint, from: TimeUnits, to: TimeUnits): number | bigint {
  if (typeof value === 'number' && !Number.isFinite(value)) return value
  const nanoseconds = nanosecondsOf(value, from) - to.reference
  const quotient = nanoseconds / to.unit
  const remainder = nanoseconds % to.unit
  if (typeof value === 'bigint' && remainder === 0n) return quotient
  return Number(quotient) + Number(remainder) / Number(to.unit)
}

/** A finite time as people write it, to the second: `1958-01-16 12:00:00`, or the date alone at midnight. */
export function dateText(value: number | bigint, units: TimeUnits): string | undefined {
  const nanoseconds = nanosecondsOf(value, units)
  // Times before the calendar's zero are negative, and a day begins before its hours all the same.
  const sinceMidnight = ((nanoseconds % DAY) + DAY) % DAY
  const date = dateOf(units.calendar, Number((nanoseconds - sinceMidnight) / DAY))
  const inDay = sinceMidnight / SECOND
  if (!date) return undefined
  const [year, month, day] = date
  const two = (number: number | bigint) => String(number).padStart(2, '0')
  const text = `${year < 0 ? '-' : ''}${String(Math.abs(year)).padStart(4, '0')}-${two(month)}-${two(day)}`
  if (inDay === 0n) return text
  return `${text} ${two(inDay / 3600n)}:${two((inDay / 60n) % 60n)}:${two(inDay % 60n)}`
}
