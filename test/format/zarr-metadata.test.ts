/** Fill values that xarray masks by in a set of others, and what is said of those that it does not mask by in ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, parsePythonJson } from '../../lib/format/python-json.ts'
import { parseHeader } from '../../lib/format/zarr-metadata.ts'

const refuse = (key: string, problem: string) => assert.fail(`${key} ${problem}`)

function metadataOf(
  arrays: Readonly<Record<string, readonly [dtype: string, fill: string, zattrs?: string]>>,
) {
  const metadata: Record<string, JsonObject> = {}
  for (const [name, [dtype, fill, zattrs = '{}']] of Object.entries(arrays)) {
    const text = `{"shape": [4], "chunks": [4], "dtype": "${dtype}", "fill_value": ${fill}, "zarr_format": 2}`
    for (const [kind, document] of [['zarray', text] as const, ['zattrs', zattrs] as const]) {
      const parsed = parsePythonJson(document)
      assert.ok(typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      metadata[`${name}/.${kind}`] = Object.fromEntries(Object.entries(parsed))
    }
  }
  return metadata
}

// xarray 2026.9 reads NaN for each of these fills in a kerchunk document; an attribute says it for numbers alone.
const ARRAYS = metadataOf({
  bool: ['|b1', 'false'],
  complex: ['<c16', '[0.0, 0.0]'],
  bytes: ['|S1', '"AA=="'],
  text: ['<U1', '""'],
  float: ['<f4', '0.0'],
  none: ['|b1', 'null'],
  declared: ['|b1', 'false', '{"_FillValue": false}'],
})

test('numbers get the attribute, other types whose values stay are noted', () => {
  const { arrays, notes } = parseHeader(refuse, ARRAYS, { xarrayFills: true })
  assert.deepEqual(
    notes.map(({ path }) => path),
    ['bool', 'complex', 'bytes', 'text'],
  )
  const withAttribute = arrays.filter(({ attributes }) => '_FillValue' in attributes)
  assert.deepEqual(
    withAttribute.map(({ path, attributes }) => [path, attributes._FillValue]),
    [
      ['float', 0],
      ['declared', false],
    ],
  )
})

test('nothing is said of sets whose fill values are what their attributes say', () => {
  assert.deepEqual(parseHeader(refuse, ARRAYS).notes, [])
})
