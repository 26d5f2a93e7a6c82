/** NetCDF classic files as reference sets, against what netCDF4-python reads from the same files. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { UnsupportedError } from '../../../lib/errors.ts'
import { detect } from '../../../lib/format/netcdf3/index.ts'
import { formats } from '../../../lib/format/registry.ts'
import type { AttributeValue } from '../../../lib/model/metadata.ts'
import { INLINE } from '../../../lib/model/reference-batch.ts'
import { fixture } from '../../fixture.ts'
import { fileBytes, openBytes, readRows, readValues } from './classic-file.ts'

type Plain = readonly ['text' | 'integer' | 'float', string | number | readonly (string | number)[]]

interface ExpectedFile {
  readonly attributes: Readonly<Record<string, Plain>>
  readonly unlimited: readonly string[]
  readonly variables: Readonly<
    Record<
      string,
      {
        readonly dims: readonly string[]
        readonly shape: readonly number[]
        readonly type: string
        readonly attributes: Readonly<Record<string, Plain>>
        readonly hex: string
      }
    >
  >
}

const EXPECTED: Readonly<Record<string, ExpectedFile>> = JSON.parse(
  readFileSync(fixture('netcdf3/expected.json'), 'utf8'),
)

function attributesOf(expected: Readonly<Record<string, Plain>>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(expected).map(([name, plain]) => [name, attributeValue(plain)]))
}

function attributeValue([kind, value]: Plain): AttributeValue {
  const item = (one: string | number) => (kind === 'integer' ? BigInt(one) : one)
  return typeof value === 'object' ? value.map(item) : item(value)
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  describe(name, async () => {
    const bytes = fileBytes(name)
    const set = await openBytes(bytes)
    const values = await readValues(set, bytes)

    test('is told by its first bytes, and the header shows all of it', () => {
      assert.equal(formats.find((format) => format.detect(bytes.subarray(0, 8192)))?.name, 'netcdf3')
      const [root] = set.header.groups
      assert.deepEqual(root.unlimitedDims, expected.unlimited)
      assert.deepEqual(root.attributes, attributesOf(expected.attributes))
      assert.deepEqual(
        set.header.arrays.map(({ path }) => path),
        Object.keys(expected.variables),
      )
      assert.deepEqual([set.header.skipped, set.header.notes], [[], []])
    })

    for (const array of set.header.arrays) {
      const { dims, shape, type, attributes, hex } = expected.variables[array.path]
      test(array.path, () => {
        assert.deepEqual(array.dims, dims)
        assert.deepEqual(array.shape, shape)
        assert.equal(array.dataType, type)
        assert.deepEqual(array.attributes, attributesOf(attributes))
        assert.equal(values.get(array.path)?.toString('hex'), hex)
      })
    }
  })
}

test('other files are not taken for it', () => {
  for (const head of ['', 'CDF', 'CDF\x03', 'CDF\x04', 'cdf\x01', 'xCDF\x01', '\x89HDF\r\n\x1a\n']) {
    assert.equal(detect(Buffer.from(head, 'latin1')), false, JSON.stringify(head))
  }
})

test('records whose bytes adjoin are one reference, records between others one each', async () => {
  const adjoining = await readRows(await openBytes(fileBytes('alone-i1.nc')))
  assert.deepEqual(
    adjoining.batches.map(({ rows, length }) => [rows, length[0]]),
    [
      [1, 12],
      [1, 21],
    ],
  )
  const set = await openBytes(fileBytes('types-cdf1.nc'))
  const { batches } = await readRows(set)
  const at = set.header.arrays.findIndex(({ path }) => path === 'record_i2')
  assert.deepEqual(
    batches.filter(({ array }) => array === at).map(({ rows }) => rows),
    [5],
  )
})

for (const name of ['types-cdf1.nc', 'types-cdf5.nc', 'alone-S1.nc']) {
  test(`${name}: as many records as there are, where the header leaves that open`, async () => {
    const bytes = fileBytes(name).slice()
    bytes.fill(0xff, 4, bytes[3] === 5 ? 12 : 8)
    const values = await readValues(await openBytes(bytes), bytes)
    for (const [path, { hex }] of Object.entries(EXPECTED[name].variables)) {
      assert.equal(values.get(path)?.toString('hex'), hex, path)
    }
  })
}

test('a count of records that is left open takes no record that is cut', async () => {
  const bytes = fileBytes('alone-f8.nc').slice(0, -1)
  bytes.fill(0xff, 4, 8)
  const set = await openBytes(bytes)
  assert.deepEqual(set.header.arrays[1].shape, [6, 3])
})

// netCDF4-python reads zeros past the end of a file; so does a set, but only where that is asked for.
describe('values past the end of the file', () => {
  const whole = fileBytes('types-cdf1.nc')
  const cut = whole.subarray(0, -90)

  test('are refused by name, with the bytes', async () => {
    await assert.rejects(openBytes(cut), (error) => {
      assert.ok(error instanceof UnsupportedError)
      assert.match(
        error.message,
        /record_f8: its values end at byte 1\d+, but the file has 1506 \(truncated\?\)/,
      )
      assert.match(error.message, /--on-unsupported skip goes on without/)
      return true
    })
  })

  test('cost no other variable', async () => {
    const set = await openBytes(cut, { onUnsupported: 'skip' })
    const paths = set.header.skipped.map(({ path }) => path)
    assert.ok(paths.length > 0 && paths.every((path) => path.startsWith('record_')))
    const values = await readValues(set, cut)
    assert.equal(values.size + paths.length, Object.keys(EXPECTED['types-cdf1.nc'].variables).length)
    for (const [path, found] of values) {
      assert.equal(found.toString('hex'), EXPECTED['types-cdf1.nc'].variables[path].hex)
    }
    const { footer } = await readRows(set)
    const skipped = footer.coverage.arrays.filter(({ outcome }) => outcome === 'skipped')
    assert.deepEqual(
      skipped.map(({ path }) => path),
      paths,
    )
  })

  test('are zeros where copies are asked for', async () => {
    const set = await openBytes(cut, { copies: true })
    const zeros = Buffer.concat([cut, Buffer.alloc(90)])
    assert.deepEqual(await readValues(set, cut), await readValues(await openBytes(zeros), zeros))
    const { batches, footer } = await readRows(set)
    assert.ok(batches.some(({ path }) => path.includes(INLINE)))
    assert.ok(
      footer.coverage.arrays.some(
        ({ outcome, reason }) => outcome === 'copied' && /zeros/.test(reason ?? ''),
      ),
    )
  })

  test('more records than the file has are no more than missing chunks', async () => {
    const bytes = whole.slice()
    new DataView(bytes.buffer).setUint32(4, 1_000_000)
    await assert.rejects(openBytes(bytes), UnsupportedError)
    const set = await openBytes(bytes, { copies: true })
    const { batches, footer } = await readRows(set)
    const at = set.header.arrays.findIndex(({ path }) => path === 'record_f4')
    assert.deepEqual(footer.shapes[at], [1_000_000, 3])
    const rows = batches.filter(({ array }) => array === at).reduce((sum, batch) => sum + batch.rows, 0)
    assert.equal(rows + footer.missing[at], 1_000_000)
    assert.ok(rows >= 5 && rows < 10)
  })
})
