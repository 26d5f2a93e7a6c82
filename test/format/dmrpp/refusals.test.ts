/** What documents get wrong or references cannot express: refused by name, with the line. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FormatError, SourceError, UnsupportedError } from '../../../lib/errors.ts'
import { bodyOf, NAMESPACES, openBytes, openText, variable } from './opened.ts'

const CHUNK = '<dmrpp:chunk offset="8" nBytes="8" chunkPositionInArray="[0]"/>'

async function refusal(body: string, root = ''): Promise<Error> {
  try {
    await bodyOf(await openText(body, {}, root))
  } catch (error) {
    assert.ok(error instanceof Error)
    return error
  }
  throw new assert.AssertionError({ message: 'nothing was refused' })
}

/** [what it is, elements in the root, what the message says] */
type Case = readonly [what: string, body: string, message: RegExp]

const DAMAGED: readonly Case[] = [
  [
    'a position outside the grid',
    variable(CHUNK.replace('[0]', '[4]')),
    /variable v, line 1 .*at \[4\].*grid of \[2\]/,
  ],
  ['a position within a chunk', variable(CHUNK.replace('[0]', '[1]')), /at \[1\]/],
  ['a position of another rank', variable(CHUNK.replace('[0]', '[0,0]')), /at \[0, 0\]/],
  ['a position that is none', variable(CHUNK.replace('[0]', '[-1]')), /chunkPositionInArray is "\[-1\]"/],
  [
    'no position in a grid of several',
    variable('<dmrpp:chunk offset="8" nBytes="8"/>'),
    /without a position/,
  ],
  ['a chunk given twice', variable(CHUNK + CHUNK), /chunk 0 is given twice/],
  ['a negative offset', variable(CHUNK.replace('"8"', '"-8"')), /offset is "-8"/],
  ['a fractional length', variable(CHUNK.replace('nBytes="8"', 'nBytes="8.5"')), /nBytes is "8.5"/],
  ['a chunk of no bytes', variable(CHUNK.replace('nBytes="8"', 'nBytes="0"')), /no bytes/],
  ['a chunk without a length', variable('<dmrpp:chunk offset="8"/>'), /nBytes is not there/],
  ['offsets beyond 2^53', variable(CHUNK.replace('"8"', '"9007199254740991"')), /beyond 2\^53/],
  [
    'an uncompressed chunk of another length',
    variable(CHUNK.replace('nBytes="8"', 'nBytes="4"')),
    /4 bytes, 8 wanted/,
  ],
  [
    'a chunk past the end of its file',
    variable(CHUNK.replace('"8"', '"999999"')),
    /ends at byte 1000007.*has 1000000/,
  ],
  [
    'values twice',
    `<Int32 name="v"><dmrpp:chunks>${CHUNK}</dmrpp:chunks><dmrpp:chunks/></Int32>`,
    /given twice/,
  ],
  ['two variables of one name', variable(CHUNK) + variable(CHUNK), /another of that name/],
  ['a dimension without a size', '<Dimension name="x"/>', /no whole number/],
  ['a variable without a name', '<Int32/>', /Int32 without a name/],
  [
    'more elements than can be counted',
    variable('', { size: 2 ** 53 - 1 }).replaceAll('<Dim ', '<Dim size="9"/><Dim '),
    /counted/,
  ],
  [
    'too few compact values',
    '<Int32 name="v"><dmrpp:compact>AAAA</dmrpp:compact></Int32>',
    /3 bytes of values, 4 wanted/,
  ],
  [
    'compact values that are no base64',
    '<Int32 name="v"><dmrpp:compact>?</dmrpp:compact></Int32>',
    /no base64/,
  ],
  [
    'missing data that do not inflate',
    '<Int32 name="v"><Dim size="2"/><dmrpp:missingdata>AAAA</dmrpp:missingdata></Int32>',
    /zlib/,
  ],
  [
    'too few strings',
    '<String name="v"><Dim size="2"/><dmrpp:vlsa><v>a</v></dmrpp:vlsa></String>',
    /1 strings, 2 wanted/,
  ],
  [
    'too many strings',
    '<String name="v"><Dim size="2"/><dmrpp:vlsa><v c="3">a</v></dmrpp:vlsa></String>',
    /more than 2 strings/,
  ],
  [
    'strings beyond memory',
    '<String name="v"><Dim size="99999999"/><dmrpp:vlsa><v c="99999999">a</v></dmrpp:vlsa></String>',
    /bytes of values/,
  ],
]

