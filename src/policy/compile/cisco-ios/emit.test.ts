// Tests of the IOS writer: what is written is read back by the reader and compared with the policy, as sets of packets.
// Keeps "never wider": the way back is compared packet by packet, and what cannot be exact is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { IpVersion } from '../../../base/ip.ts'
import { ConnState, type Chain, type Config, type Rule } from '../../rules/model.ts'
import { bddSpace } from '../../sets/bdd-space.ts'
import { composeChain } from '../../sets/compose.ts'
import { packetPoint } from '../../sets/fields.ts'
import { walkChain } from '../../sets/walk.ts'
import type { CompileInput, Emitted } from '../target.ts'
import { compileInput } from '../text/emit-arbitraries.test.ts'
import { inValues } from '../text/ranges.ts'
import { address } from '../text/testing.test.ts'
import { emitIos, RETURNS } from './emit.ts'
import { readIos } from './read.ts'

const NONE: Chain = { name: 'none', rules: [], policy: 'deny' }

function permit(text: string, fields: Rule['matches'][number]['fields']): Rule {
  return { line: 0, text, family: null, matches: [{ fields, unknown: [] }], action: { kind: 'permit' } }
}

const VITALS = permit('monitors to central', [
  ['dst', inValues(address('10.0.0.9'))], ['src', { kind: 'ranges', ranges: [{ low: address('10.20.0.0'), high: address('10.20.0.255') }],
    not: false }],
  ['proto', inValues(6)], ['dport', inValues(515, 516)],
])
const CLOCK = permit('clock', [['dst', inValues(address('10.0.0.1'))], ['proto', inValues(17)], ['dport', inValues(123)]])

function input(rules: readonly Rule[], options: Readonly<Record<string, string>> = {}, more: Partial<CompileInput> = {}): CompileInput {
  return { name: 'ward 7', policyHash: 'abcdef0123456789', chains: { 4: { ...NONE, rules }, 6: NONE }, ruleBudget: null, options, ...more }
}

