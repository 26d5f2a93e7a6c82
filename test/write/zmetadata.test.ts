import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allGroups, zmetadataTexts } from '../../lib/write/zmetadata.ts'
import { arrayOf } from './synthetic.ts'

test('every group has the metadata of all below it, with names relative to it', () => {
  const t = arrayOf({ path: 'g/h/t', attributes: { units: 'K', _ARRAY_DIMENSIONS: ['old'], n: 2n, f: 2 } })
  const groups = allGroups([{ path: '', attributes: { title: 'x' } }], [t])
  assert.deepEqual(
    groups.map(({ path }) => path),
    ['', 'g', 'g/h'],
  )
  const codecs = [{ id: 'zlib', level: 4 }]
  const z = arrayOf({
    path: 'z',
    shape: [],
    dataType: [
      ['a', '<i2'],
      ['b', '<f8', [2]],
    ],
    codecs,
  })
  const texts = new Map(
    zmetadataTexts(
      groups,
      [
        { metadata: t, shape: [4], fill: 7n },
        { metadata: z, shape: [], fill: null },
      ],
      100,
    ),
  )
  const array =
    '{"chunks": [1], "compressor": null, "dimension_separator": ".", "dtype": "<i2", "fill_value": 7, ' +
    '"filters": null, "order": "C", "shape": [4], "zarr_format": 2}'
  const attributes = '{"units": "K", "n": 2, "f": 2.0, "_ARRAY_DIMENSIONS": ["x0"]}'
  const group = '".zgroup": {"zarr_format": 2}, ".zattrs": {}'
  assert.equal(
    texts.get('g/h'),
    `{"metadata": {${group}, "t/.zarray": ${array}, "t/.zattrs": ${attributes}}, "record_size": 100}`,
  )
  assert.equal(
    texts.get('g'),
    `{"metadata": {${group}, ${group.replaceAll('".z', '"h/.z')}, "h/t/.zarray": ${array}, ` +
      `"h/t/.zattrs": ${attributes}}, "record_size": 100}`,
  )
  const root: { metadata: Record<string, { dtype: unknown; filters: unknown }> } = JSON.parse(
    texts.get('') ?? '',
  )
  assert.deepEqual(Object.keys(root.metadata), [
    ...['.zgroup', '.zattrs', 'g/.zgroup', 'g/.zattrs', 'g/h/.zgroup', 'g/h/.zattrs'],
    ...['g/h/t/.zarray', 'g/h/t/.zattrs', 'z/.zarray', 'z/.zattrs'],
  ])
  assert.deepEqual(root.metadata['z/.zarray'].dtype, [
    ['a', '<i2'],
    ['b', '<f8', [2]],
  ])
  assert.match(texts.get('') ?? '', /"filters": \[\{"id": "zlib", "level": 4\}\]/)
})
