// cordon prove: ready-made questions about filters and about the policy's own assertions. Exit 5 when something is refuted, 4 when unknown.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { parsePrefix, type IpVersion } from '../base/ip.ts'
import { parsePortRange } from '../base/port-range.ts'
import { err, ok, type Result } from '../base/result.ts'
import { loadPolicy, loadProfiles } from '../config/index.ts'
import { policyNames, type NameMap, type WrittenPolicy } from '../policy/index.ts'
import { prefixRange } from '../policy/policy-rules.ts'
import type { Answer } from '../policy/prove/answer.ts'
import { policyFilter, proveAssertions } from '../policy/prove/assertions.ts'
import { deadLines, unclaimed, type DeadLine } from '../policy/prove/dead-lines.ts'
import { proveAlways, proveEqual, proveNever, type Filter } from '../policy/prove/questions.ts'
import type { Config, Constraint, Field, Hook, Match } from '../policy/rules/model.ts'
import { bddSpace } from '../policy/sets/bdd-space.ts'
import { SetLimitError, type PacketSet, type PacketSpace } from '../policy/sets/packet-set.ts'
import { assetAddresses } from './assets-flag.ts'
import { Exit, type Io } from './io.ts'
import { answerJson, answerText, pointJson, pointText, witnessText } from './prove-text.ts'
import { readConfigFile } from './read-config.ts'

/** Exit code of a refuted claim (product conventions). */
export const PROOF_FAILED = 5
export const VERSIONS: readonly IpVersion[] = [4, 6]

export type ProveQuestion = 'reach' | 'liveness' | 'dead-lines' | 'equal' | 'diff' | 'unclaimed'

export interface ProveArgs {
  readonly question: ProveQuestion
  /** One config, or two for equal and diff; a policy (.yaml) stands for its own filter. */
  readonly files: readonly string[]
  readonly target: string | undefined
  /** Chain to ask, when a config binds several. */
  readonly chain: string | undefined
  /** Hook to ask with all its chains; forward when left out, or the only one there is. */
  readonly hook: Hook | undefined
  readonly version: IpVersion
  readonly from: string | undefined
  readonly to: string | undefined
  /** `tcp/515-520`, `udp/53`, `icmp`; undefined is everything. */
  readonly service: string | undefined
  /** `profile=address` as policy eval has it, when a policy is asked. */
  readonly assets: readonly string[]
  readonly json: boolean
}

interface Loaded {
  readonly filter: Filter
  readonly interfaces: readonly string[]
}

export function runProve(args: ProveArgs, io: Io): number {
  if (args.question === 'dead-lines') return runDeadLines(args, io)
  const loaded: Loaded[] = []
  for (const file of args.files) {
    const filter = loadFilter(file, args)
    if (!filter.ok) return usage(io, filter.error)
    loaded.push(filter.value)
  }
  const [first, second] = loaded
  if (!first) return usage(io, 'name a config to ask')
  const space = bddSpace(args.version)
  const asked = askedSet(space, args)
  if (!asked.ok) return usage(io, asked.error)
  switch (args.question) {
    case 'reach':
      return tell(io, args, first, proveNever(space, first.filter, asked.value), 'nothing asked about can pass')
    case 'liveness':
      return tell(io, args, first, proveAlways(space, first.filter, asked.value), 'everything asked about passes')
    case 'unclaimed':
      if ((first.filter.also ?? []).length > 0) return usage(io, 'several chains are bound to the hook; choose one with --chain')
      return tellUnclaimed(io, args, space, first)
    case 'equal':
    case 'diff':
      return second ? tellDifference(io, args, space, first, second, asked.value) : usage(io, `prove ${args.question} compares two configs`)
  }
}

function usage(io: Io, message: string): number {
  io.err(`cordon prove: ${message}\n`)
  return Exit.usage
}

function exitOf(answer: Answer): number {
  return answer.verdict === 'proved' ? Exit.ok : answer.verdict === 'refuted' ? PROOF_FAILED : Exit.incomplete
}

