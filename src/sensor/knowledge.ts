// Knowledge: what the product and the site know before the first packet: policy, device profiles, the IEEE registry.
// Turned here into the tables that inventory and rules read.

import { ipScope } from '../base/ip-scope.ts'
import { prefixTest, type Ip } from '../base/ip.ts'
import type { Indicator } from '../detect/world.ts'
import type { Behaviour } from '../inventory/inventory.ts'
import type { Knowing } from '../inventory/known/know.ts'
import type { OuiTable } from '../inventory/oui.ts'
import type { DeviceProfile } from '../inventory/profiles.ts'
import { createEvaluator, hostPrefix, policyNames, type Policy, type Zone } from '../policy/index.ts'
import { OVERLAP_DEFAULT, type OverlapOf, type OverlapPolicy } from '../wire/reassembly/overlap.ts'

export interface Knowledge {
  readonly policy: Policy
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  readonly oui: OuiTable | null
  /** Addresses that the site's own advisories name, beside those of the profiles. */
  readonly named?: readonly Indicator[]
  /** What people decided of assets, and the hospital's lists; absent when nobody said anything. */
  readonly knowing?: Knowing
}

/** A relabelled device cannot be told from its original on the wire, so only originals give behaviours. */
function originals(knowledge: Pick<Knowledge, 'profiles'>): DeviceProfile[] {
  return [...knowledge.profiles.values()].filter((p) => p.relabels === null)
}

/** Connections to a factory-default address on a documented port: "behaves like" (evidence level D). */
export function behavioursOf(knowledge: Knowledge): Behaviour[] {
  return originals(knowledge).flatMap((profile) =>
    profile.flows
      .filter((flow) => flow.opens === 'device' && flow.address !== null && flow.transports.includes('tcp'))
      .map((flow) => ({ profile: profile.id, blocks: [hostPrefix(flow.address as Ip)], ports: flow.ports.flatMap(portsOf) })))
}

/** Server addresses that profiles document as built into the device. */
export function factoryAddresses(knowledge: Pick<Knowledge, 'profiles'>): ReadonlySet<Ip> {
  return new Set(originals(knowledge).flatMap((p) => p.flows.flatMap((f) => (f.opens === 'device' && f.address ? [f.address] : []))))
}

function portsOf(range: { readonly low: number; readonly high: number }): number[] {
  return Array.from({ length: range.high - range.low + 1 }, (_, i) => range.low + i)
}

/** Addresses and blocks that advisories name, most specific first. */
export function indicatorsOf(knowledge: Knowledge): Indicator[] {
  const seen = new Set<string>()
  const ofProfiles = originals(knowledge)
    .flatMap((profile) => profile.indicators)
    .flatMap((i) => (i.prefix ? [{ block: i.prefix, text: i.value, source: i.source }] : []))
  return [...ofProfiles, ...(knowledge.named ?? [])]
    .filter(({ text }) => !seen.has(text) && seen.add(text))
    .sort((a, b) => b.block.length - a.block.length)
}

/** Inside: private by its registry, or held by a zone of the policy that is not external. */
export function insideTest(policy: Policy): (ip: Ip) => boolean {
  const tests = policy.zones.filter((z) => z.kind !== 'external').flatMap((z) => z.prefixes).map(prefixTest)
  return (ip) => {
    const scope = ipScope(ip)
    return scope === 'private' || scope === 'link-local' || tests.some((holds) => holds(ip))
  }
}

/**
 * How the host at an address puts overlapping pieces together, as the zone that holds it says, or the nearest zone around that one.
 * By address blocks alone: what a device is, is learnt while its streams are read. Undefined when no zone says anything.
 */
export function overlapOf(policy: Policy): OverlapOf | undefined {
  if (policy.zones.every((zone) => zone.overlap === null)) return undefined
  const byZone = new Map(policy.zones.map((zone) => [zone.name, saidOf(policy, zone)]))
  const evaluator = createEvaluator(policy, policyNames(policy, new Map()))
  return (target) => byZone.get(evaluator.zoneOf(target)) ?? OVERLAP_DEFAULT
}

function saidOf(policy: Policy, zone: Zone): OverlapPolicy | null {
  if (zone.overlap !== null || zone.inside === null) return zone.overlap
  const around = policy.zones.find((other) => other.name === zone.inside)
  return around === undefined ? null : saidOf(policy, around)
}
