/** Values of coordinates out of names, attributes, lists and functions. Day numbers are Python's datetime's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlanError, UsageError } from '../../lib/errors.ts'
import type { Attributes, Header } from '../../lib/model/metadata.ts'
import {
  type CooMapEntry,
  type CoordinateInput,
  givenCoordinates,
  parseCoordinateSource,
} from '../../lib/plan/coordinate-source.ts'

function input(name: string, index: number, attributes: Attributes = {}): CoordinateInput {
  const header: Header = {
    kind: 'header',
    groups: [{ path: '', attributes }],
    arrays: [
      {
        path: 'ice/temp',
        dims: ['x'],
        attributes,
        shape: [1],
        chunkShape: [1],
        dataType: '<f4',
        fillValue: null,
        codecs: [],
      },
    ],
    skipped: [],
    notes: [],
  }
  return { name, index, header }
}

function values(entry: CooMapEntry, inputs: readonly CoordinateInput[]) {
  const source = parseCoordinateSource('member', entry)
  assert.equal(source.kind, 'given')
  return givenCoordinates(source, 'member', inputs)
}

function ofNames(entry: CooMapEntry, ...names: string[]) {
  return values(
    entry,
    names.map((name, index) => input(name, index)),
  )
}

function ofAttribute(entry: string, ...found: Attributes[]) {
  return values(
    entry,
    found.map((attributes, index) => input(`/d/${index}.nc`, index, attributes)),
  ).map((part) => part.values)
}

test('variables are read later: decoded as time, or raw', () => {
  assert.deepEqual(parseCoordinateSource('t', 'cf:time'), { kind: 'array', path: 'time', time: true })
  assert.deepEqual(parseCoordinateSource('t', 'data:/a/b:c'), { kind: 'array', path: 'a/b:c', time: false })
})

test('a captured text is an integer, a number or a string, as all of them are', () => {
  const valuesOf = (...names: string[]) => ofNames('/_r([^_]+)\\.nc/', ...names).map((part) => part.values)
  assert.deepEqual(valuesOf('/d/a_r1.nc', '/d/a_r010.nc', '/d/a_r-3.nc'), [[1n], [10n], [-3n]])
  assert.deepEqual(valuesOf('/d/a_r1.nc', '/d/a_r0.5.nc', '/d/a_r1e3.nc'), [[1], [0.5], [1000]])
  assert.deepEqual(valuesOf('/d/a_r1.nc', '/d/a_rx.nc'), [['1'], ['x']])
  // Beyond 64 bits, and what JavaScript but no one else takes for a number.
  assert.deepEqual(valuesOf('/d/a_r9223372036854775807.nc'), [[9223372036854775807n]])
  assert.deepEqual(valuesOf('/d/a_r9223372036854775808.nc'), [['9223372036854775808']])
  assert.deepEqual(valuesOf('/d/a_r0.5.nc', '/d/a_r9007199254740993.nc'), [['0.5'], ['9007199254740993']])
  assert.deepEqual(valuesOf('/d/a_r0x10.nc', '/d/a_rInfinity.nc'), [['0x10'], ['Infinity']])
})

test('captured dates are whole seconds, or whole numbers of the coarsest finer unit that is exact for all', () => {
  const dates = (...texts: string[]) => {
    const parts = ofNames('/t=(.+)\\.nc/', ...texts.map((text) => `/d/t=${text}.nc`))
    assert.ok(parts.every(({ attributes }) => attributes === parts[0].attributes))
    return [parts[0].attributes.units, ...parts.flatMap((part) => part.values)]
  }
  assert.deepEqual(dates('1970-01-02', '1958-01', '2000-01-01T00:00'), [
    'seconds since 1970-01-01',
    86400n,
    -378691200n,
    946684800n,
  ])
  assert.deepEqual(dates('2000-01-01T00:00:30Z', '2000-01-01', '20000101T01', '20000101T000030+0100'), [
    'seconds since 1970-01-01',
    946684830n,
    946684800n,
    946688400n,
    946681230n,
  ])
  assert.deepEqual(dates('1970-01-01T00:00:00.25'), ['milliseconds since 1970-01-01', 250n])
  const [{ attributes }] = ofNames('/(\\d{4}-\\d\\d-\\d\\d)/', '/d/a_1958-01-15.nc')
  assert.equal(attributes.calendar, 'proleptic_gregorian')
  // Days that no calendar has stay text; eight digits are a number.
  assert.deepEqual(dates('2001-02-29', '2001-02-28'), [undefined, '2001-02-29', '2001-02-28'])
  assert.deepEqual(dates('1958-01T10:00'), [undefined, '1958-01T10:00'])
  assert.deepEqual(dates('19580115'), [undefined, 19580115n])
})

test('a pattern matches the last part of the names, or the whole names where some do not match there', () => {
  const numbers = (...names: string[]) => ofNames(/r(\d+)/, ...names).flatMap((part) => part.values)
  assert.deepEqual(numbers('/user7/r3/ocean_r1.nc', '/user7/r4/ocean_r2.nc'), [1n, 2n])
  assert.deepEqual(numbers('/data/r3/ocean_r1.nc', '/data/r4/ocean.nc'), [3n, 4n])
})

test('the first group that took part is the value, whatever the flags', () => {
  assert.deepEqual(
    ofNames(/a(\d)|B(\d)/gi, '/d/a1.nc', '/d/b2.nc').flatMap((part) => part.values),
    [1n, 2n],
  )
})

test('names are matched up to a length', () => {
  assert.throws(() => ofNames('/x(\\d)/', `/${'a'.repeat(5000)}x1`), PlanError)
})

test('attributes of the root group and of arrays', () => {
  assert.deepEqual(ofAttribute('attr:run', { run: 'r1' }, { run: 'r2' }), [['r1'], ['r2']])
  assert.deepEqual(ofAttribute('attr:run', { run: '1' }, { run: '2' }), [[1n], [2n]])
  assert.deepEqual(ofAttribute('vattr:/ice/temp:depth', { depth: [0.5, 1.5] }, { depth: 2.5 }), [
    [0.5, 1.5],
    [2.5],
  ])
})

test('constants, lists, places and functions', () => {
  const inputs = [input('/a', 0), input('/b', 1)]
  const of = (entry: CooMapEntry) => values(entry, inputs).map((part) => part.values)
  assert.deepEqual(of(3), [[3], [3]])
  assert.deepEqual(of('r1'), [['r1'], ['r1']])
  assert.deepEqual(of('7'), [[7n], [7n]])
  assert.deepEqual(of('INDEX'), [[0n], [1n]])
  assert.deepEqual(of('list: 5, 6'), [[5n], [6n]])
  assert.deepEqual(of([[1, 2], 3]), [[1, 2], [3]])
  // What code gives stays as it is.
  assert.deepEqual(of(['01', '02']), [['01'], ['02']])
  assert.deepEqual(
    of(({ name, index }) => `${name}${index}`),
    [['/a0'], ['/b1']],
  )
})

test('what is no source is wrong usage', () => {
  const cases: readonly (readonly [CooMapEntry, RegExp])[] = [
    ['', /names nothing/],
    ['cf:', /names nothing/],
    ['attr:', /names nothing/],
    ['vattr:temp', /vattr:ARRAY:NAME/],
    ['/r(/', /Unterminated group/],
    ['/r(\\d)/Q', /flags/],
    ['/r\\d+/', /no group in parentheses/],
    [/r\d+/, /no group in parentheses/],
    ['/r(?:\\d+)/', /no group in parentheses/],
    ['/r(\\d+)', /between two slashes/],
    ['VARNAME', /mergeVariables/],
    ['list:', /list of values of member is empty/],
    [[], /list of values of member is empty/],
  ]
  for (const [entry, message] of cases) {
    assert.throws(
      () => parseCoordinateSource('member', entry),
      { name: UsageError.name, message },
      String(entry),
    )
  }
})

test('a list has a value for each input, neither fewer nor more', () => {
  for (const list of [[1], [1, 2, 3]]) {
    assert.throws(() => ofNames(list, '/a', '/b'), {
      code: 'ERR_KSTREAM_USAGE',
      message: new RegExp(`${list.length} values for 2 inputs`),
    })
  }
})

test('where a value is missing the input is named, what was looked for, and what is there', () => {
  const fails = (entry: CooMapEntry, attributes: Attributes, message: RegExp) =>
    assert.throws(
      () => values(entry, [input('/d/a.nc', 0, { run: 'r1' }), input('/d/b.nc', 1, attributes)]),
      {
        code: 'ERR_KSTREAM_PLAN',
        message,
      },
    )
  fails('/(\\d+)/', {}, /^\/d\/a\.nc: no value of member: \/\(\\d\+\)\/ does not match/)
  fails(
    'attr:run',
    { runs: 'r2' },
    /^\/d\/b\.nc: .*the root group has no attribute "run"; did you mean runs\?/,
  )
  fails('attr:toString', {}, /no attribute "toString"/)
  fails('vattr:temp:run', {}, /^\/d\/a\.nc: .*no array is called "temp"; did you mean ice\/temp\?/)
  fails('attr:run', { run: { a: 1 } }, /neither numbers nor strings/)
  fails('attr:run', { run: [] }, /^\/d\/b\.nc: .*the list is empty/)
  fails('attr:run', { run: 2n }, /numbers in \/d\/b\.nc and strings in \/d\/a\.nc/)
  fails(() => Number.NaN, {}, /NaN is neither a number nor a string/)
})
