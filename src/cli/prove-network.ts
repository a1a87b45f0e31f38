// cordon prove over a path, and cordon trace: questions about a network file with all devices it names. Exit 5 refuted, 4 unknown.

import { parseIp, ipValue, ipVersion, parsePrefix, type IpVersion } from '../base/ip.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { NameMap } from '../policy/eval/names.ts'
import type { WrittenPolicy } from '../policy/index.ts'
import { placed, proveAlive, proveUnreachable, type PathQuestion, type PathResult } from '../policy/network/ask.ts'
import { proveOverPath } from '../policy/network/assertions.ts'
import type { Network, Origin } from '../policy/network/model.ts'
import { wholeField, within } from '../policy/network/path-node.ts'
import { walkNetwork } from '../policy/network/walk.ts'
import { prefixRange } from '../policy/policy-rules.ts'
import type { Field, ValueRange } from '../policy/rules/model.ts'
import { bddSpace } from '../policy/sets/bdd-space.ts'
import { packetPoint, protocolHas } from '../policy/sets/fields.ts'
import { SetLimitError, type PacketSpace } from '../policy/sets/packet-set.ts'
import { Exit, type Io } from './io.ts'
import { loadNetwork } from './load-network.ts'
import { pathAnswerJson, pathAnswerText, traceJson, traceLines } from './path-text.ts'
import { PROOF_FAILED, serviceFields, type ProveArgs } from './prove.ts'

const VERSIONS: readonly IpVersion[] = [4, 6]

function usage(io: Io, message: string): number {
  io.err(`cordon prove: ${message}\n`)
  return Exit.usage
}

function exitOf({ answer }: PathResult): number {
  return answer.verdict === 'proved' ? Exit.ok : answer.verdict === 'refuted' ? PROOF_FAILED : Exit.incomplete
}

/** reach and liveness between zones, links, devices and blocks of a network file. */
export function runProveNetwork(args: ProveArgs, io: Io): number {
  const [file = ''] = args.files
  if (args.question !== 'reach' && args.question !== 'liveness') return usage(io, `${file} is a network: ask it reach or liveness`)
  if (args.hook !== undefined || args.chain !== undefined) return usage(io, '--hook and --chain are for one config: a path asks all hooks it meets')
  const network = loadNetwork(file)
  if (!network.ok) return usage(io, network.error)
  const space = bddSpace(args.version)
  const question = questionOf(space, network.value, args)
  if (!question.ok) return usage(io, question.error)
  const [from, to] = [args.from ?? 'anywhere', args.to ?? 'anywhere']
  const on = args.service === undefined ? '' : ` on ${args.service}`
  const reach = args.question === 'reach'
  const claim = reach ? `nothing from ${from} reaches ${to}${on}` : `everything from ${from} to ${to}${on} arrives, and its reply comes back`
  const result = firstBad(question.value.map((one) => () => (reach ? proveUnreachable : proveAlive)(space, network.value, one)))
  if (args.json) io.out(`${JSON.stringify({ question: args.question, claim, ...pathAnswerJson(result, network.value, args.version) }, null, 2)}\n`)
  else io.out(pathAnswerText(claim, result, network.value, args.version))
  return exitOf(result)
}

/** Several links of one zone are several questions: one that is refuted answers all, and all must be proved. */
function firstBad(questions: readonly (() => PathResult)[]): PathResult {
  let worst: PathResult = { answer: { verdict: 'proved' }, unplaced: [], saysSomething: false }
  for (const question of questions) {
    const result = question()
    if (result.answer.verdict === 'refuted') return result
    const { answer } = result.answer.verdict === 'unknown' ? result : worst
    worst = { answer, unplaced: [...worst.unplaced, ...result.unplaced], saysSomething: worst.saysSomething || result.saysSomething }
  }
  return worst
}

function questionOf(space: PacketSpace, network: Network, args: ProveArgs): Result<readonly PathQuestion[]> {
  const from = sourcesOf(network, args.from, args.version)
  if (!from.ok) return from
  const to = targetOf(network, args, args.version)
  if (!to.ok) return to
  const service = args.service === undefined ? ok<[Field, never][]>([]) : serviceFields(args.service)
  if (!service.ok) return service
  const asked = space.of({ fields: [...within('dst', to.value.ranges ?? wholeField(space, 'dst')).fields, ...service.value], unknown: [] })
  return ok(from.value.map((source): PathQuestion => ({ from: source, asked, onLink: to.value.link })))
}

/** A link, a zone of links, a device, or a block. `internet` is every edge. */
function sourcesOf(network: Network, text: string | undefined, version: IpVersion): Result<readonly PathQuestion['from'][]> {
  if (text === undefined || text === 'any') return ok([{ ranges: [{ low: 0n, high: (1n << (version === 4 ? 32n : 128n)) - 1n }] }])
  const links = linksCalled(network, text)
  if (links.length > 0) return ok(links.map((link) => ({ link })))
  const device = network.devices.findIndex(({ name }) => name === text)
  if (device >= 0) return ok([{ device }])
  const block = blockOf(network, text, version)
  return block.ok ? ok([{ ranges: [block.value] }]) : block
}

function linksCalled(network: Network, text: string): readonly number[] {
  return network.links.flatMap(({ name, zone, internet }, i) => (name === text || zone === text || (internet && text === 'internet') ? [i] : []))
}

