import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlanError, UsageError } from '../../lib/errors.ts'
import type { BuildJournal } from '../../lib/model/build-journal.ts'
import type { Footer } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { type Combination, type ConcatOptions, planSets } from '../../lib/transform/plan-sets.ts'
import { type MemoryArray, MemoryFiles } from '../store/memory-set.ts'
import { type Month, month } from './monthly-files.ts'

async function* streamOf(sets: readonly ReferenceSet[]): AsyncGenerator<ReferenceSet> {
  yield* sets
}

function plan(
  files: MemoryFiles,
  sets: readonly ReferenceSet[],
  options: ConcatOptions = {},
  dims: string | readonly string[] | undefined = 'time',
): Promise<Combination> {
  return planSets(streamOf(sets), dims, { open: files.open, ...options })
}

/** Files /m/0.nc, /m/1.nc, … of a day each. */
function days(files: MemoryFiles, count: number, change: (day: number) => Partial<Month> = () => ({})) {
  return Array.from({ length: count }, (_, day) =>
    month(files, `/m/${day}.nc`, { times: [day], ...change(day) }),
  )
}

const scaled = (scale_factor: number) => ({ changes: { temp: { attributes: { scale_factor } } } })

async function values(files: MemoryFiles, set: ReferenceSet, path: string): Promise<unknown[]> {
  const index = set.header.arrays.findIndex((array) => array.path === path)
  assert.ok(index >= 0, `${path} of ${set.header.arrays.map((array) => array.path).join(', ')}`)
  const { data } = await readValues(set, index, { open: files.open })
  return Array.from(data as ArrayLike<unknown>)
}

const tempOf = (...times: number[]) => times.flatMap((time) => [time, time + 0.25, time + 0.5])

async function footerOf(set: ReferenceSet): Promise<Footer> {
  for await (const item of set.body()) if (item.kind === 'footer') return item
  throw new assert.AssertionError({ message: 'no footer' })
}

