/** JSON reference sets that are refused, by their keys and places; and those that are left before their end. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FormatError, UnsupportedError } from '../../../lib/errors.ts'
import { collect } from '../../stream/collect.ts'
import { bodyOf, openedSources, openSet, readRefs, refsOf, zarray } from './document-set.ts'

describe('what is refused, by its key', () => {
  const a = { 'a/.zarray': zarray([2], [1]) }

  async function refused(document: string | object): Promise<Error> {
    const error = await readRefs(document).then(
      () => assert.fail('was read'),
      (reason: unknown) => reason,
    )
    assert.equal(openedSources(), 0)
    assert.ok(error instanceof FormatError || error instanceof UnsupportedError, String(error))
    assert.match(error.message, /^\/r\.json: /)
    return error
  }

  it('keys outside the grid, of no array, and given twice', async () => {
    for (const key of ['a/2', 'a/00', 'a/0.0', 'a/x', 'a/']) {
      const { message } = await refused({ ...a, [key]: ['/x', 0, 1] })
      assert.ok(message.includes(`"${key}" is no chunk of its array's grid, [2]`), message)
    }
    assert.match((await refused({ ...a, 'b/0': ['/x', 0, 1] })).message, /"b\/0" belongs to no array/)
    const chunk = `"a/1": ["/x", 0, 1]`
    const text = `{"a/.zarray": ${JSON.stringify(zarray([2], [1]))}, ${chunk}, "a/0": "z", ${chunk}}`
    assert.match((await refused(text)).message, /"a\/1" is given twice/)
    const metadata = `"a/.zarray": ${JSON.stringify(zarray([2], [1]))}`
    assert.match((await refused(`{${metadata}, ${metadata}}`)).message, /"a\/\.zarray" is given twice/)
    const many = { 'a/.zarray': zarray([2 ** 30, 2 ** 30], [1, 1]) }
    assert.match((await refused(many)).message, /a\/.zarray has chunks beyond count/)
  })

  it('bytes that are none', async () => {
    for (const base64 of ['base64:AAA', 'base64:A*==', 'base64:AA-_']) {
      assert.match((await refused({ ...a, 'a/0': base64 })).message, /"a\/0" is no base64/)
    }
    assert.match(
      (await refused(`{"a/0": "\\ud800", "a/.zarray": ${JSON.stringify(zarray([1], [1]))}}`)).message,
      /Unicode/,
    )
  })

  it('what the specification has and references have not', async () => {
    const cases: readonly [unknown, RegExp][] = [
      [[null, 1, 2], /a\/1: .*the file that its reader is told/],
      [{ any: 1 }, /a\/1: a JSON object/],
      [['{{u}}/x', 1, 2], /a\/1: the URL "\{\{u\}\}\/x", which only Jinja/],
    ]
    for (const [value, problem] of cases) {
      const error = await refused({ version: 1, refs: { ...a, 'a/1': value } })
      assert.ok(error instanceof UnsupportedError)
      assert.match(error.message, problem)
      assert.match(error.message, /--on-unsupported skip/)
    }
    assert.match((await refused({ 'a/.zarray': ['/x', 0, 9] })).message, /metadata that lies in another file/)
  })

  it('codecs, separators and parameters that would be lost are named', async () => {
    const cases: readonly [object, RegExp][] = [
      [{ compressor: 'zlib' }, /a\/\.zarray has a codec without an id/],
      [{ filters: { id: 'zlib' } }, /a\/\.zarray has filters that are no list/],
      [{ dimension_separator: '-' }, /a\/\.zarray has a dimension_separator that is neither/],
      [{ filters: [{ id: 'categorize', labels: ['a'] }] }, /the codec categorize with a list .*, labels/],
      [{ filters: [{ id: 'fill_hdf_strings', id_map: {} }] }, /the codec fill_hdf_strings .*, id_map/],
    ]
    for (const [extra, problem] of cases)
      assert.match((await refused({ 'a/.zarray': zarray([4], [2], extra) })).message, problem)
  })

  it("with skip, an array's first such chunk costs the array and nothing else", async () => {
    const objects = { dtype: '|O', filters: [{ id: 'pickle' }] }
    const document = {
      'p/.zarray': zarray([1], [1], objects),
      'p/0': 'base64:AAAA',
      ...a,
      'a/0': ['/x', 0, 1],
      'a/1': [null, 5, 6],
      'b/.zarray': zarray([2], [1]),
      'b/1': ['/y', 3, 4],
    }
    await assert.rejects(openSet(document), /p: objects stored by pickle/)
    const set = await openSet(document, { onUnsupported: 'skip' })
    const { batches, footer } = await bodyOf(set)
    assert.deepEqual(refsOf(set, batches), { 'b/1': ['/y', 3, 4] })
    assert.deepEqual([footer.dropped, footer.missing[1]], [[0], 1])
    assert.deepEqual(
      footer.coverage.arrays.map(({ path, outcome }) => [path, outcome]),
      [
        ['a', 'skipped'],
        ['b', 'referenced'],
        ['p', 'skipped'],
      ],
    )
    assert.match(footer.coverage.arrays[0].reason ?? '', /a\/1: a reference into the file/)
  })

  it('an abort, before and while it is read', async () => {
    const keys = Array.from(
      { length: 40_000 },
      (_, index) => `"a/${39_999 - index}": ["/file.nc", ${index}, 5]`,
    )
    const set = await openSet(`{"a/.zarray": ${JSON.stringify(zarray([40_000], [1]))}, ${keys.join(', ')}}`)
    await assert.rejects(collect(set.body({ signal: AbortSignal.abort() })), { name: 'AbortError' })
    const controller = new AbortController()
    const body = set.body({ signal: controller.signal })[Symbol.asyncIterator]()
    const first = await body.next()
    assert.ok(first.value?.kind === 'batch' && first.value.chunk[0] === 0 && first.value.offset[0] === 39_999)
    controller.abort()
    await assert.rejects(body.next(), { name: 'AbortError' })
    assert.equal(openedSources(), 0)
    for await (const _ of set.body()) break
    assert.equal(openedSources(), 0)
  })
})
