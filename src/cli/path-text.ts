// Paths in words: the packet as it was sent, hop by hop with the line that decides, how it ended, and as what it arrived.

import { ipFromValue, type IpVersion } from '../base/ip.ts'
import type { PathAnswer, PathResult, PathWitness } from '../policy/network/ask.ts'
import type { Blame, Decision, Disposition, Hop, Network, Trace } from '../policy/network/model.ts'
import type { ValueRange } from '../policy/rules/model.ts'
import type { PacketPoint } from '../policy/sets/packet-set.ts'
import { pointJson, pointText } from './prove-text.ts'

const ENDINGS: Readonly<Record<Disposition, string>> = {
  accepted: 'taken by the device itself', 'delivered-to-segment': 'delivered', 'exits-network': 'leaves the network', 'denied-in': 'stopped coming in',
  'denied-forward': 'stopped by the filter', 'denied-out': 'stopped going out', 'no-route': 'no route', 'null-route': 'dropped by a route',
  loop: 'goes round in a circle', 'neighbor-unreachable': 'nobody there', 'insufficient-info': 'what happens next is in no text',
}

const wire = (point: PacketPoint): PacketPoint => ({ ...point, iif: 0n, oif: 0n, state: 0n })

function endingText({ ending }: Trace, network: Network): string {
  const where = [
    ending.link === null ? '' : ` on ${network.links[ending.link]?.name ?? ''}`,
    ending.device === null || ending.link !== null ? '' : ` at ${network.devices[ending.device]?.name ?? ''}`,
  ].join('')
  return `${ENDINGS[ending.disposition]}${where} (${ending.disposition})`
}

function decisionText({ what, where, line, text }: Decision): string {
  const at = line > 0 ? `line ${line}: ${text}` : text
  if (what === 'route') return `route ${at}`
  if (what === 'translate') return `${where} translated by ${at}`
  return `${what === 'deny' ? 'denied' : what === 'permit' ? 'allowed' : where} by ${at}`
}

function hopText(hop: Hop, number: number, network: Network, version: IpVersion): string[] {
  const device = network.devices[hop.device]
  const name = (index: number | null): string => (index === null ? 'itself' : (device?.interfaces[index]?.name ?? String(index)))
  const changed = pointText(wire(hop.before), version) !== pointText(wire(hop.after), version)
  return [
    `  ${number}. ${device?.name ?? ''}: ${name(hop.iif)} -> ${name(hop.oif)}`,
    ...hop.decisions.map((decision) => `       ${decisionText(decision)}`),
    ...(changed ? [`       goes on as ${pointText(wire(hop.after), version)}`] : []),
  ]
}

function originText({ origin }: Trace, network: Network): string {
  return 'link' in origin ? `a host on ${network.links[origin.link]?.name ?? ''}` : (network.devices[origin.device]?.name ?? '')
}

/** Lines of one packet's way, without an end of line. */
export function traceLines(trace: Trace, network: Network, version: IpVersion): string[] {
  return [
    `${pointText(wire(trace.sent), version)}, sent by ${originText(trace, network)}`,
    ...trace.hops.flatMap((hop, i) => hopText(hop, i + 1, network, version)),
    `  ${endingText(trace, network)}`,
    ...trace.because.map((blame) => `  not certain: ${blameText(blame)}`),
  ]
}

export function blameText({ device, line, text, reason }: Blame): string {
  return `${device === null ? '' : `${device} `}${line > 0 ? `line ${line} ` : ''}(${text}: ${reason})`
}

/** Reasons shown; the JSON has all that are kept. */
const BLAME_SHOWN = 5

export function pathAnswerText(claim: string, { answer, unplaced, saysSomething }: PathResult, network: Network, version: IpVersion): string {
  const lines = [`${claim} (IPv${version}): ${verdictText(answer)}`]
  if (answer.verdict === 'refuted') lines.push(...witnessLines(answer.witness, network, version))
  if (!saysSomething && answer.verdict === 'proved') lines.push('  no packet of this version is meant')
  if (unplaced.length > 0) lines.push(`  not asked: packets from ${rangesText(unplaced, version)}, which are on no link of the network file`)
  return `${lines.join('\n')}\n`
}

function verdictText(answer: PathAnswer): string {
  if (answer.verdict !== 'unknown') return answer.verdict
  if (answer.limit !== null) return `unknown: ${answer.limit}`
  const more = answer.because.length - BLAME_SHOWN
  return `unknown because of ${answer.because.slice(0, BLAME_SHOWN).map(blameText).join('; ')}${more > 0 ? ` and ${more} more` : ''}`
}

function witnessLines({ trace, reply }: PathWitness, network: Network, version: IpVersion): string[] {
  const way = traceLines(trace, network, version).map((line) => `  ${line}`)
  return reply === null ? way : [...way, '  and the reply:', ...traceLines(reply, network, version).map((line) => `  ${line}`)]
}

/** Blocks named of those that were not asked about. */
const RANGES_SHOWN = 3

function rangesText(ranges: readonly ValueRange[], version: IpVersion): string {
  const shown = ranges.slice(0, RANGES_SHOWN).map(({ low, high }) =>
    (low === high ? ipFromValue(version, low) : `${ipFromValue(version, low)}-${ipFromValue(version, high)}`))
  return `${shown.join(', ')}${ranges.length > RANGES_SHOWN ? ` and ${ranges.length - RANGES_SHOWN} more blocks` : ''}`
}

export function traceJson(trace: Trace, network: Network, version: IpVersion): object {
  const { ending } = trace
  const device = (index: number | null): string | null => (index === null ? null : (network.devices[index]?.name ?? null))
  const link = (index: number | null): string | null => (index === null ? null : (network.links[index]?.name ?? null))
  return {
    from: 'link' in trace.origin ? { link: link(trace.origin.link) } : { device: device(trace.origin.device) },
    sent: pointJson(wire(trace.sent), version), arrived: pointJson(wire(trace.arrived), version),
    disposition: ending.disposition, device: device(ending.device), link: link(ending.link),
    hops: trace.hops.map((hop) => ({
      device: device(hop.device), in: ifaceName(network, hop, hop.iif), out: ifaceName(network, hop, hop.oif), decisions: hop.decisions,
      before: pointJson(wire(hop.before), version), after: pointJson(wire(hop.after), version),
    })),
    because: trace.because,
  }
}

function ifaceName(network: Network, hop: Hop, index: number | null): string | null {
  return index === null ? null : (network.devices[hop.device]?.interfaces[index]?.name ?? null)
}

export function pathAnswerJson({ answer, unplaced, saysSomething }: PathResult, network: Network, version: IpVersion): object {
  const base = { saysSomething, unplaced: unplaced.map(({ low, high }) => ({ low: ipFromValue(version, low), high: ipFromValue(version, high) })) }
  if (answer.verdict !== 'refuted') return { ...answer, ...base }
  const { trace, reply } = answer.witness
  return { verdict: answer.verdict, path: traceJson(trace, network, version), reply: reply && traceJson(reply, network, version), ...base }
}
