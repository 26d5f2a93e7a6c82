/** One object for equal pieces of metadata: the headers of many files are the same but for a few values. */

/** Lists, objects and runs of bytes beyond this are left as they are: so long, they are rarely equal. */
const LONGEST = 4096
/** Levels within one value; deeper ones are left as they are. */
const DEEPEST = 32
/** What an entry weighs beside the characters of its key. */
const ENTRY = 128
/** Weight of a generation, in bytes or so. */
const GENERATION = 1 << 21

interface Entry<T> {
  readonly value: T
  /** Never given twice, so that a key made of numbers means the same for ever. */
  readonly number: number
}

/** A map that forgets what has not been asked for since as much else has come. */
class RecentMap<T> {
  #young = new Map<string, Entry<T>>()
  #old = new Map<string, Entry<T>>()
  #weight = 0

  get(key: string): Entry<T> | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (old) this.set(key, old)
    return old
  }

  set(key: string, entry: Entry<T>): void {
    this.#young.set(key, entry)
    this.#weight += key.length + ENTRY
    if (this.#weight < GENERATION) return
    this.#old = this.#young
    this.#young = new Map()
    this.#weight = 0
  }
}

type Properties = Readonly<Record<string, unknown>>

const NOTHING: readonly unknown[] = []
const NO_PROPERTIES: Properties = {}

function isRecord(value: unknown): value is Properties {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Gives equal plain data as one and the same frozen object, piece by piece: strings, lists, objects and bytes.
 * What only one header has is forgotten after a while, so that an endless list of files takes no more memory than a
 * long one: a few megabytes.
 */
export class Interning {
  readonly #strings = new RecentMap<string>()
  readonly #objects = new RecentMap<object>()
  /** The numbers of objects that have been given out. */
  readonly #numbers = new WeakMap<object, number>()
  /** The last value of each role. */
  readonly #last = new Map<string, unknown>()
  #next = 0

  /**
   * An equal value, its parts shared with equal ones given before; functions and the like stay as they are.
   * @param role values of one role are likely to be alike: each is first compared with the one before it, which costs
   *   a fraction of finding its parts in a table.
   */
  share<T>(value: T, role: string): T {
    const shared = this.#share(value, this.#last.get(role), 0)
    this.#last.set(role, shared)
    return shared as T
  }

  /** @param like shared before: what is equal to it needs no table. */
  #share(value: unknown, like: unknown, depth: number): unknown {
    if (Object.is(value, like)) return like
    if (typeof value === 'string') return this.#string(value).value
    if (typeof value !== 'object' || value === null || depth === DEEPEST || this.#numbers.has(value))
      return value
    if (Array.isArray(value)) return this.#list(value, Array.isArray(like) ? like : NOTHING, depth)
    if (value instanceof Uint8Array) return this.#bytes(value)
    return isRecord(value) ? this.#record(value, isRecord(like) ? like : NO_PROPERTIES, depth) : value
  }

  #string(text: string): Entry<string> {
    const known = this.#strings.get(text)
    if (known) return known
    const entry = { value: text, number: this.#next++ }
    this.#strings.set(text, entry)
    return entry
  }

  #list(list: readonly unknown[], like: readonly unknown[], depth: number): object {
    if (list.length > LONGEST) return list
    let isLike = list.length === like.length && this.#numbers.has(like)
    const items: unknown[] = []
    for (const [i, item] of list.entries()) {
      items.push(this.#share(item, like[i], depth + 1))
      isLike &&= Object.is(items[i], like[i])
    }
    if (isLike) return like
    const key = `[${items.map((item) => this.#token(item)).join()}`
    return this.#objects.get(key)?.value ?? this.#add(key, Object.freeze(items))
  }

  #record(record: Properties, like: Properties, depth: number): object {
    const names = Object.keys(record)
    if (names.length > LONGEST) return record
    const likeNames = Object.keys(like)
    let isLike = names.length === likeNames.length && this.#numbers.has(like)
    const values: unknown[] = []
    for (const [i, name] of names.entries()) {
      values.push(this.#share(record[name], like[name], depth + 1))
      isLike &&= name === likeNames[i] && Object.is(values[i], like[name])
    }
    if (isLike) return like
    const tokens = names.map((name, i) => `${this.#string(name).number}:${this.#token(values[i])}`)
    const key = `{${tokens.join()}`
    const known = this.#objects.get(key)?.value
    return (
      known ?? this.#add(key, Object.freeze(Object.fromEntries(names.map((name, i) => [name, values[i]]))))
    )
  }

  /** Bytes cannot be frozen. The copy lets go of the longer buffer that they may be cut from. */
  #bytes(bytes: Uint8Array): object {
    if (bytes.length > LONGEST) return bytes
    const key = `b${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`
    return this.#objects.get(key)?.value ?? this.#add(key, Uint8Array.from(bytes))
  }

  #add(key: string, value: object): object {
    const number = this.#next++
    this.#objects.set(key, { value, number })
    this.#numbers.set(value, number)
    return value
  }

  /** What stands for a shared value in the key of whatever holds it: different for different values. */
  #token(value: unknown): string {
    if (typeof value === 'string') return `s${this.#string(value).number}`
    if (typeof value === 'number') return Object.is(value, -0) ? 'n-0' : `n${value}`
    if (typeof value === 'bigint') return `i${value}`
    if (typeof value === 'boolean' || value === undefined || value === null) return String(value)
    const number = typeof value === 'object' ? this.#numbers.get(value) : undefined
    return `o${number ?? this.#next++}`
  }
}
