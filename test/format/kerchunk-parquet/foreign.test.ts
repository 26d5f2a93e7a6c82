/** Sets that kerchunk and VirtualiZarr wrote, as inputs: what we write of them reads in xarray as the files themselves do. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import type { Footer } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { scratchFolder } from '../../write/scratch.ts'
import { streamOf } from '../../write/synthetic.ts'

const python = process.env.KSTREAM_PYTHON
const SCRIPT = fileURLToPath(new URL('../../../../test/python/foreign_sets.py', import.meta.url))
const folder = scratchFolder()

const skip = python ? false : 'KSTREAM_PYTHON names no Python'
const run = (command: string) =>
  execFileSync(python ?? '', [SCRIPT, command, folder], { encoding: 'utf8', timeout: 240_000 })

interface Body {
  readonly paths: readonly string[]
  readonly footer: Footer
}

async function readBody(set: ReferenceSet): Promise<Body> {
  const paths = new Set<string>()
  for await (const part of set.body()) {
    if (part.kind === 'footer') return { paths: [...paths].sort(), footer: part }
    for (const path of part.paths) paths.add(path)
  }
  return assert.fail('no footer')
}

test('sets of kerchunk and VirtualiZarr are read and written again', { skip }, async () => {
  run('make')
  const names = readdirSync(folder).filter((name) => name.endsWith('.parq'))
  assert.ok(names.includes('kerchunk-one.parq') && names.includes('kerchunk-both.parq'))
  for (const name of names) {
    const set = await openParquetSet(join(folder, name))
    const files = name.includes('both') ? ['a.nc', 'b.nc'] : ['a.nc']
    const { header } = set
    assert.deepEqual([set.sources, set.footer, header.notes.length, header.skipped], [[], undefined, 1, []])
    assert.match(header.notes[0].reason, /does not record its sources/)
    const temp = header.arrays.findIndex(({ path }) => path === 'temp')
    assert.deepEqual(header.arrays[temp].codecs, [
      { id: 'shuffle', elementsize: 4 },
      { id: 'zlib', level: 4 },
    ])
    const { paths, footer } = await readBody(set)
    assert.deepEqual(
      paths,
      files.map((file) => join(folder, file)),
      name,
    )
    const missing = header.arrays.map((_, index) => (index === temp ? 5 * files.length : 0))
    assert.deepEqual(footer.missing, missing, name)
    await writeParquet(join(folder, name.replace('.parq', '.again.parq')))(streamOf(set))
  }
  const expected = names.map((name) => `${name.replace('.parq', '.again.parq')} reads right\n`)
  assert.equal(run('check'), expected.sort().join(''))
})
