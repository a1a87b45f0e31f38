// search: `field:value` filters over table rows. Words narrow, a minus excludes, quotes keep spaces together.
// Keeps it simple on purpose: no "or", no brackets; what it does not know it says, instead of showing nothing.

export interface Term {
  /** Lower case; null for a bare word, which is looked for everywhere. */
  readonly field: string | null
  /** Lower case, not empty. */
  readonly value: string
  readonly negated: boolean
}

/** Field name to the texts it holds for one row. */
export type Fields<Row> = Readonly<Record<string, (row: Row) => readonly (string | number | boolean | null)[]>>

/** Terms a person types; more would be a paste by mistake. */
export const TERMS_MAX = 32

const TERM = /(-?)(?:([a-z-]+):)?(?:"([^"]*)"|([^\s"]+))/gi

/** `role:printer -zone:"ward 3" 10.20` as three terms. A MAC or IPv6 address keeps its colons. */
export function parseSearch(text: string): Term[] {
  const terms: Term[] = []
  for (const match of text.matchAll(TERM)) {
    const [, minus, field, quoted, bare] = match
    const value = (quoted ?? bare ?? '').toLowerCase()
    // A lone minus is the beginning of a term that is still being typed.
    if (value !== '' && value !== '-' && terms.length < TERMS_MAX) terms.push(termOf(field?.toLowerCase() ?? null, value, minus === '-'))
  }
  return terms
}

/** `aa:bb:cc:dd:ee:ff` and `fe80::1` look like a field with a value, and `bed:7` looks like hex: three groups make an address. */
function termOf(field: string | null, value: string, negated: boolean): Term {
  const isAddress = field !== null && /^[0-9a-f]{1,4}$/.test(field) && /^[0-9a-f:.]*:[0-9a-f:.]*$/.test(value)
  return isAddress ? { field: null, value: `${field}:${value}`, negated } : { field, value, negated }
}

/** Fields a term names that the table does not have: to be told, not swallowed. */
export function unknownFields<Row>(terms: readonly Term[], fields: Fields<Row>): string[] {
  return [...new Set(terms.flatMap(({ field }) => (field !== null && !Object.hasOwn(fields, field) ? [field] : [])))]
}

/** Whether every term agrees. A term with an unknown field is ignored: unknownFields tells of it. */
export function matches<Row>(row: Row, terms: readonly Term[], fields: Fields<Row>): boolean {
  return terms.every(({ field, value, negated }) => {
    if (field !== null && !Object.hasOwn(fields, field)) return true
    const readers = field === null ? Object.values(fields) : [fields[field]]
    return readers.some((read) => read?.(row).some((held) => holds(held, value))) !== negated
  })
}

function holds(held: string | number | boolean | null, value: string): boolean {
  if (held === null) return false
  if (typeof held === 'boolean') return value === (held ? 'yes' : 'no')
  // A number is meant exactly: bed:7 is not bed 17.
  return typeof held === 'number' ? String(held) === value : held.toLowerCase().includes(value)
}
