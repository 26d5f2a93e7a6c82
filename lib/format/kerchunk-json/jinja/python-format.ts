/** Python's two ways to put values into text: `'%03d' % i` ("printf-style String Formatting") and `'{:03d}'.format(i)`. */

/** Raises what kstream cannot format as Python would. */
type Refuse = (problem: string) => never

/** Values into the text. */
export type Formatter = (items: readonly (number | string)[], refuse: Refuse) => string

/** Characters that one value may be padded to. */
const WIDEST = 1000

interface Conversion {
  readonly left: boolean
  readonly zeros: boolean
  /** What stands before a number that is not negative. */
  readonly plus: '+' | ' ' | ''
  readonly width: number
  readonly type: string
}

function digits(value: number, type: string): string {
  if (type === 'x' || type === 'X') {
    const hex = Math.abs(value).toString(16)
    return type === 'X' ? hex.toUpperCase() : hex
  }
  return Math.abs(value).toString(type === 'o' ? 8 : 10)
}

function formatNumber(value: number, { left, zeros, plus, width, type }: Conversion): string {
  const sign = value < 0 ? '-' : plus
  const text = digits(value, type)
  if (left) return `${sign}${text}`.padEnd(width)
  return zeros ? sign + text.padStart(width - sign.length, '0') : `${sign}${text}`.padStart(width)
}

function formatText(text: string, { left, width }: Conversion): string {
  const room = Math.max(0, width - Array.from(text).length)
  return left ? text + ' '.repeat(room) : ' '.repeat(room) + text
}

function readWidth(spelt: string, refuse: Refuse): number {
  return Number(spelt) <= WIDEST ? Number(spelt) : refuse(`pads to more than ${WIDEST} characters`)
}

type Piece = string | { readonly item: number; readonly conversion: Conversion }

function format(
  pieces: readonly Piece[],
  items: readonly (number | string)[],
  refuse: Refuse,
  one: (value: number | string, conversion: Conversion, refuse: Refuse) => string,
): string {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else if (piece.item < items.length) text += one(items[piece.item], piece.conversion, refuse)
    else refuse('has fewer values than its text asks for')
  }
  return text
}

const PERCENT = /%([-+ 0]*)(\d*)(.?)/gs

function percentPieces(text: string, refuse: Refuse): Piece[] {
  const pieces: Piece[] = []
  let item = 0
  let end = 0
  for (const { 0: whole, 1: flags, 2: width, 3: type, index } of text.matchAll(PERCENT)) {
    pieces.push(text.slice(end, index))
    end = index + whole.length
    if (whole === '%%') pieces.push('%')
    else if (type !== '' && 'disxXou'.includes(type)) {
      const plus = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
      const left = flags.includes('-')
      const zeros = flags.includes('0')
      pieces.push({ item: item++, conversion: { left, zeros, plus, width: readWidth(width, refuse), type } })
    } else refuse(`formats with ${whole}, which kstream does not know`)
  }
  return [...pieces, text.slice(end)]
}

function percentValue(value: number | string, conversion: Conversion, refuse: Refuse): string {
  if (conversion.type === 's') return formatText(String(value), conversion)
  return typeof value === 'number'
    ? formatNumber(value, conversion)
    : refuse(`formats text as a number (%${conversion.type})`)
}

/** `text % items`: %d, %i, %s, %x, %X, %o with a width and the flags 0, -, + and space. */
export function percentFormatter(text: string, refuse: Refuse): Formatter {
  const pieces = percentPieces(text, refuse)
  const asked = pieces.filter((piece) => typeof piece !== 'string').length
  return (items, refuseItems) => {
    if (items.length > asked) refuseItems('has more values than its text asks for')
    return format(pieces, items, refuseItems, percentValue)
  }
}

const BRACES = /\{\{|\}\}|\{(\d*)(?::(0?)(\d*)([dsxX]?))?\}|[{}]/g

function bracePieces(text: string, refuse: Refuse): Piece[] {
  const pieces: Piece[] = []
  let item = 0
  let end = 0
  const named = new Set<boolean>()
  for (const { 0: whole, 1: number, 2: zero = '', 3: width = '', 4: type = '', index } of text.matchAll(
    BRACES,
  )) {
    pieces.push(text.slice(end, index))
    end = index + whole.length
    if (whole === '{{' || whole === '}}') pieces.push(whole[0])
    else if (number === undefined) refuse('has braces that kstream does not know in a text to format')
    else {
      named.add(number !== '')
      const conversion = {
        left: false,
        zeros: zero !== '',
        plus: '',
        width: readWidth(width, refuse),
        type,
      } as const
      pieces.push({ item: number === '' ? item++ : Number(number), conversion })
    }
  }
  if (named.size > 1) refuse('has braces with and without a number in a text to format')
  return [...pieces, text.slice(end)]
}

function braceValue(value: number | string, conversion: Conversion, refuse: Refuse): string {
  if (typeof value === 'number')
    return conversion.type === 's'
      ? refuse('formats a number as text ({:s})')
      : formatNumber(value, conversion)
  return conversion.zeros || !'s'.includes(conversion.type)
    ? refuse('formats text as a number')
    : formatText(value, { ...conversion, left: true })
}

/** `text.format(*items)`: `{}`, `{0}`, `{:03d}`, `{:x}`. */
export function braceFormatter(text: string, refuse: Refuse): Formatter {
  const pieces = bracePieces(text, refuse)
  return (items, refuseItems) => format(pieces, items, refuseItems, braceValue)
}
