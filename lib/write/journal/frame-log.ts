/** An append-only file of frames: length, CRC-32, payload. Of a writer that was killed, all but a torn last frame counts. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { messageOf, WriteError } from '../../errors.ts'

/** Two 32-bit numbers: bytes of the payload, and its checksum. */
const HEAD = 8

/** Appends are synchronous: they go to the page cache in microseconds, stand in the order of the calls and never mix. */
export class FrameLog {
  readonly path: string
  #file: number | undefined
  #size = 0

  /** Opens the file, or makes it. What it holds counts once `frames` has been read to its end. */
  constructor(path: string) {
    this.path = path
    this.#file = this.#try(() => openSync(path, 'a+'))
  }

  /** Bytes of whole frames. */
  get size(): number {
    return this.#size
  }

  /** The frames that are there whole, and where they stand; what follows the last of them is cut off. */
  *frames(): Generator<readonly [position: number, payload: Buffer]> {
    const end = this.#try((file) => fstatSync(file).size)
    this.#size = 0
    for (let payload = this.#next(end); payload; payload = this.#next(end)) {
      const position = this.#size
      this.#size += HEAD + payload.length
      yield [position, payload]
    }
    if (this.#size < end) this.#try((file) => ftruncateSync(file, this.#size))
  }

  /** Adds a frame and returns its position. @throws WriteError in the system's words, for a full disk. */
  append(payload: Uint8Array): number {
    const frame = Buffer.alloc(HEAD + payload.length)
    frame.writeUInt32LE(payload.length, 0)
    frame.writeUInt32LE(crc32(payload), 4)
    frame.set(payload, HEAD)
    for (let done = 0; done < frame.length; ) {
      done += this.#try((file) => writeSync(file, frame, done))
    }
    const position = this.#size
    this.#size += frame.length
    return position
  }

  /** The payload of the frame at a position that `frames` or `append` gave. */
  read(position: number): Buffer {
    const payload = this.#frameAt(position, this.#size)
    if (!payload) throw new WriteError(this.path, `the journal was changed by another at byte ${position}`)
    return payload
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #next(end: number): Buffer | undefined {
    return this.#frameAt(this.#size, end)
  }

  /** Undefined where no whole frame stands; nothing is allocated beyond the file's own bytes. */
  #frameAt(position: number, end: number): Buffer | undefined {
    if (position + HEAD > end) return undefined
    const head = this.#bytes(position, HEAD)
    const length = head.readUInt32LE(0)
    if (position + HEAD + length > end) return undefined
    const payload = this.#bytes(position + HEAD, length)
    return crc32(payload) === head.readUInt32LE(4) ? payload : undefined
  }

  #bytes(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let done = 0; done < length; ) {
      const read = this.#try((file) => readSync(file, bytes, done, length - done, position + done))
      if (read === 0) throw new WriteError(this.path, 'the journal was cut short by another')
      done += read
    }
    return bytes
  }

  #try<T>(action: (file: number) => T): T {
    try {
      return action(this.#file ?? -1)
    } catch (cause) {
      throw new WriteError(this.path, messageOf(cause), { cause })
    }
  }
}
