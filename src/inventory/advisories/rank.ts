// Rank: which match a person looks at first. Observed traffic first, then SSVC; a score only parts what is equal in everything else.
// Keeps the rule "never by CVSS alone" (docs/advisories.md), and says beside each match why it stands where it stands.

import { parsePrefix, prefixContains, type Ip, type Prefix } from '../../base/ip.ts'
import type { Asset } from '../asset.ts'
import type { DeviceProfile } from '../profile-model.ts'
import type { Advisory } from './model.ts'
import { MATCH_STATES, type Match } from './match.ts'
import { DECISIONS, ssvcOf, type Decision, type Ssvc } from './ssvc.ts'

/** Something an advisory tells to watch. */
export interface Indicator {
  readonly kind: 'address' | 'prefix' | 'path' | 'sha256' | 'inbound-udp'
  readonly value: string
  readonly prefix: Prefix | null
  readonly meaning: string
  readonly source: string
}

/** The part of a conversation that ranking looks at; detect's Conversation has these fields. */
export interface SeenConversation {
  readonly from: { readonly assetId: string | null; readonly ip: Ip }
  readonly to: { readonly assetId: string | null; readonly ip: Ip }
  readonly transport: string
  readonly port: number
  readonly flows: number
  readonly attempts: number
  readonly leaves: boolean
}

/** What was seen of one asset that bears on its matches. */
export interface SeenTraffic {
  /** Answered flows to an address the advisory names, out of the hospital. */
  readonly reached: number
  /** The same to a machine inside that stands at the address. */
  readonly contained: number
  /** Unanswered tries to one. */
  readonly tried: number
  /** UDP towards the device where the advisory says there should be none. */
  readonly inboundUdp: number
  /** Flows to addresses outside the hospital. */
  readonly outside: number
}

/** Gravest first; the first that was seen decides. */
export const TRAFFIC_TIERS = ['reached', 'inboundUdp', 'tried', 'outside', 'contained', 'none'] as const
export type TrafficTier = (typeof TRAFFIC_TIERS)[number]

export interface RankedMatch {
  readonly match: Match
  readonly traffic: SeenTraffic
  readonly tier: TrafficTier
  /** Gravest decision over the vulnerabilities that are not ruled out, with that one's inputs; null without any. */
  readonly ssvc: (Ssvc & { readonly cve: string | null }) | null
  /** Why it stands where it stands, in words. */
  readonly because: readonly string[]
}

/** Addresses of the advisory's own text, and indicators of profiles as far as their source is this advisory; a relabel's are its original's. */
export function indicatorsOf(advisory: Pick<Advisory, 'id' | 'addresses' | 'vulnerabilities'>, profiles: ReadonlyMap<string, DeviceProfile>): Indicator[] {
  const ofProfiles = [...profiles.values()].flatMap(({ advisories, indicators }) =>
    (advisories.some(({ id }) => id === advisory.id) ? indicators.filter((one) => isOf(one, advisory, advisories[0]?.id)) : []))
  const ofText = advisory.addresses.flatMap(({ value }): Indicator[] => {
    const parsed = parsePrefix(value)
    return parsed.ok ? [{ kind: 'prefix', value, prefix: parsed.value, meaning: 'Named in the advisory\'s text.', source: advisory.id }] : []
  })
  const byName = new Map<string, Indicator>()
  for (const one of [...ofProfiles, ...ofText]) {
    const name = one.prefix === null ? `${one.kind} ${one.value}` : `${one.prefix.network}/${one.prefix.length}`
    if (!byName.has(name)) byName.set(name, one)
  }
  return [...byName.values()]
}

/** An indicator whose source names the advisory or one of its findings. What no advisory's source names goes to the first the profile lists. */
function isOf({ source }: Indicator, advisory: Pick<Advisory, 'id' | 'vulnerabilities'>, first: string | undefined): boolean {
  const isNamed = source.includes(advisory.id) || advisory.vulnerabilities.some(({ cve }) => cve !== null && source.includes(cve))
  return isNamed || (advisory.id === first && !/ICS[AM]+-\d\d-|CVE-\d{4}-/u.test(source))
}

/** Only packets to the device itself count as inbound: a broadcast is nobody's asset. */
export function trafficOf(assetId: string, indicators: readonly Indicator[], conversations: readonly SeenConversation[]): SeenTraffic {
  const blocks = indicators.flatMap(({ prefix }) => prefix ?? [])
  const watchesUdp = indicators.some(({ kind }) => kind === 'inbound-udp')
  const seen = { reached: 0, contained: 0, tried: 0, inboundUdp: 0, outside: 0 }
  for (const talk of conversations) {
    if (talk.from.assetId === assetId) {
      const answered = talk.flows - talk.attempts
      if (blocks.some((block) => prefixContains(block, talk.to.ip))) {
        seen[talk.leaves ? 'reached' : 'contained'] += answered
        seen.tried += talk.attempts
      }
      if (talk.leaves) seen.outside += talk.flows
    } else if (watchesUdp && talk.to.assetId === assetId && talk.transport === 'udp' && !DHCP_CLIENT_PORTS.has(talk.port)) seen.inboundUdp += talk.flows
  }
  return seen
}

