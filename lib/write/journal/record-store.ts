/** Values by key in a frame log, kept on disk: equal parts of many values (the metadata of arrays) are stored once. */
import { createHash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { FrameLog } from './frame-log.ts'

/** A value in two parts: what is its own, and objects that other values are likely to have too. */
export interface StoredValue {
  readonly own: unknown
  readonly shared: readonly object[]
}

type Frame =
  | readonly [kind: 'shared', value: object]
  | readonly [kind: 'value', key: string, own: unknown, shared: readonly number[]]

/** In memory: a position for each key, and a digest and a position for each shared object. */
export class RecordStore {
  readonly #log: FrameLog
  readonly #positions = new Map<string, number>()
  readonly #known = new Map<string, number>()
  readonly #objects = new WeakMap<object, number>()
  readonly #read = new Map<number, WeakRef<object>>()

  constructor(path: string) {
    this.#log = new FrameLog(path)
    for (const [position, payload] of this.#log.frames()) {
      const frame = parseFrame(payload)
      if (frame[0] === 'value') this.#positions.set(frame[1], position)
      else this.#known.set(digest(payload), position)
    }
  }

  /** Values that are stored. */
  get size(): number {
    return this.#positions.size
  }

  get(key: string): StoredValue | undefined {
    const position = this.#positions.get(key)
    if (position === undefined) return undefined
    const frame = parseFrame(this.#log.read(position))
    if (frame[0] !== 'value') return undefined
    return { own: frame[2], shared: frame[3].map((at) => this.#sharedAt(at)) }
  }

  /** Stores a value, over that of the same key. */
  put(key: string, { own, shared }: StoredValue): void {
    const frame: Frame = ['value', key, own, shared.map((object) => this.#share(object))]
    this.#positions.set(key, this.#log.append(serialize(frame)))
  }

  close(): void {
    this.#log.close()
  }

  #share(object: object): number {
    const known = this.#objects.get(object)
    if (known !== undefined) return known
    const frame: Frame = ['shared', object]
    const payload = serialize(frame)
    const name = digest(payload)
    const position = this.#known.get(name) ?? this.#log.append(payload)
    this.#known.set(name, position)
    this.#objects.set(object, position)
    return position
  }

  #sharedAt(position: number): object {
    const known = this.#read.get(position)?.deref()
    if (known) return known
    const [, value] = parseFrame(this.#log.read(position))
    const object = typeof value === 'object' ? value : {}
    this.#read.set(position, new WeakRef(object))
    this.#objects.set(object, position)
    return object
  }
}

/** Frames carry a checksum and lie beside the output: they are this program's own. */
function parseFrame(payload: Buffer): Frame {
  return deserialize(payload) as Frame
}

function digest(payload: Uint8Array): string {
  return createHash('sha1').update(payload).digest('base64')
}
