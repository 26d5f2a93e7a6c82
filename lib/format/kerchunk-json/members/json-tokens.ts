/** JSON text to tokens, with stream-json: names and values pass in pieces, so that none is held as a whole. */
import { jsonParser, type Token } from 'stream-json/core/parser.js'

export type { Token }

/**
 * Takes the text of one document in pieces and gives the tokens that each completes.
 * What it gives throws where the text is no JSON, and not where it ends too early.
 */
export function jsonTokens(): (text: string) => readonly Token[] {
  const parse = jsonParser({ packValues: false })
  return (text) => {
    const tokens = parse(text)
    return typeof tokens === 'symbol' ? [] : tokens.values
  }
}

/** The text of a key, string or number while its pieces come. */
export class TokenText {
  /** So far; undefined where it is of no use. */
  text: string | undefined
  /** Characters. */
  most = 0

  /** Another begins; where no limit is given its text is not kept. */
  begin(most: number | undefined): void {
    this.most = most ?? 0
    this.text = most === undefined ? undefined : ''
  }

  /** Whether the piece is within the limit. */
  append(piece: string): boolean {
    if (this.text === undefined) return true
    if (this.text.length + piece.length > this.most) return false
    this.text += piece
    return true
  }
}

const VALUE_ENDS: ReadonlySet<string> = new Set(
  'endString endNumber nullValue trueValue falseValue endObject endArray'.split(' '),
)

/** Whether a value has been read as a whole with this token. */
export function endsValue({ name }: Token): boolean {
  return VALUE_ENDS.has(name)
}
