/** Several inputs that are of one file. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BuildJournal, InputValues } from '../../lib/model/build-journal.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { group } from '../../lib/transform/group.ts'
import { MemoryFiles } from '../store/memory-set.ts'
import { through } from './memory-set.ts'
import { allValues, field, kinds, line, plan, values } from './planned-files.ts'

describe('groups of one file as several inputs', () => {
  const groups = ['', 'l', 'r'].map((path) => ({ path, attributes: {} }))
  const beams = async (files: MemoryFiles, url: string, ...x: number[]) => {
    const arrays = ['l', 'r'].flatMap((beam, at) => [
      line(`${beam}/x`, 'x', x[at]),
      line(`${beam}/v_${beam}`, 'x', at),
      line(`${beam}/v`, 'x', 5 + at),
    ])
    const file = files.set(url, arrays, { groups })
    return Promise.all(['l', 'r'].map((beam) => through(group(beam), file)))
  }

  it('are compared by value where their variables are merged', async () => {
    const files = new MemoryFiles()
    const drop = (set: ReferenceSet): ReferenceSet => ({ ...set, name: '/set.parq' })
    const sets = (await beams(files, '/k.nc', 1, 2)).map(drop)
    const merged = await plan(files, sets, undefined, { mergeVariables: true })
    assert.ok(kinds(merged).some(([kind, array]) => kind === 'values' && array === 'x'))
  })

  it('are joined along a dimension whose values tell them apart', async () => {
    const files = new MemoryFiles()
    const arrays = ['l', 'r'].flatMap((beam, at) => [
      line(`${beam}/x`, 'x', 1),
      line(`${beam}/v`, 'x', 5 + at),
    ])
    const file = files.set('/k.nc', arrays, { groups })
    const sets = [await through(group('l'), file), await through(group('r'), file)]
    const set = await (await plan(files, sets, 'beam', { cooMap: { beam: ['l', 'r'] } })).set()
    assert.deepEqual(await allValues(files, set), { beam: ['l', 'r'], x: [1], v: [5, 6] })
    assert.equal(set.sources.length, 1)
  })

  it('have records of their own in a journal', async () => {
    const files = new MemoryFiles()
    const known = new Map<string, InputValues>()
    const journal: BuildJournal = {
      header: () => undefined,
      putHeader: async () => {},
      values: (key) => known.get(key),
      putValues: async (key, read) => void known.set(key, read),
      begin: async () => {},
      batch: () => undefined,
      putBatch: async () => {},
      footer: () => undefined,
      putFooter: async () => {},
    }
    const arrays = ['l', 'r'].map((name, at) => line(`${name}/time`, 'time', at))
    const file = files.set('/k.nc', arrays, { groups })
    const sets = [await through(group('r'), file), await through(group('l'), file)]
    const set = await (await plan(files, sets, 'time', { journal })).set()
    assert.deepEqual(await values(files, set, 'time'), [0, 1])
  })
})

describe('a file that is there twice', () => {
  it('is refused within a set too, where no coordinate would tell', async () => {
    const files = new MemoryFiles()
    const [a, b] = ['/a.nc', '/b.nc'].map((url, at) => files.set(url, [field('v', at)]))
    const half = await (await plan(files, [a, b], 'time')).set()
    assert.deepEqual(kinds(await plan(files, [half, b], 'time')), [['duplicate', '/']])
    assert.deepEqual(kinds(await plan(files, [b, half], 'time')), [['duplicate', '/']])
  })
})
