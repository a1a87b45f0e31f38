// OUI: who registered a hardware address prefix with the IEEE. Names a network chip's maker, never a device (evidence level E).

import type { MacNumber } from '../base/mac.ts'

/**
 * Prefix table compiled by scripts/compile-oui.ts from the IEEE registries (MA-L 24 bits, MA-M 28, MA-S 36).
 * Text form, one row per prefix: hex digits, a tab, the name. Sorted by prefix.
 */
export class OuiTable {
  readonly #names: ReadonlyMap<string, string>

  constructor(text: string) {
    const names = new Map<string, string>()
    for (const row of text.split('\n')) {
      const tab = row.indexOf('\t')
      if (tab > 0) names.set(row.slice(0, tab), row.slice(tab + 1))
    }
    this.#names = names
  }

  get size(): number {
    return this.#names.size
  }

  /** The registrant of the longest matching prefix, or null. Locally administered addresses have none. */
  lookup(mac: MacNumber): string | null {
    if (Math.floor(mac / 2 ** 41) % 2 === 1) return null
    const hex = mac.toString(16).padStart(12, '0')
    return this.#names.get(hex.slice(0, 9)) ?? this.#names.get(hex.slice(0, 7)) ?? this.#names.get(hex.slice(0, 6)) ?? null
  }
}
