import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ancestors, nameProblem, rootProblem } from '../../lib/write/names.ts'

test('names that fsspec and zarr find again are fine', () => {
  for (const path of ['temp', 'a/b', 'refs.0.parq', 'a b.c', '...', 'ünï/{0}', '%20', 'g/.kstream', 'x\ny']) {
    assert.equal(nameProblem(path, '/out'), undefined, path)
  }
})

test('names that would lead elsewhere, or be taken for something else, are refused', () => {
  const long = 'x'.repeat(256)
  const bad = [
    '',
    '.',
    '..',
    'a/../b',
    'a//b',
    '/a',
    'a/',
    '.zarray',
    'a/.zmetadata',
    '.zoo',
    '.kstream',
    'a\\b',
  ]
  for (const path of [...bad, 'a\0', '\ud800', long, `a/${long}`, 'é'.repeat(128)]) {
    assert.equal(typeof nameProblem(path, '/out'), 'string', path)
  }
  assert.match(nameProblem('a/'.repeat(2100).slice(0, -1), '/out') ?? '', /path is longer/)
})

test('paths that fsspec cannot open are refused', () => {
  assert.equal(rootProblem('/data/ocean.parq'), undefined)
  for (const path of ['/data/{x}.parq', '/my.json.d/x.parq', '/a::b'])
    assert.equal(typeof rootProblem(path), 'string')
})

test('the groups above a path', () => {
  assert.deepEqual(ancestors('a/b/c'), ['', 'a', 'a/b'])
  assert.deepEqual(ancestors('a'), [''])
  assert.deepEqual(ancestors(''), [])
})
