/** JSON tokens as text again: metadata that a reference document holds as an object and not as a string. */

/** Puts the commas where they belong; numbers keep their spelling. */
export class JsonText {
  #text = ''
  #needsComma = false

  get text(): string {
    return this.#text
  }

  open(bracket: '{' | '['): void {
    this.#text += (this.#needsComma ? ',' : '') + bracket
    this.#needsComma = false
  }

  close(bracket: '}' | ']'): void {
    this.#text += bracket
    this.#needsComma = true
  }

  key(key: string): void {
    this.#text += `${this.#needsComma ? ',' : ''}${JSON.stringify(key)}:`
    this.#needsComma = false
  }

  /** A string in quotes, a number or a literal, as it is spelled. */
  scalar(spelled: string): void {
    this.#text += (this.#needsComma ? ',' : '') + spelled
    this.#needsComma = true
  }
}