describe('the report of a plan', () => {
  it('says what would be built, in which order and why', async () => {
    const files = new MemoryFiles()
    const { report } = await plan(files, days(files, 4).reverse(), { identicalDims: ['x'] })
    assert.equal(report.inputs, 4)
    assert.deepEqual(report.order, {
      by: 'coordinate',
      reason: 'by the values of time',
      first: '/m/0.nc',
      last: '/m/3.nc',
      moved: 4,
    })
    assert.deepEqual(report.dimensions[0], {
      name: 'time',
      size: 4,
      joined: true,
      coordinate: {
        from: 'the variable itself',
        first: '0',
        last: '3',
        units: 'days since 2000-01-01',
        dates: ['2000-01-01', '2000-01-04'],
      },
    })
    assert.deepEqual(
      report.arrays.map(({ path, role, chunks, inputs }) => [path, role, chunks, inputs]),
      [
        ['time', 'gathered', 1, 4],
        ['time_bnds', 'gathered', 1, 4],
        ['temp', 'referenced', 8, 4],
        ['x', 'once', 1, 4],
      ],
    )
    assert.deepEqual([report.references, report.inlined, report.cells, report.emptyCells], [9, 2, 4, 0])
    assert.deepEqual(report.eras, [{ name: 'era_0', inputs: 4, first: '/m/0.nc', last: '/m/3.nc' }])
    assert.deepEqual([report.barriers, report.leftOut], [[], []])
  })

  it('groups thousands of differences: the first file and the number of files on each side', async () => {
    const files = new MemoryFiles()
    const sets = days(files, 30, (day) => (day >= 20 ? scaled(0.5) : day === 3 ? scaled(0.25) : {}))
    const { report } = await plan(files, sets)
    assert.deepEqual(
      report.barriers.map(({ kind, array, subject, inputs, files: count, values: both }) => [
        kind,
        array,
        subject,
        inputs,
        count,
        both,
      ]),
      [
        ['attribute', 'temp', 'scale_factor', ['/m/0.nc', '/m/3.nc'], [19, 1], ['absent', 0.25]],
        ['attribute', 'temp', 'scale_factor', ['/m/0.nc', '/m/20.nc'], [19, 10], ['absent', 0.5]],
      ],
    )
    assert.deepEqual(
      report.eras.map(({ inputs, first, last }) => [inputs, first, last]),
      [
        [3, '/m/0.nc', '/m/2.nc'],
        [1, '/m/3.nc', '/m/3.nc'],
        [16, '/m/4.nc', '/m/19.nc'],
        [10, '/m/20.nc', '/m/29.nc'],
      ],
    )
  })

  it('finds every barrier in one go', async () => {
    const files = new MemoryFiles()
    const changes: Record<number, Month['changes']> = {
      1: { temp: { chunkShape: [1, 3] } },
      2: { temp: null },
      3: { x: { bytes: Int16Array.of(10, 20, 31) } },
      4: { temp: { dataType: '<f8', bytes: Float64Array.of(1, 2, 3) } },
    }
    const sets = days(files, 6, (day) => ({ changes: changes[day] ?? {} }))
    const { report } = await plan(files, sets)
    assert.deepEqual(
      report.barriers.map(({ kind, inputs }) => [kind, inputs[1]]),
      [
        ['variable', '/m/2.nc'],
        ['data-type', '/m/4.nc'],
        ['chunk-shape', '/m/1.nc'],
        ['values', '/m/3.nc'],
      ],
    )
  })

  it('tells of fixed values that differ: which value, and how many files have each', async () => {
    const files = new MemoryFiles()
    const other = { changes: { x: { bytes: Int16Array.of(10, 20, 99) } } }
    const sets = days(files, 5, (day) => (day % 2 === 1 ? other : {}))
    const { report, set } = await plan(files, sets)
    const [barrier] = report.barriers
    assert.deepEqual(
      [barrier.kind, barrier.subject, barrier.values, barrier.files],
      ['values', 'the value at [2]', [30, 99], [3, 2]],
    )
    assert.equal(report.eras.length, 5)
    await assert.rejects(
      set,
      (error) => error instanceof PlanError && /x: the value at \[2\] differs: 30/.test(error.message),
    )
  })

  it('takes equal values stored in two ways for equal', async () => {
    const files = new MemoryFiles()
    const packed = { changes: { x: { codecs: [{ id: 'zlib', level: 9 }] } } }
    const { report } = await plan(
      files,
      days(files, 3, (day) => (day === 1 ? packed : {})),
    )
    assert.deepEqual(report.barriers, [])
  })

  it('names steps that are missing, unless they may be', async () => {
    const files = new MemoryFiles()
    const sets = [0, 1, 2, 3, 4, 8, 9].map((day) => month(files, `/m/${day}.nc`, { times: [day] }))
    const { report } = await plan(files, sets)
    assert.deepEqual(
      report.barriers.map(({ kind, inputs, subject }) => [kind, inputs, subject.slice(0, 19)]),
      [['gap', ['/m/4.nc', '/m/8.nc'], '3 steps are missing']],
    )
    assert.equal(report.eras.length, 2)
    assert.deepEqual((await plan(files, sets, { allowGaps: true })).report.barriers, [])
  })

  it('says that splitting heals a partial chunk where nothing is compressed', async () => {
    const files = new MemoryFiles()
    const temp = { chunkShape: [4, 3], codecs: [] }
    const sets = [
      month(files, '/m/a.nc', { times: [0, 1, 2, 3, 4, 5], changes: { temp } }),
      month(files, '/m/b.nc', { times: [6, 7, 8, 9], changes: { temp } }),
    ]
    const { report } = await plan(files, sets)
    assert.match(report.barriers[0].advice, /no filter: --split-chunks t[a-z]*=2 /)
  })
})

