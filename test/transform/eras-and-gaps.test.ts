/** Where runs of files end: eras, and steps that are missing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryFiles } from '../store/memory-set.ts'
import { month } from './monthly-files.ts'
import { field, plan, time, values } from './planned-files.ts'

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
