// Compare: what came out of the kernel against what was predicted, packet by packet, and what that says of the policy's assertions.
// Keeps the rule that a difference has a name: leaked, missing or astray, with the packet and the rule in words.

import { ipFromValue, prefixContains, type Ip } from '../../base/ip.ts'
import { describeService, type Assertion, type AssertionEnd, type Policy } from '../../policy/index.ts'
import { serviceMatches, type FiveTuple } from '../../policy/eval/evaluate.ts'
import { sideWords, type Layout } from './layout.ts'
import type { Fate, Packet } from './predict.ts'
import type { Probe } from './probes.ts'

/** Bits of the sides on which each probe came out; bit n is side n. */
export type Sightings = Uint32Array

/** `leaked`: came out although nothing should; `missing`: should and did not; `astray`: came out, but (also) elsewhere. */
export type Difference = 'leaked' | 'missing' | 'astray'

export interface WrongProbe {
  readonly kind: Difference
  /** The packet, what decided about it, and what was seen. */
  readonly words: string
}

export interface ProbeTally {
  readonly sent: number
  /** Predicted to come out, and came out. */
  readonly predicted: number
  readonly passed: number
  /** Came out exactly where predicted, or nowhere as predicted. */
  readonly equal: number
  /** Allowed by the policy and dropped all the same, as predicted, by reason. */
  readonly explained: readonly { readonly reason: string; readonly count: number }[]
  readonly wrong: number
  /** The first of them. */
  readonly examples: readonly WrongProbe[]
}

const EXAMPLES_MAX = 10

export function differenceOf(fate: Fate, seen: number): Difference | null {
  const expected = fate.side === null ? 0 : 1 << fate.side
  if (seen === expected >>> 0) return null
  if (fate.side === null) return 'leaked'
  return seen === 0 ? 'missing' : 'astray'
}

export function tallyProbes(probes: readonly Probe[], fates: readonly Fate[], seen: Sightings, layout: Layout): ProbeTally {
  const explained = new Map<string, number>()
  const examples: WrongProbe[] = []
  let [predicted, passed, wrong] = [0, 0, 0]
  for (const [i, probe] of probes.entries()) {
    const fate = fates[i] as Fate
    const at = seen[i] ?? 0
    predicted += fate.side === null ? 0 : 1
    passed += at === 0 ? 0 : 1
    if (fate.why !== null) explained.set(fate.why, (explained.get(fate.why) ?? 0) + 1)
    const kind = differenceOf(fate, at)
    if (kind === null) continue
    wrong++
    if (examples.length < EXAMPLES_MAX) examples.push({ kind, words: differenceWords(kind, probe, fate, at, layout) })
  }
  const reasons = [...explained].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
  return { sent: probes.length, predicted, passed, equal: probes.length - wrong, explained: reasons, wrong, examples }
}

/** `10.20.3.7 -> 202.114.4.1, tcp 515`. */
export function packetWords(packet: Packet): string {
  return `${ipFromValue(packet.version, packet.src)} -> ${ipFromValue(packet.version, packet.dst)}, ${describeService(tupleOf(packet))}`
}

export function tupleOf(packet: Packet): FiveTuple {
  return {
    src: ipFromValue(packet.version, packet.src), dst: ipFromValue(packet.version, packet.dst), proto: packet.proto, srcPort: packet.sport,
    dstPort: packet.dport,
  }
}

function differenceWords(kind: Difference, probe: Probe, fate: Fate, seen: number, layout: Layout): string {
  const names = (bits: number): string => layout.sides.filter((side) => (bits & (1 << side.index)) !== 0).map(sideWords).join(' and ')
  const from = layout.sides[probe.side]
  const by = fate.rule === 'no rules' ? 'no rules are loaded' : `the policy ${fate.allowed ? 'allows' : 'denies'} it (${fate.rule})`
  const expected = fate.side === null ? `should not come out: ${fate.why ?? by}` : `should reach ${names(1 << fate.side)}: ${by}`
  const found = kind === 'missing' ? 'it came out nowhere' : `it came out at ${names(seen)}`
  return `${packetWords(probe)}, sent by ${from === undefined ? 'nobody' : sideWords(from)}, ${expected}; ${found}`
}

export interface AssertionTally {
  readonly text: string
  /** Probes the assertion speaks of; with none it was not tried. */
  readonly asked: number
  /** Of those, probes that broke it. */
  readonly broken: number
  readonly example: string | null
}

/**
 * What the kernel did with the probes each assertion speaks of. `always` is asked of packets that routers forward; `never` and `only` of all.
 * `zoneOf` gives zone names as the policy does.
 */
export function tallyAssertions(
  policy: Policy, assertions: readonly Assertion[], zoneOf: (ip: Ip) => string, probes: readonly Probe[], fates: readonly Fate[], seen: Sightings,
): readonly AssertionTally[] {
  const found = assertions.map((assertion) => ({
    assertion, services: policy.services.filter(({ name }) => assertion.services.includes(name)), asked: 0, broken: 0, example: null as string | null,
  }))
  for (const [i, probe] of probes.entries()) {
    const tuple = tupleOf(probe)
    const zones = { from: zoneOf(tuple.src), to: zoneOf(tuple.dst) }
    const passed = (seen[i] ?? 0) !== 0
    const forwarded = (fates[i] as Fate).why === null
    for (const row of found) {
      const { assertion } = row
      if (!isEnd(assertion.from, tuple.src, zones.from) || !isEnd(assertion.to, tuple.dst, zones.to)) continue
      if (assertion.via !== null && zones.to === assertion.via) continue
      const onServices = row.services.some((service) => serviceMatches(service, tuple))
      const speaks = assertion.kind === 'only' ? !onServices : onServices || assertion.services.length === 0
      if (!speaks || (assertion.kind === 'always' && !forwarded)) continue
      row.asked++
      if (passed === (assertion.kind === 'always')) continue
      row.broken++
      row.example ??= packetWords(probe)
    }
  }
  return found.map(({ assertion, asked, broken, example }) => ({ text: assertion.text, asked, broken, example }))
}

function isEnd(end: AssertionEnd, ip: Ip, zone: string): boolean {
  if (end.kind === 'any') return true
  return end.kind === 'zone' ? end.zone === zone : prefixContains(end.prefix, ip)
}

/** Probes from medical zones that came out on one side. */
export function countFromMedical(probes: readonly Probe[], seen: Sightings, side: number, isMedical: (probe: Probe) => boolean): number {
  return probes.reduce((sum, probe, i) => sum + (((seen[i] ?? 0) & (1 << side)) !== 0 && isMedical(probe) ? 1 : 0), 0)
}
