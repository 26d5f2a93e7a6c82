/** Members taken straight from their bytes against the parser alone: the same entries, places and errors, whatever the document and its pieces. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FormatError } from '../../../lib/errors.ts'
import { type DocumentOptions, readMembers } from '../../../lib/format/kerchunk-json/document.ts'
import type { Entry } from '../../../lib/format/kerchunk-json/members/entry.ts'
import { EntryReader } from '../../../lib/format/kerchunk-json/members/entry-reader.ts'
import { jsonTokens } from '../../../lib/format/kerchunk-json/members/json-tokens.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

/** What reading a document comes to. */
interface Outcome {
  readonly entries: readonly Entry[]
  readonly offsets: readonly number[]
  readonly error?: string
  readonly end?: unknown
  readonly plain: number
}

/** Cuts a document after `first` bytes, and then every `step`. */
function cutter(first: number, step: number): NonNullable<DocumentOptions['pieces']> {
  return async function* pieces(source) {
    const bytes = await source.read(0, source.size)
    for (let at = 0, length = first; at < bytes.length; at += length, length = step) {
      if (at > 0) length = step
      // A copy that is spoiled afterwards, as a source's buffer may be.
      const piece = bytes.slice(at, at + length)
      yield piece
      piece.fill(0x22)
    }
  }
}

async function outcomeOf(bytes: Uint8Array, options: DocumentOptions = {}): Promise<Outcome> {
  const entries: Entry[] = []
  const offsets: number[] = []
  let plain = 0
  const add = (entry: Entry, offset: number) => {
    entries.push(entry)
    offsets.push(offset)
  }
  const visitor = {
    plain(member: { readonly entry: Entry }, offset: number) {
      plain++
      add(member.entry, offset)
    },
    entry: add,
  }
  try {
    const end = await readMembers(openMemory(bytes, 'r.json'), visitor, { inline: true, ...options })
    return { entries, offsets, end, plain }
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error))
    return { entries, offsets, error: error.message, plain }
  }
}

/** The entries that the parser gives for the whole text at once; undefined where it is refused. */
function parsedEntries(text: string): Entry[] | undefined {
  const entries = new EntryReader(() => {
    throw new SyntaxError('refused')
  }, true)
  try {
    for (const token of jsonTokens()(text)) entries.read(token)
  } catch {
    return undefined
  }
  return entries.complete ? entries.take() : undefined
}

/** Compares both ways; gives how many members were plain. */
async function compare(bytes: Uint8Array, pieces = cutter(bytes.length, bytes.length)): Promise<number> {
  const slow = await outcomeOf(bytes, { plain: false })
  const { plain, ...fast } = await outcomeOf(bytes, { pieces })
  const { plain: none, ...expected } = slow
  assert.equal(none, 0)
  // Where it fails, the pieces decide how much was told before.
  const told = fast.error === undefined ? fast : { ...fast, entries: [], offsets: [] }
  assert.deepEqual(told, slow.error === undefined ? expected : { ...expected, entries: [], offsets: [] })
  const shared = Math.min(fast.entries.length, slow.entries.length)
  assert.deepEqual(fast.entries.slice(0, shared), slow.entries.slice(0, shared))
  assert.deepEqual(fast.offsets.slice(0, shared), slow.offsets.slice(0, shared))
  return plain
}