function tell(io: Io, args: ProveArgs, { interfaces }: Loaded, answer: Answer, claim: string): number {
  if (args.json) io.out(`${JSON.stringify({ question: args.question, claim, ...answerJson(answer, args.version) }, null, 2)}\n`)
  else io.out(`${claim} (IPv${args.version}): ${answerText(answer, args.version, interfaces)}\n`)
  return exitOf(answer)
}

function tellDifference(io: Io, args: ProveArgs, space: PacketSpace, a: Loaded, b: Loaded, asked: PacketSet): number {
  const { answer, onlyFirst, onlySecond } = proveEqual(space, a.filter, b.filter, asked)
  const sides = [[args.files[0] ?? '', onlyFirst], [args.files[1] ?? '', onlySecond]] as const
  if (args.json) {
    const only = sides.map(([file, side]) => side && { file, packets: side.count.toString(), witness: pointJson(side.witness.point, args.version) })
    io.out(`${JSON.stringify({ question: args.question, ...answerJson(answer, args.version), only }, null, 2)}\n`)
    return exitOf(answer)
  }
  io.out(`the two allow the same (IPv${args.version}): ${answer.verdict === 'refuted' ? 'refuted' : answerText(answer, args.version)}\n`)
  for (const [file, side] of sides) {
    if (side) io.out(`only ${file} allows ${side.count} packets, for example ${witnessText(side.witness, args.version)}\n`)
  }
  return exitOf(answer)
}

/** Every line of every chain, or of the named one: no packet needs to be asked about. */
function runDeadLines(args: ProveArgs, io: Io): number {
  const [file = ''] = args.files
  const config = readConfigFile(file, args.target)
  if (!config.ok) return usage(io, config.error.message)
  const { config: whole } = config.value.result
  const chains = [...whole.chains.values()].filter((c) => args.chain === undefined || c.name === args.chain)
  if (chains.length === 0) return usage(io, `${file}: no chain ${args.chain}; there are: ${[...whole.chains.keys()].join(', ')}`)
  const asked = withinLimit(() => chains.map((chain) => ({ chain, dead: deadLines(bddSpace(args.version), chain, whole.chains) })))
  if (!asked.ok) return tooLarge(io, asked.error)
  const rows = asked.value
  if (args.json) {
    const found = rows.map(({ chain, dead }) => ({
      chain: chain.name, lines: chain.rules.length, dead: dead.map((d) => ({ line: d.rule.line, text: d.rule.text, killers: d.killers.map((k) => k.line) })),
    }))
    io.out(`${JSON.stringify({ question: args.question, chains: found }, null, 2)}\n`)
  } else for (const { chain, dead } of rows) io.out(deadText(args, chain, dead))
  return rows.some(({ dead }) => dead.length > 0) ? PROOF_FAILED : Exit.ok
}

/** An engine that reaches its bound answers unknown. */
function withinLimit<T>(ask: () => T): Result<T> {
  try {
    return ok(ask())
  } catch (cause) {
    if (cause instanceof SetLimitError) return err(cause.message)
    throw cause
  }
}

function tooLarge(io: Io, limit: string): number {
  io.err(`cordon prove: unknown: ${limit}; ask about one chain with --chain\n`)
  return Exit.incomplete
}

function deadText(args: ProveArgs, chain: Filter['chain'], dead: readonly DeadLine[]): string {
  const head = `${chain.name} (IPv${args.version}): ${dead.length} of ${chain.rules.length} lines can never decide anything\n`
  return head + dead.map(({ rule, killers }) => {
    const why = killers.length === 0 ? 'it matches no packet' : `taken by ${killers.map((k) => `line ${k.line}`).join(', ')}`
    return `line ${rule.line}: ${rule.text}\n  ${why}\n`
  }).join('')
}

function tellUnclaimed(io: Io, args: ProveArgs, space: PacketSpace, { filter, interfaces }: Loaded): number {
  const asked = withinLimit(() => unclaimed(space, filter.chain, filter.chains))
  if (!asked.ok) return tooLarge(io, asked.error)
  const rest = asked.value
  const policy = filter.chain.policy ?? 'nothing'
  if (args.json) {
    const found = rest && { packets: rest.count.toString(), witness: pointJson(rest.witness, args.version) }
    io.out(`${JSON.stringify({ question: args.question, chain: filter.chain.name, policy, unclaimed: found }, null, 2)}\n`)
  } else if (!rest) io.out(`${filter.chain.name} (IPv${args.version}): every packet is claimed by a line\n`)
  else {
    const example = pointText(rest.witness, args.version, interfaces)
    io.out(`${filter.chain.name} (IPv${args.version}): ${rest.count} packets are left to the end (${policy}), for example ${example}\n`)
  }
  return Exit.ok
}

