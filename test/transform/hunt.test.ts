import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlanError, UsageError } from '../../lib/errors.ts'
import type { BuildJournal, InputValues } from '../../lib/model/build-journal.ts'
import type { GroupMetadata } from '../../lib/model/metadata.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { group } from '../../lib/transform/group.ts'
import { type Combination, type ConcatOptions, planSets } from '../../lib/transform/plan-sets.ts'
import { type MemoryArray, MemoryFiles } from '../store/memory-set.ts'
import { through } from './memory-set.ts'
import { month } from './monthly-files.ts'

async function* streamOf(sets: readonly ReferenceSet[]): AsyncGenerator<ReferenceSet> {
  yield* sets
}

function plan(
  files: MemoryFiles,
  sets: readonly ReferenceSet[],
  dims: string | readonly string[] | undefined,
  options: ConcatOptions = {},
): Promise<Combination> {
  return planSets(streamOf(sets), dims, { open: files.open, ...options })
}

async function values(files: MemoryFiles, set: ReferenceSet, path: string): Promise<unknown[]> {
  const index = set.header.arrays.findIndex((array) => array.path === path)
  const { data } = await readValues(set, index, { open: files.open })
  return Array.from(data as ArrayLike<unknown>)
}

async function allValues(files: MemoryFiles, set: ReferenceSet): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {}
  for (const { path } of set.header.arrays) all[path] = await values(files, set, path)
  return all
}

const line = (path: string, dim: string, ...numbers: number[]): MemoryArray => ({
  path,
  dims: [dim],
  shape: [numbers.length],
  bytes: Float64Array.from(numbers),
})
const time = (...times: number[]) => line('time', 'time', ...times)
const field = (path: string, ...numbers: number[]): MemoryArray => ({
  path,
  dims: ['time', 'x'],
  shape: [numbers.length, 1],
  chunkShape: [1, 1],
  bytes: Float64Array.from(numbers),
})
const kinds = ({ report }: Combination) => report.barriers.map(({ kind, array }) => [kind, array])

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

describe('eras', () => {
  const modes = { onMismatch: 'eras' } as const

  it('part inputs by values among those that differ in type from the first', async () => {
    const files = new MemoryFiles()
    const sets = [0, 1, 2].map((day) => {
      const x = { path: 'x', dims: ['x'], shape: [1] }
      const own =
        day === 0 ? { ...x, dataType: '<i2', bytes: Int16Array.of(1) } : { ...x, bytes: Float64Array.of(day) }
      return files.set(`/${day}.nc`, [time(day), field('v', day), own])
    })
    const set = await (await plan(files, sets, 'time', modes)).set()
    const x = await Promise.all([0, 1, 2].map((era) => values(files, set, `era_${era}/x`)))
    assert.deepEqual(x, [[1], [1], [2]])
  })

  it('part inputs where steps are missing by the rule of an era alone', async () => {
    const files = new MemoryFiles()
    const times = [0, 1, 2, 3, 4, 8, 9, 10, 20, 33, 40, 70, 75, 99, 130, 200, 260]
    const sets = times.map((day, at) => {
      const temp = at >= 8 ? { attributes: { scale_factor: 2 } } : {}
      return month(files, `/m/${String(at).padStart(2, '0')}.nc`, { times: [day], changes: { temp } })
    })
    const { report, set } = await plan(files, sets, 'time', modes)
    assert.deepEqual(
      report.eras.map(({ inputs }) => inputs),
      [5, 3, 9],
    )
    assert.deepEqual(await values(files, await set(), 'era_1/time'), [8, 9, 10])
  })
})

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

describe('an array that turns out not to be referenceable', () => {
  it('is left out of a combination, though it would have to be the same in all inputs', async () => {
    const files = new MemoryFiles()
    const dropped = { dropped: 'chunks that skip a filter' }
    const sets = [0, 1].map((at) =>
      files.set(`/${at}.nc`, [time(at), field('v', at), { ...line('static', 'x', 1), ...dropped }]),
    )
    const set = await (await plan(files, sets, 'time')).set()
    for await (const item of set.body()) {
      if (item.kind === 'footer')
        assert.deepEqual(
          item.dropped.map((index) => set.header.arrays[index].path),
          ['static'],
        )
    }
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

describe('missing steps', () => {
  const days = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at)
  const gaps = async (inputs: readonly (readonly number[])[]) => {
    const files = new MemoryFiles()
    const sets = inputs.map((times, at) => month(files, `/${String(at).padStart(3, '0')}.nc`, { times }))
    return (await plan(files, sets, 'time')).report.barriers.map(({ kind, files: [count] }) => [kind, count])
  }
  const repeat = (count: number, of: (at: number) => readonly number[]) =>
    Array.from({ length: count }, (_, at) => of(at))

  it('are not the pauses that come again and again', async () => {
    const workdays = days(0, 60).filter((day) => day % 7 < 5)
    assert.deepEqual(await gaps(workdays.map((day) => [day])), [])
    assert.deepEqual(await gaps(repeat(8, (week) => days(week * 7, 5))), [])
    assert.deepEqual(await gaps(repeat(8, (day) => days(6, 13).map((hour) => day + hour / 24))), [])
    assert.deepEqual(await gaps(repeat(10, (year) => [0, 31, 59].map((day) => year * 365 + day))), [])
    const granules = repeat(10, (at) =>
      days(0, 50).map((second) => at / 14 + ((at * 37) % 5) / 140 + second / 86400),
    )
    assert.deepEqual(await gaps(granules), [])
  })

  it('are told beside such pauses', async () => {
    const years = [0, 1, 2, 3, 4, 6, 7, 8]
    assert.deepEqual(await gaps(years.map((year) => [0, 31, 59].map((day) => year * 365 + day))), [
      ['gap', 1],
    ])
    const weeks = [0, 1, 2, 3, 6, 7, 8, 9]
    assert.deepEqual(await gaps(weeks.map((week) => days(week * 7, 5))), [['gap', 1]])
    const workdays = days(0, 60).filter((day) => day % 7 < 5 && (day < 20 || day > 33))
    assert.deepEqual(await gaps(workdays.map((day) => [day])), [['gap', 1]])
  })
})
