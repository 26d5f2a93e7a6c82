/** Generators and templates against what fsspec and Jinja make of the same documents. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { UnsupportedError } from '../../../../lib/errors.ts'
import {
  generate,
  generatedCount,
  parseGenerators,
} from '../../../../lib/format/kerchunk-json/jinja/generator.ts'
import { Templates } from '../../../../lib/format/kerchunk-json/jinja/template.ts'
import { type PythonJson, parsePythonJson } from '../../../../lib/format/python-json.ts'
import { fixture } from '../../../fixture.ts'

interface Judged {
  readonly templates: Record<string, string>
  readonly dimensions: unknown
  readonly documents: readonly {
    readonly document: { readonly templates?: Record<string, string>; readonly gen: unknown }
    readonly references: Record<string, unknown>
  }[]
  readonly urls: readonly { readonly url: string; readonly expected: string }[]
  readonly expressions: readonly { readonly expression: string; readonly rendered: readonly string[] }[]
  readonly beyond: readonly string[]
}

const judged: Judged = JSON.parse(readFileSync(fixture('kerchunk-json/generated.json'), 'utf8'))

function refuse(problem: string): never {
  throw new UnsupportedError(problem)
}

/** As documents are read: whole numbers as bigint. */
function pythonJson(value: unknown): PythonJson {
  return parsePythonJson(JSON.stringify(value))
}

function templatesOf(entries: Record<string, string> = {}): Templates {
  return new Templates(new Map(Object.entries(entries)))
}

/** All references of some generators, by key, as kerchunk writes them. */
function referencesOf(gen: unknown, templates: Templates): Record<string, unknown> {
  const references: Record<string, unknown> = {}
  for (const generator of parseGenerators(pythonJson(gen), refuse))
    for (const { key, url, range } of generate(generator, templates, refuse))
      references[key] = range ? [url, ...range] : [url]
  return references
}

/** What an expression gives for each item of the fixture's dimensions. */
function render(expression: string): string[] {
  const gen = [{ key: '{{i}} {{j}} {{s}}', url: `{{ ${expression} }}`, dimensions: judged.dimensions }]
  return Object.values(referencesOf(gen, templatesOf(judged.templates))).map((reference) => String(reference))
}

function entry(fields: Record<string, unknown>): unknown[] {
  return [{ key: 't/{{i}}', url: 'a', dimensions: { i: { stop: 2 } }, ...fields }]
}

