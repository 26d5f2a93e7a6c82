/** Files that hold different variables of one place. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageError } from '../../lib/errors.ts'
import type { GroupMetadata } from '../../lib/model/metadata.ts'
import { MemoryFiles } from '../store/memory-set.ts'
import { allValues, field, kinds, line, plan, time } from './planned-files.ts'

describe('merging variables along a dimension', () => {
  it('keeps what has nothing to do with the dimension out of it', async () => {
    const files = new MemoryFiles()
    const sets = [
      files.set('/s.nc', [line('orog', 'x', 9)]),
      files.set('/a.nc', [time(0, 1), field('a', 1, 2)]),
      files.set('/b.nc', [time(0, 1), field('b', 3, 4)]),
    ]
    const set = await (await plan(files, sets, 'time', { mergeVariables: true })).set()
    assert.deepEqual(await allValues(files, set), { time: [0, 1], a: [1, 2], b: [3, 4], orog: [9] })
    assert.deepEqual(
      set.sources.map(({ url }) => url),
      ['/a.nc', '/b.nc', '/s.nc'],
    )
  })

  it('refuses files that have the dimension and nothing that says where they lie', async () => {
    const files = new MemoryFiles()
    const sets = [files.set('/a.nc', [time(0, 1), field('a', 1, 2)]), files.set('/b.nc', [field('b', 3, 4)])]
    await assert.rejects(
      plan(files, sets, 'time', { mergeVariables: true }),
      (error) => error instanceof UsageError && /time has no coordinate/.test(error.message),
    )
  })

  it('does not take values for the same that lie at other indexes', async () => {
    const files = new MemoryFiles()
    const sets = [
      files.set('/a.nc', [time(5, Number.NaN), field('a', 1, 2)]),
      files.set('/b.nc', [time(Number.NaN, 5), field('b', 3, 4)]),
    ]
    assert.deepEqual(kinds(await plan(files, sets, 'time', { mergeVariables: true })), [['overlap', 'time']])
  })

  it('brings the groups of all files', async () => {
    const files = new MemoryFiles()
    const groups: GroupMetadata[] = [
      { path: '', attributes: {} },
      { path: 'g', attributes: { title: 'deep' } },
    ]
    const sets = [
      files.set('/a.nc', [line('a', 'x', 1)]),
      files.set('/b.nc', [line('g/b', 'x', 2)], { groups }),
    ]
    const { set, report } = await plan(files, sets, undefined, { mergeVariables: true })
    assert.deepEqual((await set()).header.groups, groups)
    assert.deepEqual(report.notes, [])
  })

  it('gives the same set of parts as of all', async () => {
    const files = new MemoryFiles()
    const at = (name: string, day: number) =>
      files.set(`/${name}${day}.nc`, [time(day), field(name, day)], {
        groups: [{ path: '', attributes: { history: `${name}${day}` } }],
      })
    const part = async (name: string) =>
      (await plan(files, [at(name, 0), at(name, 1)], 'time', { mergeVariables: true })).set()
    const merge = { mergeVariables: true }
    const all = [at('b', 0), at('a', 0), at('b', 1), at('a', 1)]
    const once = await (await plan(files, all, 'time', merge)).set()
    const twice = await (await plan(files, [await part('b'), await part('a')], 'time', merge)).set()
    assert.deepEqual(twice.sources, once.sources)
    assert.deepEqual(twice.header, once.header)
    assert.doesNotMatch(JSON.stringify(once.header.notes), /first in/)
  })
})
