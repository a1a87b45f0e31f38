// The iptables compiler: one text that iptables-restore and ip6tables-restore both take, and one that takes it away again.
// Keeps "never wider than the policy": what a rule cannot say exactly is refused; the reader here proves what was written.

import type { IpVersion } from '../../../base/ip.ts'
import { sha1 } from '../../../base/sha1.ts'
import type { ValueRange } from '../../rules/model.ts'
import { addressRangeText, numberRangeText, numbersOf, prefixTexts } from '../address-book.ts'
import { hooksOption, type HookName } from '../hooks-option.ts'
import { DEFAULT_NAME, makePlan, objectName, overBudget, unknownOptions, type Plan, type PlanChain, type PlanRule } from '../plan.ts'
import { portLists } from '../port-lists.ts'
import { rangeToPrefixes } from '../ranges.ts'
import type { Capabilities, CompileInput, EmitResult } from '../target.ts'

export const CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: false, ruleBudget: null, canRead: true,
}

const VERSIONS: readonly IpVersion[] = [4, 6]

/** Bytes of a chain's name without the final zero: XT_EXTENSION_MAXNAMELEN (29) of the kernel, which both variants of iptables keep. */
const CHAIN_CHARS_MAX = 28
/** Characters of a comment: XT_MAX_COMMENT_LEN is 256; shorter ones are read. */
const COMMENT_CHARS_MAX = 120
/** Lines of one text. Nobody reviews more, and addresses times addresses times ports would fill the memory before a budget is asked. */
const LINES_MAX = 100_000
/** The ICMP type that the kernel takes as "any" (icmp_type_code_match in net/ipv4/netfilter/ip_tables.c). */
const ICMP_ANY = 255

/**
 * One chain of the same name in both families, with the rules of each marked -4 or -6: the restore program of the other family leaves
 * marked lines out (iptables(8), "-4", "-6"). Jumps come from the built-in chains of the option `hooks`. Same input, same text.
 */
export function emitIptables(input: CompileInput): EmitResult {
  const planned = makePlan(input)
  if (!planned.ok) return planned
  const hooks = hooksOption(input.options.hooks)
  const chains = VERSIONS.map((version) => planned.value.chains[version])
  const refused = [...unknownOptions(input, ['hooks']), ...(typeof hooks === 'string' ? [hooks] : []), ...chains.flatMap(problems)]
  if (refused.length > 0 || typeof hooks === 'string') return { ok: false, refused }
  const count = chains.reduce((sum, chain) => sum + lineCount(chain), hooks.length + 1)
  const tooMany = count > LINES_MAX ? `${count} lines are needed and ${LINES_MAX} are written at most` : overBudget(count, input, CAPABILITIES)
  if (tooMany !== null) return { ok: false, refused: [tooMany] }
  const name = chainName(input.name)
  const jumps = hooks.map((hook) => JUMP_FROM[hook].map((word) => (word === 'CHAIN' ? name : word)).join(' '))
  const text = [
    ...header(planned.value, name, jumps), '*filter', `:${name} - [0:0]`, `-A ${name} -m conntrack --ctstate ESTABLISHED -j ACCEPT`,
    ...chains.flatMap((chain) => chainLines(chain, name)), ...jumps.map((jump) => `-I ${jump}`), 'COMMIT', '',
  ].join('\n')
  return { ok: true, value: { text, rollback: rollback(planned.value, name, jumps), rules: count, notes: notes(planned.value, hooks, name) } }
}

/** Where the jump stands. Packets over lo never leave the machine: they are left to the rules that are there already. */
const JUMP_FROM: Readonly<Record<HookName, readonly string[]>> = {
  forward: ['FORWARD', '-j', 'CHAIN'], input: ['INPUT', '!', '-i', 'lo', '-j', 'CHAIN'], output: ['OUTPUT', '!', '-o', 'lo', '-j', 'CHAIN'],
}

/** `cordon-<name>`, the same for every version of a policy; a name that is too long ends in a piece of its hash, so that two stay two. */
export function chainName(policy: string): string {
  const whole = objectName(policy)
  if (whole.length <= CHAIN_CHARS_MAX) return whole
  const digest = [...sha1(new TextEncoder().encode(policy)).subarray(0, 3)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${whole.slice(0, CHAIN_CHARS_MAX - digest.length - 1)}-${digest}`
}

function header(plan: Plan, name: string, jumps: readonly string[]): readonly string[] {
  return [
    `# Cordon policy ${plan.title.slice(0, COMMENT_CHARS_MAX)}, sha256 ${plan.hash}`,
    `# For iptables-restore and ip6tables-restore. What is not in chain ${name} stays as it is. Check with --test --noflush.`,
    '# Load, also over an earlier version (its jumps stay, its rules are replaced in one step):',
    `#   ${loadCommand(jumps[0] ?? '')}`,
    '# Roll back with the rollback text: for t in iptables ip6tables; do $t-restore --noflush < FILE.rollback; done',
  ]
}

/** Inserts the jumps only when they are not there: restore programs would insert them twice. */
export function loadCommand(firstJump: string): string {
  const jumpless = `if $t -C ${firstJump} 2>/dev/null; then grep -v ^-I FILE; else cat FILE; fi`
  return `for t in iptables ip6tables; do ${jumpless} | $t-restore --noflush; done`
}

function rollback(plan: Plan, name: string, jumps: readonly string[]): string {
  return [
    `# Takes away Cordon policy ${plan.title.slice(0, COMMENT_CHARS_MAX)}: the jumps, then the chain. For both restore programs, with --noflush.`,
    '*filter', ...jumps.map((jump) => `-D ${jump}`), `-F ${name}`, `-X ${name}`, 'COMMIT', '',
  ].join('\n')
}

