// Naming: names of what a compiler adds to a box, deterministic, short enough for every platform, and words for its comments.
// Keeps "rollback removes exactly what was added": every added name starts with the policy's own prefix.

import type { ValueRange } from '../../rules/model.ts'
import type { IpVersion } from '../../../base/ip.ts'
import type { CompileInput } from '../target.ts'

/** Slug and hash keep every name below 35 characters, the shortest limit among the platforms (FortiOS policy names). */
const SLUG_CHARS_MAX = 12
const HASH_CHARS = 8
/** Comments longer than this are cut; FortiOS and PAN-OS take 1,023, Junos 900. */
const COMMENT_CHARS_MAX = 255

/** `cordon-<slug>-<hash>`: another policy text has other names, so that old and new can stand side by side while one replaces the other. */
export function namePrefix(input: CompileInput): string {
  const slug = input.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, SLUG_CHARS_MAX).replaceAll(/^-+|-+$/g, '')
  const hash = input.policyHash.toLowerCase().replaceAll(/[^a-z0-9]/g, '').slice(0, HASH_CHARS)
  return ['cordon', slug, hash].filter((part) => part !== '').join('-')
}

/** Quoted text of a comment: only letters, digits and marks no command line of the three platforms gives a meaning to. */
export function commentText(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 ._:,()/+>=-]/g, '_').slice(0, COMMENT_CHARS_MAX)
}

export function isZoneWord(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(text)
}

/** Hands out one name per distinct value, in order of first use. */
export class NameTable<T> {
  readonly entries: { readonly name: string; readonly value: T }[] = []
  readonly #names = new Map<string, string>()
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  of(key: string, value: T): string {
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const name = `${this.#prefix}${this.entries.length + 1}`
    this.#names.set(key, name)
    this.entries.push({ name, value })
    return name
  }
}

export interface AddressValue {
  readonly version: IpVersion
  readonly range: ValueRange
}

export function addressName(table: NameTable<AddressValue>, version: IpVersion, range: ValueRange): string {
  return table.of(`${version} ${range.low}-${range.high}`, { version, range })
}

/** Null when the budget holds; else the sentence that refuses. */
export function overBudget(input: CompileInput, rules: number, platformBudget: number | null): string | null {
  const budget = input.ruleBudget ?? platformBudget
  return budget !== null && rules > budget ? `needs ${rules} policies, the budget is ${budget}` : null
}