/** A policy stands for its own filter, so that compiled text can be asked whether it is equal to it. */
function loadFilter(file: string, args: ProveArgs): Result<Loaded> {
  return isPolicyFile(file) ? loadPolicyFilter(file, args, today()) : loadConfigFilter(file, args)
}

export function isPolicyFile(file: string): boolean {
  return /\.ya?ml$/.test(file)
}

/** What of the arguments decides how a text is read. */
export type ReadArgs = Pick<ProveArgs, 'target' | 'chain' | 'version' | 'assets'> & { readonly hook?: Hook | undefined }

export function loadConfigFilter(file: string, args: ReadArgs): Result<Loaded> {
  const read = readConfigFile(file, args.target)
  if (!read.ok) return err(read.error.message)
  const { config } = read.value.result
  const asked = chainsOf(config, args)
  if (!asked.ok) return err(`${file}: ${asked.error}`)
  const [chain, ...also] = asked.value
  if (!chain) return err(`${file}: no chain to ask`)
  return ok({ filter: { chain, chains: config.chains, version: args.version, also }, interfaces: config.interfaces })
}

export function loadPolicyFilter(file: string, args: ReadArgs, day: string): Result<Loaded> {
  const loaded = loadAskedPolicy(file, args.assets, day)
  return loaded.ok ? ok({ filter: policyFilter(loaded.value.policy, loaded.value.names, args.version), interfaces: [] }) : loaded
}

/** A policy as of a day, with the addresses of its zones; without a file the shipped one. */
export function loadAskedPolicy(
  file: string | undefined, assets: readonly string[], day: string,
): Result<{ readonly policy: WrittenPolicy; readonly names: NameMap; readonly file: string }> {
  const profiles = loadProfiles()
  const loaded = loadPolicy(file, { ...(profiles.ok ? { profiles: new Set(profiles.value.profiles.keys()) } : {}), today: day })
  if (!loaded.ok) return err(loaded.error.map(formatDiagnostic).join('\n'))
  const problems: string[] = []
  const names = policyNames(loaded.value.policy, assetAddresses(assets, problems))
  if (problems.length > 0) return err(problems.join('\n'))
  return ok({ policy: loaded.value.policy, names, file: loaded.value.file })
}

/** Exceptions hold until their last day, and a proof speaks of today. */
export function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** The named chain, or all bound chains of the hook that is asked, in order: a packet must be permitted by every one. */
function chainsOf(config: Config, args: ReadArgs): Result<readonly Filter['chain'][]> {
  const names = [...config.chains.keys()]
  const named = args.chain === undefined ? null : config.chains.get(args.chain)
  if (named) return ok([named])
  if (named === undefined) return err(`no chain ${args.chain}; there are: ${names.join(', ')}`)
  const bound = config.bindings.filter((b) => b.family === null || b.family === args.version)
  const hook = hookOf(bound, args.hook)
  if (!hook.ok) return hook
  const chosen = hook.value === null ? names : [...new Set(bound.filter((b) => b.hook === hook.value).map((b) => b.chain))]
  const perInterface = hook.value === null || hook.value.startsWith('interface')
  if (perInterface && chosen.length !== 1) return err(`several chains can be meant; choose one with --chain: ${names.join(', ')}`)
  return ok(chosen.flatMap((name) => config.chains.get(name) ?? []))
}

