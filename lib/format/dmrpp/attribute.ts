/** DAP4's attributes (DAP4 specification, "Attributes"): typed values, and containers of attributes. */
import type { Attributes, AttributeValue } from '../../model/metadata.ts'
import { HIDDEN_ATTRIBUTES } from '../hidden-attributes.ts'
import type { Element, ElementHandler } from './xml.ts'

/** The attributes of a file as Hyrax's HDF5 handler gives them to the root. */
const GLOBAL = 'HDF5_GLOBAL'
/** Where Hyrax notes unlimited dimensions. */
const EXTRA = 'DODS_EXTRA'
const UNLIMITED = 'Unlimited_Dimension'
/** How the document was made: its tools and their configuration. */
const BUILD = 'build_dmrpp_metadata'

const INTEGER = /^(?:Byte|U?Int(?:8|16|32|64)|Char)$/
const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
}

/** The attributes of a group or variable while they are being read. */
export class AttributeList {
  readonly #values = new Map<string, AttributeValue>()
  readonly problems: string[] = []
  /** Names of dimensions that may grow. */
  readonly unlimited: string[] = []
  /** Told how many characters each takes. */
  readonly #weigh: (characters: number) => void

  constructor(weigh: (characters: number) => void) {
    this.#weigh = weigh
  }

  get values(): Attributes {
    return Object.fromEntries(this.#values)
  }

  /** Reads an `Attribute` element; `within` is the name of the container around it. */
  read(element: Element, within = ''): ElementHandler | undefined {
    const name = element.attribute('name')
    const type = element.attribute('type') ?? ''
    if (name === undefined || name === '') {
      this.problems.push('an attribute without a name')
      return undefined
    }
    if (type === 'Container') return this.#container(name, within)
    const full = within === '' ? name : `${within}.${name}`
    const texts: string[] = []
    return {
      open: (value) => (value.name === 'Value' ? this.#value(value, texts) : undefined),
      close: () => this.#add(full, type, texts),
    }
  }

  #container(name: string, within: string): ElementHandler | undefined {
    if (within === '' && name === BUILD) {
      this.problems.push(`attribute ${BUILD}: how the document was made, left out`)
      return undefined
    }
    const isGlobal = within === '' && name === GLOBAL
    const inside = isGlobal ? '' : within === '' ? name : `${within}.${name}`
    return {
      open: (element) => (element.name === 'Attribute' ? this.read(element, inside) : undefined),
    }
  }

  #value(element: Element, texts: string[]): ElementHandler {
    let text = element.attribute('value') ?? ''
    return {
      text: (part) => {
        text += part
      },
      close: () => {
        this.#weigh(text.length)
        texts.push(text)
      },
    }
  }

  #add(name: string, type: string, texts: readonly string[]): void {
    this.#weigh(name.length)
    if (name === `${EXTRA}.${UNLIMITED}`) this.unlimited.push(...texts)
    if (HIDDEN_ATTRIBUTES.has(name) || name.startsWith(`${EXTRA}.`)) return
    const values = texts.map((text) => parseValue(type, text))
    const wrong = values.indexOf(undefined)
    if (wrong >= 0)
      this.problems.push(`attribute ${name}: ${JSON.stringify(texts[wrong].slice(0, 80))} is no ${type}`)
    else if (type === '' || (values.length === 0 && parseValue(type, '0') === undefined))
      this.problems.push(`attribute ${name}: of type ${type === '' ? 'unknown' : type}`)
    else if (this.#values.has(name)) this.problems.push(`attribute ${name}: given twice`)
    else this.#values.set(name, single(type, values))
  }
}

function single(type: string, values: readonly (AttributeValue | undefined)[]): AttributeValue {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 1) return known[0]
  return known.length === 0 && isText(type) ? '' : known
}

function isText(type: string): boolean {
  return type === 'String' || type === 'URL' || type === 'URI' || type === 'Url'
}

/** undefined where the text is no value of the type, or the type none that is known. */
function parseValue(type: string, text: string): AttributeValue | undefined {
  if (isText(type)) return text
  const trimmed = text.trim()
  if (INTEGER.test(type)) return /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed.replace('+', '')) : undefined
  if (type !== 'Float32' && type !== 'Float64') return undefined
  const value = numberOf(trimmed)
  return value === undefined ? undefined : type === 'Float32' ? Math.fround(value) : value
}

/** A number as C++ prints it; undefined for anything else. */
export function numberOf(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text)
  const [, sign, word] = /^([+-]?)([a-z]+)$/i.exec(text) ?? []
  const value = word === undefined ? undefined : WORDS[word.toLowerCase()]
  return value !== undefined && sign === '-' ? -value : value
}
