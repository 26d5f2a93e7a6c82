/** The published schema of the report says what the report is: its own members, no others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonText } from '../../cli/value-text.ts'
import { PLAN_REPORT_SCHEMA } from '../../lib/plan/plan-report-schema.ts'
import { largeReport, smallReport } from '../cli/report.ts'
import { violations } from '../json-schema.ts'

test('reports are valid', () => {
  for (const report of [largeReport(), smallReport()]) {
    assert.deepEqual(violations(PLAN_REPORT_SCHEMA, JSON.parse(jsonText(report))), [])
  }
})

test('values of any kind are JSON: 64-bit integers and what JSON has no number for are strings', () => {
  const [barrier] = largeReport().barriers
  const values = [[2n ** 60n, 5n, Number.NaN], Number.NEGATIVE_INFINITY] as const
  const document = JSON.parse(jsonText({ ...smallReport(), barriers: [{ ...barrier, values }] }))
  assert.deepEqual(document.barriers[0].values, [['1152921504606846976', 5, 'NaN'], '-Infinity'])
  assert.deepEqual(violations(PLAN_REPORT_SCHEMA, document), [])
})

test('what is missing, of another type, or not known is not valid', () => {
  const report = JSON.parse(jsonText(largeReport()))
  const { inputs: _inputs, ...without } = report
  assert.deepEqual(violations(PLAN_REPORT_SCHEMA, without), ['$.inputs: missing'])
  assert.deepEqual(violations(PLAN_REPORT_SCHEMA, { ...report, more: 1 }), ['$.more: not known'])
  assert.deepEqual(violations(PLAN_REPORT_SCHEMA, { ...report, inputs: '3' }), [
    '$.inputs: string is no integer',
  ])
  const wrong = { ...report, barriers: [{ ...report.barriers[0], kind: 'order' }] }
  assert.match(violations(PLAN_REPORT_SCHEMA, wrong).join(), /^\$\.barriers\[0\]\.kind: order is none of/)
})
