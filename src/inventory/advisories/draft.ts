// Draft: from matches and their indicators to watch rules and to what a policy would say about them. Values only; config/policy-draft.ts writes text.
// Keeps S2 and S3: it is a draft for a person, to be replayed before anyone enforces it; a remediation category changes nothing in it.

import { formatPrefix, type Prefix } from '../../base/ip.ts'
import type { WrittenPolicy, Zone } from '../../policy/index.ts'
import type { Match } from './match.ts'
import type { Indicator, RankedMatch } from './rank.ts'

/** One thing to watch, and what watches it. */
export interface WatchRule {
  readonly advisories: readonly string[]
  readonly kind: Indicator['kind']
  readonly value: string
  /** What to look for, in words. */
  readonly words: string
  readonly source: string
  /** What of Cordon sees it: a rule of the sensor, or the text that another sensor takes. */
  readonly by: string
}

export interface AddedZone {
  readonly name: string
  readonly kind: 'external'
  readonly prefixes: readonly string[]
  readonly inside?: string
  readonly description: string
}

export interface AddedService {
  readonly name: string
  readonly transport: readonly string[]
  readonly ports: readonly string[]
  readonly description: string
}

export interface AddedConduit {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly services: readonly string[]
  readonly action: 'deny'
  readonly fail: 'closed'
  readonly reason: string
}

/** Zones, services, conduits and assertions as a policy file's keys take them. */
export interface PolicyAdditions {
  readonly zones: readonly AddedZone[]
  readonly services: readonly AddedService[]
  readonly conduits: readonly AddedConduit[]
  readonly assertions: readonly string[]
}

export interface AdvisoryDraft {
  readonly watch: readonly WatchRule[]
  readonly additions: PolicyAdditions
  /** What the draft could not say, and what stays with a person. */
  readonly notes: readonly string[]
}

export interface DraftInput {
  /** In the order of rank.ts. */
  readonly ranked: readonly RankedMatch[]
  readonly indicatorsOf: (advisory: Match['advisory']) => readonly Indicator[]
  readonly policy: Pick<WrittenPolicy, 'zones' | 'services' | 'conduits' | 'assertions'>
  /** The policy's zone of an asset's address, or null. */
  readonly zoneOfAsset: (assetId: string) => string | null
}

/** UDP to a client but the answers to an address request (RFC 2131: 68, RFC 8415: 546). */
const UDP_SERVICE = { name: 'udp-but-dhcp-replies', transport: ['udp'], ports: ['1-67', '69-545', '547-65535'],
  description: 'UDP but the answers to an address request.' } as const

const WATCHED_BY: Readonly<Record<Indicator['kind'], readonly [string, string]>> = {
  address: ['any packet to or from the address, ARP questions for it included',
    'rules indicator-contact and talks-outside; cordon compile --target zeek-intel'],
  prefix: ['any packet to or from the block', 'rules indicator-contact and talks-outside; cordon compile --target suricata over the draft'],
  path: ['a mount of the export', 'rule update-pulled'],
  sha256: ['a file of this hash in a transfer', 'cordon compile --target zeek-intel'],
  'inbound-udp': ['UDP to the device, but answers to an address request', 'rule inbound-udp; cordon compile --target suricata over the draft'],
}

export function draftOf(input: DraftInput): AdvisoryDraft {
  const ranked = input.ranked.filter(({ match }) => match.state !== 'not-affected')
  const notes: string[] = []
  const parts = new Additions(input.policy, notes)
  const watch = new Map<string, WatchRule>()
  const byAdvisory = new Map<string, RankedMatch[]>()
  for (const one of ranked) {
    const group = byAdvisory.get(one.match.advisory.id)
    if (group === undefined) byAdvisory.set(one.match.advisory.id, [one])
    else group.push(one)
  }
  for (const [id, group] of byAdvisory) {
    const first = group[0]?.match.advisory
    const indicators = first === undefined ? [] : input.indicatorsOf(first)
    if (indicators.length === 0) notes.push(`${id} names nothing that could be watched or blocked; keep ${devices(group)} apart by zone and conduit`)
    for (const one of indicators) {
      const known = watch.get(`${one.kind} ${one.value}`)?.advisories ?? []
      watch.set(`${one.kind} ${one.value}`, watchRule([...known, id], one))
    }
    const zones = [...new Set(group.map(({ match }) => input.zoneOfAsset(match.assetId)))]
    if (indicators.some(({ prefix }) => prefix !== null)) parts.block(id, indicators)
    if (indicators.some(({ kind }) => kind === 'inbound-udp')) parts.inboundUdp(id, zones)
    if (zones.includes(null)) notes.push(`${id}: a matched device is in no zone of the policy, so only what concerns every zone reaches it`)
  }
  return { watch: [...watch.values()], additions: parts.all(), notes }
}

function devices(group: readonly RankedMatch[]): string {
  return group.length === 1 ? (group[0]?.match.assetLabel ?? '') : `its ${group.length} devices`
}

function watchRule(advisories: readonly string[], { kind, value, meaning, source }: Indicator): WatchRule {
  const [words, by] = WATCHED_BY[kind]
  return { advisories, kind, value, words: `${words}. ${meaning}`, source, by }
}

