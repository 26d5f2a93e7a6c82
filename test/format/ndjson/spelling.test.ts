/** Lines of random sets in every spelling of JSON: however they are read, the rows are the same. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { syntheticSet } from '../../write/synthetic.ts'
import { linesOf, openLines, rowsOf } from './ndjson-file.ts'

type Random = (most: number) => number

function randomOf(seed: number): Random {
  let state = seed
  return (most) => {
    state = (state * 48271) % 2147483647
    return state % most
  }
}

const PATHS = [
  '/data/a.nc',
  's3://b/ä/ø.nc',
  '/data/"quoted" \\ and \u2028',
  '/data/\ud83d\ude00',
  'xx://\ud800',
]
const NAMES = ['t', 'g/"u"', 'ö', 'z\\']

function randomRows(chunks: number, random: Random) {
  return Array.from({ length: chunks }, (_, chunk) => {
    const kind = random(10)
    if (kind === 0) return []
    if (kind === 1) return [{ chunk, raw: Uint8Array.from({ length: random(9) }, () => random(256)) }]
    const path = PATHS[random(PATHS.length)]
    if (kind === 2) return [{ chunk, path }]
    return [{ chunk, path, offset: random(2 ** 31) * 2 ** random(21), length: 1 + random(2 ** 31) }]
  }).flat()
}

function randomSet(random: Random) {
  const arrays = NAMES.slice(0, 1 + random(NAMES.length)).map((path) => {
    const shape = Array.from({ length: random(4) }, () => 1 + random(9))
    return { path, shape, chunkShape: shape.map(() => 1 + random(3)) }
  })
  const rows = arrays.map(({ shape, chunkShape }) => {
    const chunks = shape.reduce((count, extent, axis) => count * Math.ceil(extent / chunkShape[axis]), 1)
    return randomRows(chunks, random)
  })
  return syntheticSet({ arrays, rows })
}

/** Spellings of the same object. */
const SPELLINGS: readonly ((line: string) => string)[] = [
  (line) => line,
  // Python's.
  (line) => line.replace(/("(?:[^"\\]|\\.)*")(:|,)?|,/g, (token, text, mark) => spaced(token, text, mark)),
  (line) => ` ${line}\r`,
  (line) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).reverse())),
  (line) =>
    line.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (line) => line.replaceAll('/', '\\/'),
]

function spaced(token: string, text: string | undefined, mark: string | undefined): string {
  if (text === undefined) return ', '
  return mark === undefined ? token : `${text}${mark} `
}

it('400 random sets', async () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = randomOf(seed)
    const set = randomSet(random)
    const expected = await rowsOf(set)
    const [header, ...lines] = (await linesOf(set)).trimEnd().split('\n')
    const footer = lines.pop() ?? ''
    const spell = (line: string) => SPELLINGS[random(SPELLINGS.length)](line)
    const sorted = await rowsOf(await openLines([header, ...lines.map(spell), spell(footer)]))
    assert.deepEqual(sorted.rows, expected.rows, `seed ${seed}`)
    assert.deepEqual(sorted.footer.missing, expected.footer.missing)
    const shuffled = lines.map((line) => [random(1000), spell(line)] as const).sort(([a], [b]) => a - b)
    const unordered = header.replace('"sorted": true, ', '')
    const file = [unordered, ...shuffled.map(([, line]) => line), footer]
    const read = await rowsOf(await openLines(file, { memoryBytes: 600 }))
    assert.deepEqual(read, sorted, `seed ${seed}`)
  }
})
