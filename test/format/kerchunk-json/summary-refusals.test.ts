/** JSON documents that cannot be summarized: strange, broken or hostile, with the place where that is found. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FormatError, UnsupportedError } from '../../../lib/errors.ts'
import { readJsonSummary } from '../../../lib/format/kerchunk-json/summary.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { zarray } from './document-set.ts'
import { readSummary as read } from './document-summary.ts'

async function refused(document: string | object): Promise<FormatError> {
  const error = await read(document).then(
    () => assert.fail('was read'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof FormatError, String(error))
  return error
}

describe('what is refused', () => {
  it('says the byte at which it stops being JSON, and the last key', async () => {
    const valid = `{"é/.zarray": ${JSON.stringify(zarray([9], [1]))}, "é/0": [`
    const error = await refused(`${valid}NaN, 1, 2]}`)
    assert.equal(error.offset, Buffer.byteLength(valid))
    assert.match(error.message, /no JSON here, after the key "é\/0"/)
  })

  it('finds the place in the middle of a long document', async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `"a/${index}": ["file.nc", ${index}, 5]`)
    const start = `{"a/.zarray": ${JSON.stringify(zarray([20_000], [1]))}, ${keys.join(', ')}, "a/x": `
    assert.ok(start.length > 2 * 2 ** 18)
    const error = await refused(`${start}[7, 1, 2], "a/y": "z"}`)
    assert.equal(error.offset, start.length + '[7, 1, 2'.length)
    assert.match(error.message, /neither a string, nor .*, after the key "a\/x"/)
  })

  it('every document that is cut short', async () => {
    const whole = JSON.stringify({
      version: 1,
      templates: { u: 'a' },
      gen: [{ key: 'k' }],
      refs: { '.zgroup': '{"zarr_format":2}', 'a/.zarray': zarray([2], [1]), 'a/0': ['\\u00e9\n', 10, 20] },
    })
    await read(whole)
    for (let length = 1; length < whole.length; length++) {
      const error = await refused(whole.slice(0, length))
      assert.ok(error.offset <= length)
    }
  })

  it('values that are no references, and documents that are no sets', async () => {
    const wrong = [
      1,
      true,
      [],
      [1, 2, 3],
      ['u', 1],
      ['u', -1, 2],
      ['u', 1.5, 2],
      ['u', 0, 1, 2],
      ['u', [1], 2],
    ]
    for (const value of wrong) {
      assert.match((await refused({ 'a/0': value })).message, /neither a string, nor/, JSON.stringify(value))
    }
    assert.match((await refused('[1]')).message, /a list/)
    assert.match((await refused({ hello: 'world' })).message, /no Zarr metadata/)
    assert.match((await refused({ version: 2, refs: {} })).message, /version 2/)
    assert.match((await refused({ refs: {}, 'a/0': 'x' })).message, /within and beside/)
    assert.match((await refused({ 'a/.zarray': '{' })).message, /a\/\.zarray is not JSON/)
    assert.match((await refused({ 'a/.zarray': zarray([2], [0]) })).message, /chunks is no list of extents/)
    assert.match((await refused(`{}{}`)).message, /no JSON/)
  })

  it('nesting, names and metadata beyond every measure', async () => {
    assert.match((await refused(`{"gen": ${'['.repeat(1_000_000)}`)).message, /nested deeper than 64/)
    assert.match((await refused(`{"${'k'.repeat(600_000)}": 1}`)).message, /more than 4096 characters/)
    assert.match((await refused({ a: ['u'.repeat(20_000), 0, 1] })).message, /more than 16384/)
    assert.match((await refused(`{"a": ["u", ${'1'.repeat(600_000)}, 1]}`)).message, /more than 32/)
    assert.match((await refused({ '.zattrs': 'x'.repeat(2 ** 24 + 1) })).message, /more than 16777216/)
    assert.match((await refused({ '.zattrs': { x: 'x'.repeat(2 ** 24) } })).message, /more than 16777216/)
  })

  it('what is not UTF-8', async () => {
    const open = async () => openMemory(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 'r.json')
    await assert.rejects(readJsonSummary('r.json', { open }), /is not UTF-8/)
  })

  it('what Zarr v2 cannot say, by name', async () => {
    await assert.rejects(read({ 'a/.zarray': zarray([1], [1], { zarr_format: 3 }) }), UnsupportedError)
    await assert.rejects(read({ 'a/zarr.json': '{}' }), /a\/zarr\.json/)
  })

  it('parts of the document that are given twice, and generators without end', async () => {
    for (const part of ['"refs": {}', '"templates": {}', '"gen": []']) {
      const name = part.slice(1, part.indexOf('"', 1))
      assert.match(
        (await refused(`{"version": 1, ${part}, ${part}}`)).message,
        new RegExp(`'${name}' is given twice`),
      )
    }
    const long = `{"version": 1, "gen": [${'{"a": {}},'.repeat(120_000)}`
    assert.match((await refused(long)).message, /'gen' of more than 1048576 characters/)
    const metadata = `{"a/.zattrs": {${'"k": {}, '.repeat(2_500_000)}`
    assert.match((await refused(metadata)).message, /metadata of more than 16777216 characters/)
  })
})
