// Neighbours: who announced itself on the link (LLDP, CDP), and which switch port a device therefore hangs on.
// Keeps "a wrong label costs more than a missing one": a port is claimed only while nothing heard contradicts it, and as inferred.

import { shortId } from '../base/short-id.ts'
import type { Ip } from '../base/ip.ts'
import { parseMac, type Mac, type MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import type { CdpNeighbour } from '../protocols/cdp/facts.ts'
import type { LldpNeighbour } from '../protocols/lldp/facts.ts'
import type { Asset, Claim } from './asset.ts'
import { strongest, type ClaimSet } from './claims.ts'
import { isForwarder, neighbourRole } from './evidence/neighbour.ts'

/** Cards that announce themselves: switches and telephones of a site; beyond it forged ones are counted, not kept. */
export const NEIGHBOURS_MAX = 1024

interface Neighbour {
  readonly mac: Mac
  readonly vlan: number
  readonly firstAt: Micros
  readonly frame: number
  lastAt: Micros
  addresses: readonly Ip[]
  /** Set for what passes on packets of others: `name, port`. */
  port: string | null
  role: string | null
  /** It says of itself that it passes on nobody's packets. */
  isEndpoint: boolean
  protocol: 'lldp' | 'cdp'
}

export class Neighbours {
  readonly #known = new Map<string, Neighbour>()
  #refused = 0

  /** Announcers that were not kept because the table is full. */
  get refused(): number {
    return this.#refused
  }

  heard(fact: LldpNeighbour | CdpNeighbour): void {
    if (fact.mac === null || fact.lifetimeSeconds === 0) return
    const known = this.#known.get(fact.mac)
    if (!known && this.#known.size >= NEIGHBOURS_MAX) {
      this.#refused++
      return
    }
    const forwards = isForwarder(fact.capabilities)
    this.#known.set(fact.mac, {
      mac: fact.mac, vlan: fact.vlan, firstAt: known?.firstAt ?? fact.at, frame: known?.frame ?? fact.frame, lastAt: fact.at,
      addresses: [...new Set([...(known?.addresses ?? []), ...fact.addresses])],
      port: forwards ? portOf(fact) : (known?.port ?? null),
      role: neighbourRole(fact.capabilities) ?? known?.role ?? null,
      isEndpoint: !forwards && (saysEndpoint(fact) || (known?.isEndpoint ?? false)),
      protocol: fact.protocol,
    })
  }

  /** Claims of attachment added, and announcers that are nobody's interface yet as assets of their own. */
  complete(assets: readonly Asset[], claims: ReadonlyMap<MacNumber, ClaimSet>): Asset[] {
    if (this.#known.size === 0) return [...assets]
    const heard = [...this.#known.values()]
    const cards = new Set(assets.flatMap((asset) => asset.interfaces.map((i) => i.mac)))
    const addresses = new Set(assets.flatMap((asset) => asset.interfaces.map((i) => i.ip)))
    const alone = heard.filter((n) => !cards.has(n.mac) && !n.addresses.some((ip) => addresses.has(ip)))
    const all = [...assets, ...alone.map((n) => assetOf(n, claims))]
    const claim = attachment(heard)
    const hung = claim === null ? all : all.map((asset) => (isEndpoint(asset, heard) ? { ...asset, claims: [...asset.claims, claim] } : asset))
    return hung.toSorted(byLabel)
  }
}

/** The order assets are told in: by code units, for a collation would follow the machine's language. */
function byLabel(a: Asset, b: Asset): number {
  return a.label === b.label ? (a.id < b.id ? -1 : 1) : a.label < b.label ? -1 : 1
}

/** Silence is no answer: a small switch may announce itself without saying what it is. Classes I to III are endpoints (TIA-1057 clause 10.2.1). */
function saysEndpoint(fact: LldpNeighbour | CdpNeighbour): boolean {
  const { capabilities } = fact
  const deviceClass = fact.protocol === 'lldp' ? (fact.med?.deviceClass ?? 0) : 0
  return ['station', 'telephone', 'host'].some((name) => capabilities.includes(name)) || (deviceClass >= 1 && deviceClass <= 3)
}

/** A switch names itself by name or chassis. */
function portOf(fact: LldpNeighbour | CdpNeighbour): string {
  const name = fact.protocol === 'lldp' ? (fact.systemName ?? fact.chassis) : (fact.systemName ?? fact.device)
  const detail = fact.protocol === 'lldp' && fact.portDescription !== null && fact.portDescription !== fact.port ? ` (${fact.portDescription})` : ''
  return `${name}, port ${fact.port ?? 'unknown'}${detail}`
}

/**
 * The only port that was heard. Of a mirror of several ports, or of two switches, nobody can say which device hangs where. Of the devices
 * only those that announced themselves are meant: their announcements do not pass a switch, so they are on the cables listened to.
 */
function attachment(heard: readonly Neighbour[]): Claim | null {
  const ports = heard.filter((n) => n.port !== null)
  const [port] = ports
  if (ports.length !== 1 || !port || port.port === null) return null
  return {
    what: 'attached-to', value: port.port, level: 'C', inferred: true, firstAt: port.firstAt, lastAt: port.lastAt, frame: port.frame, count: 1,
    evidence: `the only ${port.protocol.toUpperCase()} announcement of a switch on this cable`,
  }
}

function isEndpoint(asset: Asset, heard: readonly Neighbour[]): boolean {
  return heard.some((n) => n.isEndpoint && asset.interfaces.some((i) => i.mac === n.mac || (i.ip !== null && n.addresses.includes(i.ip))))
}

/** The same id as when its address is seen later. */
function assetOf(n: Neighbour, claimsByCard: ReadonlyMap<MacNumber, ClaimSet>): Asset {
  const claims = claimsByCard.get(parseMac(n.mac) ?? -1)?.list() ?? []
  const name = strongest(claims, 'host-name')?.value ?? null
  return {
    id: shortId('a', `mac:${n.mac}`), label: name ?? `${n.role ?? 'device'} ${n.mac}`, profile: null, vendor: null, model: null,
    role: n.role === 'router' ? 'router' : 'unknown', level: null, bed: null, outside: false, zone: null,
    interfaces: [{ mac: n.mac, ip: null, vlan: n.vlan, evidence: 'traffic', firstAt: n.firstAt, lastAt: n.lastAt }],
    claims, firstAt: n.firstAt, lastAt: n.lastAt,
  }
}