describe('coordinates of several groups', () => {
  const grouped = (files: MemoryFiles, url: string, a: number, b: number) =>
    files.set(url, [
      { path: 'a/time', dims: ['time'], shape: [1], bytes: Float64Array.of(a) },
      { path: 'b/time', dims: ['time'], shape: [1], bytes: Float64Array.of(b) },
      { path: 'b/v', dims: ['time', 'x'], shape: [1, 1], dataType: '<i4', bytes: Int32Array.of(b) },
    ])

  it('must run together', async () => {
    const files = new MemoryFiles()
    const fits = [grouped(files, '/g/0.nc', 1, 11), grouped(files, '/g/1.nc', 0, 10)]
    const { set } = await plan(files, fits)
    assert.deepEqual(await values(files, await set(), 'b/v'), [10, 11])
    const crossed = [grouped(files, '/g/2.nc', 1, 10), grouped(files, '/g/3.nc', 0, 10)]
    const { report } = await plan(files, crossed)
    assert.deepEqual(
      report.barriers.map(({ kind, array }) => [kind, array]),
      [['duplicate', 'b/time']],
    )
  })
})

describe('eras', () => {
  it('make a group of each run that fits, with its first and last file', async () => {
    const files = new MemoryFiles()
    const sets = days(files, 6, (day) => (day >= 4 ? scaled(0.5) : {}))
    const { set } = await plan(files, sets.reverse(), { onMismatch: 'eras' })
    const joined = await set()
    assert.deepEqual(
      joined.header.groups.map(({ path }) => path),
      ['', 'era_0', 'era_1'],
    )
    const [, first, second] = joined.header.groups
    assert.deepEqual(
      [first.attributes.kstream_first_file, first.attributes.kstream_last_file],
      ['/m/0.nc', '/m/3.nc'],
    )
    assert.equal(second.attributes.kstream_first_file, '/m/4.nc')
    assert.deepEqual(await values(files, joined, 'era_0/time'), [0, 1, 2, 3])
    assert.deepEqual(await values(files, joined, 'era_0/temp'), tempOf(0, 1, 2, 3))
    assert.deepEqual(await values(files, joined, 'era_1/temp'), tempOf(4, 5))
    assert.deepEqual(await values(files, joined, 'era_1/x'), [10, 20, 30])
    const footer = await footerOf(joined)
    assert.deepEqual(footer.shapes.length, joined.header.arrays.length)
    assert.ok(footer.coverage.arrays.some(({ path }) => path === 'era_1/temp'))
    const index = joined.header.arrays.findIndex(({ path }) => path === 'era_1/temp')
    const seen = new Set<number>()
    for await (const item of joined.body({ arrays: [index] })) if (item.kind === 'batch') seen.add(item.array)
    assert.deepEqual([...seen], [index])
  })

  it('begin after a partial chunk, and where a variable comes or goes', async () => {
    const files = new MemoryFiles()
    const temp = { chunkShape: [2, 2] }
    const sets = [
      month(files, '/m/a.nc', { times: [0, 1], changes: { temp } }),
      month(files, '/m/b.nc', { times: [2, 3, 4], changes: { temp } }),
      month(files, '/m/c.nc', { times: [5, 6], changes: { temp } }),
      month(files, '/m/d.nc', { times: [7, 8], changes: { temp: null } }),
    ]
    const { set, report } = await plan(files, sets, { onMismatch: 'eras' })
    assert.deepEqual(
      report.eras.map(({ inputs }) => inputs),
      [2, 1, 1],
    )
    assert.deepEqual(await values(files, await set(), 'era_0/temp'), tempOf(0, 1, 2, 3, 4))
    assert.deepEqual(await values(files, await set(), 'era_1/temp'), tempOf(5, 6))
    assert.ok(!(await set()).header.arrays.some(({ path }) => path === 'era_2/temp'))
  })

  it('part files that overlap', async () => {
    const files = new MemoryFiles()
    const sets = [
      [0, 1, 2],
      [2, 3],
      [4, 5],
    ].map((times, at) => month(files, `/m/${at}.nc`, { times }))
    const { set } = await plan(files, sets, { onMismatch: 'eras' })
    assert.deepEqual(await values(files, await set(), 'era_0/time'), [0, 1, 2])
    assert.deepEqual(await values(files, await set(), 'era_1/time'), [2, 3, 4, 5])
  })

  it('are runs along one dimension', async () => {
    const files = new MemoryFiles()
    await assert.rejects(plan(files, days(files, 2), { onMismatch: 'eras' }, ['time', 'x']), UsageError)
  })
})