/** Collects what is added; never a second line of one name. */
class Additions {
  readonly #policy: DraftInput['policy']
  readonly #notes: string[]
  readonly #zones = new Map<string, AddedZone>()
  readonly #conduits = new Map<string, AddedConduit>()
  readonly #assertions = new Set<string>()
  #needsUdp = false

  constructor(policy: DraftInput['policy'], notes: string[]) {
    this.#policy = policy
    this.#notes = notes
  }

  all(): PolicyAdditions {
    const known = new Set(this.#policy.assertions.map(({ text }) => text))
    const hasUdp = this.#policy.services.some(({ name }) => name === UDP_SERVICE.name)
    return {
      zones: [...this.#zones.values()], services: this.#needsUdp && !hasUdp ? [UDP_SERVICE] : [], conduits: [...this.#conduits.values()],
      assertions: [...this.#assertions].filter((text) => !known.has(text)),
    }
  }

  /** Nobody inside talks to the widest blocks the advisory names. */
  block(advisory: string, indicators: readonly Indicator[]): void {
    for (const prefix of widest(indicators.flatMap((one) => one.prefix ?? []))) {
      const zone = this.#blockZone(advisory, prefix)
      if (zone === null) continue
      for (const from of this.#inside()) this.#deny(`${advisory.toLowerCase()}-${from}`, from, zone, 'any', `${advisory} names ${formatPrefix(prefix)}.`)
      this.#assertions.add(`never any -> ${zone}`)
    }
  }

  inboundUdp(advisory: string, zones: readonly (string | null)[]): void {
    for (const to of zones) {
      if (to === null) continue
      this.#needsUdp = true
      for (const from of this.#inside()) {
        const reason = `${advisory}: no documented function needs UDP towards the device, and it is attacked that way.`
        this.#deny(`${advisory.toLowerCase()}-udp-${from}-${to}`, from, to, UDP_SERVICE.name, reason)
      }
      this.#assertions.add(`never any -> ${to} on ${UDP_SERVICE.name}`)
    }
  }

  #inside(): readonly string[] {
    return this.#policy.zones.filter(({ kind }) => kind !== 'external').map(({ name }) => name)
  }

  /** The zone that is the block, or a new one; null when zones stand inside of it and a person has to say what they are. */
  #blockZone(advisory: string, prefix: Prefix): string | null {
    const zones = this.#policy.zones
    const added = [...this.#zones.values()].find(({ prefixes }) => prefixes[0] === formatPrefix(prefix))
    if (added !== undefined) return added.name
    const same = zones.find((zone) => zone.prefixes.some((own) => own.network === prefix.network && own.length === prefix.length))
    if (same !== undefined) {
      if (same.kind === 'external') return same.name
      this.#notes.push(`${advisory}: ${formatPrefix(prefix)} is the policy's own zone ${same.name}, so nothing is denied to it`)
      return null
    }
    const within = zones.filter((zone) => zone.prefixes.some((own) => holds(prefix, own)))
    if (within.length > 0) {
      this.#notes.push(`${advisory}: ${formatPrefix(prefix)} holds addresses of ${within.map(({ name }) => name).join(', ')}; write its zone by hand`)
      return null
    }
    const name = this.#freeName(`${advisory.toLowerCase()}-block`)
    const around = narrowest(zones, prefix)
    this.#zones.set(name, {
      name, kind: 'external', prefixes: [formatPrefix(prefix)], ...(around === null ? {} : { inside: around }), description: `Named in ${advisory}.`,
    })
    return name
  }

  #freeName(wanted: string): string {
    const isTaken = (name: string): boolean => this.#zones.has(name) || this.#policy.zones.some((zone) => zone.name === name)
    let name = wanted
    for (let i = 2; isTaken(name); i++) name = `${wanted}-${i}`
    return name
  }

  #deny(name: string, from: string, to: string, service: string, reason: string): void {
    const isSame = (one: { readonly from: string; readonly to: string; readonly services: readonly string[]; readonly action: string }): boolean =>
      one.action === 'deny' && one.from === from && one.to === to && one.services.join() === service
    if (this.#policy.conduits.some((one) => one.name === name) || [...this.#conduits.values()].some(isSame)) return
    this.#conduits.set(name, { name, from, to, services: [service], action: 'deny', fail: 'closed', reason })
  }
}

/** Blocks that no other of the list holds. */
function widest(prefixes: readonly Prefix[]): readonly Prefix[] {
  return prefixes.filter((one, i) => !prefixes.some((other, j) => i !== j && holds(other, one) && (!holds(one, other) || j < i)))
}

function holds(outer: Prefix, inner: Prefix): boolean {
  if (outer.version !== inner.version || outer.length > inner.length) return false
  const shift = BigInt((outer.version === 4 ? 32 : 128) - outer.length)
  return outer.network >> shift === inner.network >> shift
}

/** The zone out of which a new block is carved. */
function narrowest(zones: readonly Zone[], prefix: Prefix): string | null {
  let best: { readonly name: string; readonly length: number } | null = null
  for (const { name, prefixes } of zones) {
    for (const own of prefixes) if (holds(own, prefix) && (best === null || own.length > best.length)) best = { name, length: own.length }
  }
  return best?.name ?? null
}
