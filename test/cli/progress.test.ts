/** Progress: nothing within a second, a line on a terminal, an event a line as JSON, nothing for `none`. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Progress, type ProgressMode, progressLine } from '../../cli/progress.ts'
import { Tally } from '../../lib/source/tally.ts'

/** What is written to stderr in `milliseconds`, with the clock stopped between the updates. */
function observe(mode: ProgressMode, isTTY: boolean, milliseconds: number, bytesTotal?: number): string {
  let text = ''
  let now = 0
  mock.timers.enable({ apis: ['setInterval'] })
  mock.method(performance, 'now', () => now)
  const stream = {
    isTTY,
    columns: 200,
    write(part: string) {
      text += part
      return true
    },
  }
  try {
    const tally = new Tally()
    Object.assign(tally, { files: 2, filesTotal: 8, references: 1234, bytes: 5_600_000, requests: 78 })
    const progress = new Progress(mode, tally, stream)
    if (bytesTotal !== undefined) progress.expectBytes(bytesTotal)
    for (; now < milliseconds; now += 100) mock.timers.tick(100)
    progress.end()
    progress.end()
  } finally {
    mock.timers.reset()
    mock.restoreAll()
  }
  return text
}

test('a terminal sees one line, rewritten and at last taken away', () => {
  const text = observe('auto', true, 2500)
  const line = /reading headers: 2 of 8 files, 1,234 references, 5\.6 MB read, 78 requests, [\d.]+ s left/
  assert.match(text, line)
  assert.ok(!text.includes('\n'))
  assert.ok(text.endsWith('\r\u001b[K'))
  const updates = text.split('reading').length - 1
  assert.ok(updates >= 5 && updates <= 9, `${updates} updates in the 1.5 s after the first`)
})

test('what is over within a second shows nothing', () => {
  assert.equal(observe('auto', true, 900), '')
})

test('where stderr is no terminal, auto shows nothing, and none nothing anywhere', () => {
  assert.equal(observe('auto', false, 5000), '')
  assert.equal(observe('none', true, 5000), '')
})

test('json is an event a line, throttled, with one last event', () => {
  const events = observe('json', false, 4500)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    events.map(({ event }) => event),
    ['progress', 'progress', 'progress', 'done'],
  )
  const { files, filesTotal, references, bytes, requests, phase } = events[0]
  assert.deepEqual(
    [files, filesTotal, references, bytes, requests, phase],
    [2, 8, 1234, 5_600_000, 78, 'headers'],
  )
})

test('one of each is singular', () => {
  const event = {
    event: 'progress',
    phase: 'references',
    files: 1,
    filesTotal: null,
    references: 1,
    referencesTotal: null,
    bytes: 999,
    requests: 1,
    seconds: 1,
    etaSeconds: 125,
  } as const
  assert.equal(progressLine(event), '1 file, 1 reference, 999 B read, 1 request, 2 min 5 s left')
})

test('references that were read for planning are not counted among those of the set', () => {
  const tally = new Tally()
  let text = ''
  const stream = {
    isTTY: false,
    columns: 80,
    write(part: string) {
      text += part
      return true
    },
  }
  const progress = new Progress('json', tally, stream)
  tally.references = 4000
  progress.beginReferences({ kind: 'header', groups: [], arrays: [], skipped: [], notes: [] })
  tally.references = 7002
  progress.end()
  assert.equal(JSON.parse(text).references, 3002)
})

test('where the bytes to read are known the time left is told by them', () => {
  // 5.6 of 22.4 MB in 2 seconds.
  const shown = [...observe('auto', true, 2050, 22_400_000).matchAll(/([\d.]+ s) left/g)]
  assert.equal(shown.at(-1)?.[1], '6.0 s')
  assert.match(observe('auto', true, 2050, 1000), /2 of 8 files.* s left/)
})
