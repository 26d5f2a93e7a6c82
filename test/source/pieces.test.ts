/** Compressed files piece by piece: what gzip and zstd made, whole, damaged and cut. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { FormatError, SourceError } from '../../lib/errors.ts'
import { openFile } from '../../lib/source/file.ts'
import { openMemory } from '../../lib/source/memory.ts'
import { compressionOf, readHead, scanPieces } from '../../lib/source/pieces.ts'
import { fixture } from '../fixture.ts'

const FILES = readdirSync(fixture('compressed')).filter((name) => /\.(?:gz|zst)$/.test(name))

const bytesOf = (name: string) => readFileSync(fixture(`compressed/${name}`))
/** What Node's own gzip finds in the file of the same text. */
const plainOf = (name: string) => gunzipSync(bytesOf(`${/^[a-z]+/.exec(name)?.[0]}.gz`))

async function decompressed(bytes: Uint8Array, pieceBytes?: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of scanPieces(openMemory(bytes, '/x'), pieceBytes ? { pieceBytes } : {})) {
    assert.ok(piece.length > 0)
    pieces.push(Buffer.from(piece))
  }
  return Buffer.concat(pieces)
}

/** The error, which must be typed and say where; undefined where there is none. */
async function refusal(bytes: Uint8Array): Promise<FormatError | undefined> {
  try {
    await decompressed(bytes, 1000)
    return undefined
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error))
    assert.match(error.structure, /^(?:gzip|zstd)$/)
    assert.ok(error.offset >= 0 && error.offset <= bytes.length)
    return error
  }
}

describe('a compressed file', () => {
  for (const name of FILES) {
    it(`${name}: the bytes within, in pieces of any size`, async () => {
      const bytes = bytesOf(name)
      assert.equal(compressionOf(bytes), name.endsWith('gz') ? 'gzip' : 'zstd')
      for (const pieceBytes of [undefined, 1, 7, 1000]) {
        if (bytes.length > 50_000 && (pieceBytes ?? 1000) < 1000) continue
        assert.ok((await decompressed(bytes, pieceBytes)).equals(plainOf(name)))
      }
      const head = await readHead(openMemory(bytes, '/x'), 50)
      assert.deepEqual(Buffer.from(head), plainOf(name).subarray(0, 50))
    })

    it(`${name}: cut off anywhere, or followed by something else, it is refused`, async () => {
      const bytes = bytesOf(name)
      const step = Math.max(1, Math.floor(bytes.length / 200))
      for (let length = 4; length < bytes.length; length += step) {
        const error = await refusal(bytes.subarray(0, length))
        // Between two members or frames nothing tells that there is more.
        if (!error) assert.match(name, /members|frames/)
      }
      for (const more of ['\0', 'x', 'more than that']) {
        const error = await refusal(Buffer.concat([bytes, Buffer.from(more)]))
        // zlib looks for another member in what follows.
        const expected =
          /what follows its end is no (?:gzip|zstd)|gzip at byte \d+: (?:damaged|it ends too early)/
        assert.match(error?.message ?? '', expected)
      }
    })

    it(`${name}: damaged it is refused, or the same`, async () => {
      const bytes = bytesOf(name)
      let seed = 7
      const random = (most: number) => {
        seed = (seed * 48271) % 2147483647
        return seed % most
      }
      for (let round = 0; round < 150; round++) {
        const damaged = Buffer.from(bytes)
        for (let flips = random(3); flips >= 0; flips--) damaged[random(bytes.length)] ^= 1 << random(8)
        if (compressionOf(damaged) === undefined || (await refusal(damaged))) continue
        // Without a checksum nobody can tell.
        if (!name.includes('no-check')) assert.ok((await decompressed(damaged)).equals(plainOf(name)))
      }
    })
  }
})

