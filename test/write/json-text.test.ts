import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePythonJson } from '../../lib/format/python-json.ts'
import { floatText, type JsonValue, jsonText } from '../../lib/write/json-text.ts'

test('floating-point numbers read as Python prints them', () => {
  // What CPython 3.11's repr gives.
  const printed: [number, string][] = [
    [1, '1.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [-2.5, '-2.5'],
    [100, '100.0'],
    [0.0001, '0.0001'],
    [0.00012345, '0.00012345'],
    [0.00001, '1e-05'],
    [0.000001234, '1.234e-06'],
    [1e-7, '1e-07'],
    [1e-100, '1e-100'],
    [123456789012345.6, '123456789012345.6'],
    [1e15, '1000000000000000.0'],
    [2 ** 53, '9007199254740992.0'],
    [1e16, '1e+16'],
    [1.5e20, '1.5e+20'],
    [1e21, '1e+21'],
    [1e22, '1e+22'],
    [-1.0000000200408773e20, '-1.0000000200408773e+20'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ]
  for (const [value, text] of printed) assert.equal(floatText(value), text)
})

test('integers, strings and order are kept', () => {
  const value = new Map<string, JsonValue>([
    ['b', -9223372036854775806n],
    ['10', [true, null, []]],
    ['a', { x: 'é\u2028"\\\u0000\u{1f30a}\u007f' }],
  ])
  assert.equal(
    jsonText(value),
    '{"b": -9223372036854775806, "10": [true, null, []], ' +
      '"a": {"x": "\\u00e9\\u2028\\"\\\\\\u0000\\ud83c\\udf0a\\u007f"}}',
  )
})

test('what is written parses back to the same, a float staying a float', () => {
  const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('json'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  fc.assert(fc.property(json, (value) => assert.deepEqual(parsePythonJson(jsonText(value)), value)))
})
