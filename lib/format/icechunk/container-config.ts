/** Names of virtual chunk containers in a repository's configuration, a FlexBuffer: only the way to them is followed. */

/** Keys of one map. */
const MOST_KEYS = 1 << 12
/** Bytes of a key, and of a text. */
const MOST_KEY = 256
const MOST_TEXT = 1 << 16
const STRING = 5
const MAP = 9

/** One value: where its bytes or its offset stand, and how wide that is. */
interface Value {
  readonly at: number
  readonly width: number
  /** The type, and above its two bits the width of what an offset leads to. */
  readonly packed: number
}

type Refuse = (problem: string) => never

/** Reads with DataView, whose errors tell that something leads out of the buffer. */
class FlexReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #refuse: Refuse

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#refuse = refuse
  }

  root(): Value {
    const end = this.#bytes.length
    const width = this.#view.getUint8(end - 1)
    return { at: end - 2 - width, width, packed: this.#view.getUint8(end - 2) }
  }

  #uint(at: number, width: number): number {
    if (width === 1) return this.#view.getUint8(at)
    if (width === 2) return this.#view.getUint16(at, true)
    if (width === 4) return this.#view.getUint32(at, true)
    return width === 8
      ? Number(this.#view.getBigUint64(at, true))
      : this.#refuse(`has a width of ${width} bytes`)
  }

  #target({ at, width }: Value): number {
    return at - this.#uint(at, width)
  }

  #key(at: number): string {
    const end = this.#bytes.indexOf(0, at)
    if (at < 0 || end < 0 || end - at > MOST_KEY) return this.#refuse('has a key without an end')
    return Buffer.from(this.#bytes.subarray(at, end)).toString('utf8')
  }

  /** Keys and values of a map; none where it is something else. */
  *entries(map: Value): Generator<[key: string, value: Value]> {
    if (map.packed >> 2 !== MAP) return
    const width = 1 << (map.packed & 3)
    const start = this.#target(map)
    const length = this.#uint(start - width, width)
    if (length > MOST_KEYS) this.#refuse(`has a map of ${length} keys, more than ${MOST_KEYS}`)
    const keyWidth = this.#uint(start - 2 * width, width)
    const keys = this.#target({ at: start - 3 * width, width, packed: 0 })
    for (let i = 0; i < length; i++) {
      const key = this.#key(this.#target({ at: keys + i * keyWidth, width: keyWidth, packed: 0 }))
      yield [key, { at: start + i * width, width, packed: this.#view.getUint8(start + length * width + i) }]
    }
  }

  find(map: Value | undefined, wanted: string): Value | undefined {
    if (map) for (const [key, value] of this.entries(map)) if (key === wanted) return value
    return undefined
  }

  /** The text of a string; undefined where it is something else. */
  text(value: Value | undefined): string | undefined {
    if (value === undefined || value.packed >> 2 !== STRING) return undefined
    const start = this.#target(value)
    const width = 1 << (value.packed & 3)
    const length = this.#uint(start - width, width)
    if (length > MOST_TEXT || start + length > this.#bytes.length)
      return this.#refuse(`has a text of ${length} bytes`)
    return Buffer.from(this.#bytes.subarray(start, start + length)).toString('utf8')
  }
}

/** URL prefixes by the containers' names; those without a name are left out. `refuse` is told what is wrong. */
export function readContainers(config: Uint8Array | undefined, refuse: Refuse): Map<string, string> {
  const containers = new Map<string, string>()
  if (config === undefined || config.length < 3) return containers
  const reader = new FlexReader(config, (problem) => refuse(`has a configuration that ${problem}`))
  try {
    const list = reader.find(reader.root(), 'virtual_chunk_containers')
    for (const [, container] of list ? reader.entries(list) : []) {
      const name = reader.text(reader.find(container, 'name'))
      const prefix = reader.text(reader.find(container, 'url_prefix'))
      if (name !== undefined && prefix !== undefined) containers.set(name, prefix)
    }
  } catch (error) {
    if (error instanceof RangeError) return refuse('has a configuration that leads out of itself')
    throw error
  }
  return containers
}
