/** The tree, link kinds and attribute names of every fixture against what h5py found in it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { readAttributeMessages } from '../../../lib/format/hdf5/attribute-storage.ts'
import type { Hdf5File } from '../../../lib/format/hdf5/file.ts'
import { parseAttribute } from '../../../lib/format/hdf5/message/attribute.ts'
import { MESSAGE, resolveMessage } from '../../../lib/format/hdf5/object-header.ts'
import { readObjectTree, type TreeEntry } from '../../../lib/format/hdf5/object-tree.ts'
import { openHdf5 } from '../../../lib/format/hdf5/superblock.ts'
import type { ByteSource } from '../../../lib/source/byte-source.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

interface ExpectedLink {
  readonly path: string
  readonly link: 'hard' | 'soft' | 'external'
  readonly object?: 'group' | 'dataset' | 'datatype' | null
  /** Where the group was listed already, or will be. */
  readonly repeats?: string
  readonly file?: string
  readonly target?: string
}

interface Expected {
  readonly links: readonly ExpectedLink[]
  readonly attributes: Record<string, { readonly tracked: boolean; readonly names: readonly string[] }>
}

const FOLDER = fixture('hdf5/objects')
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.h5'))
  .map((name) => name.slice(0, -3))

const bytesOf = (name: string) => new Uint8Array(readFileSync(`${FOLDER}/${name}.h5`))
const open = (name: string) => openHdf5(openMemory(bytesOf(name), `${name}.h5`))
const expectedOf = (name: string): Expected => JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8'))

/** What a note should say of a link that lists nothing. */
function expectedNote({ path, object, repeats }: ExpectedLink) {
  if (object === null) return [{ path, kind: 'dangling' }]
  if (repeats === undefined) return []
  const holds = path.startsWith(repeats === '/' ? '/' : `${repeats}/`)
  return [{ path, kind: holds ? 'cycle' : 'repeat' }]
}

async function attributeNames(file: Hdf5File, { header }: TreeEntry): Promise<string[]> {
  const attributes = await readAttributeMessages(file, header)
  return attributes.map((attribute) => {
    if ('error' in attribute) throw attribute.error
    return parseAttribute(attribute.body).name
  })
}

describe('against h5py', () => {
  assert.ok(NAMES.length > 10)
  for (const name of NAMES) {
    test(`${name}.h5: paths, links and their order`, async () => {
      const tree = await readObjectTree(await open(name))
      const { links } = expectedOf(name)
      const paths = (kind: string) => links.filter(({ object }) => object === kind).map(({ path }) => path)
      const notes = links.flatMap(expectedNote)
      const repeated = new Set(notes.map(({ path }) => path))
      assert.deepEqual(tree.errors, [])
      assert.deepEqual(
        tree.datasets.map(({ path }) => path),
        paths('dataset'),
      )
      assert.deepEqual(
        tree.groups.map(({ path }) => path),
        ['/', ...paths('group').filter((path) => !repeated.has(path))],
      )
      assert.deepEqual(
        tree.externalLinks.map((link) => ({ ...link, link: 'external' })),
        links.filter(({ link }) => link === 'external'),
      )
      assert.deepEqual(
        tree.notes.map(({ path, kind }) => ({ path, kind })),
        notes,
      )
    })

    test(`${name}.h5: attributes`, async () => {
      const file = await open(name)
      const tree = await readObjectTree(file)
      const { attributes } = expectedOf(name)
      let compared = 0
      for (const entry of [...tree.groups, ...tree.datasets]) {
        const expected = attributes[entry.path]
        if (expected === undefined) continue
        const names = await attributeNames(file, entry)
        assert.deepEqual(expected.tracked ? names : names.sort(), [...expected.names], entry.path)
        compared++
      }
      assert.equal(compared, Object.keys(attributes).length)
    })
  }
})

test('every message of every dataset can be had, shared ones included', async () => {
  const file = await open('shared-list')
  const { datasets } = await readObjectTree(file)
  const shared = datasets.flatMap(({ header }) => header.messages).filter(({ flags }) => flags & 2)
  assert.ok(shared.length > 20, 'the fixture shares its messages')
  for (const message of shared) {
    const body = await resolveMessage(file, message)
    assert.notEqual(body.bytes.length, message.body.bytes.length)
  }
  // The compound of the fixture: class 6 in the low four bits, and 12 bytes an element, as h5py's itemsize says.
  const datatype = shared.find(({ type }) => type === MESSAGE.datatype)
  assert.ok(datatype)
  const body = await resolveMessage(file, datatype)
  assert.equal(body.u8() & 15, 6)
  body.skip(3)
  assert.equal(body.u32(), 12)
})

test('a committed datatype is read from its own object header', async () => {
  const file = await open('links-earliest')
  const { datasets } = await readObjectTree(file)
  const typed = datasets.find(({ path }) => path === '/typed')?.header.messages
  const message = typed?.find(({ type }) => type === MESSAGE.datatype)
  assert.ok(message && message.flags & 2)
  const body = await resolveMessage(file, message)
  // Class 1, floating point, of 4 bytes.
  assert.equal(body.u8() & 15, 1)
  body.skip(3)
  assert.equal(body.u32(), 4)
})