const UNSUPPORTED: readonly Case[] = [
  [
    'a sequence',
    '<Sequence name="v"><Int32 name="a"/><dmrpp:chunks/></Sequence>',
    /v: values of type Sequence/,
  ],
  ['an opaque', '<Opaque name="v"><dmrpp:chunk offset="0" nBytes="4"/></Opaque>', /values of type Opaque/],
  ['strings whose length is not told', variable(CHUNK, { type: 'String' }), /strings whose length/],
  [
    'a string that may be a pointer',
    '<String name="v"><dmrpp:chunks><dmrpp:chunk offset="0" nBytes="16"/></dmrpp:chunks></String>',
    /strings whose length/,
  ],
  [
    'structures with strings',
    '<Structure name="v"><String name="s"/><dmrpp:specialstructuredata>AA</dmrpp:specialstructuredata></Structure>',
    /structures with strings/,
  ],
  [
    'a structure without offsets',
    '<Structure name="v"><Int8 name="a"/><Int32 name="b"/><dmrpp:chunk offset="0" nBytes="8"/></Structure>',
    /offsets of its members/,
  ],
  [
    'members that overlap',
    '<Structure name="v"><Int32 name="a"/><Int32 name="b"/><dmrpp:chunks structOffset="2 6"/></Structure>',
    /overlap/,
  ],
  ['a filter of another name', variable(CHUNK, { attributes: 'compressionType="szip"' }), /filter szip/],
  [
    'shuffle behind deflate',
    variable(CHUNK, { attributes: 'compressionType="deflate shuffle"' }),
    /shuffle over bytes/,
  ],
  ['chunks of linked blocks', variable(CHUNK, { attributes: 'LBChunk="true"' }), /linked blocks/],
  [
    'an array in pieces without a grid',
    '<Int8 name="v"><Dim size="2"/><dmrpp:chunks><dmrpp:chunk offset="0" nBytes="1"/><dmrpp:chunk offset="1" nBytes="1"/></dmrpp:chunks></Int8>',
    /without a grid/,
  ],
  [
    'a fill value that is left out',
    variable('', { attributes: 'fillValue="unsupported-array"' }),
    /unsupported-array/,
  ],
  [
    'a fill value of another type',
    variable('', { attributes: 'fillValue="1.5"' }),
    /fill value that is no <i4/,
  ],
  [
    'a dimension that is declared nowhere',
    '<Int8 name="v"><Dim name="/x"/><dmrpp:chunks/></Int8>',
    /declared nowhere: \/x/,
  ],
  [
    'an enumeration that is declared nowhere',
    '<Enum name="v" enum="/e"><dmrpp:chunks/></Enum>',
    /declared nowhere: \/e/,
  ],
  ['values that are nowhere', '<Int8 name="v"/>', /does not tell where its values are/],
  ['a name that no store can hold', '<Int8 name=".zarray"><dmrpp:chunks/></Int8>', /cannot hold the name/],
  [
    'a group that no store can hold',
    '<Group name=".."><Int8 name="v"><dmrpp:chunks/></Int8></Group>',
    /cannot hold the name/,
  ],
]

describe('damaged documents', () => {
  for (const [what, body, message] of DAMAGED)
    it(`are refused: ${what}`, async () => {
      const error = await refusal(body)
      assert.ok(error instanceof FormatError, String(error.stack))
      assert.match(error.message, message)
    })
})

describe('what references cannot express', () => {
  for (const [what, body, message] of UNSUPPORTED) {
    it(`is refused by name: ${what}`, async () => {
      const error = await refusal(body)
      assert.ok(error instanceof UnsupportedError, String(error.stack))
      assert.match(error.message, message)
      assert.match(error.message, /--on-unsupported skip/)
    })

    it(`is left out where that is asked for: ${what}`, async () => {
      const set = await openText(`${body}${variable(CHUNK).replace('"v"', '"kept"')}`, {
        onUnsupported: 'skip',
      })
      assert.deepEqual(
        set.header.arrays.map(({ path }) => path),
        ['kept'],
      )
      assert.match(`v: ${set.header.skipped[0].reason}`, message)
      const { batches } = await bodyOf(set)
      assert.deepEqual(
        batches.map(({ array, rows }) => [array, rows]),
        [[0, 1]],
      )
    })
  }
})