function notes(plan: Plan, hooks: readonly HookName[], name: string): readonly string[] {
  const word = (version: IpVersion): string => (plan.chains[version].permitOtherwise ? 'allowed' : 'denied')
  const own = hooks.some((hook) => hook !== 'forward')
  return [
    `IPv4 and IPv6 are both in this text: load it with iptables-restore and with ip6tables-restore. What no rule names is ${word(4)} for`
      + ` IPv4 and ${word(6)} for IPv6.`,
    `Chain ${name} decides every packet that it sees: rules behind its jump do not see them. Rules before it do.`,
    'Replies of sessions that a rule allowed pass by connection state; of related traffic only ICMP and ICMPv6 errors pass.',
    'Sessions that exist when this is loaded go on until they end: list them with conntrack -L and end them with conntrack -D.',
    'iptables-legacy and iptables-nft both filter, and neither shows the rules of the other: compare iptables-legacy-save, iptables-nft-save'
      + ' and nft list ruleset before and after, and load with the one that the machine uses.',
    own ? 'Input and output also hold IPv6 neighbour discovery and DHCP of the machine itself: what the policy does not name is denied.'
      : 'Only forwarded packets are decided: packets from and to the machine itself are not seen.',
  ]
}

/** Reasons why a rule has no exact text. */
function problems(chain: PlanChain): readonly string[] {
  return chain.rules.flatMap((rule) => {
    if (rule.proto === 0) return [`rule ${rule.name}: protocol 0 means every protocol to iptables`]
    if (rule.icmpType === null) return []
    if (rule.proto !== ICMP[chain.version].proto) {
      return [`rule ${rule.name}: iptables knows no types of protocol ${rule.proto} in IPv${chain.version}`]
    }
    const any = chain.version === 4 && numbersOf(rule.icmpType).includes(ICMP_ANY)
    return any ? [`rule ${rule.name}: ICMP type ${ICMP_ANY} means every type to iptables`] : []
  })
}

interface IcmpWords {
  readonly proto: number
  readonly word: string
  readonly type: string
}

const ICMP: Readonly<Record<IpVersion, IcmpWords>> = {
  4: { proto: 1, word: 'icmp', type: '-m icmp --icmp-type' },
  6: { proto: 58, word: 'ipv6-icmp', type: '-m icmp6 --icmpv6-type' },
}
/** Words that iptables has of its own; any other protocol is written as its number. */
const PROTOCOL_WORDS: ReadonlyMap<number, string> = new Map([[6, 'tcp'], [17, 'udp'], [132, 'sctp']])

/** Lines of a chain with the two around its rules; without making them. */
function lineCount(chain: PlanChain): number {
  return chain.rules.reduce((sum, rule) => sum + (rule.src?.length ?? 1) * (rule.dst?.length ?? 1) * services(rule, chain.version).length, 2)
}

function chainLines({ version, rules, permitOtherwise }: PlanChain, name: string): readonly string[] {
  const start = `-A ${name} -${version}`
  return [
    `${start} -p ${ICMP[version].word} -m conntrack --ctstate RELATED -j ACCEPT`,
    ...rules.flatMap((rule) => ruleWords(rule, version).map((words) => `${start}${words}${comment(rule.name)} -j ${verdict(rule.permit)}`)),
    `${start}${comment(DEFAULT_NAME)} -j ${verdict(permitOtherwise)}`,
  ]
}

function verdict(permit: boolean): string {
  return permit ? 'ACCEPT' : 'DROP'
}

/** The name has no quotes and no backslashes (plan.ts); a comment of blanks alone would be no word. */
function comment(name: string): string {
  return name.trim() === '' ? '' : ` -m comment --comment "${name.slice(0, COMMENT_CHARS_MAX)}"`
}

/** One text for each pair of address ranges and each service. */
function ruleWords(rule: PlanRule, version: IpVersion): readonly string[] {
  const sources = addressWords(rule.src, version, ['-s', '--src-range'])
  const targets = addressWords(rule.dst, version, ['-d', '--dst-range'])
  const last = services(rule, version)
  return sources.flatMap((src) => targets.flatMap((dst) => last.map((service) => `${src}${dst}${service}`)))
}

/** A block as such, any other range by iprange: one line for each range. */
function addressWords(ranges: readonly ValueRange[] | null, version: IpVersion, [block, range]: readonly [string, string]): readonly string[] {
  if (ranges === null) return ['']
  return ranges.map((one) => (rangeToPrefixes(version, one).length === 1 ? ` ${block} ${prefixTexts(version, [one], true).join('')}`
    : ` -m iprange ${range} ${addressRangeText(version, one)}`))
}

/** Protocol with its ports or types: ports in lists of 15, ICMP types one by one. */
function services(rule: PlanRule, version: IpVersion): readonly string[] {
  if (rule.proto === null) return ['']
  const icmp = ICMP[version]
  const proto = ` -p ${rule.proto === icmp.proto ? icmp.word : (PROTOCOL_WORDS.get(rule.proto) ?? rule.proto)}`
  if (rule.icmpType !== null) return numbersOf(rule.icmpType).map((type) => `${proto} ${icmp.type} ${type}`)
  if (rule.dport === null) return [proto]
  const [only] = rule.dport
  if (only !== undefined && rule.dport.length === 1 && rule.proto !== 132) return [`${proto} --dport ${numberRangeText(only, ':')}`]
  return portLists(rule.dport, ':').map((list) => `${proto} -m multiport --dports ${list}`)
}
