// Letters: a text of ASCII made from its bytes at once. Put together letter by letter, V8 keeps a cell of 32 bytes for each letter, as long
// as the text lives. Keeps the rule that many texts are made and few memory is taken: one place to write in, for the whole process.

/** Room for the longest text that is written at once: a DNS name of 255 bytes of which each is written as `\ddd` (RFC 1035 section 5.1). */
export const LETTERS_MAX = 1024

/** To be filled from 0 on, then handed over by textOfLetters. Whoever fills it calls nobody in between who fills it too. */
export const letters = new Uint8Array(LETTERS_MAX)

/** Nearly all texts are shorter: a view of each length is made once. */
const VIEWS = 64
const views: readonly Uint8Array[] = Array.from({ length: VIEWS }, (_, length) => letters.subarray(0, length))

/** The first `length` of `letters` as a text. */
export function textOfLetters(length: number): string {
  if (length === 0) return ''
  return Reflect.apply(String.fromCharCode, null, views[length] ?? letters.subarray(0, length)) as string
}

const ZERO = 0x30
/** From `9` to `a`. */
const LOWER_A_BEHIND_NINE = 0x61 - 10

/** The letter of 0 to 15 in lower-case hex. */
export function hexLetter(value: number): number {
  return value < 10 ? ZERO + value : LOWER_A_BEHIND_NINE + value
}