describe('zstd frames that ask for too much', () => {
  const frame = (...bytes: number[]) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes])

  it('a window of 256 MiB', async () => {
    const error = await refusal(frame(0, 0x90, 1, 0, 0))
    assert.match(error?.message ?? '', /needs a window of 268435456 bytes, more than 134217728/)
  })

  it('a dictionary', async () => {
    assert.match((await refusal(frame(0x21, 9, 0, 1, 0, 0)))?.message ?? '', /dictionary/)
  })

  it('a block longer than its window', async () => {
    // A single segment of 5 bytes; a raw block of 6.
    assert.match(
      (await refusal(frame(0x20, 5, 0x31, 0, 0, 1, 2, 3, 4, 5, 6)))?.message ?? '',
      /a block that is too large/,
    )
    assert.equal(
      (await decompressed(frame(0x20, 5, 0x29, 0, 0, 1, 2, 3, 4, 5))).toString('hex'),
      '0102030405',
    )
    assert.match(
      (await refusal(frame(0x20, 5, 0x21, 0, 0, 1, 2, 3, 4)))?.message ?? '',
      /4 bytes where it says 5/,
    )
  })

  it('matches without end: 98,046 sequences of 131,074 bytes in a block of a few', async () => {
    // Window 128 KiB; a compressed block: no literals, 255 255 255 sequences, one symbol for each of three codes.
    const body = [0, 255, 255, 255, 0x54, 0, 0, 52, ...new Array<number>(40).fill(255)]
    const size = body.length * 8 + 5
    const started = performance.now()
    const error = await refusal(frame(0, 0x38, size & 255, size >> 8, 0, ...body))
    assert.match(error?.message ?? '', /damaged/)
    assert.ok(performance.now() - started < 5000)
  })
})

describe('the source', () => {
  it('may read each piece over the one before', async () => {
    for (const name of ['mixed.gz', 'text.members.gz', 'mixed-1.zst', 'text.frames.zst']) {
      const source = await openFile(fixture(`compressed/${name}`))
      const pieces: Buffer[] = []
      for await (const piece of scanPieces(source, { pieceBytes: 300 })) pieces.push(Buffer.from(piece))
      assert.ok(Buffer.concat(pieces).equals(plainOf(name)), name)
      const stored: Buffer[] = []
      const plain = openMemory(plainOf(name), '/x')
      const read: typeof plain.read = async (offset, length, options) => {
        const bytes = await plain.read(offset, length)
        options?.into?.set(bytes)
        return options?.into ?? bytes
      }
      for await (const piece of scanPieces({ ...plain, read }, { pieceBytes: 300 }))
        stored.push(Buffer.from(piece))
      assert.ok(Buffer.concat(stored).equals(plainOf(name)), name)
      await source.close()
    }
  })

  it('is read no further when whoever pulls stops, and its errors come through', async () => {
    const bytes = gzipSync(Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251)), {
      level: 0,
    })
    for (const name of ['gz', 'plain']) {
      const memory = openMemory(name === 'gz' ? bytes : Buffer.alloc(300_000), '/x')
      let reads = 0
      const read: typeof memory.read = (...args) => {
        reads++
        return memory.read(...args)
      }
      const counted = { ...memory, read }
      for await (const piece of scanPieces(counted, { pieceBytes: 1000 })) if (piece.length > 0) break
      const now = reads
      assert.ok(now < 300)
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal(reads, now)
    }
    const memory = openMemory(bytes, '/x')
    const read: typeof memory.read = async (offset, ...rest) => {
      if (offset > 2000) throw new SourceError('/x', 'gone')
      return memory.read(offset, ...rest)
    }
    const scanned = async () => {
      for await (const _ of scanPieces({ ...memory, read }, { pieceBytes: 1000 }));
    }
    await assert.rejects(scanned(), SourceError)
  })

  it('stops at an abort', async () => {
    for (const name of ['mixed.gz', 'mixed-1.zst']) {
      const abort = new AbortController()
      const scanned = async () => {
        const options = { pieceBytes: 100, signal: abort.signal }
        for await (const _ of scanPieces(openMemory(bytesOf(name), '/x'), options)) abort.abort()
      }
      await assert.rejects(scanned(), { name: 'AbortError' })
    }
  })
})