function blockOf(network: Network, text: string, version: IpVersion): Result<ValueRange> {
  const prefix = parsePrefix(text)
  if (prefix.ok && prefix.value.version === version) return ok(prefixRange(prefix.value))
  if (prefix.ok) return err(`${text} is not IPv${version}; choose the version with --ipv6`)
  const zones = network.links.flatMap(({ zone }) => zone ?? [])
  const names = [...new Set([...network.links.map(({ name }) => name), ...zones, ...network.devices.map(({ name }) => name)])]
  return err(`"${text}" is neither a block nor a name of the network file; it has: ${names.join(', ')}`)
}

/** Where packets must get: addresses, and for reach a wire when one is named. */
function targetOf(network: Network, { to, question }: ProveArgs, version: IpVersion): Result<{ ranges: readonly ValueRange[] | null; link: number | null }> {
  if (to === undefined || to === 'any') return ok({ ranges: null, link: null })
  const links = linksCalled(network, to)
  const [only] = links
  // Whatever arrives on the wire counts, for reach, also what is sent to an address that is none of its hosts'.
  if (question === 'reach' && links.length === 1 && only !== undefined) return ok({ ranges: null, link: only })
  if (links.length > 0) {
    return ok({ ranges: links.flatMap((link) => placed(network, { link }, version).starts.flatMap(({ ranges }) => ranges)), link: null })
  }
  const device = network.devices.findIndex(({ name }) => name === to)
  if (device >= 0) return ok({ ranges: placed(network, { device }, version).starts.flatMap(({ ranges }) => ranges), link: null })
  const block = blockOf(network, to, version)
  return block.ok ? ok({ ranges: [block.value], link: null }) : block
}

/** The policy's assertions, each asked of the network in both IP versions. */
export function runPolicyOverPath(policy: WrittenPolicy, names: NameMap, file: string, json: boolean, io: Io): number {
  const network = loadNetwork(file)
  if (!network.ok) return usage(io, network.error)
  const results = VERSIONS.flatMap((version) => policy.assertions.map((assertion) => (
    { assertion, version, result: proveOverPath(assertion, policy, names, network.value, bddSpace(version)) })))
  if (json) {
    const rows = results.map(({ assertion, version, result }) =>
      ({ assertion: assertion.text, ipVersion: version, ...pathAnswerJson(result, network.value, version) }))
    io.out(`${JSON.stringify({ policy: policy.name, network: network.value.name, assertions: rows }, null, 2)}\n`)
  } else for (const { assertion, version, result } of results) io.out(pathAnswerText(assertion.text, result, network.value, version))
  return Math.max(Exit.ok, ...results.map(({ result }) => exitOf(result)))
}

export interface TraceArgs {
  readonly file: string
  readonly src: string
  readonly dst: string
  /** `tcp/515`, `udp/53`, `icmp`. */
  readonly service: string
  readonly json: boolean
}

/** One packet, hop by hop, by every way it may take. Exit 4 when something of it is not certain. */
export function runTrace(args: TraceArgs, io: Io): number {
  const network = loadNetwork(args.file)
  if (!network.ok) return usage(io, network.error)
  const packet = packetOf(args)
  if (!packet.ok) return usage(io, packet.error)
  const { point, version } = packet.value
  const origin = originOf(network.value, point.src, version)
  if (origin === null) return usage(io, `${args.src} is on no link of ${args.file}, and no device has it`)
  try {
    const traces = walkNetwork(network.value, origin, point, version)
    if (args.json) io.out(`${JSON.stringify({ traces: traces.map((trace) => traceJson(trace, network.value, version)) }, null, 2)}\n`)
    else io.out(traces.map((trace) => `${traceLines(trace, network.value, version).join('\n')}\n`).join('\n'))
    return traces.every((trace) => trace.because.length === 0) ? Exit.ok : Exit.incomplete
  } catch (cause) {
    if (!(cause instanceof SetLimitError)) throw cause
    io.err(`cordon trace: ${cause.message}\n`)
    return Exit.incomplete
  }
}

function originOf(network: Network, src: bigint, version: IpVersion): Origin | null {
  const device = network.devices.findIndex(({ interfaces }) => interfaces.some((i) => i.addresses.some((a) => a.version === version && a.value === src)))
  return device >= 0 ? { device } : (placed(network, { ranges: [{ low: src, high: src }] }, version).starts[0]?.origin ?? null)
}

function packetOf({ src, dst, service }: TraceArgs) {
  const [from, to, fields] = [parseIp(src), parseIp(dst), serviceFields(service)]
  if (!from.ok || !to.ok) return err(`"${from.ok ? dst : src}" is no address`)
  if (!fields.ok) return fields
  const version = ipVersion(from.value)
  if (ipVersion(to.value) !== version) return err(`${src} and ${dst} are of different IP versions`)
  const chosen = Object.fromEntries(fields.value.map(([field, c]) => [field, c.kind === 'ranges' ? (c.ranges[0]?.low ?? 0n) : 0n]))
  const proto = chosen['proto'] ?? 0n
  const client = protocolHas(proto, 'sport') ? { sport: 49_152n } : {}
  const first = protocolHas(proto, 'flags') ? { flags: 2n } : protocolHas(proto, 'icmpType') ? { icmpType: version === 4 ? 8n : 128n } : {}
  return ok({ version, point: packetPoint({ src: ipValue(from.value), dst: ipValue(to.value), ...chosen, ...client, ...first }) })
}