describe('XML beyond bounds', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const ROOT = `<Dataset ${NAMESPACES} name="x.h5" dmrpp:href="x.h5">`
  const cases: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ['truncated', `${ROOT}<Int8 name="v">`, /line 1 .*unclosed/],
    ['a DTD', `<!DOCTYPE a [<!ENTITY b "c">]>${ROOT}</Dataset>`, /document type declaration/],
    ['an entity', `${ROOT}<Int8 name="&b;"/></Dataset>`, /entity/],
    ['depth', `${ROOT}${'<Group name="g">'.repeat(100)}`, /more than 64 deep/],
    ['another root', `<Datasets ${NAMESPACES}/>`, /the root is Datasets/],
    ['UTF-16', '<?xml version="1.0" encoding="UTF-16"?><a/>', /XML in UTF-16/],
    ['nothing', '', /empty file/],
    ['a prefix without a namespace', `${ROOT}<a:b/></Dataset>`, /namespace prefix/],
  ]
  for (const [what, text, message] of cases)
    it(`is refused: ${what}`, async () => {
      await assert.rejects(openBytes(bytes(text)), (error: Error) => {
        assert.ok(error instanceof FormatError || error instanceof UnsupportedError)
        assert.match(error.message, message)
        return true
      })
    })

  it('names the byte, whatever the encoding', async () => {
    const text = `<?xml version="1.0" encoding="ENC"?>\n<Dataset ${NAMESPACES} name="é">\n<Dimension name="x"/></Dataset>`
    for (const [encoding, encoded] of [
      ['UTF-8', 'utf8'],
      ['ISO-8859-1', 'latin1'],
    ] as const) {
      const document = Buffer.from(text.replace('ENC', encoding), encoded)
      await assert.rejects(openBytes(document), (error: FormatError) => {
        assert.equal(error.offset, document.indexOf('</Dataset'))
        assert.match(error.message, /line 3/)
        return true
      })
    }
  })

  it('holds no text of any length', async () => {
    const long = `${ROOT}<Attribute name="a" type="String"><Value>${'a'.repeat(70_000_000)}</Value></Attribute></Dataset>`
    await assert.rejects(openBytes(Buffer.from(long)), /more than 67108864 characters/)
  })
})

describe('the data file', () => {
  it('has to be there, where it is on this machine', async () => {
    const body = variable(CHUNK)
    const openExternal = async (name: string): Promise<never> => {
      throw new SourceError(name, 'not there', { cause: Object.assign(new Error('no'), { code: 'ENOENT' }) })
    }
    await assert.rejects(openText(body, { openExternal }), /its data file x\.h5 is not there; put it beside/)
    const set = await openText(body, { openExternal }, ' dmrpp:href="https://a.b/x.h5"')
    const { batches } = await bodyOf(set)
    assert.deepEqual(batches[0].paths, ['https://a.b/x.h5'])
    assert.match(set.header.notes[0].reason, /cannot be told/)
    assert.deepEqual(set.sources, [])
  })

  it('is the one beside the document where a placeholder stands for it, and what was added to it', async () => {
    const added = CHUNK.replace('/>', ' href="OPeNDAP_DMRpp_SC_DATA_ACCESS_URL"/>')
    const body = variable(CHUNK) + variable(added).replace('"v"', '"w"')
    const set = await openText(body, {}, ' dmrpp:href="OPeNDAP_DMRpp_DATA_ACCESS_URL"')
    assert.deepEqual(
      set.sources.map(({ url }) => url),
      ['/d/x.h5', '/d/x.h5_mvs.h5'],
    )
    const { batches } = await bodyOf(set)
    assert.deepEqual(
      batches.map(({ path, paths }) => paths[path[0]]),
      ['/d/x.h5', '/d/x.h5_mvs.h5'],
    )
  })
})
