// Suricata: one alert for each kind of flow that the policy denies. It watches and stops nothing.
// Keeps "never wider, never narrower": rules need no order, because the denied flows are worked out as sets first (denied.ts).

import type { IpVersion } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { numberRangeText, numbersOf, prefixTexts } from '../address-book.ts'
import { deniedPieces, type DeniedPiece } from '../denied.ts'
import { makePlan, overBudget, PROTOCOL_MAX, unknownOptions, type Plan } from '../plan.ts'
import { everyAddress, rangesKey } from '../ranges.ts'
import type { Capabilities, CompileInput, EmitResult } from '../target.ts'

export const CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: true, ruleBudget: null, canRead: false,
}

/** Signature ids for rules of one's own are 1000000 to 1999999; a policy takes one block of this many. */
const SIDS_PER_POLICY = 1000
const SID_FIRST = 1_000_000
const SID_LAST = 1_999_999
const SID_OPTION_LAST = SID_LAST - SIDS_PER_POLICY + 1

/**
 * Prefixes in one address list. Suricata refuses rules of 8192 characters and more; two lists of 60 IPv6 prefixes of at most 44
 * characters, and the rest of the rule, stay below 6000.
 */
const PREFIXES_PER_RULE_MAX = 60

/** Protocols with flows, whose direction Suricata knows: TCP, UDP, and ICMP of both families. */
const WITH_FLOW: readonly number[] = [1, 6, 17, 58]

/** One alert an hour for each pair of addresses and rule: a device that repeats itself is one incident. */
const THRESHOLD = 'threshold:type limit, track by_both, count 1, seconds 3600;'

/** A rules file, with signature ids from option `sid` or from the policy's name. */
export function emitSuricata(input: CompileInput): EmitResult {
  const planned = makePlan(input)
  if (!planned.ok) return planned
  const plan = planned.value
  const first = firstSid(input)
  const wrongSid = first === null ? [`option sid is a number from ${SID_FIRST} to ${SID_OPTION_LAST}`] : []
  const refused = [...unknownOptions(input, ['sid']), ...wrongSid]
  const bodies = ([4, 6] as const).flatMap((version) =>
    deniedPieces(plan.chains[version], { src: null, dst: null }, WITH_FLOW).flatMap((piece) => ruleBodies(piece, version, plan)))
  const tooMany = overBudget(bodies.length, input, CAPABILITIES)
  if (tooMany !== null) refused.push(tooMany)
  else if (bodies.length > SIDS_PER_POLICY) {
    refused.push(`${bodies.length} rules are needed and a policy has ${SIDS_PER_POLICY} signature ids`)
  }
  if (refused.length > 0 || first === null) return { ok: false, refused }
  const rules = bodies.map((body, i) => `${body} sid:${first + i}; rev:1;)`)
  const head = `# Cordon policy ${plan.title}, sha256 ${plan.hash}`
  const ids = `# Signature ids ${first} to ${first + SIDS_PER_POLICY - 1}`
  const rollback = `# Takes away Cordon policy ${plan.title}: load this in place of the file with signature ids from ${first}\n`
  return { ok: true, value: { text: `${[head, ids, ...rules].join('\n')}\n`, rollback, rules: rules.length, notes: notes() } }
}

/** By the policy's name, so that a changed policy keeps its block; two policies may meet, and then one gets the option. */
function firstSid(input: CompileInput): number | null {
  const { sid } = input.options
  if (sid !== undefined) return /^\d{7}$/.test(sid) && Number(sid) >= SID_FIRST && Number(sid) <= SID_OPTION_LAST ? Number(sid) : null
  // FNV-1a, 32 bits: any spread will do, it only has to be the same each time.
  let hash = 0x811c9dc5
  for (let i = 0; i < input.name.length; i++) hash = Math.imul(hash ^ input.name.charCodeAt(i), 0x01000193) >>> 0
  return SID_FIRST + (hash % ((SID_LAST + 1 - SID_FIRST) / SIDS_PER_POLICY)) * SIDS_PER_POLICY
}

/** Rules of one piece, without sid: address lists in parts, ICMP types one by one. */
function ruleBodies(piece: DeniedPiece, version: IpVersion, plan: Plan): readonly string[] {
  const from = addressLists(piece.src, version)
  const to = addressLists(piece.dst, version)
  return headers(piece).flatMap(({ head, port, more }) => from.flatMap((src) => to.map((dst) =>
    `alert ${head} ${src} any -> ${dst} ${port} (msg:"Cordon ${plan.title}, denied by ${piece.rule}"; ${more}${THRESHOLD}`
    + ` metadata:policy ${plan.object}, conduit ${piece.rule.replaceAll(/[^\w-]/g, '_')};`)))
}

function addressLists(ranges: readonly ValueRange[], version: IpVersion): readonly string[] {
  // `any` would be both families.
  const whole = rangesKey(ranges) === rangesKey([everyAddress(version)])
  const prefixes = whole ? [version === 4 ? '0.0.0.0/0' : '::/0'] : prefixTexts(version, ranges)
  const lists: string[] = []
  for (let i = 0; i < prefixes.length; i += PREFIXES_PER_RULE_MAX) lists.push(`[${prefixes.slice(i, i + PREFIXES_PER_RULE_MAX).join(',')}]`)
  return lists
}

interface Header {
  readonly head: string
  readonly port: string
  /** Options before the threshold, each with its semicolon and a space behind. */
  readonly more: string
}

function headers({ protos, rest, sub }: DeniedPiece): readonly Header[] {
  const [proto = 0] = protos
  if (rest) return [{ head: 'ip', port: 'any', more: otherProtocols(protos) }]
  const flow = WITH_FLOW.includes(proto) ? 'flow:to_server; ' : ''
  if (proto === 6 || proto === 17) return [{ head: proto === 6 ? 'tcp' : 'udp', port: portList(sub), more: flow }]
  if (proto === 132) return [{ head: 'sctp', port: portList(sub), more: '' }]
  const types = sub === null ? [''] : numbersOf(sub).map((type) => `itype:${type}; `)
  return types.map((type) => ({ head: 'ip', port: 'any', more: `${flow}ip_proto:${proto}; ${type}` }))
}

function portList(sub: readonly ValueRange[] | null): string {
  return sub === null ? 'any' : `[${sub.map((range) => numberRangeText(range, ':')).join(',')}]`
}

/** All protocols but those that have rules of their own. */
function otherProtocols(protos: readonly number[]): string {
  const inside = new Set(protos)
  const others = Array.from({ length: PROTOCOL_MAX + 1 }, (_, proto) => proto).filter((proto) => !inside.has(proto))
  return others.map((proto) => `ip_proto:!${proto}; `).join('')
}

function notes(): readonly string[] {
  return [
    'IPv4 and IPv6 are both written. The rules alert and stop nothing.',
    'flow:to_server looks at the side that opened the flow, so answers do not alert; a flow that began before the sensor may be taken the'
      + ' wrong way round.',
    'Protocols other than TCP, UDP and ICMP have no flows in Suricata: each of their packets is judged in its own direction.',
    'One alert an hour for each rule and pair of addresses; what is repeated is not counted by Suricata.',
  ]
}
