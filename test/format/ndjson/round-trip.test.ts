/** Every fixture that can be scanned: what `kstream scan` prints, opened, is what was scanned. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { scan } from '../../../lib/scan.ts'
import { fixture } from '../../fixture.ts'
import { linesOf, openLines, rowsOf } from './ndjson-file.ts'

const FOLDERS = ['hdf5', 'netcdf3', 'ocean']

function fixtures(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(fixture(folder), { recursive: true, withFileTypes: true })
      .filter(({ name }) => /\.(?:nc|h5)$/.test(name))
      // Its references are millions: what a reader may be made to hand on.
      .filter(({ name }) => name !== 'limits.h5')
      .map(({ parentPath, name }) => `${parentPath}/${name}`),
  ).sort()
}

/** The set, or undefined where nothing of the file can be scanned. */
async function scanned(
  file: string,
  onUnsupported: 'skip' | 'copy-or-skip',
): Promise<ReferenceSet | undefined> {
  const skipped: string[] = []
  const onSkipped = (name: string) => skipped.push(name)
  for await (const set of scan([file], { onUnsupported, onError: 'skip', onSkipped })) return set
  assert.deepEqual(skipped, [file])
  return undefined
}

describe('what kstream scan prints', () => {
  let sets = 0
  for (const file of fixtures()) {
    for (const onUnsupported of ['skip', 'copy-or-skip'] as const) {
      it(`${file.replace(/.*fixtures\//, '')}, ${onUnsupported}: the same set again`, async () => {
        const set = await scanned(file, onUnsupported)
        if (!set) return
        sets++
        const text = await linesOf(set)
        const read = await openLines(text)
        assert.deepEqual(read.header, set.header)
        assert.deepEqual(
          read.sources,
          set.sources.map(({ identity, ...source }) => source),
        )
        const expected = await rowsOf(set)
        assert.deepEqual(await rowsOf(read), expected)
        assert.equal(await linesOf(read), text)
        // Without the promise the rows are sorted, and any spelling of JSON is read.
        const spelled = text
          .replace('"sorted": true, ', '')
          .replaceAll('{"kind":"reference",', '{ "kind":"reference" ,')
        assert.deepEqual(await rowsOf(await openLines(spelled)), expected)
      })
    }
  }

  it('was tried on most of them', () => assert.ok(sets > 100, `${sets} sets`))
})