describe('leaving out what does not fit', () => {
  it('keeps what most files have, and says why each other one is left out', async () => {
    const files = new MemoryFiles()
    const other = { changes: { x: { bytes: Int16Array.of(1, 2, 3) } } }
    const sets = days(files, 6, (day) => (day === 2 ? scaled(0.5) : day === 5 ? other : {}))
    const { set, report } = await plan(files, sets, { onMismatch: 'skip', allowGaps: true })
    assert.deepEqual(
      report.leftOut.map(({ input }) => input),
      ['/m/2.nc', '/m/5.nc'],
    )
    assert.match(
      report.leftOut[0].reason,
      /temp: scale_factor differs: absent in \/m\/0\.nc.*0\.5 in \/m\/2\.nc/,
    )
    assert.match(report.leftOut[1].reason, /x: the value at \[0\]/)
    assert.deepEqual(await values(files, await set(), 'temp'), tempOf(0, 1, 3, 4))
  })

  it('leaves out later copies and what overlaps, but cannot make up for a gap', async () => {
    const files = new MemoryFiles()
    const sets = [[0], [1], [2], [2], [3]].map((times, at) => month(files, `/m/${at}.nc`, { times }))
    const { set } = await plan(files, sets, { onMismatch: 'skip' })
    assert.deepEqual(await values(files, await set(), 'time'), [0, 1, 2, 3])
    const days = [0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 20, 21]
    const gapped = days.map((day, at) => month(files, `/g/${at}.nc`, { times: [day] }))
    const gap = await plan(files, gapped, { onMismatch: 'skip' })
    assert.ok(gap.report.barriers.some(({ kind }) => kind === 'gap'))
    await assert.rejects(gap.set, /11 steps are missing/)
  })

  it('does not take the place of what it left out for a gap', async () => {
    const files = new MemoryFiles()
    const odd = days(files, 7, (day) => (day === 3 ? scaled(0.5) : {}))
    const { set } = await plan(files, odd, { onMismatch: 'skip' })
    assert.deepEqual(await values(files, await set(), 'time'), [0, 1, 2, 4, 5, 6])
  })
})

/** A file of one variable along time. */
function variable(
  files: MemoryFiles,
  url: string,
  name: string,
  times: readonly number[],
  more: readonly MemoryArray[] = [],
) {
  return files.set(url, [
    { path: 'time', dims: ['time'], shape: [times.length], bytes: Float64Array.from(times) },
    {
      path: name,
      dims: ['time'],
      shape: [times.length],
      chunkShape: [1],
      dataType: '<f4',
      bytes: new Float32Array(times),
      codecs: [],
    },
    { path: 'x', dims: ['x'], shape: [2], bytes: Float64Array.of(7, 8) },
    ...more,
  ])
}

