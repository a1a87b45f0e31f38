// suggest: "did you mean" for names a person typed.
// Keeps the rule that a diagnostic helps: an unknown word comes with the nearest known one, or with none when none is near.

/** Longer words are not compared: no key or name of ours is longer, and the distance costs length squared. */
const WORD_LENGTH_MAX = 64

/** One typing slip per three letters: at most this share of the word may differ before a suggestion is noise. */
const LETTERS_PER_SLIP = 3

/**
 * Number of insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`
 * (optimal string alignment, as in Damerau 1964 restricted to one edit per letter).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) row.push(cell(a, b, i, j, row, last, beforeLast))
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

function cell(a: string, b: string, i: number, j: number, row: number[], last: number[], beforeLast: number[]): number {
  const cost = a[i - 1] === b[j - 1] ? 0 : 1
  const best = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
  const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
  return swapped ? Math.min(best, (beforeLast[j - 2] ?? 0) + 1) : best
}

/** The nearest of `known` when it is near enough to be a slip of the keyboard, else null. Ties go to the earlier one. */
export function suggest(word: string, known: Iterable<string>): string | null {
  if (word.length > WORD_LENGTH_MAX) return null
  const wanted = word.toLowerCase()
  let best: string | null = null
  // At least one letter must be right: "2" is no misspelt "1".
  let bestDistance = Math.min(Math.max(1, Math.floor(word.length / LETTERS_PER_SLIP)), word.length - 1) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}
