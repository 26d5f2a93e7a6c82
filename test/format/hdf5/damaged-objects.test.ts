/** Every fixture with bytes changed at random, checksums made right again, and cut off: errors of kstream's, soon. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import { readAttributeMessages } from '../../../lib/format/hdf5/attribute-storage.ts'
import { lookup3 } from '../../../lib/format/hdf5/checksum.ts'
import { readObjectTree } from '../../../lib/format/hdf5/object-tree.ts'
import { openHdf5 } from '../../../lib/format/hdf5/superblock.ts'
import type { ByteSource } from '../../../lib/source/byte-source.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'
import { wholeRandomFrom } from '../../seeded-random.ts'

const FOLDER = fixture('hdf5/objects')
const RUNS = 30

const SIGNATURES = ['OHDR', 'OCHK', 'FRHP', 'FHIB', 'BTHD', 'BTIN', 'BTLF', 'SMTB', '\x89HDF']
const LONGEST = 800

interface Block {
  readonly from: number
  readonly checksum: number
}

/** The blocks that end in a checksum, found by trying every end. */
function findBlocks(bytes: Buffer): Block[] {
  return SIGNATURES.flatMap((signature) => {
    const blocks: Block[] = []
    for (let from = bytes.indexOf(signature, 0, 'latin1'); from >= 0; ) {
      const last = Math.min(from + LONGEST, bytes.length - 4)
      for (let end = from + 8; end <= last; end++) {
        if (bytes.readUInt32LE(end) !== lookup3(bytes.subarray(from, end))) continue
        blocks.push({ from, checksum: end })
        break
      }
      from = bytes.indexOf(signature, from + 4, 'latin1')
    }
    return blocks
  })
}

/** Where metadata lies: for the rest of the bytes no change matters. */
function meaningful(bytes: Buffer): number[] {
  const seen = new Set<number>()
  const marks = [...SIGNATURES, 'TREE', 'SNOD', 'HEAP', 'FHDB']
  for (const mark of marks) {
    for (let at = bytes.indexOf(mark, 0, 'latin1'); at >= 0; at = bytes.indexOf(mark, at + 4, 'latin1')) {
      for (let i = at; i < Math.min(at + 200, bytes.length); i++) seen.add(i)
    }
  }
  for (let i = 0; i < Math.min(3000, bytes.length); i++) seen.add(i)
  return [...seen]
}

function mutate(original: Buffer, places: readonly number[], random: (below: number) => number): Buffer {
  const bytes = Buffer.from(original)
  for (let i = 1 + random(6); i > 0; i--) {
    const at = places[random(places.length)]
    const old = bytes[at]
    bytes[at] = [0, 0xff, old ^ (1 << random(8)), random(256), old + 1, original[random(original.length)]][
      random(6)
    ]
  }
  return bytes
}

/** Opens, walks and reads all attributes; the errors on the way that cost less than the file. */
async function readAll(bytes: Buffer): Promise<unknown[]> {
  const memory = openMemory(bytes)
  let reads = 0
  let total = 0
  const read: ByteSource['read'] = (offset, length, options) => {
    reads++
    total += length
    // Many times what a whole fixture takes.
    assert.ok(reads < 20_000 && total < 200e6, `${reads} reads of ${total} bytes`)
    return memory.read(offset, length, options)
  }
  const file = await openHdf5({ ...memory, read })
  const tree = await readObjectTree(file)
  const errors: unknown[] = tree.errors.map(({ error }) => error)
  for (const { header } of [...tree.groups, ...tree.datasets]) {
    for (const attribute of await readAttributeMessages(file, header)) {
      if ('error' in attribute) errors.push(attribute.error)
    }
  }
  return errors
}

/** All errors of a run, the fatal one included. */
async function errorsOf(bytes: Buffer): Promise<unknown[]> {
  try {
    return await readAll(bytes)
  } catch (error) {
    return [error]
  }
}

for (const name of readdirSync(FOLDER).filter((name) => name.endsWith('.h5'))) {
  test(`${name}, changed and cut off`, async () => {
    const original = readFileSync(`${FOLDER}/${name}`)
    const places = meaningful(original)
    const blocks = findBlocks(original)
    const random = wholeRandomFrom(original.length)
    let failed = 0
    for (let run = 0; run < RUNS; run++) {
      const bytes = mutate(original, places, random)
      for (const { from, checksum } of blocks) {
        bytes.writeUInt32LE(lookup3(bytes.subarray(from, checksum)), checksum)
      }
      const cut = run % 5 === 0 ? random(bytes.length) : bytes.length
      const errors = await errorsOf(bytes.subarray(0, cut))
      if (errors.length > 0) failed++
      for (const error of errors) assert.ok(isKStreamError(error), `run ${run}: ${(error as Error).stack}`)
    }
    assert.ok(failed > RUNS / 4, `${failed} of ${RUNS} runs met an error`)
    assert.deepEqual(await errorsOf(original), [])
  })
}