describe('merging variables', () => {
  it('puts different variables of one place together', async () => {
    const files = new MemoryFiles()
    const sets = [variable(files, '/m/a.nc', 'a', [0, 1]), variable(files, '/m/b.nc', 'b', [0, 1])]
    const { set } = await plan(files, sets, { mergeVariables: true }, undefined)
    assert.deepEqual(
      (await set()).header.arrays.map(({ path }) => path),
      ['a', 'b', 'time', 'x'],
    )
    assert.deepEqual(await values(files, await set(), 'b'), [0, 1])
  })

  it('together with joining: a place that a variable lacks is missing', async () => {
    const files = new MemoryFiles()
    const field = (url: string, name: string, time: number) =>
      files.set(url, [
        { path: 'time', dims: ['time'], shape: [1], bytes: Float64Array.of(time) },
        {
          path: name,
          dims: ['time', 'x'],
          shape: [1, 2],
          dataType: '<i4',
          bytes: Int32Array.of(time, time),
          fillValue: new Uint8Array(Int32Array.of(-1).buffer),
        },
      ])
    const sets = [
      field('/m/a0.nc', 'a', 10),
      field('/m/a1.nc', 'a', 11),
      field('/m/b1.nc', 'b', 11),
      field('/m/b2.nc', 'b', 12),
    ]
    const { set, report } = await plan(files, sets, { mergeVariables: true })
    assert.deepEqual(await values(files, await set(), 'time'), [10, 11, 12])
    assert.deepEqual(await values(files, await set(), 'a'), [10, 10, 11, 11, -1, -1])
    assert.deepEqual(await values(files, await set(), 'b'), [-1, -1, 11, 11, 12, 12])
    assert.deepEqual(report.barriers, [])
    assert.deepEqual((await footerOf(await set())).missing, [1, 1, 0])
  })

  it('refuses two files that have one variable for one place, and shared ones that differ', async () => {
    const files = new MemoryFiles()
    const field: MemoryArray = { path: 'f', dims: ['time', 'x'], shape: [1, 2], bytes: Float64Array.of(1, 2) }
    const twice = [
      variable(files, '/m/a.nc', 'a', [0], [field]),
      variable(files, '/m/b.nc', 'a', [0], [field]),
    ]
    const { report } = await plan(files, twice, { mergeVariables: true })
    assert.deepEqual(
      report.barriers.map(({ kind, array, inputs }) => [kind, array, inputs]),
      [['duplicate', 'f', ['/m/a.nc', '/m/b.nc']]],
    )
    const extra: MemoryArray = { path: 'y', dims: ['y'], shape: [1], bytes: Float64Array.of(1) }
    const other = { ...extra, bytes: Float64Array.of(2) }
    const differing = [
      variable(files, '/m/c.nc', 'a', [0], [extra]),
      variable(files, '/m/d.nc', 'b', [0], [other]),
    ]
    const merged = await plan(files, differing, { mergeVariables: true }, undefined)
    assert.deepEqual(
      merged.report.barriers.map(({ kind, array, values: both }) => [kind, array, both]),
      [['values', 'y', [1, 2]]],
    )
  })
})

describe('a journal', () => {
  it('is not asked of sets without sources, which may be others under the same name', async () => {
    const files = new MemoryFiles()
    const dated = days(files, 3)
    const undated = dated.map((set, day) => ({ ...set, name: `/m/${day}.json`, sources: [] }))
    const begun: string[] = []
    const put: string[] = []
    const journal: BuildJournal = {
      header: () => undefined,
      putHeader: async () => {},
      values: () => undefined,
      putValues: async (key) => void put.push(key),
      begin: async (fingerprint) => void begun.push(fingerprint),
      batch: () => undefined,
      putBatch: async () => {},
      footer: () => undefined,
      putFooter: async () => {},
    }
    for (const sets of [dated, dated, undated, undated]) await (await plan(files, sets, { journal })).set()
    assert.equal(put.length, 6)
    assert.equal(begun[0], begun[1])
    assert.notEqual(begun[2], begun[3])
  })
})

describe('given values', () => {
  it('count one for each row: files without rows need none, too many are an error', async () => {
    const files = new MemoryFiles()
    const of = (url: string, times: readonly number[]) =>
      files.set(url, [
        { path: 'v', dims: ['time'], shape: [times.length], dataType: '<i4', bytes: Int32Array.from(times) },
      ])
    const cooMap = { time: /t(\d+)/ }
    const sets = [of('/g/t2.nc', [20]), of('/g/t9.nc', []), of('/g/t1.nc', [10])]
    const { set } = await plan(files, sets, { cooMap })
    assert.deepEqual(await values(files, await set(), 'time'), [1n, 2n])
    assert.deepEqual(await values(files, await set(), 'v'), [10, 20])
    const longer = plan(files, [...sets, of('/g/t3.nc', [30, 31])], { cooMap })
    await assert.rejects(longer, /time: 1 value for an extent of 2 in \/g\/t3\.nc/)
  })
})

