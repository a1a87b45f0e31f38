// characters: what a text is made of, told by loops: readers of packets hold no regular expression, whose cost input could drive.
// Keeps the work per character at one look.

export function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9' && character.length === 1
}

/** One digit or more, and nothing else. */
export function isDigits(text: string): boolean {
  return text !== '' && every(text, isDigit)
}

export function isUpperCase(character: string | undefined): boolean {
  return character !== undefined && character >= 'A' && character <= 'Z' && character.length === 1
}

/** White space as String.trim has it. */
export function isSpace(character: string | undefined): boolean {
  return character !== undefined && character !== '' && character.trim() === ''
}

/** True of the empty text. */
export function every(text: string, holds: (character: string) => boolean): boolean {
  for (const character of text) if (!holds(character)) return false
  return true
}

/** The words of a text, whatever white space is between and around them. */
export function words(text: string): string[] {
  const found: string[] = []
  let word = ''
  for (const character of text) {
    if (!isSpace(character)) word += character
    else if (word !== '') {
      found.push(word)
      word = ''
    }
  }
  return word === '' ? found : [...found, word]
}
