/** Numbers and tables as people read them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName } from '../../cli/nearest-name.ts'
import { formatBytes, formatSeconds, formatTable } from '../../cli/text-table.ts'

test('bytes have three digits at most', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_400, '99.4 kB'],
    [99_600, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1.6e9, '1.6 GB'],
    [5e18, '5000 PB'],
  ]
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text)
})

test('seconds become minutes and hours', () => {
  assert.deepEqual([0.04, 9.94, 59, 60, 3599, 3600, 7384].map(formatSeconds), [
    '0.0 s',
    '9.9 s',
    '59 s',
    '1 min 0 s',
    '59 min 59 s',
    '1 h 0 min',
    '2 h 3 min',
  ])
})

test('columns stand under each other, without blanks at the end', () => {
  const rows = [
    ['array', 'bytes', 'codecs'],
    ['temp', '5', ''],
  ]
  assert.deepEqual(formatTable(rows, ['left', 'right', 'left']), ['array  bytes  codecs', 'temp       5'])
})

test('the nearest name is near, or none', () => {
  const names = ['concat-dims', 'identical-dims', 'overwrite']
  assert.equal(nearestName('concat-dim', names), 'concat-dims')
  assert.equal(nearestName('overwirte', names), 'overwrite')
  assert.equal(nearestName('workers', names), undefined)
  assert.equal(nearestName('x', []), undefined)
})
