import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageError } from '../../lib/errors.ts'
import type { Header } from '../../lib/model/metadata.ts'
import {
  type Barrier,
  barrierError,
  decodingCodecs,
  formatBarrier,
  sameAttribute,
} from '../../lib/plan/barriers.ts'
import { inferConcatDim } from '../../lib/plan/concat-dim.ts'

describe('sameAttribute', () => {
  it('compares by value, across integers and floating-point numbers, exactly', () => {
    assert.ok(sameAttribute(1n, 1))
    assert.ok(sameAttribute([1n, 'a', Number.NaN], [1, 'a', Number.NaN]))
    assert.ok(sameAttribute({ a: [null] }, { a: [null] }))
    assert.ok(!sameAttribute(9007199254740993n, 9007199254740992))
    assert.ok(!sameAttribute('1', 1))
    assert.ok(!sameAttribute(1, undefined))
    assert.ok(!sameAttribute([1, 2], [1]))
    assert.ok(!sameAttribute({ a: 1 }, { b: 1 }))
    assert.ok(!sameAttribute(null, []))
  })
})

describe('decodingCodecs', () => {
  it('leaves out what only the writer needed', () => {
    const codecs = [
      { id: 'shuffle', elementsize: 4 },
      { id: 'zlib', level: 9 },
    ] as const
    assert.deepEqual(decodingCodecs(codecs), [{ id: 'shuffle', elementsize: 4 }, { id: 'zlib' }])
    assert.deepEqual(decodingCodecs([{ id: 'blosc', cname: 'lz4', clevel: 5, shuffle: 1, blocksize: 0 }]), [
      { id: 'blosc' },
    ])
    assert.deepEqual(decodingCodecs([{ id: 'constructor', level: 1 }]), [{ id: 'constructor', level: 1 }])
  })
})

describe('barriers in words', () => {
  it('say array, subject, both values with their files, and what to do', () => {
    const barrier = {
      kind: 'attribute',
      array: 'g/temp',
      subject: 'flag_values',
      inputs: ['/a.nc', '/b.nc'],
      values: [[1n, 2n], { x: Number.NaN }],
      files: [3, 1],
      advice: 'split',
    } as const
    assert.equal(
      formatBarrier(barrier),
      'g/temp: flag_values differs: [1,2] in /a.nc and 2 more, {"x":NaN} in /b.nc; split',
    )
  })

  it('come in one error, ten at most', () => {
    const barriers = Array.from(
      { length: 12 },
      (_, at): Barrier => ({
        kind: 'variable',
        array: `v${at}`,
        subject: 'the variable',
        inputs: ['/a.nc', '/b.nc'],
        values: ['present', 'absent'],
        files: [1, 1],
        advice: 'leave it out',
      }),
    )
    const error = barrierError(barriers)
    assert.equal(error.message.split('\n').length, 11)
    assert.match(error.message, /\.\.\. and 2 more$/)
    assert.deepEqual([error.array, error.inputs], ['v0', ['/a.nc', '/b.nc']])
  })
})

describe('inferConcatDim', () => {
  const header = (...unlimitedDims: string[]): Header => ({
    kind: 'header',
    groups: [{ path: '', attributes: {}, unlimitedDims }],
    arrays: [],
    skipped: [],
    notes: [],
  })

  it('finds the one that all share', () => {
    assert.equal(inferConcatDim([header('time')]), 'time')
    assert.equal(inferConcatDim([header('time', 'ensemble'), header('station', 'time')]), 'time')
  })

  it('asks where there is none, or more than one', () => {
    assert.throws(() => inferConcatDim([]), UsageError)
    assert.throws(() => inferConcatDim([header('time'), header('x')]), /share no unlimited dimension/)
    assert.throws(() => inferConcatDim([header('time', 'n'), header('n', 'time')]), /several.*time, n/)
    const plain: Header = { ...header(), groups: [{ path: '', attributes: {} }] }
    assert.throws(() => inferConcatDim([header('time'), plain]), UsageError)
  })
})
