/** Headers that put two variables at one place: libnetcdf refuses such files, and one of the two would read wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClassicFile, classicHeader, openSource, sparseSource } from './classic-file.ts'

type Variables = ClassicFile['variables']

/** Two dimensions: time, which has `records`, and x of 3. */
async function skippedOf(records: number, variables: Variables): Promise<string[]> {
  const dimensions = [
    ['time', 0],
    ['x', 3],
  ] as const
  const head = classicHeader({ version: 2, records, dimensions, variables } as ClassicFile)
  const set = await openSource(() => sparseSource(head, 4000), { onUnsupported: 'skip' })
  return set.header.skipped.map(({ path, reason }) => `${path}: ${reason}`)
}

const INT = 4

test('a scalar among the records, as scipy puts it', async () => {
  const variables = [
    { name: 'a', dimensions: [0], type: INT, begin: 1000 },
    { name: 'b', dimensions: [0], type: 6, begin: 1004 },
    { name: 's', dimensions: [], type: INT, begin: 1012 },
  ]
  assert.deepEqual(await skippedOf(3, variables), [
    'a: the header puts its values where those of s are',
    'b: the header puts its values where those of s are',
    's: the header puts its values where those of a are',
  ])
  assert.deepEqual(await skippedOf(1, variables), [], 'behind the only record there is room')
  assert.deepEqual(await skippedOf(0, variables), [])
})

test('fixed variables, records of two variables, and a record that reaches into the next', async () => {
  const fixed = (name: string, begin: number) => ({ name, dimensions: [1], type: INT, begin })
  const record = (name: string, begin: number) => ({ name, dimensions: [0, 1], type: INT, begin })
  assert.equal((await skippedOf(0, [fixed('a', 1000), fixed('b', 1011)])).length, 2)
  assert.equal((await skippedOf(0, [fixed('b', 1012), fixed('a', 1000)])).length, 0)
  assert.equal((await skippedOf(2, [record('a', 1000), record('b', 1008)])).length, 2)
  assert.equal((await skippedOf(2, [record('b', 1012), record('a', 1000)])).length, 0)
  // 24 bytes a record: the second begins at 1024, where b still is.
  assert.equal((await skippedOf(2, [record('a', 1000), record('b', 1016)])).length, 2)
  assert.equal((await skippedOf(1, [record('a', 1000), record('b', 1016)])).length, 0)
})
