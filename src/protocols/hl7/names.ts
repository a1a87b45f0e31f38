// Names of segments and their fields as texts, made once: a message has dozens of each, always the same ones.
// Keeps the rule that what is remembered is bounded.

/** Names of segments by their three letters, and of their fields; other names than these are made anew. */
const NAMES_MAX = 1024
const FIELDS_MAX = 128
const names = new Map<number, string>()
const fields = new Map<string, string[]>()

/** Three letters as one number, each a byte of it. */
export function segmentLetters(name: string): number {
  return (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)
}

/** The name of such a number. */
export function segmentName(letters: number): string {
  const known = names.get(letters)
  if (known !== undefined) return known
  const name = String.fromCharCode(letters >>> 16, (letters >>> 8) & 0xff, letters & 0xff)
  if (names.size < NAMES_MAX) names.set(letters, name)
  return name
}

/** As `PID-3`. */
export function fieldName(segment: string, field: number): string {
  const known = fields.get(segment)?.[field]
  if (known !== undefined) return known
  const name = `${segment}-${field}`
  const list = fields.get(segment)
  if (list === undefined && fields.size < NAMES_MAX) fields.set(segment, [])
  if (list !== undefined && field < FIELDS_MAX) list[field] = name
  return name
}
