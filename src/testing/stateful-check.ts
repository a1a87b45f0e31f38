// stateful-check: what a stateful Linux target wrote, read back, against the policy by packet sets: new, established and related packets.
// Keeps "translation validation": equality for all packets of a version, and a packet when it does not hold.

import assert from 'node:assert/strict'
import type { IpVersion } from '../base/ip.ts'
import type { CompileInput } from '../policy/compile/target.ts'
import { ConnState, type Binding, type Chain, type Config, type Constraint, type Field, type Rule } from '../policy/rules/model.ts'
import { bddSpace } from '../policy/sets/bdd-space.ts'
import { composeChain } from '../policy/sets/compose.ts'
import type { PacketSet, PacketSpace } from '../policy/sets/packet-set.ts'

export function ranges(...list: readonly (readonly [bigint, bigint])[]): Constraint {
  return { kind: 'ranges', ranges: list.map(([low, high]) => ({ low, high })), not: false }
}

export function rule(permit: boolean, text: string, ...matches: readonly (readonly (readonly [Field, Constraint])[])[]): Rule {
  return {
    line: 0, text, family: null, action: permit ? { kind: 'permit' } : { kind: 'deny', reject: false },
    matches: matches.map((fields) => ({ fields, unknown: [] })),
  }
}

export function chain(policy: 'permit' | 'deny', ...rules: readonly Rule[]): Chain {
  return { name: 'ward', rules, policy }
}

export function input(v4: Chain, v6: Chain, options: Record<string, string> = {}): CompileInput {
  return { name: 'ward 3', policyHash: 'ab'.repeat(32), chains: { 4: v4, 6: v6 }, ruleBudget: null, options }
}

/** A deny before allows, an odd range, lists of ports, types, two protocols, both versions. */
export const WARD = input(
  chain('deny',
    rule(false, 'factory "server"\n', [['dst', ranges([0xca720400n, 0xca7204ffn])]]),
    rule(true, 'vitals', [['src', ranges([0x0a140300n, 0x0a1403ffn])], ['dst', ranges([0x0a140407n, 0x0a140407n])],
      ['proto', ranges([6n, 6n])],
      ['dport', ranges([515n, 520n], [2575n, 2575n])]]),
    rule(true, 'ping', [['proto', ranges([1n, 1n])], ['icmpType', ranges([8n, 8n])]]),
    rule(true, 'names', [['proto', ranges([6n, 6n], [17n, 17n])], ['dport', ranges([53n, 53n])]])),
  chain('deny', rule(true, 'echo', [['src', ranges([0xfd00n << 112n, (0xfd01n << 112n) - 1n])], ['proto', ranges([58n, 58n])],
    ['icmpType', ranges([128n, 128n])]])),
)

function of(space: PacketSpace, ...fields: readonly (readonly [Field, Constraint])[]): PacketSet {
  return space.of({ fields, unknown: [] })
}

/** Protocols whose related packets pass as ICMP errors. */
export type Errors = (version: IpVersion) => readonly bigint[]

/** What the written text must permit: the policy, replies, and ICMP errors about them. */
function expected(space: PacketSpace, plan: CompileInput, errorsOf: Errors): PacketSet {
  const sets = composeChain(space, plan.chains[space.version], new Map())
  assert.ok(space.equals(sets.surelyPermitted, sets.possiblyPermitted))
  const established = of(space, ['state', ranges([BigInt(ConnState.established), BigInt(ConnState.established)])])
  const errors = of(space, ['state', ranges([BigInt(ConnState.related), BigInt(ConnState.related)])],
    ['proto', ranges(...errorsOf(space.version).map((proto) => [proto, proto] as const))])
  return space.or(space.or(sets.possiblyPermitted, established), errors)
}

/** The only chain of the hook permits exactly what the plan does, in both versions. */
export function assertMeans(plan: CompileInput, config: Config | null, errorsOf: Errors, hook = 'forward'): void {
  assert.ok(config)
  assert.deepEqual(config.unknowns, [])
  for (const version of [4, 6] as const) {
    const bound: readonly Binding[] = config.bindings.filter((b) => b.hook === hook && (b.family === null || b.family === version))
    assert.equal(bound.length, 1)
    const base: Chain | undefined = config.chains.get(bound[0]?.chain ?? '')
    assert.ok(base)
    const space = bddSpace(version)
    const read = composeChain(space, base, config.chains)
    const wanted = expected(space, plan, errorsOf)
    const extra = space.pick(space.minus(read.possiblyPermitted, wanted))
    assert.equal(extra, null, `wider for IPv${version}: ${JSON.stringify(extra, (_, v: unknown) => String(v))}`)
    assert.ok(space.equals(read.surelyPermitted, wanted), `narrower for IPv${version}`)
  }
}
