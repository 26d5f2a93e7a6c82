/** Equal pieces become one object, different ones never, and what is not used any more is forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Interning } from '../../lib/model/interning.ts'

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, 0n, 1n, -1n, true, false, null),
    fc.constantFrom<unknown>('', '0', '1', 'null', 'true', 'a', 'a:b', ',', undefined),
    fc.uint8Array({ maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', ',', ':', '1', '__proto__', 'constructor'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value

test('a shared value equals what was given, and is the same object as one shared before', () => {
  const interning = new Interning()
  fc.assert(
    fc.property(plain, plain, fc.constantFrom('x', 'y'), (value, between, role) => {
      const shared = interning.share(value, role)
      assert.deepEqual(shared, value)
      assert.deepEqual(interning.share(between, role), between)
      assert.ok(Object.is(interning.share(structuredClone(value), 'z'), shared))
      assert.ok(Object.is(interning.share(shared, role), shared))
    }),
    { numRuns: 2000 },
  )
})

test('what looks alike in a key, or differs in order alone, stays apart', () => {
  const values: unknown[] = [
    [1],
    [1n],
    ['1'],
    [true],
    ['true'],
    [null],
    ['null'],
    [undefined],
    [0],
    [-0],
    [],
    {},
    [[]],
    [{}],
    new Uint8Array(),
    Uint8Array.of(1),
    [[1], 2],
    [[1, 2]],
    { a: 1, b: 2 },
    { b: 2, a: 1 },
    { a: undefined },
    { 'a,b': 1 },
    { 'a:1,b': 1 },
    { a: 'b' },
    { b: 'a' },
  ]
  const interning = new Interning()
  const shared = values.map((value) => interning.share(value, ''))
  assert.equal(new Set(shared).size, values.length)
  for (const [i, value] of shared.entries()) assert.deepEqual(value, values[i])
  const keys = shared.map((value) => Object.keys(value as object))
  assert.deepEqual(
    keys,
    values.map((value) => Object.keys(value as object)),
  )
})

test('only what differs is new', () => {
  const interning = new Interning()
  const header = (history: string) => ({
    groups: [{ path: '', attributes: { title: 'daily', history } }],
    arrays: [{ path: 'time', shape: [1], fillValue: Uint8Array.of(1, 2) }],
  })
  const first = interning.share(header('one'), 'header')
  const second = interning.share(header('two'), 'header')
  assert.equal(second.arrays, first.arrays)
  assert.notEqual(second.groups, first.groups)
  assert.equal(second.groups[0].attributes.history, 'two')
  assert.equal(interning.share(header('one'), 'header'), first)
})

test('shared objects are frozen, and bytes let go of the buffer that they were cut from', () => {
  const given = { list: [1], bytes: new Uint8Array(1000).subarray(10, 14) }
  const shared = new Interning().share(given, '')
  assert.ok(Object.isFrozen(shared) && Object.isFrozen(shared.list))
  assert.equal(shared.bytes.buffer.byteLength, 4)
  assert.ok(!Object.isFrozen(given))
})

test('what nests without end, and long lists, stay as they are', () => {
  let deep: unknown[] = []
  for (let i = 0; i < 100_000; i++) deep = [deep]
  const long = Array.from({ length: 10_000 }, (_, i) => i)
  const interning = new Interning()
  const shared = interning.share({ deep, long }, '')
  assert.equal(shared.long, long)
  let levels = 0
  for (let at: unknown = shared.deep; Array.isArray(at) && at.length > 0; at = at[0]) levels++
  assert.equal(levels, 100_000)
  assert.notEqual(interning.share({ deep, long: [...long] }, ''), shared)
})

test('what has not come again for long is forgotten; what keeps coming is not', () => {
  const interning = new Interning()
  const often = interning.share({ units: 'K' }, 'often')
  const once = interning.share({ history: 'first' }, 'once')
  for (let i = 0; i < 50_000; i++) {
    interning.share({ history: `run ${i}` }, 'once')
    if (i % 1000 === 0) interning.share({ units: 'm' }, 'often')
    if (i % 1000 === 500) assert.equal(interning.share({ units: 'K' }, 'often'), often)
  }
  assert.notEqual(interning.share({ history: 'first' }, 'once'), once)
})