function written(asked: CompileInput): Emitted {
  const result = emitIos(asked)
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

function readBack(text: string): Config {
  const { config } = readIos(text, 'out.cfg')
  assert.ok(config)
  return config
}

function refused(asked: CompileInput): readonly string[] {
  const result = emitIos(asked)
  return result.ok ? [] : result.refused
}

function listChain(config: Config, end: string, version: IpVersion): Chain {
  const suffix = version === 4 ? end : `${end}6 (ipv6)`
  const found = [...config.chains].find(([name]) => name.endsWith(`-${suffix}`))?.[1]
  assert.ok(found, `${suffix} in ${[...config.chains.keys()].join(' ')}`)
  return found
}

/** New packets that a chain permits; the bounds must agree, or something written is not understood. */
function newPermitted(space: ReturnType<typeof bddSpace>, chain: Chain, chains: Config['chains']) {
  const fresh = space.of({ fields: [['state', inValues(ConnState.new)]], unknown: [] })
  const { surelyPermitted, possiblyPermitted } = composeChain(space, chain, chains)
  const sure = space.and(surelyPermitted, fresh)
  assert.ok(space.equals(sure, space.and(possiblyPermitted, fresh)), 'something written is not understood')
  return sure
}

/** Without neighbour discovery, which is asked for by option and beyond the policy. */
function withoutNeighbours(space: ReturnType<typeof bddSpace>, set: ReturnType<typeof newPermitted>) {
  const nd = space.of({ fields: [['proto', inValues(58)], ['icmpType', inValues(135, 136)]], unknown: [] })
  return space.version === 6 ? space.minus(set, nd) : set
}

for (const returns of ['reflexive', 'none'] as const) {
  test(`any policy, written with returns=${returns} and read back, opens exactly what the policy opens`, () => {
    fc.assert(fc.property(compileInput({ returns, 'neighbour-discovery': 'permit' }), (asked) => {
      const config = readBack(written(asked).text)
      for (const version of [4, 6] as const) {
        for (const end of returns === 'none' ? ['IN'] : ['IN', 'OUT']) {
          const space = bddSpace(version)
          const ours = withoutNeighbours(space, newPermitted(space, listChain(config, end, version), config.chains))
          assert.ok(space.equals(ours, withoutNeighbours(space, newPermitted(space, asked.chains[version], new Map()))),
            `${end} IPv${version}`)
        }
      }
    }), { numRuns: 60 })
  })
}

test('nothing that is written is unknown to the reader but the temporary entries', () => {
  const config = readBack(written(input([VITALS, CLOCK], { interface: 'Gi0/1' })).text)
  assert.deepEqual(config.unknowns.filter((u) => !u.text.startsWith('evaluate ')), [])
  assert.deepEqual(config.bindings.map((b) => [b.hook, b.family]),
    [['interface-in', 4], ['interface-out', 4], ['interface-in', 6], ['interface-out', 6]])
})

/** Points at and around the ends of the policy above. */
const point = fc.record({
  a: fc.constantFrom('10.19.255.255', '10.20.0.0', '10.20.0.255', '10.20.1.0', '10.0.0.9'), b: fc.constantFrom('10.0.0.8', '10.0.0.9',
    '10.20.0.7'),
  proto: fc.constantFrom(6n, 17n, 1n), near: fc.constantFrom(514n, 515n, 516n, 517n), far: fc.constantFrom(0n, 515n, 40_000n),
  flags: fc.integer({ min: 0, max: 255 }),
})

test('returns=established: the way back is the policy with its ends swapped, for TCP with ACK or RST alone', () => {
  const stop: Rule = { ...permit('not bed 3', [['src', inValues(address('10.20.0.255'))]]), action: { kind: 'deny', reject: false } }
  const asked = input([stop, VITALS], { returns: 'established' })
  const config = readBack(written(asked).text)
  const out = listChain(config, 'OUT', 4)
  let allowed = 0
  fc.assert(fc.property(point, ({ a, b, proto, near, far, flags }) => {
    const tcp = proto === 6n
    const forward = packetPoint({ src: address(a), dst: address(b), proto, dport: proto === 1n ? 0n : near,
      sport: proto === 1n ? 0n : far })
    const back = packetPoint({ src: forward.dst, dst: forward.src, proto, sport: forward.dport, dport: forward.sport,
      flags: tcp ? BigInt(flags) : 0n })
    const policy = walkChain(asked.chains[4], new Map(), forward, 4).verdict
    const expected = policy === 'permit' && tcp && (flags & (16 | 4)) !== 0 ? 'permit' : 'deny'
    assert.equal(walkChain(out, config.chains, back, 4).verdict, expected)
    if (expected === 'permit') allowed++
  }), { numRuns: 3_000, seed: 3 })
  assert.ok(allowed > 20)
})

test('returns=established refuses what is not TCP, and a default of allow, by name', () => {
  assert.match(refused(input([VITALS, CLOCK], { returns: 'established' })).join('\n'), /rule "clock" in IPv4 has no exact way back/)
  const open = refused(input([VITALS], { returns: 'established' }, { chains: { 4: { ...NONE, policy: 'permit' }, 6: NONE } }))
  assert.match(open.join('\n'), /the default of IPv4 is allow/)
})

test('the text: conduits as remarks, ranges and wildcards, hash, default in words', () => {
  const { text, rules, notes } = written(input([VITALS], { returns: 'none', interface: 'GigabitEthernet0/1' }))
  assert.equal(text, `! Cordon: policy ward 7, hash abcdef0123456789
! Paste in configuration mode. New list names: nothing changes before the lines of the interface.
ip access-list extended CORDON-ward-7-abcdef01-IN
 remark policy hash abcdef0123456789
 remark monitors to central
 permit tcp 10.20.0.0 0.0.0.255 host 10.0.0.9 range 515 516
 deny ip any any
!
ipv6 access-list CORDON-ward-7-abcdef01-IN6
 remark policy hash abcdef0123456789
 deny ipv6 any any
!
interface GigabitEthernet0/1
 ip access-group CORDON-ward-7-abcdef01-IN in
 ipv6 traffic-filter CORDON-ward-7-abcdef01-IN6 in
!
end
`)
  assert.equal(rules, 3)
  assert.ok(notes.some((note) => note.startsWith('IPv6:')))
  assert.ok(notes.some((note) => note.startsWith('Way back: none')))
})

test('the rollback unbinds before it deletes, and puts the previous list back', () => {
  const { rollback } = written(input([VITALS], { returns: 'none', interface: 'Gi0/1', 'previous-in': 'OLD-IN' }))
  assert.equal(rollback, `! Cordon: takes policy ward 7, hash abcdef0123456789, off again
interface Gi0/1
 ip access-group OLD-IN in
 no ipv6 traffic-filter CORDON-ward-7-abcdef01-IN6 in
!
no ip access-list extended CORDON-ward-7-abcdef01-IN
no ipv6 access-list CORDON-ward-7-abcdef01-IN6
end
`)
})

test('IPv6 that is allowed needs neighbour discovery, which must be asked for', () => {
  const six = { 4: NONE, 6: { ...NONE, rules: [permit('v6', [['proto', inValues(6)]])] } }
  assert.match(refused(input([], {}, { chains: six })).join(), /neighbour-discovery=permit/)
  const { text, notes } = written(input([], { 'neighbour-discovery': 'permit' }, { chains: six }))
  assert.match(text, /permit icmp any any nd-ns/)
  assert.ok(notes.some((note) => /neighbour discovery passes beyond the policy/.test(note)))
})

test('a budget that is too small is a refusal with both numbers', () => {
  assert.match(refused(input([VITALS, VITALS], {}, { ruleBudget: 1 })).join(),
    /IPv4 needs 2 entries, and 1 are allowed; rule "monitors to central" alone takes 1/)
  assert.match(refused(input([VITALS, VITALS], {}, { ruleBudget: 5 })).join(), /entries are needed with the way back, and 5 are allowed/)
})

test('what an entry cannot say is refused', () => {
  assert.match(refused(input([permit('from port', [['sport', inValues(5)]])])).join(), /rule "from port": an entry that looks at sport/)
  assert.match(refused(input([permit('other icmp', [['proto', inValues(58)], ['icmpType', inValues(5)]])])).join(), /the other family/)
  const not: Rule = permit('not', [['proto', { kind: 'ranges', ranges: [], not: true }]])
  assert.match(refused(input([not])).join(), /proto is not given as ranges/)
})

test('names and options cannot smuggle in a command', () => {
  const evil = permit('x\nno ip access-list extended ALL\r\n!', [['proto', inValues(6)]])
  const { text } = written(input([evil], {}, { name: 'a\nreload\n', policyHash: 'ff\nreload' }))
  assert.ok(text.split('\n').every((line) => !/^\s*(?:no|reload)\b/.test(line)))
  assert.match(refused(input([], { interface: 'Gi0/1\nreload' })).join(), /cannot be a name here/)
  assert.match(refused(input([], { colour: 'red' })).join(), /option "colour" is not known/)
  assert.match(refused(input([], { returns: 'maybe' })).join(), new RegExp(RETURNS.join(', ')))
})

test('the same input gives the same text', () => {
  assert.deepEqual(written(input([VITALS, CLOCK])), written(input([VITALS, CLOCK])))
})
