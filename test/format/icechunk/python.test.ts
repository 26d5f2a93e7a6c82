/** Repositories that icechunk and VirtualiZarr write now, through kstream to Parquet: Python reads the same values from both. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openIcechunk } from '../../../lib/format/icechunk/index.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { fixture } from '../../fixture.ts'
import { FAIL } from './repository-files.ts'

const python = process.env.KSTREAM_PYTHON
const skip = python ? false : 'KSTREAM_PYTHON names no Python with the peers'
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kstream-icechunk-python-')))
after(() => rmSync(folder, { recursive: true, force: true }))

function run(...rest: string[]): string {
  const path = fileURLToPath(new URL('../../../../test/format/icechunk/repository.py', import.meta.url))
  return execFileSync(python ?? '', ['-B', path, ...rest], {
    encoding: 'utf8',
    timeout: 240_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

before(() => {
  const files = ['01', '04'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))
  if (python) run('make', folder, ...files)
})

for (const [name, arrays, sources] of [
  ['virtual', 28, 2],
  ['mixed', 19, 0],
] as const) {
  test(`${name} chunks: every array bit for bit`, { skip }, async () => {
    const repository = join(folder, name)
    const set = await openIcechunk(repository, FAIL)
    assert.equal(set.sources.length, sources)
    const target = join(folder, `${name}.parq`)
    await writeParquet(target)(
      (async function* () {
        yield set
      })(),
    )
    assert.match(run('compare', repository, target), new RegExp(`${arrays} arrays equal`))
  })
}
