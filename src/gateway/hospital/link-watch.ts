// LinkWatch: which card stands behind each monitor's address, from the kernel's own ARP table, read and never written.
// Keeps the rule that a changed card is told with the one before it: both are named for a while, neither replaces the other in silence.

import { formatMac, isGroupMac, parseMac, type Mac } from '../../base/mac.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { LinkSight } from '../core/checks/continuity.ts'
import type { DeviceId } from '../core/intake/reading.ts'

/** A second card of one address is named for this long after it was last seen. */
export const RIVAL_MICROS = 10 * MICROS_PER_MINUTE
/** Told again after this: a device that connected in between has not heard it. */
export const RETELL_MICROS = 30 * MICROS_PER_SECOND
/** Lines of the kernel's table: its default ceiling is 1,024 entries. */
const LINES_MAX = 4096
/** Cards remembered of one address. */
const CARDS_MAX = 8
/** Flag "complete" of an entry (linux/if_arp.h, ATF_COM). */
const COMPLETE = 2

/** Complete entries by address. The layout is that of Linux: address, type, flags, card, mask, interface. */
export function parseArpTable(text: string): ReadonlyMap<string, Mac> {
  const cards = new Map<string, Mac>()
  for (const line of text.split('\n', LINES_MAX).slice(1)) {
    const [ip, , flags, card] = line.trim().split(/\s+/)
    const mac = parseMac(card ?? '')
    if (ip === undefined || mac === null || mac === 0 || isGroupMac(mac) || (Number(flags) & COMPLETE) === 0) continue
    cards.set(ip, formatMac(mac))
  }
  return cards
}

interface Known {
  /** Last time each card was seen behind the address. */
  readonly seen: Map<Mac, Micros>
  told: string
  toldAt: Micros
}

export class LinkWatch {
  readonly #known = new Map<DeviceId, Known>()

  /** Somebody looked: the card seen last is the monitor's, and those before are its rivals no more. Null when none was seen. */
  confirm(device: DeviceId, now: Micros): LinkSight | null {
    const known = this.#known.get(device)
    const mac = [...known?.seen.keys() ?? []].at(-1)
    if (known === undefined || mac === undefined) return null
    known.seen.clear()
    rivalsOf(known, mac, now)
    known.told = mac
    known.toldAt = now
    return sightOf(device, mac, [])
  }

  /** What is to be told of these devices now. */
  look(devices: readonly DeviceId[], cards: ReadonlyMap<string, Mac>, now: Micros): readonly { readonly device: DeviceId; readonly sight: LinkSight }[] {
    return devices.flatMap((device) => {
      const mac = cards.get(device)
      if (mac === undefined) return []
      const known = this.#known.get(device) ?? { seen: new Map<Mac, Micros>(), told: '', toldAt: 0 }
      this.#known.set(device, known)
      const rivals = rivalsOf(known, mac, now)
      const text = [mac, ...rivals].join(' ')
      if (text === known.told && now - known.toldAt < RETELL_MICROS) return []
      known.told = text
      known.toldAt = now
      return [{ device, sight: sightOf(device, mac, rivals) }]
    })
  }
}

function rivalsOf({ seen }: Known, mac: Mac, now: Micros): readonly Mac[] {
  seen.delete(mac)
  seen.set(mac, now)
  for (const [card, at] of seen) if (now - at > RIVAL_MICROS || seen.size > CARDS_MAX) seen.delete(card)
  return [...seen.keys()].filter((card) => card !== mac)
}

function sightOf(ip: string, mac: Mac, rivalMacs: readonly Mac[]): LinkSight {
  return {
    ip, mac, switchPort: null, ttl: null, mss: null, window: null, tcpOptions: null, rivalMacs, conflictingRetransmissions: 0, strayResets: 0,
  }
}
