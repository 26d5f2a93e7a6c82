/** What yargs takes for the package string-width in the bundle: its help is in ASCII, and `Intl.Segmenter` takes long to start. */

/** Columns of a text on a terminal, without the escapes that colour it. */
export default function stringWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they begin what has no width.
  return text.replace(/\u001b\[[\d;]*m/g, '').length
}