/** Forward unless another is wanted; else the only hook there is; null when no chain is bound. */
function hookOf(bound: Config['bindings'], wanted: Hook | undefined): Result<Hook | null> {
  const hooks = [...new Set(bound.map((b) => b.hook))]
  if (wanted !== undefined) return hooks.includes(wanted) ? ok(wanted) : err(`nothing is bound to ${wanted}; there is: ${hooks.join(', ') || 'nothing'}`)
  if (hooks.length < 2 || hooks.includes('forward')) return ok(hooks.includes('forward') ? 'forward' : (hooks[0] ?? null))
  return err(`several hooks can be meant; choose with --hook: ${hooks.join(', ')}`)
}

/** --from, --to and --service as a set; without them every packet that opens a connection. */
function askedSet(space: PacketSpace, args: ProveArgs): Result<PacketSet> {
  const match = askedMatch(args)
  return match.ok ? ok(space.of(match.value)) : match
}

export function askedMatch(args: Pick<ProveArgs, 'version' | 'from' | 'to' | 'service'>): Result<Match> {
  const fields: [Field, Constraint][] = [['state', one(0n)]]
  for (const [field, text] of [['src', args.from], ['dst', args.to]] as const) {
    if (text === undefined) continue
    const prefix = parsePrefix(text)
    if (!prefix.ok) return prefix
    if (prefix.value.version !== args.version) return err(`${text} is not IPv${args.version}; choose the version with --ipv6`)
    fields.push([field, { kind: 'ranges', ranges: [prefixRange(prefix.value)], not: false }])
  }
  if (args.service !== undefined) {
    const service = serviceFields(args.service)
    if (!service.ok) return service
    fields.push(...service.value)
  }
  return ok({ fields, unknown: [] })
}

const PROTO_NUMBERS: ReadonlyMap<string, bigint> = new Map([['icmp', 1n], ['tcp', 6n], ['udp', 17n], ['ipv6-icmp', 58n], ['sctp', 132n]])

/** `tcp/515-520`, `udp/53`, `icmp` as constraints. */
export function serviceFields(text: string): Result<[Field, Constraint][]> {
  const [name = '', ports] = text.split('/')
  const proto = PROTO_NUMBERS.get(name)
  if (proto === undefined) return err(`"${text}" is no service; write tcp/515-520, udp/53 or icmp`)
  if (ports === undefined) return ok([['proto', one(proto)]])
  const range = parsePortRange(ports)
  if (!range.ok) return err(`"${ports}" is no port or port range`)
  const { low, high } = range.value
  return ok([['proto', one(proto)], ['dport', { kind: 'ranges', ranges: [{ low: BigInt(low), high: BigInt(high) }], not: false }]])
}

function one(value: bigint): Constraint {
  return { kind: 'ranges', ranges: [{ low: value, high: value }], not: false }
}

export interface ProvePolicyArgs {
  readonly file: string | undefined
  /** `profile=address` as policy eval has it. */
  readonly assets: readonly string[]
  readonly json: boolean
  /** Asks somebody else than the policy: the devices of a network. */
  readonly overPath?: (policy: WrittenPolicy, names: NameMap) => number
}

/** The policy's own assertions, each in both IP versions. */
export function runProvePolicy(args: ProvePolicyArgs, io: Io): number {
  const loaded = loadAskedPolicy(args.file, args.assets, today())
  if (!loaded.ok) return usage(io, loaded.error)
  const { policy, names } = loaded.value
  if (args.overPath !== undefined && policy.assertions.length > 0) return args.overPath(policy, names)
  const results = VERSIONS.flatMap((version) => proveAssertions(policy.assertions, policy, names, bddSpace(version)))
  if (args.json) {
    const rows = results.map(({ assertion, version, saysSomething, answer }) =>
      ({ assertion: assertion.text, ipVersion: version, saysSomething, ...answerJson(answer, version) }))
    io.out(`${JSON.stringify({ policy: policy.name, assertions: rows }, null, 2)}\n`)
  } else if (results.length === 0) io.out(`${loaded.value.file}: no assertions; write what must hold under "assertions:"\n`)
  else {
    for (const r of results) {
      const empty = r.saysSomething ? '' : ' (no packet of this version is meant)'
      io.out(`${r.assertion.text} (IPv${r.version}): ${answerText(r.answer, r.version)}${empty}\n`)
    }
  }
  return Math.max(Exit.ok, ...results.map((r) => exitOf(r.answer)))
}
