/** Random documents, each read three ways: from its bytes, by the parser alone, and by JSON.parse. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { bodyOf, openSet, refsOf, zarray } from './document-set.ts'

/** How an array spells its keys, and how the tests do. */
interface Shape {
  readonly path: string
  readonly grid: readonly number[]
  readonly separator: '.' | '/'
}

const shapes: readonly Shape[] = [
  { path: 'a', grid: [12, 3], separator: '.' },
  { path: 'a_b', grid: [7], separator: '.' },
  { path: 'a2', grid: [3, 3], separator: '.' },
  { path: 'b', grid: [4, 2, 2], separator: '/' },
  { path: 'g/1', grid: [25], separator: '.' },
  { path: 'g/2', grid: [11], separator: '/' },
  { path: 's', grid: [], separator: '.' },
  { path: 'é', grid: [3, 3], separator: '.' },
]

const metadata = shapes.map(({ path, grid, separator }): [string, string] => [
  `${path}/.zarray`,
  zarray(
    [...grid],
    grid.map(() => 1),
    { dimension_separator: separator },
  ),
])

const chunk = fc.constantFrom(...shapes).chain(({ path, grid, separator }) =>
  fc.tuple(...grid.map((extent) => fc.nat(extent - 1))).map((numbers) => ({
    key: `${path}/${numbers.join(separator) || '0'}`,
    name: `${path}/${numbers.join('.') || '0'}`,
  })),
)
const extent = fc.oneof(fc.nat(9), fc.nat(2 ** 40))
const value = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom('/a', '/b', 's3://c/d'), extent, extent) },
  { weight: 1, arbitrary: fc.constantFrom<[string]>(['/whole']) },
  { weight: 1, arbitrary: fc.constantFrom('in', 'base64:AAE=', '') },
)

/** What a row of this value is told as. */
function rowOf(given: unknown): unknown {
  if (Array.isArray(given)) return given.length === 1 ? [given[0], 0, 0] : given[2] === 0 ? '' : given
  return Buffer.from(given === 'base64:AAE=' ? '\u0000\u0001' : String(given)).toString('hex')
}

const chunks = fc
  .uniqueArray(fc.tuple(chunk, value), { selector: ([{ name }]) => name, maxLength: 60 })
  .chain((list) => fc.tuple(fc.constant(list), fc.boolean(), fc.nat(list.length), fc.nat(2)))

it('rows are the same, whatever the order of the keys, the style and the pieces', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 500 }), async ([list, sorted, at, style], step) => {
      const members = list.map(([{ key }, each]): [string, unknown] => [key, each])
      const compare = new Intl.Collator('en', { numeric: true }).compare
      if (sorted) members.sort(([one], [other]) => compare(one, other))
      members.splice(at, 0, ...metadata)
      const text = JSON.stringify(Object.fromEntries(members), null, style === 1 ? 2 : 0)
      const spelled = style === 2 ? text.replaceAll('/', '\\/') : text
      const expected = Object.fromEntries(list.map(([{ name }, each]) => [name, rowOf(each)]))
      const pieces = async function* (source: {
        readonly size: number
        read(from: number, length: number): Promise<Uint8Array>
      }) {
        for (let from = 0; from < source.size; from += step)
          yield await source.read(from, Math.min(step, source.size - from))
      }
      for (const options of [{ pieces }, { plain: false, memoryBytes: 1000 }]) {
        const set = await openSet(spelled, options)
        const { batches, footer } = await bodyOf(set)
        assert.deepEqual(refsOf(set, batches), expected)
        const missing = shapes.map(({ path, grid }) => {
          const given = list.filter(([{ name }]) => name.slice(0, name.lastIndexOf('/')) === path).length
          return grid.reduce((product, each) => product * each, 1) - given
        })
        assert.deepEqual(footer.missing, missing)
      }
    }),
    { numRuns: 400 },
  )
})
