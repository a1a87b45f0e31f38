// Answers of the prover in words: the verdict, the packet that shows it, the line that decided, and what is to blame for not knowing.

import { ipFromValue, type IpVersion } from '../base/ip.ts'
import type { Answer, Witness } from '../policy/prove/answer.ts'
import { ConnState } from '../policy/rules/model.ts'
import type { PacketPoint } from '../policy/sets/packet-set.ts'

const PROTOCOLS: ReadonlyMap<bigint, string> = new Map([[1n, 'icmp'], [6n, 'tcp'], [17n, 'udp'], [58n, 'ipv6-icmp'], [132n, 'sctp']])
const WITH_PORTS = new Set([6n, 17n, 132n])
const WITH_TYPES = new Set([1n, 58n])
const STATES = new Map(Object.entries(ConnState).map(([name, value]) => [BigInt(value), name]))

/** `tcp 10.20.4.31:40000 -> 202.114.4.119:515`; state and interfaces only when they are not the first of their kind. */
export function pointText(point: PacketPoint, version: IpVersion, interfaces: readonly string[] = []): string {
  const address = (value: bigint, port: bigint): string => {
    const ip = ipFromValue(version, value)
    return WITH_PORTS.has(point.proto) ? (version === 6 ? `[${ip}]:${port}` : `${ip}:${port}`) : ip
  }
  const type = WITH_TYPES.has(point.proto) ? ` type ${point.icmpType} code ${point.icmpCode}` : ''
  const parts = [
    `${PROTOCOLS.get(point.proto) ?? `IP protocol ${point.proto}`}${type} ${address(point.src, point.sport)} -> ${address(point.dst, point.dport)}`,
    ...(point.state === 0n ? [] : [`state ${STATES.get(point.state) ?? point.state}`]),
    ...(interfaces.length > 0 && point.iif > 0n ? [`in ${interfaces[Number(point.iif)] ?? point.iif}`] : []),
    ...(interfaces.length > 0 && point.oif > 0n ? [`out ${interfaces[Number(point.oif)] ?? point.oif}`] : []),
  ]
  return parts.join(', ')
}

export function witnessText(witness: Witness, version: IpVersion, interfaces: readonly string[] = []): string {
  const { deciding } = witness
  const where = deciding.line > 0 ? `line ${deciding.line}` : deciding.text
  const words = deciding.line > 0 ? `: ${deciding.text}` : ''
  return `${pointText(witness.point, version, interfaces)} is ${deciding.action === 'permit' ? 'allowed' : 'denied'} by ${where}${words}`
}

/** Unknown lines shown; a config that is not understood at all can have thousands. */
const LINES_SHOWN = 5

/** One verdict word, then what shows it. */
export function answerText(answer: Answer, version: IpVersion, interfaces: readonly string[] = []): string {
  if (answer.verdict === 'proved') return 'proved'
  if (answer.verdict === 'refuted') return `refuted: ${witnessText(answer.witness, version, interfaces)}`
  if (answer.limit !== null) return `unknown: ${answer.limit}`
  const shown = answer.lines.slice(0, LINES_SHOWN).map((u) => `line ${u.line} (${u.text}: ${u.reason})`)
  const more = answer.lines.length - shown.length
  return `unknown because of ${shown.join('; ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** JSON without bigints: addresses as text, the rest as numbers. */
export function pointJson(point: PacketPoint, version: IpVersion): Record<string, string | number> {
  const { src, dst, ...rest } = point
  const numbers = Object.fromEntries(Object.entries(rest).map(([field, value]) => [field, Number(value)]))
  return { src: ipFromValue(version, src), dst: ipFromValue(version, dst), ...numbers }
}

export function answerJson(answer: Answer, version: IpVersion): object {
  if (answer.verdict !== 'refuted') return answer
  return { verdict: answer.verdict, witness: { packet: pointJson(answer.witness.point, version), deciding: answer.witness.deciding } }
}
