/** Damaged and hostile lists of other files: each ends in a set or in an error of its own, soon. */
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { FormatError, isKStreamError } from '../../../lib/errors.ts'
import { lookup3 } from '../../../lib/format/hdf5/checksum.ts'
import { Cursor } from '../../../lib/format/hdf5/cursor.ts'
import { parseVirtualMappings } from '../../../lib/format/hdf5/message/virtual-mapping.ts'
import { fixture } from '../../fixture.ts'
import { randomFrom } from '../../seeded-random.ts'
import { EXPECTED, openOnDisk, readArray } from './external-fixture.ts'

/** The mappings of a dataset in a file: from their version to their checksum. */
function blocksOf(bytes: Uint8Array): [from: number, to: number][] {
  const found: [number, number][] = []
  const text = Buffer.from(bytes)
  for (let at = text.indexOf('GCOL'); at >= 0; at = text.indexOf('GCOL', at + 1)) {
    const end = at + Number(text.readBigUInt64LE(at + 8))
    for (let object = at + 16; object + 16 <= end && text.readUInt16LE(object) !== 0; ) {
      const length = Number(text.readBigUInt64LE(object + 8))
      if (isBlock(bytes.subarray(object + 16, object + 16 + length)))
        found.push([object + 16, object + 16 + length])
      object += 16 + Math.ceil(length / 8) * 8
    }
  }
  return found
}

function isBlock(bytes: Uint8Array): boolean {
  try {
    parseVirtualMappings(new Cursor(bytes, { url: 'block', structure: 'virtual dataset', offset: 0 }), 8)
    return true
  } catch (error) {
    return !(error instanceof FormatError)
  }
}

function seal(bytes: Uint8Array, [from, to]: readonly [number, number]): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(to - 4, lookup3(bytes.subarray(from, to - 4)), true)
}

describe('hostile files', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kstream-damage-'))
    await cp(fixture('hdf5/external'), folder, { recursive: true })
  })
  after(() => rm(folder, { recursive: true }))

  /** Opens the file and reads all of its arrays; gives the error, if that is one of the library's. */
  async function outcomeOf(path: string, copies: boolean): Promise<string> {
    try {
      const set = await openOnDisk(path, { copies })
      for await (const _ of set.body());
      return 'read'
    } catch (error) {
      if (!isKStreamError(error)) throw error
      return error.code
    }
  }

  for (const name of ['virtual.h5', 'virtual-latest.h5']) {
    test(`${name}: mappings with bytes changed, under a right checksum`, { timeout: 60_000 }, async () => {
      const original = new Uint8Array(await readFile(fixture(`hdf5/external/${name}`)))
      const blocks = blocksOf(original)
      assert.ok(blocks.length >= 20, `${blocks.length} blocks`)
      const random = randomFrom(5)
      const pick = (count: number) => Math.floor(random() * count)
      const path = join(folder, `changed-${name}`)
      const outcomes = new Set<string>()
      for (let round = 0; round < 24; round++) {
        const bytes = original.slice()
        for (const block of blocks) {
          const [from, to] = block
          for (let i = 0; i <= pick(3); i++) {
            const at = from + pick(to - 4 - from)
            bytes[at] = [0, 1, 0xff, 0x7f, pick(256)][pick(5)]
          }
          seal(bytes, block)
        }
        await writeFile(path, bytes)
        outcomes.add(await outcomeOf(path, round % 2 === 0))
      }
      assert.ok(outcomes.has('read'))
    })
  }
  test('raw.h5: any bytes of its headers and heap changed', { timeout: 60_000 }, async () => {
    const original = new Uint8Array(await readFile(fixture('hdf5/external/raw.h5')))
    const random = randomFrom(7)
    const path = join(folder, 'changed-raw.h5')
    const outcomes = new Set<string>()
    for (let round = 0; round < 80; round++) {
      const bytes = original.slice()
      for (let i = 0; i < 12; i++)
        bytes[96 + Math.floor(random() * (bytes.length - 96))] = Math.floor(random() * 256)
      await writeFile(path, bytes)
      outcomes.add(await outcomeOf(path, round % 2 === 0))
    }
    assert.ok(outcomes.has('read'))
  })
  test('a source that has changed since the header was read is an error', async () => {
    const set = await openOnDisk(join(folder, 'virtual.h5'), { copies: true })
    const part = join(folder, 'parts/part1.h5')
    await writeFile(part, Buffer.concat([await readFile(part), Buffer.from('more')]))
    for (const array of ['stack_packed', 'misaligned'])
      await assert.rejects(readArray(set, array), /part1\.h5: has changed since it was scanned/)
  })
  test('sources outside the folder are refused, or read where that is allowed', async () => {
    const [inside, outside] = [join(folder, 'inside'), join(folder, 'outside')]
    await mkdir(inside)
    await cp(fixture('hdf5/external/virtual.h5'), join(inside, 'virtual.h5'))
    await mkdir(outside)
    await cp(fixture('hdf5/external/parts'), join(outside, 'parts'), { recursive: true })
    await symlink('../outside/parts', join(inside, 'parts'))
    const refused = await openOnDisk(join(inside, 'virtual.h5'), { copies: true })
    const reason = refused.header.skipped.find(({ path }) => path === 'stack_packed')?.reason
    assert.match(reason ?? '', /parts\/part0\.h5, a file outside .* --allow-external .*outside\/parts/)
    assert.equal(
      refused.header.arrays.some(({ path }) => path === 'own'),
      true,
    )
    const allowed = await openOnDisk(join(inside, 'virtual.h5'), { copies: true, folders: [outside] })
    assert.equal((await readArray(allowed, 'stack_packed'))?.hex, EXPECTED['virtual.h5'].stack_packed.hex)
  })
  test('a damaged source costs what shows it', async () => {
    const part = join(folder, 'parts/part2.h5')
    await rename(part, `${part}.kept`)
    await writeFile(part, 'no HDF5 file')
    const set = await openOnDisk(join(folder, 'virtual.h5'), { copies: true })
    const reason = set.header.skipped.find(({ path }) => path === 'stack_packed')?.reason
    assert.match(reason ?? '', /part2\.h5.*not an HDF5 file/)
    assert.ok(set.header.arrays.some(({ path }) => path === 'own'))
  })
})
