/** NDJSON that is not as it should be: each fault by its line, nothing taken for granted. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FormatError } from '../../../lib/errors.ts'
import { syntheticSet } from '../../write/synthetic.ts'
import { linesOf, openLines, openSources, rowsOf } from './ndjson-file.ts'

const ARRAY = { path: 't', shape: [3, 4], chunkShape: [1, 2], dataType: '<f4' }
const HEADER = { kind: 'header', arrays: [ARRAY] }
const line = (more: object = {}) => ({
  kind: 'reference',
  array: 't',
  chunk: '0.1',
  path: '/a.nc',
  offset: 10,
  length: 5,
  ...more,
})

async function refusal(lines: Parameters<typeof openLines>[0]): Promise<FormatError> {
  try {
    await rowsOf(await openLines(lines))
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error))
    assert.equal(openSources(), 0)
    return error
  }
  return assert.fail('was taken')
}

const HEADERS: Record<string, [object | string, RegExp]> = {
  'no JSON': ['{"kind":"header"', /is no JSON/],
  'no header': [line(), /is no header/],
  'no arrays': [{ kind: 'header' }, /has no arrays/],
  'another version': [{ ...HEADER, version: 2 }, /version 2; only 1/],
  'an array twice': [{ kind: 'header', arrays: [ARRAY, ARRAY] }, /"t" is given twice/],
  'ranks that differ': [{ kind: 'header', arrays: [{ ...ARRAY, dims: ['x'] }] }, /different ranks/],
  'a chunk of nothing': [{ kind: 'header', arrays: [{ ...ARRAY, chunkShape: [0, 2] }] }, /chunkShape/],
  'half an extent': [{ kind: 'header', arrays: [{ ...ARRAY, shape: [0.5, 2] }] }, /shape is no list/],
  'no type': [{ kind: 'header', arrays: [{ ...ARRAY, dataType: 'float' }] }, /dataType is no data type/],
  'a fill value of another type': [{ kind: 'header', arrays: [{ ...ARRAY, fillValue: 'x' }] }, /fillValue/],
  'a short fill': [{ kind: 'header', arrays: [{ ...ARRAY, fill: '00' }] }, /fill is no element/],
  'a way out': [{ kind: 'header', arrays: [{ ...ARRAY, path: '../t' }] }, /leads out of the set/],
  'a lost parameter': [{ kind: 'header', arrays: [{ ...ARRAY, codecs: [{ id: 'x', a: [1] }] }] }, /codecs/],
  'a number that is none': [
    { kind: 'header', arrays: [{ ...ARRAY, attributes: { a: 'x' }, nonFinite: ['a'] }] },
    /nonFinite: a has no such numbers/,
  ],
  'a depth bomb': [`{"kind":"header","arrays":${'['.repeat(100_000)}`, /levels/],
  'chunks beyond count': [
    { kind: 'header', arrays: [{ ...ARRAY, shape: [2 ** 52, 2 ** 52] }] },
    /beyond count/,
  ],
}

const LINES: Record<string, [object | string, RegExp]> = {
  'no JSON': ['{"kind":"reference",}', /is no JSON/],
  'no object': ['[1]', /is no JSON object/],
  'another kind': [{ kind: 'chunk' }, /neither a reference nor a footer/],
  'a second header': [HEADER, /one set/],
  'an unknown array': [line({ array: 'u' }), /"u", an array that the header does not have/],
  'a key outside of the grid': [
    line({ chunk: '0.2' }),
    /array "t", chunk "0.2": is no chunk of the grid \[3, 2\]/,
  ],
  'a key of another rank': [line({ chunk: '1' }), /is no chunk/],
  'a key with leading zeros': [line({ chunk: '00.1' }), /is no chunk/],
  'a negative offset': [line({ offset: -1 }), /offset is no whole number/],
  'half a length': [line({ length: 1.5 }), /length is no whole number/],
  'an offset beyond 2^53': [line({ offset: 2 ** 53 }), /offset is no whole number/],
  'an end beyond 2^53': [line({ offset: 2 ** 53 - 2 }), /ends beyond/],
  'no length': [line({ length: undefined }), /offset and length/],
  'no bytes': [line({ length: 0 }), /refers to no bytes/],
  'path and bytes': [line({ inline: '' }), /either a path or inline/],
  'no base64': ['{"kind":"reference","array":"t","chunk":"0.0","inline":"A"}', /no base64/],
  'an empty path': [line({ path: '' }), /path is empty/],
  'a mask of 33 bits': [line({ filterMask: 2 ** 32 }), /32 bits/],
  'a depth bomb': [`{"kind":"reference","x":${'['.repeat(100_000)}`, /levels/],
  'a footer of another array': [{ kind: 'footer', arrays: [{ path: 'u' }] }, /no array "u"/],
  'another shape': [{ kind: 'footer', arrays: [{ path: 't', shape: [3, 5] }] }, /not that of the header/],
  'another number of missing chunks': [
    { kind: 'footer', arrays: [{ path: 't', missing: 4 }] },
    /there are 1 of its 6 chunks, where 4 are missing/,
  ],
}

describe('a header line is refused', () => {
  for (const [name, [header, message]] of Object.entries(HEADERS)) {
    it(name, async () => {
      const error = await refusal([header])
      assert.match(error.message, /^\/set\.ndjson: NDJSON line 1 at byte 0: /)
      assert.match(error.message, message)
    })
  }
})

describe('a line is refused', () => {
  const before = Buffer.byteLength(`${JSON.stringify(HEADER)}\n${JSON.stringify(line())}\n`)
  for (const [name, [wrong, message]] of Object.entries(LINES)) {
    it(name, async () => {
      const error = await refusal([HEADER, line(), wrong])
      assert.match(error.message, new RegExp(`NDJSON line 3 at byte ${before}: `))
      assert.match(error.message, message)
    })
  }

  it('that gives a chunk again', async () => {
    const again = await refusal([HEADER, line(), line({ chunk: '0.0' }), line({ offset: 3 })])
    assert.match(again.message, /array "t": chunk "0.1" is given twice/)
    const sorted = await refusal([{ ...HEADER, sorted: true }, line(), line({ chunk: '0.0' })])
    assert.match(sorted.message, /line 3 .*chunk "0.0" does not ascend, as "sorted"/)
  })

  it('behind the footer', async () => {
    assert.match((await refusal([HEADER, { kind: 'footer' }, line()])).message, /line 3.*after the footer/)
  })

  it('of other bytes than UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(HEADER)}\n{"kind":"`), Buffer.of(0xff, 0x0a)])
    assert.match((await refusal(bytes)).message, /line 2.*not UTF-8/)
  })

  it('that is too long, before it is read to its end', async () => {
    const text = `${JSON.stringify(HEADER)}\n{"kind":"reference","array":"t","chunk":"0.0","inline":"`
    const bytes = Buffer.alloc((1 << 27) + (1 << 20), 'A')
    bytes.write(text)
    assert.match((await refusal(bytes)).message, /is longer than 134217728 bytes/)
  })

  it('whose array grows, where no footer tells its shape', async () => {
    for (const shape of [
      [null, 4],
      [3, null],
    ]) {
      const header = { kind: 'header', arrays: [{ ...ARRAY, shape }] }
      assert.match((await refusal([header, line()])).message, /footer/)
    }
    const header = { kind: 'header', arrays: [{ ...ARRAY, shape: [null, 4] }] }
    const footer = { kind: 'footer', arrays: [{ path: 't', shape: [3, 4] }] }
    assert.match((await refusal([header, line({ chunk: '3.0' }), footer])).message, /beyond its shape/)
  })
})

it('a file that is cut anywhere is refused, or lacks its last newline alone', async () => {
  const row = { chunk: 0, path: '/data/a.nc', offset: 7, length: 9 }
  const rows = [row, { ...row, chunk: 1, path: '/data/ä "b"' }, { chunk: 3, raw: Uint8Array.of(1, 2) }]
  const set = syntheticSet({ arrays: [{ path: 'x', dims: ['x'] }], rows: [rows] })
  const bytes = Buffer.from(await linesOf(set))
  const whole = await rowsOf(await openLines(bytes))
  assert.equal(Object.keys(whole.rows).length, 3)
  for (let length = 0; length < bytes.length - 1; length++) await refusal(bytes.subarray(0, length))
  assert.deepEqual(await rowsOf(await openLines(bytes.subarray(0, -1))), whole)
})
