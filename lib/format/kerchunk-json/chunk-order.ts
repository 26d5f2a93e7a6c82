/** Whether the chunks of each array ascend in a reference document, told from their keys before any grid is known. */
import { type KeyEncoding, keyPrefix } from './chunk-key.ts'

const DOT = 0x2e
const SLASH = 0x2f
const ZERO = 0x30
/** Groups whose order is followed, of one array each as a rule, and the characters of their names. */
const MOST_GROUPS = 1 << 16
const MOST_CHARACTERS = 1 << 24
/** Numbers in a key. */
const MOST_NUMBERS = 130
/** Beyond it a number may have been rounded. */
const MOST = 1e15

/** Keys that are the same up to their numbers. */
interface Group {
  /** What its keys begin with. */
  readonly name: Uint8Array
  /** Of the last key. */
  numbers: Float64Array
  /** How many they are; -1 before the first key. */
  count: number
  ascends: boolean
  /** Whose key came after one of this group the last time. */
  next: Group | undefined
}

function beginsWith(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let at = 0; at < name.length; at++) if (bytes[start + at] !== name[at]) return false
  return true
}

/** Whether a key begins with the whole name of the group: `temp_bnds/0` does not with that of `temp`. */
function isOf({ name }: Group, bytes: Uint8Array, start: number): boolean {
  return beginsWith(bytes, start, name) && (name.length === 0 || bytes[start + name.length] === SLASH)
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10
}

/**
 * Where the numbers of a key begin: after the last of its names that is not all of digits and dots, at the slash. An
 * array that is called by a number shares its group with its neighbours: no more than it ascends then is told.
 */
function numbersStart(bytes: Uint8Array, start: number, end: number): number {
  let found = end
  for (let at = end - 1; at >= start; at--) {
    const byte = bytes[at]
    if (byte === SLASH) found = at
    else if (byte !== DOT && !isDigit(byte)) return found
  }
  return start
}

/** Is shown all keys of chunks in their order. */
export class ChunkOrder {
  readonly #groups = new Map<string, Group>()
  #last: Group | undefined
  readonly #numbers = new Float64Array(MOST_NUMBERS)
  #characters = 0
  /** Whether there were more groups than are followed. */
  #overflowed = false

  /** The next key, from `start` to before `end`. */
  add(bytes: Buffer, start: number, end: number): void {
    const last = this.#last
    if (last && isOf(last, bytes, start)) {
      // Nothing but numbers after its name: it is of the same group.
      const count = this.#readNumbers(bytes, start + last.name.length, end)
      if (count > 0) {
        this.#advance(last, count)
        return
      }
    }
    const from = numbersStart(bytes, start, end)
    const group = from < end ? this.#group(bytes, start, from) : undefined
    if (group) this.#advance(group, this.#readNumbers(bytes, from, end))
  }

  /** The numbers that were read last are the next of this group; -1 of them: they are none. */
  #advance(group: Group, count: number): void {
    group.ascends &&= count > 0 && this.#follows(group, count)
    if (!group.ascends) return
    if (group.numbers.length < count) group.numbers = new Float64Array(count)
    for (let index = 0; index < count; index++) group.numbers[index] = this.#numbers[index]
    group.count = count
  }

  /** Whether the chunks of an array ascend strictly; false too where that is not known. */
  ascends(path: string, encoding: KeyEncoding): boolean {
    const key = Buffer.from(`${keyPrefix(path, encoding)}0`)
    const from = numbersStart(key, 0, key.length)
    if (this.#overflowed || from === key.length) return false
    return this.#groups.get(key.toString('latin1', 0, from))?.ascends ?? true
  }

  #group(bytes: Buffer, start: number, end: number): Group | undefined {
    const last = this.#last
    const next = last?.next
    const isNext = next?.name.length === end - start && beginsWith(bytes, start, next.name)
    const group = isNext ? next : this.#find(bytes, start, end)
    if (last) last.next = group
    if (group) this.#last = group
    return group
  }

  #find(bytes: Buffer, start: number, end: number): Group | undefined {
    const name = bytes.toString('latin1', start, end)
    const known = this.#groups.get(name)
    if (known || this.#overflowed) return known
    this.#characters += name.length
    this.#overflowed = this.#groups.size === MOST_GROUPS || this.#characters > MOST_CHARACTERS
    if (this.#overflowed) return undefined
    const numbers = new Float64Array(0)
    const group = { name: Buffer.from(name, 'latin1'), numbers, count: -1, ascends: true, next: undefined }
    this.#groups.set(name, group)
    return group
  }

  /** Reads the numbers of a key; gives how many they are, -1 where a part is none. */
  #readNumbers(bytes: Uint8Array, from: number, end: number): number {
    let count = 0
    let at = bytes[from] === SLASH ? from + 1 : from
    for (; at <= end && count < MOST_NUMBERS; at++) {
      const first = at
      let number = 0
      for (; at < end && isDigit(bytes[at]) && number < MOST; at++) number = 10 * number + bytes[at] - ZERO
      if (at === first || (at < end && bytes[at] !== DOT && bytes[at] !== SLASH)) return -1
      this.#numbers[count++] = number
    }
    return at > end ? count : -1
  }

  /** Whether the numbers come after those of the group's last key, in C order. */
  #follows({ numbers, count: before }: Group, count: number): boolean {
    for (let index = 0; index < before && index < count; index++) {
      if (this.#numbers[index] !== numbers[index]) return this.#numbers[index] > numbers[index]
    }
    return count > before
  }
}
