// Picture: everything the sensor knows at one moment, as assets, conversations and findings. Reading it changes nothing.

import { ipScope } from '../base/ip-scope.ts'
import { ipFromValue, type Ip } from '../base/ip.ts'
import { shortId } from '../base/short-id.ts'
import type { Conversation } from '../detect/conversation.ts'
import { conversationsOf, eachConversation, outgoingOf, type Outgoing, type PolicyAnswer } from '../detect/conversations.ts'
import { SEVERITIES, type Finding } from '../detect/finding.ts'
import { toFinding } from '../detect/rule.ts'
import { RULES } from '../detect/rules.ts'
import type { Talk } from '../detect/talks.ts'
import { createWorld, type World } from '../detect/world.ts'
import type { Asset } from '../inventory/asset.ts'
import { routerMacs } from '../inventory/assemble.ts'
import { CENTRAL_PROFILE } from '../inventory/evidence.ts'
import { knowAssets } from '../inventory/known/know.ts'
import { createEvaluator, policyNames, type Evaluator, type NameMap } from '../policy/index.ts'
import { IpProto } from '../wire/frame.ts'
import { factoryAddresses, indicatorsOf, insideTest, type Knowledge } from './knowledge.ts'
import type { Heard } from './sensor.ts'

export interface Picture {
  readonly assets: readonly Asset[]
  /** Made when first asked for; ask before the sensor hears more. */
  readonly conversations: readonly Conversation[]
  readonly findings: readonly Finding[]
  /** Addresses by zone as the policy saw them, for the map. */
  readonly names: NameMap
  readonly talks: readonly Talk[]
  /** The conversations one by one, for those who write them out and keep none. */
  eachConversation(): Iterable<Conversation>
  /** Those that leave or that the policy denies: their number, and the first `shownMax` of them. */
  outgoing(shownMax: number): Outgoing
}

const NFS_PORT = 2049

export function takePicture(heard: Heard, knowledge: Knowledge): Picture {
  const isInside = insideTest(knowledge.policy)
  const unzoned = { profiles: knowledge.profiles, oui: knowledge.oui, isInside, zoneOf: () => null }
  const told = heard.inventory.assets(unzoned)
  const named = knownAs(told, knowledge)
  const names = policyNames(knowledge.policy, addressesByProfile(named, factoryAddresses(knowledge)))
  const local = createEvaluator(knowledge.policy, names)
  const leaving = createEvaluator(knowledge.policy, withoutGlobalHosts(names))
  const assets = knownAs(told.map((asset) => ({ ...asset, zone: zoneOfAsset(asset, local, names) })), knowledge)
  const { talks, spans } = heard
  const world = createWorld({
    assets, bindings: heard.inventory.bindings, routers: routerMacs(heard.inventory.bindings), talks, spans,
    indicators: indicatorsOf(knowledge), isInside, lastAt: heard.counters.lastAt ?? 0,
    approvesUpdate: (src, dst) => local.evaluate({ src, dst, proto: IpProto.tcp, srcPort: 0, dstPort: NFS_PORT }).action === 'allow',
  })
  const eyes = { local: answer(local), leaving: answer(leaving) }
  let conversations: readonly Conversation[] | null = null
  return {
    assets, findings: findingsOf(heard, world), names, talks,
    get conversations() {
      conversations ??= conversationsOf(world, eyes)
      return conversations
    },
    eachConversation: () => conversations ?? eachConversation(world, eyes),
    outgoing: (shownMax) => outgoingOf(world, eyes, shownMax),
  }
}

/** Names, models and parts as people decided them: what rules say of an asset is said of the one they know. */
function knownAs(assets: readonly Asset[], { knowing }: Knowledge): readonly Asset[] {
  return knowing ? knowAssets(assets, knowing).assets : assets
}

function answer(evaluator: Evaluator) {
  return (src: Ip, dst: Ip, proto: number, srcPort: number, dstPort: number): PolicyAnswer =>
    evaluator.evaluate({ src, dst, proto, srcPort, dstPort })
}

/** Worst first, then earliest, then id: the order people read. */
function findingsOf({ detectors }: Heard, world: World): Finding[] {
  const findings = distinct(RULES.flatMap((rule, i) => (detectors[i]?.findings(world) ?? []).map((draft) => toFinding(rule, draft))))
  const rank = (f: Finding): number => SEVERITIES.length - SEVERITIES.indexOf(f.severity)
  return findings.sort((a, b) => rank(a) - rank(b) || a.firstAt - b.firstAt || (a.id < b.id ? -1 : 1))
}

/** An asset with two addresses, as a person may say it is, can do one thing by each: the second finding has an id of its own. */
function distinct(findings: readonly Finding[]): Finding[] {
  const times = new Map<string, number>()
  return findings.map((finding) => {
    const time = times.get(finding.id) ?? 0
    times.set(finding.id, time + 1)
    return time === 0 ? finding : { ...finding, id: shortId('f', finding.id, time) }
  })
}

/**
 * Addresses of the assets each profile was found on: what lets a zone say "all CMS8000" in place of prefixes.
 * A machine of the segment that answers ARP for a factory-default server address stands in the central station's place.
 */
function addressesByProfile(assets: readonly Asset[], factory: ReadonlySet<Ip>): Map<string, Ip[]> {
  const byProfile = new Map<string, Ip[]>()
  for (const asset of assets) {
    for (const { ip, evidence } of asset.interfaces) {
      const profile = ip && evidence === 'arp' && factory.has(ip) ? CENTRAL_PROFILE : asset.profile
      if (!ip || !profile) continue
      const known = byProfile.get(profile)
      if (known) known.push(ip)
      else byProfile.set(profile, [ip])
    }
  }
  return byProfile
}

/** For packets on their way out: a global address there is the Internet's, even when a host here uses the same number. */
function withoutGlobalHosts(names: NameMap): NameMap {
  return new Map([...names].map(([zone, prefixes]) => [zone, prefixes.filter((p) => !isGlobalHost(p))]))
}

function isGlobalHost(p: { readonly version: 4 | 6; readonly network: bigint; readonly length: number }): boolean {
  const bits = p.version === 4 ? 32 : 128
  return p.length === bits && ipScope(ipOf(p)) === 'global'
}

function ipOf(p: { readonly version: 4 | 6; readonly network: bigint }): Ip {
  return ipFromValue(p.version, p.network)
}

/** The policy's zone of the first address that has one; the built-in ones (`internet`, `unzoned`) are none. */
function zoneOfAsset(asset: Asset, evaluator: Evaluator, names: NameMap): string | null {
  const zones = asset.interfaces.flatMap((i) => (i.ip ? [evaluator.zoneOf(i.ip)] : []))
  return zones.find((zone) => names.has(zone)) ?? null
}
