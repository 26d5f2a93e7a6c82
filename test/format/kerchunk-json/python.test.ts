/** Kerchunk's JSON of real files, made now, through kstream to Parquet: what Python reads is what the files say. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scan } from '../../../lib/scan.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { fixture } from '../../fixture.ts'

const python = process.env.KSTREAM_PYTHON
const skip = python ? false : 'KSTREAM_PYTHON names no Python with the peers'
const folder = mkdtempSync(join(tmpdir(), 'kstream-json-python-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function run(script: string, ...rest: string[]): string {
  const path = fileURLToPath(new URL(`../../../../test/python/${script}`, import.meta.url))
  return execFileSync(python ?? '', [path, ...rest], { encoding: 'utf8', timeout: 240_000 })
}

for (const month of ['01', '04']) {
  test(`ocean_month_1958_${month}.nc by way of JSON: raw, stored and decoded values`, { skip }, async () => {
    const original = fixture(`ocean/ocean_month_1958_${month}.nc`)
    const json = join(folder, `${month}.json`)
    const set = join(folder, `${month}.parq`)
    run('kerchunk_json.py', original, json)
    const report = await writeParquet(set)(scan([json]))
    assert.deepEqual(report.skipped, [])
    assert.match(run('equality.py', set, original), /14 passed, 0 failed/)
  })
}
