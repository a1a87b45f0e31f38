// Break-glass: the policy with everything allowed from and to one device, and the proof that this is all that differs.
// Keeps S9: the restriction of ONE device is lifted; for every other packet the lifted policy is proved equal to the policy.

import { ipFromValue, ipValue, ipVersion, type Ip, type IpVersion } from '../../base/ip.ts'
import type { CompileInput } from '../compile/target.ts'
import type { Answer } from '../prove/answer.ts'
import { proveAlways, proveEqual, type Filter } from '../prove/questions.ts'
import type { Chain, Constraint, Rule } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import type { PacketSet, PacketSpace } from '../sets/packet-set.ts'

/** Name of the two rules in front; verdicts and texts show it. */
export const BREAK_GLASS_RULE = 'break-glass'

/** The compiler's input with two rules in front: all from the device, and all to it. */
export function liftInput(input: CompileInput, addresses: readonly Ip[], hash: string): CompileInput {
  const lift = (version: IpVersion): Chain => {
    const chain = input.chains[version]
    return { ...chain, rules: [...liftRules(addresses, version), ...chain.rules] }
  }
  return { ...input, policyHash: hash, chains: { 4: lift(4), 6: lift(6) } }
}

function liftRules(addresses: readonly Ip[], version: IpVersion): readonly Rule[] {
  const own = deviceAddresses(addresses, version)
  if (own === null) return []
  return (['src', 'dst'] as const).map((field): Rule => ({
    line: 0, text: BREAK_GLASS_RULE, family: version, matches: [{ fields: [[field, own]], unknown: [] }], action: { kind: 'permit' },
  }))
}

/** Null when the device has no address of this version. */
function deviceAddresses(addresses: readonly Ip[], version: IpVersion): Constraint | null {
  const own = [...new Set(addresses)].filter((ip) => ipVersion(ip) === version).map((ip) => ipValue(ip)).sort((a, b) => (a < b ? -1 : 1))
  return own.length === 0 ? null : { kind: 'ranges', ranges: own.map((value) => ({ low: value, high: value })), not: false }
}

export interface LiftProof {
  readonly version: IpVersion
  /** Every packet that is neither from nor to the device is decided as before. */
  readonly othersEqual: Answer
  /** Every packet from or to the device passes; null when it has no address of this version, and then nothing differs. */
  readonly devicePasses: Answer | null
}

/** Two claims per IP version about the policy before and after. */
export function proveLift(before: CompileInput, after: CompileInput, addresses: readonly Ip[]): readonly LiftProof[] {
  return ([4, 6] as const).map((version) => {
    const space = bddSpace(version)
    const device = devicePackets(space, addresses)
    const filter = (input: CompileInput): Filter => ({ chain: input.chains[version], chains: new Map(), version })
    const passes = space.isEmpty(device) ? null : proveAlways(space, filter(after), device)
    return { version, othersEqual: proveEqual(space, filter(before), filter(after), space.not(device)).answer, devicePasses: passes }
  })
}

function devicePackets(space: PacketSpace, addresses: readonly Ip[]): PacketSet {
  const own = deviceAddresses(addresses, space.version)
  if (own === null) return space.empty
  return space.or(space.of({ fields: [['src', own]], unknown: [] }), space.of({ fields: [['dst', own]], unknown: [] }))
}

/**
 * The nftables text of a policy with the device in a set whose elements end by themselves. `timed` is what a person loads; `held` is the
 * same as long as the time is not over, and `ended` after it: two texts without a clock, for the reader to prove.
 */
export function liftNft(text: string, addresses: readonly Ip[], seconds: number, mode: 'timed' | 'held' | 'ended'): string {
  const sets = ([4, 6] as const).flatMap((version) => nftSet(addresses.filter((ip) => ipVersion(ip) === version), version, seconds, mode))
  // Taking the whole table away would lift everybody's restriction.
  const own = text.replace(/^# Roll back with: .*$/m, '# Roll back with: nft -f FILE.rollback, never by deleting the table')
  const withSets = own.replace(/^(table inet \S+ \{\n\tcomment "[^"\n]*"\n)/m, (head) => `${head}${sets.join('')}`)
  return ([4, 6] as const).filter((version) => addresses.some((ip) => ipVersion(ip) === version)).reduce((all, version) => {
    const key = version === 4 ? 'ip' : 'ip6'
    const rules = ['saddr', 'daddr'].map((side) => `\t\t${key} ${side} @break_glass_v${version} counter accept comment "${BREAK_GLASS_RULE}"\n`)
    return all.replace(`\tchain policy_v${version} {\n`, (head) => `${head}${rules.join('')}`)
  }, withSets)
}

function nftSet(addresses: readonly Ip[], version: IpVersion, seconds: number, mode: 'timed' | 'held' | 'ended'): readonly string[] {
  if (addresses.length === 0) return []
  const time = mode === 'timed' ? ` timeout ${seconds}s` : ''
  // An address in its short form, whatever was typed.
  const items = [...new Set(addresses)].map((ip) => `${ipFromValue(version, ipValue(ip))}${time}`)
  const elements = mode === 'ended' ? '' : `\t\telements = { ${items.join(', ')} }\n`
  const flags = mode === 'timed' ? '\t\tflags timeout\n' : ''
  return [`\tset break_glass_v${version} {\n\t\ttype ipv${version}_addr\n${flags}${elements}\t}\n`]
}
