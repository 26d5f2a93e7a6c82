/** The distinct URLs of a reference document, as many as may be kept, and the templates that they are spelled with. */

/** URLs kept, and their characters. */
const MOST_URLS = 100_000
const MOST_CHARACTERS = 1 << 25

const BRACED = /\{\{\s*(\w+)\s*\}\}/g

/** The URL with its names in braces replaced; undefined where only Jinja, which is a programming language, could do it. */
export function expandUrl(url: string, templates: ReadonlyMap<string, string>): string | undefined {
  if (!url.includes('{{')) return url
  const expanded = url.replace(BRACED, (braced, name: string) => templates.get(name) ?? braced)
  return expanded.includes('{{') ? undefined : expanded
}

/** The same string on its own: a piece of a longer one would keep the whole of that in memory. */
export function ownString(piece: string): string {
  return Buffer.from(piece, 'utf16le').toString('utf16le')
}

export class DistinctUrls {
  readonly #urls = new Set<string>()
  readonly #templates = new Map<string, string>()
  #characters = 0
  #last: string | null = null
  #overflowed = false

  /** Whether there are more than were counted. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  addTemplate(name: string, text: string): void {
    if (this.#room(name.length + text.length)) this.#templates.set(name, text)
  }

  add(url: string): void {
    if (url === this.#last) return
    this.#last = url
    if (this.#urls.has(url) || !this.#room(url.length)) return
    this.#urls.add(ownString(url))
  }

  #room(characters: number): boolean {
    const fits =
      this.#urls.size + this.#templates.size < MOST_URLS && this.#characters + characters <= MOST_CHARACTERS
    if (fits) this.#characters += characters
    else this.#overflowed = true
    return fits
  }

  /** How many there are once templates are put in, and how many of them cannot be. */
  count(): { readonly urls: number; readonly unexpanded: number } {
    const expanded = new Set<string>()
    let unexpanded = 0
    for (const url of this.#urls) {
      const plain = expandUrl(url, this.#templates)
      if (plain === undefined) unexpanded++
      expanded.add(plain ?? url)
    }
    return { urls: expanded.size, unexpanded }
  }
}