test('an object at several paths is one header', async () => {
  const { datasets } = await readObjectTree(await open('links-latest'))
  const headerAt = (path: string) => datasets.find((entry) => entry.path === path)?.header
  assert.ok(headerAt('/a/values'))
  for (const path of ['/hard', '/soft', '/relative', '/chain', '/through']) {
    assert.equal(headerAt(path), headerAt('/a/values'), path)
  }
  assert.notEqual(headerAt('/c/relative'), headerAt('/a/values'))
})

/** Answers all reads asked for so far together, a turn later: `rounds` is the time that a far source would take. */
function farSource(bytes: Uint8Array) {
  const seen = { reads: 0, rounds: 0, most: 0 }
  const source = openMemory(bytes)
  let waiting: (() => void)[] = []
  const flush = () => {
    const answered = waiting
    waiting = []
    seen.rounds++
    seen.most = Math.max(seen.most, answered.length)
    for (const answer of answered) answer()
  }
  const read: ByteSource['read'] = async (offset, length, options) => {
    seen.reads++
    await new Promise<void>((resolve) => {
      if (waiting.push(resolve) === 1) setTimeout(flush, 2)
    })
    return source.read(offset, length, options)
  }
  return { seen, source: { ...source, read } }
}

describe('many reads in flight', () => {
  test('a group of 150 links over two levels of tree nodes', async () => {
    const { seen, source } = farSource(bytesOf('small-k'))
    await readObjectTree(await openHdf5(source))
    assert.ok(seen.reads > 50, `${seen.reads} reads`)
    assert.ok(seen.rounds <= 14, `${seen.rounds} rounds`)
  })

  test('a level of groups is read at once', async () => {
    const { seen, source } = farSource(bytesOf('links-earliest'))
    await readObjectTree(await openHdf5(source))
    // The superblock; the root's three header chunks, its heap with its index, a leaf, a block; for each of three
    // levels of old-style groups two header chunks, trees with heaps, nodes; the last datasets.
    assert.ok(seen.rounds <= 1 + 6 + 3 * 4 + 1, `${seen.rounds} rounds`)
    assert.ok(seen.reads > 1.5 * seen.rounds, `${seen.reads} reads`)
  })

  test('never more than asked for', async () => {
    const { seen, source } = farSource(bytesOf('small-k'))
    const file = await openHdf5(source)
    await readObjectTree(file, { concurrency: 3 })
    assert.equal(seen.most, 3)
  })

  test('an abort ends the walk with its reason', async () => {
    const { source } = farSource(bytesOf('small-k'))
    const file = await openHdf5(source)
    const controller = new AbortController()
    const reading = readObjectTree(file, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(reading, { message: 'enough' })
  })
})

describe('damage', () => {
  /** Overwrites bytes of a fixture and reads its tree. */
  async function damaged(name: string, at: (bytes: Buffer) => number, value: number) {
    const bytes = Buffer.from(bytesOf(name))
    bytes[at(bytes)] = value
    return readObjectTree(await openHdf5(openMemory(bytes, `${name}.h5`)))
  }

  test('one bad object costs itself alone', async () => {
    const { datasets } = await readObjectTree(await open('links-earliest'))
    const address = datasets.find(({ path }) => path === '/a/values')?.header.address
    assert.ok(address)
    const tree = await damaged('links-earliest', () => address, 9)
    const bad = tree.errors.map(({ path }) => path)
    assert.deepEqual(bad, ['/a/values', '/chain', '/hard', '/relative', '/soft', '/through'])
    assert.match(tree.errors[0].error.message, /^links-earliest\.h5: object header at byte \d+: /)
    assert.equal(tree.datasets.length, datasets.length - bad.length)
  })

  test('a checksum that does not match is found', async () => {
    const tree = await damaged('order-latest', (bytes) => bytes.lastIndexOf('OHDR') + 20, 0xee)
    assert.equal(tree.errors.length, 1)
    assert.match(tree.errors[0].error.message, /checksum/)
  })

  test('a bad root is an error of the file', async () => {
    const { rootAddress } = await open('links-earliest')
    const reading = damaged('links-earliest', () => rootAddress, 7)
    await assert.rejects(reading, {
      code: 'ERR_KSTREAM_FORMAT',
      structure: 'object header',
      offset: rootAddress,
    })
  })

  test('a source that fails is no damage', async () => {
    const source = openMemory(bytesOf('links-earliest'))
    const file = await openHdf5(source)
    await source.close()
    await assert.rejects(readObjectTree(file), { code: 'ERR_KSTREAM_SOURCE' })
  })

  test('one bad attribute costs itself alone', async () => {
    const bytes = Buffer.from(bytesOf('shared-list'))
    const file = await openHdf5(openMemory(bytes))
    const { datasets } = await readObjectTree(file)
    const { header } = datasets[0]
    const shared = header.messages.find(({ type, flags }) => type === MESSAGE.attribute && flags & 2)
    assert.ok(shared)
    // Its heap ID: a type that does not exist.
    shared.body.bytes[2] = 0x30
    const attributes = await readAttributeMessages(file, header)
    assert.equal(attributes.filter((attribute) => 'error' in attribute).length, 1)
    assert.equal(attributes.length, 4)
  })
})
