/** Values along joined dimensions, and of what does not lie along them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlanError, UsageError } from '../../lib/errors.ts'
import { type MemoryArray, MemoryFiles } from '../store/memory-set.ts'
import { allValues, field, kinds, line, plan, time, values } from './planned-files.ts'

describe('values of a dimension out of another variable', () => {
  const cooMap = { time: 'cf:ref' }

  it('must be one for each place', async () => {
    const files = new MemoryFiles()
    const scalar = (at: number) => ({ path: 'ref', dims: [], shape: [], bytes: Float64Array.of(at) })
    const sets = [0, 1].map((at) => files.set(`/${at}.nc`, [scalar(at), field('v', at, at)]))
    await assert.rejects(
      plan(files, sets, 'time', { cooMap }),
      (error) => error instanceof PlanError && /ref has 1 value for an extent of 2/.test(error.message),
    )
  })

  it('must be a variable that there is', async () => {
    const files = new MemoryFiles()
    const sets = [0, 1].map((at) => files.set(`/${at}.nc`, [time(at), field('v', at)]))
    await assert.rejects(
      plan(files, sets, 'time', { cooMap: { time: 'data:tine' } }),
      (error) => error instanceof UsageError && /no file has it; did you mean time/.test(error.message),
    )
  })

  it('take no place of a variable along other dimensions', async () => {
    const files = new MemoryFiles()
    const sets = [0, 1].map((at) => files.set(`/r${at}.nc`, [line('v', 'x', at)]))
    await assert.rejects(
      plan(files, sets, 'v', { cooMap: { v: /r(\d)/ } }),
      (error) => error instanceof UsageError && /v cannot be a new dimension/.test(error.message),
    )
  })

  it('leave that variable along the dimension', async () => {
    const files = new MemoryFiles()
    const scalar = (at: number) => ({ path: 'ref', dims: [], shape: [], bytes: Float64Array.of(at) })
    const sets = [1, 0].map((at) => files.set(`/${at}.nc`, [scalar(at), field('v', at)]))
    const set = await (await plan(files, sets, 'time', { cooMap })).set()
    assert.deepEqual(await allValues(files, set), { time: [0, 1], ref: [0, 1], v: [0, 1] })
  })
})

describe('what stays of one input where several share a place', () => {
  it('may be stored otherwise in the others', async () => {
    const files = new MemoryFiles()
    const at = (t: number, m: number) => {
      const area: MemoryArray = {
        ...field('area', m),
        dims: ['m', 'x'],
        codecs: t === 0 ? [] : [{ id: 'zlib', level: 1 }],
      }
      const v = {
        ...field('v', t * 10 + m),
        dims: ['time', 'm', 'x'],
        shape: [1, 1, 1],
        chunkShape: [1, 1, 1],
      }
      return files.set(`/${t}${m}.nc`, [time(t), line('m', 'm', m), area, v])
    }
    const sets = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)]
    const set = await (await plan(files, sets, ['time', 'm'])).set()
    assert.deepEqual(await values(files, set, 'area'), [0, 1])
  })

  it('may have its times in other units', async () => {
    const files = new MemoryFiles()
    const at = (t: number, m: number, units: string, factor: number, width = 1) =>
      files.set(`/${t}${m}${width}.nc`, [
        { ...time(t * factor), attributes: { units, bounds: 'tb' } },
        {
          path: 'tb',
          dims: ['time', 'nv'],
          shape: [1, 2],
          bytes: Float64Array.of(t * factor, (t + width) * factor),
        },
        line('m', 'm', m),
        { ...field('v', t * 10 + m), dims: ['time', 'm'] },
      ])
    const [days, hours] = ['days since 2000-01-01', 'hours since 2000-01-01']
    const sets = [at(0, 0, days, 1), at(0, 1, hours, 24), at(1, 0, days, 1), at(1, 1, hours, 24)]
    const set = await (await plan(files, sets, ['time', 'm'])).set()
    assert.deepEqual(await values(files, set, 'tb'), [0, 1, 1, 2])
    const other = [at(0, 0, days, 1), at(0, 1, hours, 24, 2)]
    const { report } = await plan(files, other, ['time', 'm'])
    assert.deepEqual(
      report.barriers.map((barrier) => [barrier.subject, barrier.values]),
      [['the value at [0, 1]', [1, 2]]],
    )
  })
})

describe('bounds of times in other units', () => {
  const joined = (bounds: Partial<MemoryArray>) => {
    const files = new MemoryFiles()
    const sets = [1, 24].map((factor, at) => {
      const attributes = { units: `${at === 0 ? 'days' : 'hours'} since 2000-01-01`, bounds: 'tb' }
      const bytes = Float64Array.of(at * factor, (at + 1) * factor)
      const own: MemoryArray = { path: 'tb', dims: ['time', 'nv'], shape: [1, 2], bytes, ...bounds }
      return files.set(`/${at}.nc`, [{ ...time(at * factor), attributes }, own, field('v', at)])
    })
    return plan(files, sets, 'time')
  }

  it('are converted with them, or stand in the way', async () => {
    assert.deepEqual(kinds(await joined({})), [])
    assert.deepEqual(kinds(await joined({ dims: ['nv', 'time'], shape: [2, 1] })), [['attribute', 'time']])
    assert.deepEqual(kinds(await joined({ attributes: { scale_factor: 2 } })), [['attribute', 'tb']])
  })
})
