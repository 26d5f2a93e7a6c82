import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type Calendar, calendarOf } from '../../lib/plan/calendar.ts'
import {
  convertTime,
  dateText,
  nanosecondsOf,
  parseTimeUnits,
  sameTimeUnits,
  type TimeUnits,
} from '../../lib/plan/cf-time.ts'
import { fixture } from '../fixture.ts'

interface Case {
  readonly calendar: string
  readonly from: string
  readonly to: string
  readonly values: number[]
  readonly expected: number[]
}

const truth: { cases: Case[]; refused: [string, string][] } = JSON.parse(
  readFileSync(fixture('plan/cf-time.json'), 'utf8'),
)

function calendar(name: string): Calendar {
  const found = calendarOf(name)
  assert.ok(found, name)
  return found
}

function units(text: string, name: string): TimeUnits {
  const parsed = parseTimeUnits(text, calendar(name))
  assert.ok(parsed, `${text} in ${name}`)
  return parsed
}

describe('CF time', () => {
  it('converts as cftime does, in every calendar', () => {
    assert.ok(truth.cases.length >= 300)
    for (const { from, to, values, expected, ...rest } of truth.cases) {
      const [source, target] = [units(from, rest.calendar), units(to, rest.calendar)]
      for (const [at, value] of values.entries()) {
        const exact = Number(convertTime(Number.isInteger(value) ? BigInt(value) : value, source, target))
        // cftime keeps microseconds, and a double no more than its 53 bits.
        const tolerance = Math.max(1000 / Number(target.unit), Math.abs(expected[at]) * 2 ** -51)
        assert.ok(
          Math.abs(exact - expected[at]) <= tolerance,
          `${value} ${from} in ${to} (${rest.calendar}): ${exact}, cftime ${expected[at]}`,
        )
        assert.equal(Number(convertTime(value, source, target)), exact)
      }
    }
  })

  it('refuses what cftime refuses', () => {
    for (const [text, name] of truth.refused)
      assert.equal(parseTimeUnits(text, calendar(name)), undefined, text)
  })

  it('refuses units without a fixed length, and what is no time', () => {
    const refused = [
      'months since 1958-01-01',
      'years since 1958-01-01',
      'm',
      'since 1958-01-01',
      7,
      undefined,
    ]
    for (const text of refused) assert.equal(parseTimeUnits(text, 'standard'), undefined)
  })

  it('keeps an integer exact beyond 53 bits, and gives a double where it is none', () => {
    const [ns, ms] = [
      units('nanoseconds since 1970-01-01', 'standard'),
      units('ms since 1969-12-31', 'standard'),
    ]
    assert.equal(convertTime(9_007_199_254_740_993_000_000n, ns, ms), 9_007_199_254_740_993n + 86_400_000n)
    assert.equal(
      convertTime(
        1n,
        units('hours since 1970-01-01', 'standard'),
        units('days since 1970-01-01', 'standard'),
      ),
      1 / 24,
    )
  })

  it('knows two spellings of one unit, and two names of one calendar', () => {
    const plain = units('days since 1958-01-01', 'gregorian')
    assert.ok(sameTimeUnits(plain, units('Days since 1958-01-01 00:00:00', 'standard')))
    assert.ok(!sameTimeUnits(plain, units('days since 1958-01-01 00:00:00 +10:00', 'standard')))
    assert.equal(calendarOf('365_day'), calendarOf('NOLEAP'))
    assert.equal(calendarOf('lunar'), undefined)
    assert.equal(calendarOf('constructor'), undefined)
  })

  it('leaves what is not finite alone', () => {
    const [a, b] = [units('days since 1958-01-01', 'standard'), units('days since 1959-01-01', 'standard')]
    assert.ok(Number.isNaN(convertTime(Number.NaN, a, b)))
    assert.equal(convertTime(Number.POSITIVE_INFINITY, a, b), Number.POSITIVE_INFINITY)
  })

  it('writes times as dates that parse to the same times, in every calendar', () => {
    for (const { from, values, ...rest } of truth.cases) {
      const source = units(from, rest.calendar)
      for (const value of values) {
        const text = dateText(Math.floor(value), source)
        assert.ok(text, `${value} ${from}`)
        const back = units(`seconds since ${text}`, rest.calendar).reference
        const exact = nanosecondsOf(BigInt(Math.floor(value)), source)
        assert.ok(
          exact - back >= 0n && exact - back < 1_000_000_000n,
          `${value} ${from} in ${rest.calendar}: ${text}`,
        )
      }
    }
    const mixed = units('days since 1582-10-04', 'standard')
    assert.deepEqual(
      [0, 1, 0.5].map((day) => dateText(day, mixed)),
      ['1582-10-04', '1582-10-15', '1582-10-04 12:00:00'],
    )
  })
})
