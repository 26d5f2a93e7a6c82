/** JSON as Python's `json.dumps` writes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PythonJson, parsePythonJson } from '../../lib/format/python-json.ts'

const CASES: readonly (readonly [text: string, value: PythonJson])[] = [
  ['1', 1n],
  ['1.0', 1],
  ['-0.0', -0],
  ['1e+16', 1e16],
  ['9223372036854775807', 9223372036854775807n],
  ['NaN', Number.NaN],
  ['[Infinity, -Infinity, -1]', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1n]],
  ['"NaN, 1 and \\"2\\" \\\\"', 'NaN, 1 and "2" \\'],
  ['{"1": {"NaN": null}, "b": [true, false]}', { 1: { NaN: null }, b: [true, false] }],
  // Strings that begin as the parser's own marks do.
  ['["\\u0000i5", "\\u0000fNaN", "\\u0000", "\\u0000s"]', ['\u0000i5', '\u0000fNaN', '\u0000', '\u0000s']],
]

for (const [text, value] of CASES) {
  test(text, () => assert.deepEqual(parsePythonJson(text), value))
}

test('what is not JSON is refused', () => {
  for (const text of ['', '{', '[1,]', 'nan', '01', '"a', '{1: 2}']) {
    assert.throws(() => parsePythonJson(text), SyntaxError, text)
  }
})

test('a key that names the prototype is a key', () => {
  const value = parsePythonJson('{"__proto__": {"polluted": 1}}')
  assert.deepEqual(Object.keys(value ?? {}), ['__proto__'])
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
})

test('a string of any length', () => {
  for (const text of ['x'.repeat(1 << 24), 'é\\n'.repeat(1 << 22)]) {
    const value = parsePythonJson(`{"a": "${text}", "n": 1}`)
    assert.deepEqual(value, { a: text.replaceAll('\\n', '\n'), n: 1n })
  }
})