/** RFC 2131 section 4.1, RFC 8415 section 7.2: answers to a client. */
const DHCP_CLIENT_PORTS: ReadonlySet<number> = new Set([68, 546])

export interface RankInputs {
  readonly assets: readonly Asset[]
  readonly advisories: readonly Advisory[]
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  readonly conversations: readonly SeenConversation[]
}

/** First what a person should look at first. */
export function rankMatches(matches: readonly Match[], inputs: RankInputs): RankedMatch[] {
  const advisories = new Map(inputs.advisories.map((one) => [one.id, one]))
  const roles = new Map(inputs.assets.map((asset) => [asset.id, asset.role]))
  const indicators = new Map<string, readonly Indicator[]>()
  const byAsset = conversationsByAsset(inputs.conversations)
  const ranked = matches.map((match): RankedMatch => {
    const { id } = match.advisory
    const own = indicators.get(id) ?? indicatorsOf(advisories.get(id) ?? { id, addresses: [], vulnerabilities: [] }, inputs.profiles)
    indicators.set(id, own)
    const traffic = trafficOf(match.assetId, own, byAsset.get(match.assetId) ?? [])
    return placed(match, traffic, gravestSsvc(match, roles.get(match.assetId) ?? 'unknown'))
  })
  return ranked.sort(inOrder)
}

function conversationsByAsset(conversations: readonly SeenConversation[]): ReadonlyMap<string, readonly SeenConversation[]> {
  const byAsset = new Map<string, SeenConversation[]>()
  for (const talk of conversations) {
    for (const id of new Set([talk.from.assetId, talk.to.assetId])) {
      if (id === null) continue
      const own = byAsset.get(id) ?? []
      byAsset.set(id, own)
      own.push(talk)
    }
  }
  return byAsset
}

function gravestSsvc(match: Match, role: Asset['role']): RankedMatch['ssvc'] {
  let worst: RankedMatch['ssvc'] = null
  for (const one of match.vulnerabilities) {
    if (one.state === 'not-affected') continue
    const ssvc = ssvcOf(one, role)
    if (worst === null || decisionRank(ssvc.decision) > decisionRank(worst.decision)) worst = { ...ssvc, cve: one.cve }
  }
  return worst
}

const decisionRank = (decision: Decision): number => DECISIONS.indexOf(decision)

const TIER_WORDS: Readonly<Record<TrafficTier, (seen: SeenTraffic) => string>> = {
  reached: ({ reached }) => `it was seen to reach an address the advisory names, out of the hospital (${reached} answered flows)`,
  contained: ({ contained }) => `it was seen to reach an address the advisory names, at a machine inside (${contained} answered flows)`,
  inboundUdp: ({ inboundUdp }) => `UDP was seen towards it where no documented function needs any (${inboundUdp} flows)`,
  tried: ({ tried }) => `it was seen to try an address the advisory names (${tried} tries without an answer)`,
  outside: ({ outside }) => `it was seen to talk, or try to, beyond the hospital (${outside} flows)`,
  none: () => 'no traffic that bears on the advisory was seen, which proves nothing about other times',
}

function placed(match: Match, traffic: SeenTraffic, ssvc: RankedMatch['ssvc']): RankedMatch {
  const tier = TRAFFIC_TIERS.find((name) => name !== 'none' && traffic[name] > 0) ?? 'none'
  const decision = ssvc === null ? [] : [`SSVC ${ssvc.decision}${ssvc.cve === null ? '' : ` by ${ssvc.cve}`}: ${ssvc.because.join('; ')}`]
  return { match, traffic, tier, ssvc, because: [TIER_WORDS[tier](traffic), ...decision] }
}

/** A match that the version rules out stands last whatever was seen. */
function inOrder(a: RankedMatch, b: RankedMatch): number {
  return Number(a.match.state === 'not-affected') - Number(b.match.state === 'not-affected')
    || TRAFFIC_TIERS.indexOf(a.tier) - TRAFFIC_TIERS.indexOf(b.tier)
    || rankOf(b) - rankOf(a)
    || MATCH_STATES.indexOf(a.match.state) - MATCH_STATES.indexOf(b.match.state)
    || compareText(a.match.level, b.match.level)
    || exploited(b) - exploited(a)
    || highestScore(b) - highestScore(a)
    || compareText(a.match.assetLabel, b.match.assetLabel) || compareText(a.match.advisory.id, b.match.advisory.id) || compareText(a.match.id, b.match.id)
}

const rankOf = ({ ssvc }: RankedMatch): number => (ssvc === null ? -1 : decisionRank(ssvc.decision))
const exploited = ({ match }: RankedMatch): number => match.vulnerabilities.filter((one) => one.exploited).length
const highestScore = ({ match }: RankedMatch): number => match.vulnerabilities.reduce((most, { score }) => Math.max(most, score ?? 0), 0)
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