describe('generators', () => {
  for (const [index, { document, references }] of judged.documents.entries())
    it(`give what fsspec gives: document ${index}`, () => {
      const expected = { ...references }
      for (const key of ['key1', 'key2', 'key3']) delete expected[key]
      const made = referencesOf(document.gen, templatesOf(document.templates))
      assert.deepEqual(made, expected)
      assert.deepEqual(Object.keys(made), Object.keys(expected))
      const counts = parseGenerators(pythonJson(document.gen), refuse).map(generatedCount)
      assert.equal(
        counts.reduce((a, b) => a + b, 0),
        Object.keys(expected).length,
      )
    })

  for (const { expression, rendered } of judged.expressions)
    it(`work out {{ ${expression} }} as Jinja does`, () => assert.deepEqual(render(expression), rendered))

  for (const expression of judged.beyond)
    it(`refuse {{ ${expression} }}, and quote it`, () =>
      assert.throws(
        () => render(expression),
        (error) =>
          error instanceof UnsupportedError &&
          error.message.startsWith('gen[0]: url: ') &&
          error.message.includes(`{{ ${expression} }}`.slice(0, 100)),
      ))

  const wrong: readonly [what: string, gen: unknown, message: RegExp][] = [
    ['no list', {}, /^gen is no list$/],
    ['an entry that is no object', [1], /^gen\[0\]: is no object$/],
    ['no key', entry({ key: undefined }), /^gen\[0\]: key is no text$/],
    ['a URL that is no text', entry({ url: 5 }), /^gen\[0\]: url is no text$/],
    ['an offset alone', entry({ offset: '1' }), /one of offset and length, not both/],
    ['no dimensions', entry({ dimensions: undefined }), /has no dimensions/],
    ['a step of 0', entry({ dimensions: { i: { stop: 2, step: 0 } } }), /i\.step is 0/],
    ['no stop', entry({ dimensions: { i: { start: 2 } } }), /i\.stop is no whole number/],
    ['a stop with a fraction', entry({ dimensions: { i: { stop: 2.5 } } }), /i\.stop is no whole number/],
    ['a start that is null', entry({ dimensions: { i: { start: null, stop: 2 } } }), /i\.start is no whole/],
    ['a value with a fraction', entry({ dimensions: { i: [1, 2.5] } }), /a value of i is no whole number/],
    ['a dimension that is text', entry({ dimensions: { i: '5' } }), /i is neither a list nor a range/],
    [
      'more than can be',
      entry({ dimensions: { i: { stop: 1e5 }, j: { stop: 1e5 } } }),
      /beyond 1000000000 in all/,
    ],
    [
      'a negative offset',
      entry({ offset: '{{ 0 - i - 1 }}', length: '5' }),
      /offset -1 is no number of bytes/,
    ],
    ['a length that is text', entry({ offset: '0', length: 'five' }), /length five is no number of bytes/],
    ['an end beyond 2^53', entry({ offset: '9007199254740991', length: '1' }), /ends beyond 2\^53/],
    ['a block', entry({ key: 't/{% if i %}{{i}}{% endif %}' }), /key: has \{%/],
    ['a comment', entry({ key: 't/{{i}}{# i #}' }), /key: has \{#/],
    ['a minus in the braces', entry({ key: 't/{{-i}}' }), /\{\{-i\}\} begins with a sign/],
    ['lines', entry({ url: 'a\n' }), /url: has more than one line/],
    [
      'a name twice',
      entry({ dimensions: { u: { stop: 1 } } }),
      /u is the name of a dimension and of a template/,
    ],
    ['depth', entry({ url: `{{ ${'('.repeat(200)}i${')'.repeat(200)} }}` }), /has more than 32 levels/],
    [
      'filters in filters',
      entry({ url: `{{ ${"'a'|format(".repeat(60)}i${')'.repeat(60)} }}` }),
      /more than 32 levels/,
    ],
    ['length', entry({ url: `{{ i${' + i'.repeat(1000)} }}` }), /is longer than 1000 characters/],
    ['long texts', entry({ url: 'x'.repeat(70_000) }), /is longer than 65536 characters/],
    ['padding', entry({ url: "{{ '%9999999999d' % i }}" }), /pads to more than 1000 characters/],
    [
      'text that doubles',
      entry({ url: `{{ ${'twice(c='.repeat(20)}'x'${')'.repeat(20)} }}` }),
      /makes text beyond 65536 characters/,
    ],
  ]
  for (const [what, gen, message] of wrong)
    it(`refuse ${what}`, () =>
      assert.throws(() => referencesOf(gen, templatesOf({ u: 'x', twice: '{{c}}{{c}}' })), {
        name: 'UnsupportedError',
        message,
      }))

  it('count without making', () => {
    const dimensions = { a: { stop: 30_000 }, b: { start: 10, stop: -10, step: -3 }, c: [1, 2] }
    const [generator] = parseGenerators(pythonJson(entry({ dimensions })), refuse)
    assert.equal(generatedCount(generator), 30_000 * 7 * 2)
  })

  it("keep Python's bounds of a range where they are large", () => {
    const count = (start: number, stop: number, step: number): number =>
      generatedCount(
        parseGenerators(pythonJson(entry({ dimensions: { i: { start, stop, step } } })), refuse)[0],
      )
    assert.equal(count(0, 9007199254740991, 9007199254740), 1001)
    assert.equal(count(0, 9007199254740000, 9007199254740), 1000)
    assert.equal(count(-9007199254740991, 0, 9007199254740990), 2)
  })
})

describe('templates', () => {
  const templates = templatesOf(judged.templates)
  for (const { url, expected } of judged.urls)
    it(`make ${expected} of ${url}`, () => {
      assert.equal(templates.expand(url), expected)
      assert.equal(templates.expand(url), expected)
    })

  it('leave what has no double braces', () => {
    assert.equal(templates.expand('s3://{a}/{%b%}\n'), 's3://{a}/{%b%}\n')
  })

  for (const url of [
    '{{nothing}}',
    '{{u',
    '{{u}}{% x %}',
    '{{u}}\n',
    '{{month}}',
    "{{same('x')}}",
    "{{same(temp='x')}}",
    '{{twice()}}',
  ])
    it(`know nothing of ${JSON.stringify(url)}`, () => {
      assert.equal(templates.expand(url), undefined)
      assert.equal(templates.expand(url), undefined)
    })

  it('stay right when there are more URLs than are kept', () => {
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 12_000; i++) assert.equal(templates.expand(`{{u}}/${i}`), `s3://bucket/path/${i}`)
  })
})
