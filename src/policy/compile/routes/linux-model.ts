// Objects that iproute2 prints, as plain records, whichever way they were printed: JSON or text.
// Keeps one meaning for both: text is turned into the fields that `ip -j` uses, and only then understood.

/** One route or rule: field names of `ip -j`. Values of other types are left out and so noticed as missing. */
export type LinuxObject = Readonly<Record<string, unknown>>

/** An object, the line it stands on (JSON has no lines: its place in the list), and the words a person can find. */
export interface LinuxEntry {
  readonly object: LinuxObject
  readonly line: number
  readonly text: string
}

/** A full Internet table is a million routes; more is no router's output. */
export const ENTRIES_MAX = 2_000_000

/** Entries of an `ip -j` list; null when it is not a JSON list of objects. */
export function jsonEntries(text: string): readonly LinuxEntry[] | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  if (!Array.isArray(parsed) || parsed.length > ENTRIES_MAX) return null
  const entries: LinuxEntry[] = []
  for (const [index, object] of (parsed as readonly unknown[]).entries()) {
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return null
    if (Object.keys(object).length > 0) entries.push({ object: object as LinuxObject, line: index + 1,
      text: JSON.stringify(object).slice(0, 200) })
  }
  return entries
}

export function textField(object: LinuxObject, name: string): string | null {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? value : null
}

export function numberField(object: LinuxObject, name: string): number | null {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : null
}

export function listField(object: LinuxObject, name: string): readonly unknown[] {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
