/** NDJSON of a set made by hand: every line is JSON for any reader, and no number is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Footer, INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { ndjson } from '../../lib/write/ndjson.ts'

const SET: ReferenceSet = {
  replayable: true,
  sources: [{ url: '/data/a.nc', size: 4096 }],
  header: {
    kind: 'header',
    groups: [{ path: '', attributes: { title: 'a', big: 9007199254740993n, bad: Number.NaN } }],
    arrays: [
      {
        path: 'g/v',
        dims: ['t', 'x'],
        attributes: { scale_factor: 1 },
        shape: [null, 4],
        chunkShape: [1, 2],
        dataType: '<f4',
        // 1.5
        fillValue: Uint8Array.of(0, 0, 0xc0, 0x3f),
        codecs: [{ id: 'zlib', level: 4 }],
      },
    ],
    skipped: [{ path: 'w', reason: 'a variable-length sequence' }],
    notes: [],
  },
  async *body(): AsyncGenerator<ReferenceBatch | Footer> {
    yield {
      kind: 'batch',
      array: 0,
      rows: 2,
      // The columns may be longer than their rows.
      chunk: Float64Array.of(1, 2, 99),
      path: Uint32Array.of(0, INLINE, 0),
      paths: ['/data/a "b".nc'],
      offset: Float64Array.of(2 ** 40, 0, 7),
      length: Float64Array.of(100, 0, 7),
      raw: [null, Uint8Array.of(1, 2, 3)],
      filterMask: Uint32Array.of(2, 0, 0),
    }
    const coverage = { arrays: [], notes: [] }
    yield { kind: 'footer', shapes: [[3, 4]], missing: [4], dropped: [], coverage }
  },
}

async function* one() {
  yield SET
}

test('header, references and footer are a line each', async () => {
  let text = ''
  for await (const lines of ndjson()(one())) text += lines
  assert.ok(text.endsWith('\n'))
  const [header, ...rest] = text.trimEnd().split('\n')
  assert.ok(header.includes('"big": 9007199254740993'), 'a long integer keeps its digits')
  assert.ok(header.includes('"scale_factor": 1.0'), 'a float stays one')
  const { version, groups, arrays, skipped } = JSON.parse(header)
  assert.equal(version, 1)
  assert.equal(groups[0].attributes.bad, 'NaN')
  assert.deepEqual(groups[0].nonFinite, ['bad'])
  assert.deepEqual(arrays[0].shape, [null, 4])
  assert.equal(arrays[0].fillValue, 1.5)
  assert.deepEqual(arrays[0].codecs, [{ id: 'zlib', level: 4 }])
  assert.deepEqual(skipped, [{ path: 'w', reason: 'a variable-length sequence' }])
  assert.deepEqual(
    rest.map((line) => JSON.parse(line)),
    [
      {
        kind: 'reference',
        array: 'g/v',
        chunk: '0.1',
        path: '/data/a "b".nc',
        offset: 2 ** 40,
        length: 100,
        filterMask: 2,
      },
      { kind: 'reference', array: 'g/v', chunk: '1.0', inline: 'AQID' },
      {
        kind: 'footer',
        arrays: [{ path: 'g/v', shape: [3, 4], missing: 4 }],
        dropped: [],
        coverage: [],
        notes: [],
      },
    ],
  )
})
