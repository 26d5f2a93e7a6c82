import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { scan } from '../../lib/scan.ts'
import { openSource } from '../../lib/source/open.ts'
import { ChunkReader } from '../../lib/store/chunk-reader.ts'
import { bytesThrough } from '../../lib/store/read-values.ts'
import { concat } from '../../lib/transform/concat.ts'
import { fixture } from '../fixture.ts'

interface Variable {
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  readonly dtype: string
  readonly sha256: string
}

const truth: { files: Record<string, { variables: Record<string, Variable> }> } = JSON.parse(
  readFileSync(fixture('ocean/expected.json'), 'utf8'),
)
const names = Object.keys(truth.files).sort()

async function combined(files: readonly string[]): Promise<ReferenceSet> {
  for await (const set of concat()(scan(files.map((name) => resolve(fixture('ocean'), name))))) return set
  throw new assert.AssertionError({ message: 'no set' })
}

describe('concat of netCDF-4 files', () => {
  it('gives what netCDF4-python reads from each of them, row for row', async () => {
    const set = await combined(names)
    const reader = new ChunkReader(set, { open: openSource })
    const variables = Object.keys(truth.files[names[0]].variables)
    assert.deepEqual(set.header.arrays.map(({ path }) => path).sort(), variables.sort())
    for (const [index, { path, dataType, dims }] of set.header.arrays.entries()) {
      const bytes = await bytesThrough(reader, index)
      let at = 0
      for (const name of names) {
        const expected = truth.files[name].variables[path]
        assert.deepEqual([dims, dataType], [expected.dims, expected.dtype], path)
        const size = expected.shape.reduce((product, extent) => product * extent, Number(dataType.slice(2)))
        const own = dims[0] === 'time' ? bytes.subarray(at, at + size) : bytes
        assert.equal(createHash('sha256').update(own).digest('hex'), expected.sha256, `${path} in ${name}`)
        at += size
      }
      assert.equal(bytes.length, dims[0] === 'time' ? at : at / names.length, path)
    }
    await reader.close()
  })

  it('puts files in the order of their times, and refuses one twice', async () => {
    const set = await combined(names.toReversed())
    assert.deepEqual(
      set.sources.map(({ url }) => basename(url)),
      names,
    )
    await assert.rejects(combined([names[0], names[0]]), /a file is in the list of files twice/)
  })

  it('refuses one file under two names', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'kstream-links-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const link = join(folder, 'link.nc')
    symlinkSync(fixture(`ocean/${names[0]}`), link)
    await assert.rejects(
      combined([names[0], link]),
      /one file is in the list of files twice, under two names: .*, number 2 in .*link\.nc/,
    )
  })
})
