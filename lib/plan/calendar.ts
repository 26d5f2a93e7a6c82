/** Days of the calendars of the CF Conventions (1.11, section 4.4.2), counted from a day of each calendar's own. */

/** CF's names for one calendar each; standard is the mixed Julian and Gregorian one. */
export type Calendar = 'standard' | 'proleptic_gregorian' | 'julian' | 'noleap' | 'all_leap' | '360_day'

const NAMES: Readonly<Record<string, Calendar>> = {
  standard: 'standard',
  gregorian: 'standard',
  proleptic_gregorian: 'proleptic_gregorian',
  julian: 'julian',
  noleap: 'noleap',
  '365_day': 'noleap',
  all_leap: 'all_leap',
  '366_day': 'all_leap',
  '360_day': '360_day',
}

/** Days before each month of a year of 365 days. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The calendar of that name, in any case; the standard one where an array names none; undefined where CF knows none. */
export function calendarOf(name: unknown): Calendar | undefined {
  if (name === undefined) return 'standard'
  if (typeof name !== 'string') return undefined
  const key = name.toLowerCase()
  return Object.hasOwn(NAMES, key) ? NAMES[key] : undefined
}

/**
 * The number of a date's day; differences of two are days of that calendar. undefined where it has no such date.
 * Year 0 does not exist in the standard and the Julian calendar (year -1 comes before year 1).
 */
export function dayNumber(calendar: Calendar, year: number, month: number, day: number): number | undefined {
  const counted = calendar === 'standard' || calendar === 'julian'
  if (counted && year === 0) return undefined
  const y = counted && year < 0 ? year + 1 : year
  if (month < 1 || month > 12 || day < 1 || day > monthDays(calendar, y, month)) return undefined
  if (calendar === '360_day') return y * 360 + (month - 1) * 30 + day
  const leapDay = month > 2 && isLeap(calendar, y, month, day) ? 1 : 0
  const dayOfYear = DAYS_BEFORE[month - 1] + leapDay + day
  if (calendar === 'noleap') return y * 365 + dayOfYear
  if (calendar === 'all_leap') return y * 366 + dayOfYear
  const julian = y * 365 + Math.floor((y - 1) / 4) + dayOfYear
  const gregorian = julian - Math.floor((y - 1) / 100) + Math.floor((y - 1) / 400)
  // The Julian 1 January 1 is the Gregorian 30 December 0 (proleptic), two days before the Gregorian 1 January 1.
  if (calendar === 'julian') return julian - 2
  if (calendar === 'proleptic_gregorian' || !isJulianDate(y, month, day)) return gregorian
  return y === 1582 && month === 10 && day > 4 ? undefined : julian - 2
}

/** The date of a day's number, as year, month and day; undefined far outside of what calendars count. */
export function dateOf(calendar: Calendar, day: number): readonly [number, number, number] | undefined {
  const year = latest(-MOST_YEARS, MOST_YEARS, (each) => begins(calendar, each, 1) <= day)
  const month = year === undefined ? undefined : latest(1, 12, (each) => begins(calendar, year, each) <= day)
  if (year === undefined || month === undefined) return undefined
  // Days may be missing within a month: those of the change to the Gregorian calendar.
  for (let date = 31; date > 0; date--) {
    const number = dayNumber(calendar, named(calendar, year), month, date)
    if (number !== undefined && number <= day) return [named(calendar, year), month, date]
  }
  return undefined
}

const MOST_YEARS = 100_000

/** The greatest number from `low` to `high` that passes; those that pass come before those that do not. */
function latest(low: number, high: number, passes: (number: number) => boolean): number | undefined {
  if (!passes(low)) return undefined
  let [first, last] = [low, high]
  while (first < last) {
    const middle = Math.ceil((first + last) / 2)
    if (passes(middle)) first = middle
    else last = middle - 1
  }
  return first
}

/** The number of a month's first day, in a year counted with a year 0. */
function begins(calendar: Calendar, year: number, month: number): number {
  return dayNumber(calendar, named(calendar, year), month, 1) ?? Number.POSITIVE_INFINITY
}

/** The year as the calendar names it: where it has no year 0, -1 comes before 1. */
function named(calendar: Calendar, year: number): number {
  const counted = calendar === 'standard' || calendar === 'julian'
  return counted && year <= 0 ? year - 1 : year
}

function monthDays(calendar: Calendar, year: number, month: number): number {
  if (calendar === '360_day') return 30
  return month === 2 && isLeap(calendar, year, month, 1) ? 29 : MONTH_DAYS[month - 1]
}

function isLeap(calendar: Calendar, year: number, month: number, day: number): boolean {
  if (calendar === 'noleap') return false
  if (calendar === 'all_leap') return true
  if (year % 4 !== 0) return false
  if (calendar === 'julian' || (calendar === 'standard' && isJulianDate(year, month, day))) return true
  return year % 100 !== 0 || year % 400 === 0
}

/** Before 15 October 1582, where the standard calendar changes. */
function isJulianDate(year: number, month: number, day: number): boolean {
  if (year !== 1582) return year < 1582
  return month < 10 || (month === 10 && day < 15)
}