describe('a new dimension', () => {
  const member = (files: MemoryFiles, url: string, run: number, times: readonly number[]) =>
    files.set(url, [
      { path: 'time', dims: ['time'], shape: [times.length], bytes: Float64Array.from(times) },
      {
        path: 'temp',
        dims: ['time', 'x'],
        shape: [times.length, 2],
        chunkShape: [1, 2],
        dataType: '<i4',
        bytes: Int32Array.from(times.flatMap((time) => [100 * run + time, 100 * run + time])),
      },
      { path: 'x', dims: ['x'], shape: [2], bytes: Float64Array.of(7, 8) },
    ])

  it('gets its values from the names of the files, and data get an axis; coordinates do not', async () => {
    const files = new MemoryFiles()
    const sets = [2, 10, 1].flatMap((run) =>
      [
        [2, 3],
        [0, 1],
      ].map((times) => member(files, `/e/r${run}_${times[0]}.nc`, run, times)),
    )
    const { set, report } = await plan(files, sets, { cooMap: { run: /r(\d+)_/ } }, ['run', 'time'])
    const { arrays } = (await set()).header
    assert.deepEqual(
      arrays.map(({ path, dims, shape }) => [path, dims, shape]),
      [
        ['run', ['run'], [3]],
        ['time', ['time'], [4]],
        ['temp', ['run', 'time', 'x'], [3, 4, 2]],
        ['x', ['x'], [2]],
      ],
    )
    assert.deepEqual(await values(files, await set(), 'run'), [1n, 2n, 10n])
    assert.deepEqual(await values(files, await set(), 'time'), [0, 1, 2, 3])
    const expected = [1, 2, 10].flatMap((run) =>
      [0, 1, 2, 3].flatMap((time) => [100 * run + time, 100 * run + time]),
    )
    assert.deepEqual(await values(files, await set(), 'temp'), expected)
    assert.deepEqual(report.dimensions[0].coordinate?.last, '10')
  })

  it('has missing chunks where no file is, named in the report', async () => {
    const files = new MemoryFiles()
    const sets = [member(files, '/e/r1.nc', 1, [0]), member(files, '/e/r2.nc', 2, [1])]
    const { set, report } = await plan(files, sets, { cooMap: { run: '/r(\\d+)/' } }, ['run', 'time'])
    assert.deepEqual(
      [report.cells, report.emptyCells, report.emptyExamples],
      [4, 2, ['run=1, time=1', 'run=2, time=0']],
    )
    assert.deepEqual(await values(files, await set(), 'temp'), [100, 100, 0, 0, 0, 0, 201, 201])
  })

  it('is a scalar coordinate of each file', async () => {
    const files = new MemoryFiles()
    const at = (url: string, time: number, units: string) =>
      files.set(url, [
        { path: 'time', dims: [], shape: [], bytes: Float64Array.of(time), attributes: { units } },
        { path: 'temp', dims: ['x'], shape: [2], dataType: '<i4', bytes: Int32Array.of(time, time) },
      ])
    const sets = [at('/s/b.nc', 24, 'hours since 2000-01-01'), at('/s/a.nc', 0, 'days since 2000-01-01')]
    const { set } = await plan(files, sets)
    assert.deepEqual(await values(files, await set(), 'time'), [0, 1])
    assert.deepEqual(await values(files, await set(), 'temp'), [0, 0, 24, 24])
    assert.deepEqual((await set()).header.arrays[1].dims, ['time', 'x'])
  })

  it('takes other variables, raw or decoded, and asks where nothing tells', async () => {
    const files = new MemoryFiles()
    const at = (url: string, time: number, units: string) =>
      files.set(url, [
        { path: 'ref', dims: [], shape: [], bytes: Float64Array.of(time), attributes: { units } },
        { path: 'temp', dims: ['x'], shape: [1], dataType: '<i4', bytes: Int32Array.of(time) },
      ])
    const sets = [at('/s/a.nc', 0, 'days since 2000-01-01'), at('/s/b.nc', 36, 'hours since 2000-01-01')]
    const decoded = await (await plan(files, sets, { cooMap: { time: 'cf:ref' } })).set()
    assert.deepEqual(await values(files, decoded, 'time'), [0, 1.5])
    assert.equal(
      decoded.header.arrays.find(({ path }) => path === 'time')?.attributes.units,
      'days since 2000-01-01',
    )
    const raw = await plan(files, sets, { cooMap: { time: 'data:ref' } })
    assert.deepEqual(
      raw.report.barriers.map(({ subject }) => subject),
      ['units'],
    )
    await assert.rejects(plan(files, sets), /no array has the dimension time.*--coo-map time=/)
  })
})
