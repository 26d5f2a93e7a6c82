/** The plan for people: what it says, and that it stays a screen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planLines } from '../../cli/plan-text.ts'
import { largeReport, smallReport } from './report.ts'

const LINES = planLines({ report: largeReport(), verbose: false, builds: false, unsupported: 1 })
const TEXT = LINES.join('\n')

test('ten thousand files are a screen', () => {
  assert.ok(LINES.length <= 60, `${LINES.length} lines`)
  assert.equal(
    LINES[0],
    '10,000 files, by the values of time, ascending; 12 of them not where the list has them: /d/00000.nc … /d/09999.nc',
  )
})

test('dimensions, arrays and sizes', () => {
  assert.match(TEXT, /^time +10,000 {2}joined by cf:time: 0\.5 to 9999\.5 days since 1958-01-01$/m)
  assert.match(TEXT, /^variable_0 +time, y, x +10000 x 100 x 200 +1 x 100 x 200 +<f4 +shuffle zlib +10,000$/m)
  assert.match(TEXT, /^ {2}and 30 arrays more; --verbose shows all$/m)
  assert.match(TEXT, /^At most 400,000 references, 3 inlined; about 4\.0 MB on disk, 2\.0 MB of memory/m)
  assert.match(
    TEXT,
    /^No file for 2,000 of 12,000 places in the grid: time=3, member=r2; time=4, member=r2, …$/m,
  )
})

test('barriers that are alike are one, with both values, the first file and the count of each side', () => {
  const at = LINES.indexOf('301 barriers')
  assert.deepEqual(LINES.slice(at + 1, at + 9), [
    '  codecs: variable_0, variable_1, variable_2, variable_3 and 36 more: the list of codecs',
    '    [{id: zlib}] in /d/00000.nc (and 5,432 others)',
    '    [{id: zlib}, {id: fletcher32}] in /d/05433.nc (1 file)',
    '    To do: rewrite one of them',
    '  attribute: sst: units',
    '    K in /d/00000.nc (1 file)',
    '    degC 0 in /d/05433.nc (1 file)',
    '    To do: rewrite one of them',
  ])
  assert.match(TEXT, /^ {2}and 297 barriers more; --verbose shows all$/m)
})

test('eras, files left out, and the verdict at the end', () => {
  assert.match(TEXT, /^100 eras, each without a barrier\n {2}era_0: 100 files, \/d\/000\.nc … \/d\/099\.nc$/m)
  assert.match(TEXT, /^Left out: 500 files\n {2}\/odd\/0\.nc: odd$/m)
  assert.equal(
    LINES.at(-1),
    'These files do not combine: 301 barriers, 1 array without references (--on-unsupported copy takes in what can be decoded, skip leaves them out); --on-mismatch eras would write 100 groups',
  )
})

test('what cannot be copied either is told with the way that is left', () => {
  const lines = planLines({
    report: smallReport(),
    verbose: false,
    builds: false,
    unsupported: 2,
    copies: true,
  })
  assert.equal(
    lines.at(-1),
    'These files do not combine: 2 arrays without references (--on-unsupported copy-or-skip leaves them out)',
  )
})

test('verbose shows all', () => {
  const text = planLines({ report: largeReport(), verbose: true, builds: false, unsupported: 0 }).join('\n')
  assert.doesNotMatch(text, / more/)
  for (const last of ['variable_39', 'degC 299', 'era_99', '/odd/499.nc'])
    assert.ok(text.includes(last), last)
})

test('where nothing is in the way only what will be is told', () => {
  const lines = planLines({ report: smallReport(), verbose: false, builds: true, unsupported: 0 })
  assert.equal(lines[0], '1 file, in the order of the list: /d/a.nc')
  assert.equal(lines.at(-1), 'These files combine')
  assert.doesNotMatch(lines.join('\n'), /barrier|era_|Left out|places/)
})

test('with --on-mismatch the verdict is what would be written', () => {
  const verdict = (report: ReturnType<typeof largeReport>) =>
    planLines({ report, verbose: false, builds: true, unsupported: 0 }).at(-1)
  assert.equal(verdict(largeReport()), 'These files combine as 100 eras, a group each')
  assert.equal(verdict({ ...largeReport(), barriers: [], eras: [] }), 'The other files combine')
})
