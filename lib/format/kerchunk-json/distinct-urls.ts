/** The distinct URLs of a reference document, as many as may be kept, and the templates that they are spelled with. */
import { Templates } from './jinja/template.ts'

/** URLs kept, and their characters. */
const MOST_URLS = 100_000
const MOST_CHARACTERS = 1 << 25

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

  /** The templates so far. */
  get templates(): Templates {
    return new Templates(this.#templates)
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
    const templates = this.templates
    let unexpanded = 0
    for (const url of this.#urls) {
      const plain = templates.expand(url)
      if (plain === undefined) unexpanded++
      expanded.add(plain ?? url)
    }
    return { urls: expanded.size, unexpanded }
  }
}
