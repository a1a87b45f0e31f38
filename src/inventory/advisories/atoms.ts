// Atoms: a name cut into runs of letters and runs of digits, so that "CMS8000", "CMS-8000" and "CMS 8000" read alike.
// Keeps the rule that "MP5" is not "MP50" and "750" is not "750b": an atom knows whether it stands right behind the one before.

/** Names in lists and advisories have some 60 characters; the longest product name of the medical set has 109. */
export const NAME_LENGTH_MAX = 512

export interface Atom {
  /** Lower case, without accents: letters, or digits with points between them (`8000`, `1.5`). */
  readonly text: string
  /** No character stands between it and the atom before. */
  readonly glued: boolean
}

const ATOM = /\p{L}+|\d+(?:\.\d+)*/gu

/** Lower case, compatibility forms and accents folded: `Dräger` and `DRAGER` are one word. */
export function fold(text: string): string {
  return text.slice(0, NAME_LENGTH_MAX).normalize('NFKD').replaceAll(/\p{M}+/gu, '').toLowerCase()
}

export function atomsOf(text: string): Atom[] {
  let end = -1
  return [...fold(text).matchAll(ATOM)].map((found) => {
    const glued = found.index === end
    end = found.index + found[0].length
    return { text: found[0], glued }
  })
}

/** Words: maximal runs of letters, digits and points between digits; what a maker's name is compared by. */
export function wordsOf(text: string): string[] {
  const words: string[] = []
  for (const atom of atomsOf(text)) {
    if (atom.glued) words.push(`${words.pop() ?? ''}${atom.text}`)
    else words.push(atom.text)
  }
  return words
}

export function isDigits(text: string): boolean {
  return /^\d/.test(text)
}
