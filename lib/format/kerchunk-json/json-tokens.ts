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
