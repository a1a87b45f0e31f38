// Words: small pieces of sentences that rules share.

/** `1 flow`, `3 flows`; `many` for irregular plurals. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** Names written out in one sentence; a port scan has sixty thousand. */
const NAMES_SHOWN = 8

/** `a, b, c`, and `a, b, ... and 12 more` for lists nobody would read to the end. */
export function some(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN
  return more <= 0 ? names.join(', ') : `${names.slice(0, NAMES_SHOWN).join(', ')} and ${more} more`
}
