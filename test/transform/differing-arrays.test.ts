/** Arrays that differ between inputs, or cannot be joined. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlanError } from '../../lib/errors.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { MemoryFiles } from '../store/memory-set.ts'
import { field, kinds, line, plan, time } from './planned-files.ts'

describe('an array that turns out not to be referenceable', () => {
  it('is left out of a combination, though it would have to be the same in all inputs', async () => {
    const files = new MemoryFiles()
    const dropped = { dropped: 'chunks that skip a filter' }
    const sets = [0, 1].map((at) =>
      files.set(`/${at}.nc`, [time(at), field('v', at), { ...line('static', 'x', 1), ...dropped }]),
    )
    const set = await (await plan(files, sets, 'time')).set()
    const left: string[] = []
    for await (const item of set.body()) {
      if (item.kind === 'footer') left.push(...item.dropped.map((index) => set.header.arrays[index].path))
    }
    assert.deepEqual(left, ['static'])
  })
})

describe('attributes', () => {
  it('are not the same as a text that spells them', async () => {
    const files = new MemoryFiles()
    const sets = ['#1', 1].map((scale_factor, at) =>
      files.set(`/${at}.nc`, [time(at), { ...field('v', at), attributes: { scale_factor } }]),
    )
    assert.deepEqual(kinds(await plan(files, sets, 'time')), [['attribute', 'v']])
  })
})

describe('a grid of chunks', () => {
  it('is refused where its chunks can no longer be numbered', async () => {
    const files = new MemoryFiles()
    const vast = (at: number): ReferenceSet => {
      const set = files.set(`/${at}.nc`, [time(at), field('v', at)])
      const [first, v] = set.header.arrays
      const wide = { ...v, dims: ['time', 'y', 'x'], shape: [1, 8e7, 8e7], chunkShape: [1, 1, 1] }
      return { ...set, header: { ...set.header, arrays: [first, wide] } }
    }
    await assert.rejects(
      plan(files, [vast(0), vast(1)], 'time'),
      (error) => error instanceof PlanError && /above 2\^53/.test(error.message),
    )
  })
})
