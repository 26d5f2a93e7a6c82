import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeVlenUtf8 } from '../../lib/codec/vlen-utf8.ts'
import { PlanError, UsageError } from '../../lib/errors.ts'
import type { Footer, ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { concat } from '../../lib/transform/concat.ts'
import type { ConcatOptions } from '../../lib/transform/plan-sets.ts'
import { type MemoryArray, MemoryFiles } from '../store/memory-set.ts'
import { type Month, month } from './monthly-files.ts'

async function* streamOf(sets: readonly ReferenceSet[]): AsyncGenerator<ReferenceSet> {
  yield* sets
}

async function combine(
  files: MemoryFiles,
  sets: readonly ReferenceSet[],
  options: ConcatOptions = {},
  dim?: string,
): Promise<ReferenceSet> {
  const out: ReferenceSet[] = []
  for await (const set of concat(dim ?? 'time', { open: files.open, allowGaps: true, ...options })(
    streamOf(sets),
  ))
    out.push(set)
  assert.equal(out.length, 1)
  return out[0]
}

async function values(files: MemoryFiles, set: ReferenceSet, path: string) {
  const index = set.header.arrays.findIndex((array) => array.path === path)
  return (await readValues(set, index, { open: files.open })).data
}

async function drain(
  set: ReferenceSet,
  options?: BodyOptions,
): Promise<{ batches: ReferenceBatch[]; footer: Footer }> {
  const batches: ReferenceBatch[] = []
  let footer: Footer | undefined
  for await (const item of set.body(options)) {
    if (item.kind === 'batch') batches.push(item)
    else footer = item
  }
  assert.ok(footer)
  return { batches, footer }
}

/** Combines two months and expects a PlanError whose message has both files and every pattern. */
async function refused(a: Month, b: Month, ...patterns: RegExp[]): Promise<void> {
  const files = new MemoryFiles()
  const sets = [month(files, '/m/a.nc', a), month(files, '/m/b.nc', b)]
  await assert.rejects(combine(files, sets), (error) => {
    assert.ok(error instanceof PlanError, String(error))
    for (const pattern of [/\/m\/a\.nc/, /\/m\/b\.nc/, ...patterns]) assert.match(error.message, pattern)
    return true
  })
}

const january = { times: [0, 1, 2] }
const february = { times: [3, 4] }

describe('concat', () => {
  it('joins files: fields stay referenced, coordinates and bounds become one chunk', async () => {
    const files = new MemoryFiles()
    const sets = [month(files, '/m/a.nc', january), month(files, '/m/b.nc', february)]
    const set = await combine(files, sets, { identicalDims: ['x'] })
    const arrays = new Map(set.header.arrays.map((array) => [array.path, array]))
    assert.deepEqual([...arrays.keys()], ['time', 'time_bnds', 'temp', 'x'])
    assert.deepEqual(arrays.get('time')?.chunkShape, [5])
    assert.deepEqual(arrays.get('time')?.codecs, [])
    assert.deepEqual(arrays.get('temp')?.shape, [5, 3])
    assert.deepEqual(arrays.get('temp')?.chunkShape, [1, 2])
    assert.deepEqual(await values(files, set, 'time'), Float64Array.of(0, 1, 2, 3, 4))
    assert.deepEqual(await values(files, set, 'time_bnds'), Float64Array.of(0, 1, 1, 2, 2, 3, 3, 4, 4, 5))
    const rows = [0, 1, 2, 3, 4].flatMap((time) => [time, time + 0.25, time + 0.5])
    assert.deepEqual(await values(files, set, 'temp'), Float32Array.from(rows))
    assert.deepEqual(await values(files, set, 'x'), Int16Array.of(10, 20, 30))
    assert.deepEqual(
      set.sources.map(({ url }) => url),
      ['/m/a.nc', '/m/b.nc'],
    )
    const { batches, footer } = await drain(set)
    assert.deepEqual(
      batches.map(({ array, rows: count, paths }) => [array, count, paths]),
      [
        [0, 1, []],
        [1, 1, []],
        [2, 6, ['/m/a.nc']],
        [3, 1, ['/m/a.nc']],
        [2, 4, ['/m/b.nc']],
      ],
    )
    assert.deepEqual(footer.shapes, [[5], [5, 2], [5, 3], [3]])
    assert.deepEqual(footer.missing, [0, 0, 0, 0])
    assert.deepEqual(
      footer.coverage.arrays.map(({ outcome }) => outcome),
      ['copied', 'copied', 'referenced', 'referenced'],
    )
  })

  it('leaves a single file as it is, coordinates apart', async () => {
    const files = new MemoryFiles()
    const only = month(files, '/m/a.nc', { times: [2, 1, 1] })
    const set = await combine(files, [only])
    assert.deepEqual(set.header.arrays[2], only.header.arrays[2])
    assert.deepEqual(await values(files, set, 'time'), Float64Array.of(2, 1, 1))
    const { batches } = await drain(set, { arrays: [2, 3] })
    assert.deepEqual(batches, (await drain(only, { arrays: [2, 3] })).batches)
  })

  it('gives nothing for nothing, and refuses no dimension at all, or one twice', async () => {
    for await (const set of concat('time')(streamOf([]))) assert.fail(String(set))
    assert.throws(() => concat([]), UsageError)
    const files = new MemoryFiles()
    const sets = [month(files, '/m/a.nc', january), month(files, '/m/b.nc', february)]
    const twice = concat(['time', 'time'], { open: files.open })(streamOf(sets))
    await assert.rejects(async () => {
      for await (const _ of twice);
    }, /time is named twice/)
  })

  it('takes files without rows, first and between', async () => {
    const files = new MemoryFiles()
    const empty = { times: [], changes: { temp: { chunkShape: [1024, 3], codecs: [] } } }
    const sets = [empty, january, empty, february].map((each, at) => month(files, `/m/${at}.nc`, each))
    const set = await combine(files, sets)
    assert.deepEqual(set.header.arrays[2].chunkShape, [1, 2])
    assert.deepEqual((await values(files, set, 'temp')).length, 15)
    assert.deepEqual(await values(files, set, 'time'), Float64Array.of(0, 1, 2, 3, 4))
  })

  it('finds arrays by name where a file lists them in another order', async () => {
    const files = new MemoryFiles()
    const first = month(files, '/m/a.nc', january)
    const arrays: MemoryArray[] = [
      { path: 'x', dims: ['x'], shape: [3], dataType: '<i2', bytes: Int16Array.of(10, 20, 30) },
      {
        path: 'temp',
        dims: ['time', 'x'],
        shape: [1, 3],
        chunkShape: [1, 2],
        dataType: '<f4',
        bytes: Float32Array.of(7, 8, 9),
        codecs: first.header.arrays[2].codecs,
      },
      { path: 'time_bnds', dims: ['time', 'nv'], shape: [1, 2], bytes: Float64Array.of(7, 8) },
      {
        path: 'time',
        dims: ['time'],
        shape: [1],
        bytes: Float64Array.of(7),
        attributes: first.header.arrays[0].attributes,
      },
    ]
    const set = await combine(files, [first, files.set('/m/b.nc', arrays)])
    assert.deepEqual(Array.from((await values(files, set, 'temp')) as Float32Array).slice(-3), [7, 8, 9])
    assert.deepEqual(await values(files, set, 'time'), Float64Array.of(0, 1, 2, 7))
  })

  it('reads chunk ranges of the whole, and opens only the files that they meet', async () => {
    const files = new MemoryFiles()
    const sets = [0, 1, 2, 3].map((at) => month(files, `/m/${at}.nc`, { times: [2 * at, 2 * at + 1] }))
    const set = await combine(files, sets)
    const whole = (await drain(set, { arrays: [2] })).batches.flatMap((batch) => [...batch.chunk])
    assert.deepEqual(whole, [...Array(16).keys()])
    files.bodies.length = 0
    const { batches } = await drain(set, { arrays: [0, 2], from: 5, to: 10 })
    assert.deepEqual(
      batches.flatMap((batch) => [...batch.chunk]),
      [5, 6, 7, 8, 9],
    )
    assert.deepEqual(files.bodies, ['/m/1.nc temp', '/m/2.nc temp'])
    const { batches: begin } = await drain(set, { arrays: [0, 2], from: 0, to: 1 })
    assert.deepEqual(
      begin.map((batch) => batch.array),
      [0, 2],
    )
  })

  it('pulls one body after another, and none before it is asked', async () => {
    const files = new MemoryFiles()
    const sets = [0, 1, 2].map((at) => month(files, `/m/${at}.nc`, { times: [at] }))
    const set = await combine(files, sets)
    files.bodies.length = 0
    const body = set.body({ arrays: [2] })[Symbol.asyncIterator]()
    assert.deepEqual(files.bodies, [])
    await body.next()
    assert.deepEqual(files.bodies, ['/m/0.nc temp'])
    await body.return?.()
    assert.equal(files.bodies.length, 1)
  })

  it('gathers strings, of fixed and of variable length, and refuses one that is there twice', async () => {
    const files = new MemoryFiles()
    const strings = (url: string, ...labels: string[]) => {
      const bytes = new Uint8Array(Buffer.from(labels.map((label) => label.padEnd(3, '\0')).join('')))
      const fixed = { path: 'code', dims: ['run'], shape: [labels.length], dataType: '|S3', bytes }
      const raw = encodeVlenUtf8(labels)
      const inline = {
        path: 'run',
        dims: ['run'],
        shape: [raw.length],
        dataType: '|u1',
        bytes: raw,
        inline: true,
      }
      const set = files.set(url, [fixed, inline])
      const [code, run] = set.header.arrays
      const vlen = {
        dataType: '|O',
        shape: [labels.length],
        chunkShape: [labels.length],
        codecs: [{ id: 'vlen-utf8' }],
      }
      return { ...set, header: { ...set.header, arrays: [code, { ...run, ...vlen }] } }
    }
    const sets = [strings('/m/a.nc', 'r1', 'é'), strings('/m/b.nc', 'r0')]
    const listed = await combine(files, sets, { order: 'list' }, 'run')
    assert.deepEqual(await values(files, listed, 'run'), ['r1', 'é', 'r0'])
    assert.deepEqual(await values(files, listed, 'code'), ['r1', 'é', 'r0'])
    const ordered = await combine(files, sets, {}, 'run')
    assert.deepEqual(await values(files, ordered, 'code'), ['r0', 'r1', 'é'])
    const again = combine(files, [...sets, strings('/m/c.nc', 'r1')], {}, 'run')
    await assert.rejects(again, /run: a label is there twice.*: r1 already in \/m\/a\.nc.*\/m\/c\.nc/)
  })

  it('drops in all files what one file drops, and says where', async () => {
    const files = new MemoryFiles()
    const sets = [
      month(files, '/m/a.nc', january),
      month(files, '/m/b.nc', { ...february, changes: { temp: { dropped: 'a filter mask' } } }),
      month(files, '/m/c.nc', { times: [9] }),
    ]
    const { footer } = await drain(await combine(files, sets))
    assert.deepEqual(footer.dropped, [2])
    const outcome = footer.coverage.arrays.find(({ path }) => path === 'temp')
    assert.deepEqual(outcome, { path: 'temp', outcome: 'skipped', reason: 'a filter mask (in /m/b.nc)' })
  })

  it('skips in all files what one file skips, and says where', async () => {
    const files = new MemoryFiles()
    const header = { skipped: [{ path: 'temp', reason: 'szip' }] }
    const sets = [
      month(files, '/m/a.nc', january),
      month(files, '/m/b.nc', { ...february, changes: { temp: null }, header }),
    ]
    const set = await combine(files, sets)
    assert.deepEqual(
      set.header.arrays.map(({ path }) => path),
      ['time', 'time_bnds', 'x'],
    )
    assert.deepEqual(set.header.skipped, [{ path: 'temp', reason: 'szip (in /m/b.nc; other files have it)' }])
    const { footer } = await drain(set)
    assert.equal(footer.coverage.arrays.find(({ path }) => path === 'temp')?.outcome, 'skipped')
  })

  it('sums missing chunks', async () => {
    const files = new MemoryFiles()
    const sets = [january, february].map((each, at) =>
      month(files, `/m/${at}.nc`, { ...each, changes: { temp: { missing: [1, 2] } } }),
    )
    const { footer } = await drain(await combine(files, sets))
    assert.deepEqual(footer.missing, [0, 0, 4, 0])
  })

  it("keeps the first file's attributes, and notes which others differ", async () => {
    const files = new MemoryFiles()
    const sets = ['made on Monday', 'made on Tuesday', 'made on Friday'].map((history, at) =>
      month(files, `/m/${at}.nc`, {
        times: [at],
        header: { groups: [{ path: '', attributes: { history, title: 'same' } }] },
      }),
    )
    const set = await combine(files, sets)
    assert.equal(set.header.groups[0].attributes.history, 'made on Monday')
    assert.equal(set.header.notes.length, 1)
    assert.match(set.header.notes[0].reason, /history differs \(first in \/m\/1\.nc\)/)
  })

  it('notes a group without arrays that the first file lacks', async () => {
    const files = new MemoryFiles()
    const header = { groups: ['', 'provenance'].map((path) => ({ path, attributes: {} })) }
    const sets = [month(files, '/m/a.nc', january), month(files, '/m/b.nc', { ...february, header })]
    const { notes, groups } = (await combine(files, sets)).header
    assert.deepEqual(
      groups.map(({ path }) => path),
      [''],
    )
    assert.match(notes[0].reason, /a group that the first file lacks \(first in \/m\/b\.nc\): it is left out/)
  })

  it('finds the one unlimited dimension by itself', async () => {
    const files = new MemoryFiles()
    const header = { groups: [{ path: '', attributes: {}, unlimitedDims: ['time'] }] }
    const sets = [january, february].map((each, at) => month(files, `/m/${at}.nc`, { ...each, header }))
    const told: string[] = []
    for await (const set of concat(undefined, { open: files.open, onDimension: (dim) => told.push(dim) })(
      streamOf(sets),
    )) {
      assert.deepEqual(set.header.arrays[0].shape, [5])
    }
    assert.deepEqual(told, ['time'])
  })

  it('refuses names that do not fit', async () => {
    const files = new MemoryFiles()
    const sets = [month(files, '/m/a.nc', january)]
    await assert.rejects(combine(files, sets, {}, 'tiem'), /no array has the dimension tiem .*time, nv, x/)
    await assert.rejects(combine(files, sets, { identicalDims: ['lat'] }), UsageError)
    await assert.rejects(combine(files, sets, { identicalDims: ['time'] }), UsageError)
    await assert.rejects(combine(files, sets, { identicalDims: ['temp'] }), UsageError)
  })

  it('refuses a file that is given twice, where no coordinate would tell', async () => {
    const files = new MemoryFiles()
    const set = month(files, '/m/a.nc', { times: [1], changes: { time: null } })
    await assert.rejects(
      combine(files, [set, set]),
      /a file is in the list of files twice.*: number 1 in \/m\/a\.nc/,
    )
  })

  it('refuses sets that can be read only once, as values are needed before the references', async () => {
    const files = new MemoryFiles()
    const once = { ...month(files, '/m/a.nc', january), replayable: false }
    await assert.rejects(combine(files, [once]), /\/m\/a\.nc: its references can be read only once/)
  })

  it('stops when it is aborted', async () => {
    const files = new MemoryFiles()
    const sets = [month(files, '/m/a.nc', january), month(files, '/m/b.nc', february)]
    await assert.rejects(combine(files, sets, { signal: AbortSignal.abort() }), { name: 'AbortError' })
    const set = await combine(files, sets)
    await assert.rejects(drain(set, { signal: AbortSignal.abort() }), { name: 'AbortError' })
  })
})

describe('concat refuses what kerchunk and VirtualiZarr combine to wrong values', () => {
  it('a ragged last chunk in a middle file', () =>
    refused(
      { times: [0, 1, 2], changes: { temp: { chunkShape: [2, 2] } } },
      { times: [3, 4], changes: { temp: { chunkShape: [2, 2] } } },
      /temp: .*3 rows in chunks of 2/,
    ))

  it('but not at the end', async () => {
    const files = new MemoryFiles()
    const changes = { temp: { chunkShape: [2, 2] } }
    const sets = [{ times: [0, 1] }, january].map((each, at) =>
      month(files, `/m/${at}.nc`, { times: each.times.map((time) => time + 10 * at), changes }),
    )
    const data = await values(files, await combine(files, sets), 'temp')
    const times = [0, 1, 10, 11, 12]
    assert.deepEqual(data, Float32Array.from(times.flatMap((time) => [time, time + 0.25, time + 0.5])))
  })

  it('different chunk shapes', () =>
    refused(
      january,
      { ...february, changes: { temp: { chunkShape: [1, 3] } } },
      /temp: the chunk shape differs: \[1,2\] in .*\[1,3\]/,
    ))

  it('different codecs: shuffle or none, deflate or none', async () => {
    const zlib = { id: 'zlib', level: 4 }
    await refused(
      january,
      { ...february, changes: { temp: { codecs: [zlib] } } },
      /temp: the list of codecs differs: .*shuffle/,
    )
    await refused(
      january,
      { ...february, changes: { temp: { codecs: [{ id: 'shuffle', elementsize: 2 }, zlib] } } },
      /elementsize/,
    )
    await refused(january, { ...february, changes: { temp: { codecs: [] } } }, /\[\] in/)
  })

  it('but not levels of deflate', async () => {
    const files = new MemoryFiles()
    const codecs = [
      { id: 'shuffle', elementsize: 4 },
      { id: 'zlib', level: 9 },
    ] as const
    const sets = [
      month(files, '/m/a.nc', january),
      month(files, '/m/b.nc', { ...february, changes: { temp: { codecs } } }),
    ]
    assert.equal((await values(files, await combine(files, sets), 'temp')).length, 15)
  })

  it('different scale factors and offsets', async () => {
    for (const name of ['scale_factor', 'add_offset', 'missing_value', '_FillValue']) {
      const at = (value: number) => ({ temp: { attributes: { [name]: value } } })
      await refused(
        { ...january, changes: at(0.5) },
        { ...february, changes: at(0.25) },
        new RegExp(`temp: ${name} differs: 0.5 in .*0.25 in`),
      )
      await refused(
        { ...january, changes: at(0.5) },
        february,
        new RegExp(`temp: ${name} differs: 0.5 in .*absent in`),
      )
    }
  })

  it('units and flags of a field that differ, and of another variable along the dimension', async () => {
    const at = (units: string) => ({ temp: { attributes: { units } } })
    await refused(
      { ...january, changes: at('K') },
      { ...february, changes: at('degC') },
      /temp: units differs: K in .*degC in/,
    )
    const dtype = { temp: { attributes: { dtype: 'bool' } } }
    await refused({ ...january, changes: dtype }, february, /temp: dtype differs: bool in .*absent in/)
    const flags = (...values: bigint[]) => ({ temp: { attributes: { flag_values: values } } })
    await refused(
      { ...january, changes: flags(0n, 1n) },
      { ...february, changes: flags(0n, 2n) },
      /flag_values differs: \[0,1\] .*\[0,2\]/,
    )
  })

  it('different data types, byte orders, fill values, extents, dimensions', async () => {
    await refused(
      january,
      { ...february, changes: { temp: { dataType: '>f4' } } },
      /the data type differs: <f4 in .*>f4 in/,
    )
    const fillValue = Uint8Array.of(0, 0, 128, 63)
    await refused(
      january,
      { ...february, changes: { temp: { fillValue } } },
      /the fill value .*differs: 0 in .*0000803f/,
    )
    const wide = { shape: [2, 4], bytes: new Float32Array(8) }
    await refused(
      january,
      { ...february, changes: { temp: wide } },
      /temp: the extent of x differs: 3 in .*4 in/,
    )
    await refused(
      january,
      { ...february, changes: { temp: { dims: ['time', 'xu'] } } },
      /temp: the list of dimensions differs: .*xu/,
    )
  })

  it('takes no fill value and one of zeros for the same', async () => {
    const files = new MemoryFiles()
    const changes = { temp: { fillValue: new Uint8Array(4) } }
    await combine(files, [
      month(files, '/m/a.nc', january),
      month(files, '/m/b.nc', { ...february, changes }),
    ])
  })

  it('a variable that some files lack, either way', async () => {
    const without = { ...february, changes: { temp: null } }
    await refused(
      january,
      without,
      /temp: not all files have the variable: present in \/m\/a\.nc, absent in \/m\/b\.nc/,
    )
    await refused(
      { ...january, changes: { temp: null } },
      february,
      /temp: .*absent in \/m\/a\.nc, present in \/m\/b\.nc/,
    )
  })

  it('overlapping and repeated coordinates, and in the order of the list unordered ones', async () => {
    await refused(january, { times: [2, 3] }, /time: .*overlaps.*from 0 to 2 in .*from 2 to 3 in/)
    await refused(january, { times: [1.5, 3] }, /overlaps/)
    await refused(january, { times: [5, 4] }, /direction/)
    await refused({ times: [1] }, { times: [1] }, /time: the coordinate has the same values twice/)
    const files = new MemoryFiles()
    const sets = [month(files, '/m/a.nc', { times: [3, 4] }), month(files, '/m/b.nc', january)]
    await assert.rejects(
      combine(files, sets, { order: 'list' }),
      /time: the files do not follow one another.*from 3 to 4 in \/m\/a\.nc, from 0 to 2 in \/m\/b\.nc; sort/,
    )
  })

  it('but orders files by their values, whatever the list says', async () => {
    const files = new MemoryFiles()
    const sets = [[3, 4], [9], [0, 1, 2]].map((times, at) => month(files, `/m/${at}.nc`, { times }))
    const set = await combine(files, sets)
    assert.deepEqual(await values(files, set, 'time'), Float64Array.of(0, 1, 2, 3, 4, 9))
    const rows = [0, 1, 2, 3, 4, 9].flatMap((time) => [time, time + 0.25, time + 0.5])
    assert.deepEqual(await values(files, set, 'temp'), Float32Array.from(rows))
    assert.deepEqual(
      set.sources.map(({ url }) => url),
      ['/m/2.nc', '/m/0.nc', '/m/1.nc'],
    )
  })

  it('a file that reaches over several others', async () => {
    const files = new MemoryFiles()
    const sets = [[0, 20], [3], [7]].map((times, at) => month(files, `/m/${at}.nc`, { times }))
    await assert.rejects(combine(files, sets), /overlaps.*from 0 to 20 in \/m\/0\.nc and 1 more/)
  })

  it('but not descending ones', async () => {
    const files = new MemoryFiles()
    const sets = [[9, 8], [7], [6, 5]].map((times, at) => month(files, `/m/${at}.nc`, { times }))
    assert.deepEqual(await values(files, await combine(files, sets), 'time'), Float64Array.of(9, 8, 7, 6, 5))
  })

  it('files of three, of which only the last pair is unordered', async () => {
    const files = new MemoryFiles()
    const sets = [[1], [5], [3]].map((times, at) => month(files, `/m/${at}.nc`, { times }))
    await assert.rejects(combine(files, sets, { order: 'list' }), /\/m\/1\.nc.*\/m\/2\.nc/)
  })

  it('an array that has not the dimension and other values', async () => {
    const x = { x: { bytes: Int16Array.of(10, 21, 30) } }
    await refused(
      january,
      { ...february, changes: x },
      /x: the value at \[1\] differs: 20 in \/m\/a\.nc, 21 in \/m\/b\.nc/,
    )
  })

  it('variables of one file with different extents along the dimension', async () => {
    const files = new MemoryFiles()
    const changes = { temp: { shape: [2, 3] } }
    const sets = [month(files, '/m/a.nc', { ...january, changes }), month(files, '/m/b.nc', { times: [5] })]
    await assert.rejects(
      combine(files, sets),
      /temp: within one file, the extent of time differs: 3 in time of \/m\/a\.nc/,
    )
  })

  it('two calendars', () =>
    refused(
      { ...january, calendar: 'noleap' },
      { ...february, calendar: '360_day' },
      /time: calendar differs: noleap in .*360_day/,
    ))
})

describe('concat converts time', () => {
  it('to the units of the first file, bounds with it', async () => {
    const files = new MemoryFiles()
    const sets = [
      month(files, '/m/a.nc', { times: [0, 1], units: 'days since 2000-01-01' }),
      month(files, '/m/b.nc', { times: [0, 1], units: 'days since 2000-02-01', calendar: 'gregorian' }),
      month(files, '/m/c.nc', { times: [0, 24], units: 'hours since 2000-03-01' }),
    ]
    const set = await combine(files, sets)
    assert.deepEqual(await values(files, set, 'time'), Float64Array.of(0, 1, 31, 32, 60, 61))
    const bounds = Float64Array.of(0, 1, 1, 2, 31, 32, 32, 33, 60, 60 + 1 / 24, 61, 61 + 1 / 24)
    assert.deepEqual(await values(files, set, 'time_bnds'), bounds)
    assert.equal(set.header.arrays[0].attributes.units, 'days since 2000-01-01')
  })

  it('keeps integers exact, big-endian ones too, and fill values as they are', async () => {
    const files = new MemoryFiles()
    const attributes = (units: string) => ({ units, _FillValue: -1n })
    const of = (url: string, units: string, bytes: Uint8Array) =>
      files.set(url, [
        { path: 'time', dims: ['time'], shape: [2], dataType: '>i4', bytes, attributes: attributes(units) },
      ])
    const sets = [
      of('/m/a.nc', 'hours since 2000-01-01', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2)),
      of('/m/b.nc', 'days since 2000-01-02', Uint8Array.of(0, 0, 0, 1, 255, 255, 255, 255)),
    ]
    const set = await combine(files, sets)
    assert.equal(set.header.arrays[0].dataType, '>i4')
    assert.deepEqual(await values(files, set, 'time'), Int32Array.of(1, 2, 48, -1))
  })

  it('promotes integers to doubles where the result is none, and says so', async () => {
    const files = new MemoryFiles()
    const of = (url: string, units: string, value: number) =>
      files.set(url, [
        {
          path: 'time',
          dims: ['time'],
          shape: [1],
          dataType: '<i4',
          bytes: Int32Array.of(value),
          attributes: { units, _FillValue: -9n },
          fillValue: new Uint8Array(Int32Array.of(-9).buffer),
        },
      ])
    const set = await combine(files, [
      of('/m/a.nc', 'days since 2000-01-01', 3),
      of('/m/b.nc', 'hours since 2000-01-01', 90),
    ])
    const [time] = set.header.arrays
    assert.equal(time.dataType, '<f8')
    assert.deepEqual(await values(files, set, 'time'), Float64Array.of(3, 3.75))
    assert.equal(time.attributes._FillValue, -9)
    assert.deepEqual(time.fillValue, new Uint8Array(Float64Array.of(-9).buffer))
    assert.match(set.header.notes[0].reason, /8-byte floats/)
  })

  it('finds an overlap that raw numbers hide: the same numbers in two units', async () => {
    const files = new MemoryFiles()
    const sets = [
      month(files, '/m/a.nc', { times: [0, 1], units: 'days since 2000-01-01' }),
      month(files, '/m/b.nc', { times: [12, 13], units: 'hours since 2000-01-01' }),
    ]
    await assert.rejects(combine(files, sets), /overlaps|order/)
  })

  it('refuses units that it cannot convert, and packed times', async () => {
    await refused(
      { ...january, units: 'months since 2000-01-01' },
      { ...february, units: 'days since 2000-01-01' },
      /time: units differs: months since/,
    )
    const packed = (units: string) => ({ time: { attributes: { units, scale_factor: 0.5 } } })
    await refused(
      { ...january, changes: packed('days since 2000-01-01') },
      { ...february, changes: packed('hours since 2000-01-01') },
      /packed/,
    )
  })

  it('refuses bounds that only one file names, where the units differ', async () => {
    const unnamed = (units: string) => ({ time: { attributes: { units } } })
    await refused(
      { ...january, changes: unnamed('hours since 2000-01-01') },
      { ...february, units: 'days since 2000-01-01' },
      /time: bounds differs: absent in .*, time_bnds in /,
    )
    const files = new MemoryFiles()
    const set = await combine(files, [
      month(files, '/m/a.nc', { ...january, changes: unnamed('days since 2000-01-01') }),
      month(files, '/m/b.nc', { ...february, units: 'days since 2000-01-01' }),
    ])
    assert.match(set.header.notes[0].reason, /attribute bounds differs/)
  })

  it('refuses integers that are too fine for a double in the other units, and takes them first', async () => {
    const files = new MemoryFiles()
    const of = (url: string, units: string, ...times: bigint[]) => {
      const bytes = new Uint8Array(BigInt64Array.from(times).buffer)
      const shape = [times.length]
      return files.set(url, [
        { path: 'time', dims: ['time'], shape, dataType: '<i8', bytes, attributes: { units } },
      ])
    }
    const micro = of('/m/a.nc', 'microseconds since 1970-01-01', 946684800000001n)
    const nano = of('/m/b.nc', 'nanoseconds since 1970-01-02', 946684800000000011n, 946684800000000012n)
    await assert.rejects(
      combine(files, [micro, nano]),
      /time: units differs: microseconds .* in \/m\/a.nc, nanoseconds .* in \/m\/b.nc; 946684800000000011 is too fine/,
    )
    const later = of('/m/c.nc', 'microseconds since 1970-01-03', 946684800000001n)
    const set = await combine(files, [nano, later])
    const exact = BigInt64Array.of(946684800000000011n, 946684800000000012n, 946771200000001000n)
    assert.deepEqual(await values(files, set, 'time'), exact)
  })

  it('refuses bounds too large to convert, which have the units of their coordinate', async () => {
    const files = new MemoryFiles()
    const wide = { shape: [1, 2 ** 21], chunkShape: [1, 2 ** 21], bytes: new Float64Array(2 ** 21) }
    const of = (url: string, time: number, units: string) =>
      month(files, url, { times: [time], units, changes: { time_bnds: wide } })
    const sets = [of('/m/a.nc', 1, 'days since 2000-01-01'), of('/m/b.nc', 48, 'hours since 2000-01-01')]
    await assert.rejects(combine(files, sets), /time: units differs/)
  })

  it('refuses other arrays along the dimension whose units differ', async () => {
    const files = new MemoryFiles()
    const of = (url: string, time: number, units: string) =>
      files.set(url, [
        { path: 'time', dims: ['time'], shape: [1], bytes: Float64Array.of(time) },
        {
          path: 'average_T1',
          dims: ['time'],
          shape: [1],
          bytes: Float64Array.of(time),
          attributes: { units },
        },
      ])
    const sets = [of('/m/a.nc', 1, 'days since 2000-01-01'), of('/m/b.nc', 2, 'days since 2001-01-01')]
    await assert.rejects(combine(files, sets), /average_T1: units differs/)
  })
})