const white = fc.stringMatching(/^[ \n\r\t]{0,3}$/)
const name = fc.constantFrom(
  'temp',
  'g/salt',
  'é',
  'a b',
  'temp2',
  '7',
  'x\\u0041',
  'a\\/b',
  'q\\"',
  '~',
  '\u007f',
)
const part = fc.constantFrom(
  '0',
  '1',
  '0.0',
  '12.345',
  '0/1',
  'c/0/1',
  '00',
  'x',
  '',
  '-1',
  '9007199254740993',
  '.zarray',
)
const key = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(name, part).map(([path, chunk]) => `${path}/${chunk}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('refs', 'gen', 'templates', 'version', '0', '.zgroup', 'zarr.json', ''),
  },
)
const url = fc.constantFrom(
  '/data/a.nc',
  's3://b/c',
  's3:\\/\\/b\\/c',
  '',
  '{{u}}/x',
  'ü',
  '\\t',
  'x\\\\',
  'a"b',
  '\\u00e9',
  '\\',
)
const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat().map(String) },
  fc.constantFrom(
    '0',
    '-0',
    '-1',
    '1.5',
    '1e3',
    '01',
    '999999999999999',
    '9007199254740991',
    '9007199254740993',
    '',
    'null',
  ),
)
/** JSON values, and what is nearly some. */
const value = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(url, number, number, fc.array(white, { minLength: 6, maxLength: 6 }))
      .map(
        ([path, offset, length, [a, b, c, d, e, f]]) =>
          `[${a}"${path}"${b},${c}${offset}${d},${e}${length}${f}]`,
      ),
  },
  fc.constantFrom(
    '["/whole.nc"]',
    '[ "/whole.nc" ]',
    '["/x", 5, 0]',
    '["/x", 1]',
    '["/x", 1, 2, 3]',
    '[null, 1, 2]',
    '[]',
    '"inline, \\"0/1\\": [x"',
    '"base64:AAAA"',
    '{"zarr_format": 2}',
    '{"a": [1, {"b/0": ["u", 1, 2], "c": ","}], "d": "}{"}',
    '1',
    'tru',
    '"\n"',
  ),
)
const member = fc.tuple(key, white, white, value).map(([k, a, b, v]) => `"${k}"${a}:${b}${v}`)
const body = fc
  .tuple(fc.array(fc.tuple(member, white, white)), fc.constantFrom('', '', '', ','))
  .map(([members, tail]) => members.map(([m, a, b]) => `${b}${m}${a}`).join(',') + tail)
const document = fc.oneof(
  body.map((members) => `{${members}}`),
  body.map((members) => `{"version": 1, "refs": {${members}}, "templates": {"u": "x"}}`),
  fc
    .tuple(body, body)
    .map(([members, more]) => `{"templates": {${more}}, "refs": {${members}}, "version":1}`),
)

describe('plain members are what the parser makes of them', () => {
  it('in random documents, cut into random pieces', async () => {
    let plain = 0
    await fc.assert(
      fc.asyncProperty(
        document,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 90 }),
        async (text, first, step) => {
          plain += await compare(Buffer.from(text), cutter(first, step))
        },
      ),
      { numRuns: 3000 },
    )
    assert.ok(plain > 300, `${plain} plain members`)
  })

  it('in documents with a byte changed, left out or put in, or cut short', async () => {
    const bytes = fc.integer({ min: 0, max: 255 })
    const fault = fc.tuple(document, fc.double({ min: 0, max: 1, noNaN: true }), bytes, fc.nat(3))
    await fc.assert(
      fc.asyncProperty(fault, fc.integer({ min: 1, max: 60 }), async ([text, place, byte, kind], step) => {
        const whole = Buffer.from(text)
        const at = Math.floor(place * whole.length)
        const spoiled = [...whole]
        if (kind === 0) spoiled[at] = byte
        else if (kind === 1) spoiled.splice(at, 1)
        else if (kind === 2) spoiled.splice(at, 0, byte)
        else spoiled.length = at
        await compare(Uint8Array.from(spoiled), cutter(step, step))
      }),
      { numRuns: 3000 },
    )
  })

  it('with the parser fed all at once', async () => {
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const { entries, error } = await outcomeOf(Buffer.from(text))
        const parsed = parsedEntries(text)
        assert.equal(error === undefined, parsed !== undefined, error)
        if (parsed) assert.deepEqual(entries, parsed)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('every place at which a document can be cut', () => {
  const styles: readonly [string, string][] = [
    [
      'json.dumps',
      '"a/0": ["/x", 1, 2], "a/1": ["/x", 3, 4], "b/0.0": ["/y", 5, 6], "b/0.1": "in", "a/2": ["/x", 7, 8]',
    ],
    [
      'ujson',
      '"a\\/0":["s3:\\/\\/x",1,2],"a\\/1":["s3:\\/\\/x",3,4],"a\\/2":["s3:\\/\\/y"],"a\\/3":["s3:\\/\\/y",7,8]',
    ],
    [
      'indented',
      '\n  "a/0": [\n    "/x",\n    1,\n    2\n  ],\n  "a/1": [\n    "/x",\n    3,\n    4\n  ],\n  "é": ["é"]\n',
    ],
  ]
  for (const [style, members] of styles) {
    it(`${style}: in two, and into pieces of every length`, async () => {
      for (const text of [`{${members}}`, `{"version":1,"refs":{${members}}}`]) {
        const bytes = Buffer.from(text)
        for (let length = 1; length <= bytes.length; length++) {
          assert.ok((await compare(bytes, cutter(length, bytes.length))) >= 1)
          assert.ok((await compare(bytes, cutter(length, length))) >= 1)
          await compare(bytes.subarray(0, length), cutter(7, 7))
        }
      }
    })
  }
})

describe('what producers write is plain', () => {
  it('all but the last member, and those with metadata or bytes', async () => {
    for (const name of ['joined-v1.json', 'single-v0.json']) {
      const bytes = readFileSync(fixture(`kerchunk-json/${name}`))
      const { entries } = await outcomeOf(bytes)
      const references = entries.filter(({ kind }) => kind === 'reference').length
      const plain = await compare(bytes, cutter(1000, 4096))
      assert.ok(references >= 250 && plain >= references - 2, `${plain} of ${references}`)
    }
  })

  it('keys, URLs and members of every length: the limits are the same', async () => {
    const around = (limit: number) => [limit - 1, limit, limit + 1]
    const members = [
      ...around(4096).map((length) => `"${'k'.repeat(length - 2)}/0":["u",1,2]`),
      ...around(4096).map((length) => `"${'k'.repeat(length - 2)}\\/0":["u",1,2]`),
      ...around(1 << 14).map((length) => `"a/0":["${'u'.repeat(length)}",1,2]`),
      ...around(1 << 14).map((length) => `"a/0":["\\/${'u'.repeat(length - 1)}",1,2]`),
      ...around(1 << 16).map((length) => `"a/0":["u",1,2${' '.repeat(length - 14)}]`),
      `"a/0":["u",${'9'.repeat(40)},1]`,
    ]
    for (const each of members) {
      for (const step of [1000, 1 << 20])
        await compare(Buffer.from(`{"z/0":["u",1,2],${each},"y/0":["u",3,4],"x":"y"}`), cutter(step, step))
    }
  })
})
