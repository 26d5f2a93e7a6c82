/** What texts stand for where all are of one kind: whole numbers, numbers, dates (ISO 8601), else the texts themselves. */
import type { Attributes } from '../model/metadata.ts'
import { parseTimeUnits, type TimeUnits } from './cf-time.ts'

/** What texts stand for; `units` and `calendar` where they are dates. */
interface TypedTexts {
  readonly values: readonly (number | bigint | string)[]
  readonly attributes: Attributes
}

const INTEGER = /^[+-]?\d{1,19}$/
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
/** A month, a day or a time; the form without hyphens only with a time, since 19580101 alone is a number. */
const EXTENDED =
  /^(\d{4}-\d{2})(-\d{2})?(?:(?<=-\d{2}-\d{2})[T ](\d{2})(:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/
const BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})?(\d{2})?(Z|[+-]\d{2}(?::?\d{2})?)?$/

const CALENDAR = 'proleptic_gregorian'
const EPOCH = '1970-01-01'
/** From coarse to fine. */
const UNITS = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds']

/** Times as CF spells reference times; undefined where the text is no date of a form that is known here. */
function referenceText(text: string): string | undefined {
  const [, month, day = '-01', hour, clock = ':00', zone = ''] = EXTENDED.exec(text) ?? []
  if (month !== undefined) {
    return hour === undefined ? `${month}${day}` : `${month}${day}T${hour}${clock.replace(',', '.')}${zone}`
  }
  const basic = BASIC.exec(text)
  if (!basic) return undefined
  const [, year, basicMonth, basicDay, hours, minutes = '00', seconds = '00', basicZone = ''] = basic
  return `${year}-${basicMonth}-${basicDay}T${hours}:${minutes}:${seconds}${basicZone}`
}

/** Nanoseconds from the calendar's zero. */
function instantOf(text: string): bigint | undefined {
  const reference = referenceText(text)
  return reference === undefined ? undefined : parseTimeUnits(`days since ${reference}`, CALENDAR)?.reference
}

function unitsSinceEpoch(unit: string): TimeUnits | undefined {
  return parseTimeUnits(`${unit} since ${EPOCH}`, CALENDAR)
}

/** All of a list, or undefined where `read` knows one of them not. */
function allOf<T>(texts: readonly string[], read: (text: string) => T | undefined): T[] | undefined {
  const found: T[] = []
  for (const text of texts) {
    const value = read(text)
    if (value === undefined) return undefined
    found.push(value)
  }
  return found
}

function integerOf(text: string): bigint | undefined {
  const value = INTEGER.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined
  return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined
}

function numberOf(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  // Whole numbers that doubles do not tell apart stay texts.
  const exact = !/^[+-]?\d+$/.test(text) || Number.isSafeInteger(value)
  return Number.isFinite(value) && exact ? value : undefined
}

/** Dates as whole numbers of the coarsest unit that is exact for all. */
function datesOf(texts: readonly string[]): TypedTexts | undefined {
  const instants = allOf(texts, instantOf)
  if (!instants) return undefined
  for (const name of UNITS) {
    const units = unitsSinceEpoch(name)
    if (!units) continue
    const { unit, reference } = units
    if (!instants.every((instant) => (instant - reference) % unit === 0n)) continue
    const values = instants.map((instant) => (instant - reference) / unit)
    return { values, attributes: { units: `${name} since ${EPOCH}`, calendar: CALENDAR } }
  }
  return undefined
}

/**
 * Texts as what all of them are: integers (bigints that 64 bits hold), numbers, dates and times (a month is its first
 * day; without a zone: UTC) in whole `seconds` or finer since 1970-01-01, else strings.
 */
export function typedTexts(texts: readonly string[]): TypedTexts {
  const numbers = allOf<bigint | number>(texts, integerOf) ?? allOf(texts, numberOf)
  if (numbers) return { values: numbers, attributes: {} }
  return datesOf(texts) ?? { values: texts, attributes: {} }
}
