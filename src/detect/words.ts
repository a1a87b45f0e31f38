// Words: small pieces of sentences that rules share.

/** `1 flow`, `3 flows`; `many` for irregular plurals. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
