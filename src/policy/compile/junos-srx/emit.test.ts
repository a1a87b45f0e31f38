// What the SRX compiler writes: read back it means the same, rollback removes all of it, and what cannot be exact is refused.
// The reader is the judge of meaning; the text itself is looked at where people will read it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertReadsBack, assertSameSets, inputArb, v4 } from '../../../testing/zone-firewall-check.ts'
import type { Chain, Match, Rule } from '../../rules/model.ts'
import type { CompileInput } from '../target.ts'
import { junosSrx } from './index.ts'

const PROTOCOLS = [6, 17, 132, 1, 58, 47, null] as const

test('read back, every policy says what the input says', () => {
  fc.assert(fc.property(inputArb(PROTOCOLS), fc.nat(), (policy, seed) => assertReadsBack(junosSrx, policy, seed)), { numRuns: 100 })
})

test('as sets: exactly the packets of the input, no more and no less', () => {
  fc.assert(fc.property(inputArb(PROTOCOLS), (policy) => assertSameSets(junosSrx, policy)), { numRuns: 15 })
})

test('as sets, between two zones', () => {
  const options = { 'from-zone': 'beds', 'to-zone': 'core' }
  fc.assert(fc.property(inputArb(PROTOCOLS), (policy) => assertSameSets(junosSrx, { ...policy, options }, ['beds', 'core'])),
    { numRuns: 8 })
})

test('the same between two zones', () => {
  const options = { 'from-zone': 'beds', 'to-zone': 'core' }
  fc.assert(fc.property(inputArb(PROTOCOLS), fc.nat(), (policy, seed) =>
    assertReadsBack(junosSrx, { ...policy, options }, seed, ['beds', 'core'])), { numRuns: 30 })
})

function ranges(low: bigint, high = low): Match['fields'][number][1] {
  return { kind: 'ranges', ranges: [{ low, high }], not: false }
}

const MONITORS: Rule = {
  line: 3,
  text: 'monitors -> central "station"; yes?',
  family: 4,
  action: { kind: 'permit' },
  matches: [{
    unknown: [],
    fields: [['src', ranges(v4('202.114.4.0'), v4('202.114.4.255'))], ['dst', ranges(v4('10.1.1.5'), v4('10.1.1.9'))],
      ['proto', ranges(6n)], ['dport', ranges(7001n, 7004n)]],
  }],
}

function input(rules: readonly Rule[], more: Partial<CompileInput> = {}): CompileInput {
  const four: Chain = { name: 'four', rules, policy: 'deny' }
  const six: Chain = { name: 'six', rules: [], policy: 'deny' }
  return { name: 'ward-7', policyHash: '0123456789abcdef', chains: { 4: four, 6: six }, ruleBudget: null, options: {}, ...more }
}

test('the text a person loads', () => {
  const emitted = junosSrx.emit(input([MONITORS]))
  assert.ok(emitted.ok)
  const lines = emitted.value.text.split('\n')
  assert.deepEqual(lines.slice(0, 10), [
    '# ward-7 policy 0123456789abcdef',
    'set security address-book global address cordon-ward-7-01234567-a1 202.114.4.0/24',
    'set security address-book global address cordon-ward-7-01234567-a2 range-address 10.1.1.5 to 10.1.1.9',
    'set applications application cordon-ward-7-01234567-s1 protocol tcp',
    'set applications application cordon-ward-7-01234567-s1 destination-port 7001-7004',
    'set security policies global policy cordon-ward-7-01234567-p1 description '
      + '"monitors -> central _station__ yes_ - policy 0123456789abcdef"',
    'set security policies global policy cordon-ward-7-01234567-p1 match source-address cordon-ward-7-01234567-a1',
    'set security policies global policy cordon-ward-7-01234567-p1 match destination-address cordon-ward-7-01234567-a2',
    'set security policies global policy cordon-ward-7-01234567-p1 match application cordon-ward-7-01234567-s1',
    'set security policies global policy cordon-ward-7-01234567-p1 then permit',
  ])
  assert.equal(emitted.value.rules, 3, 'one policy and a default for each family')
  assert.ok(emitted.value.text.endsWith('\n') && emitted.value.rollback.endsWith('\n'))
  assert.deepEqual(junosSrx.emit(input([MONITORS])), emitted, 'the same input, the same text')
})

test('text and rollback together leave nothing', () => {
  fc.assert(fc.property(inputArb(PROTOCOLS), (policy) => {
    const emitted = junosSrx.emit(policy)
    assert.ok(emitted.ok)
    const before = 'set system host-name srx\nset security zones security-zone beds\n'
    const after = junosSrx.read?.(before + emitted.value.text + emitted.value.rollback, 'x')
    assert.deepEqual(after?.diagnostics, [])
    assert.deepEqual(after?.config, junosSrx.read?.(before, 'x').config)
  }), { numRuns: 30 })
})

test('ICMP types are written one by one, IPv6 by its own word', () => {
  const ping: Rule = { ...MONITORS, family: 6, matches: [{ unknown: [],
    fields: [['proto', ranges(58n)], ['icmpType', ranges(128n, 129n)]] }] }
  const six: Chain = { name: 'six', rules: [ping], policy: 'deny' }
  const emitted = junosSrx.emit(input([], { chains: { 4: { name: 'four', rules: [], policy: 'deny' }, 6: six } }))
  assert.ok(emitted.ok)
  assert.deepEqual(emitted.value.text.split('\n').filter((l) => l.includes('icmp6-type')).map((l) => l.split(' ').at(-1)), ['128', '129'])
})

test('a reject stays a reject', () => {
  const emitted = junosSrx.emit(input([{ ...MONITORS, action: { kind: 'deny', reject: true } }]))
  assert.ok(emitted.ok)
  assert.match(emitted.value.text, /-p1 then reject\n/)
})

/** Input that cannot be exact, and a word of the reason. */
const REFUSED: readonly (readonly [string, CompileInput, RegExp])[] = [
  ['a budget that does not hold', input([MONITORS], { ruleBudget: 2 }), /needs 3 policies, the budget is 2/],
  ['half a zone pair', input([MONITORS], { options: { 'from-zone': 'beds' } }), /together or not at all/],
  ['a zone name with a blank', input([MONITORS], { options: { 'from-zone': 'a b', 'to-zone': 'c' } }), /"a b" is no zone name/],
  ['protocol 0', input([{ ...MONITORS, matches: [{ unknown: [], fields: [['proto', ranges(0n)]] }] }]), /protocol 0/],
  ['source ports', input([{ ...MONITORS, matches: [{ unknown: [], fields: [['sport', ranges(1n)]] }] }]), /cannot look at sport/],
  ['wildcard masks', input([{ ...MONITORS, matches: [{ unknown: [], fields: [['src', { kind: 'masks', masks: [], not: false }]] }] }]),
    /masks/],
  ['a jump', input([{ ...MONITORS, action: { kind: 'jump', chain: 'x' } }]), /no permit or deny/],
  ['an unknown match', input([{ ...MONITORS, matches: [{ fields: [], unknown: [{ text: 'skuid 0', line: 1, reason: 'x' }] }] }]),
    /skuid 0/],
]

for (const [name, policy, reason] of REFUSED) {
  test(`refused: ${name}`, () => {
    const emitted = junosSrx.emit(policy)
    assert.equal(emitted.ok, false)
    assert.match(emitted.ok ? '' : emitted.refused.join('\n'), reason)
  })
}

test('a port without a protocol means the protocols that have ports, and no others', () => {
  const emitted = junosSrx.emit(input([{ ...MONITORS, matches: [{ unknown: [], fields: [['dport', ranges(515n)]] }] }]))
  assert.ok(emitted.ok)
  const protocols = emitted.value.text.split('\n').filter((l) => l.includes(' protocol ')).map((l) => l.split(' ').at(-1))
  assert.deepEqual(protocols, ['tcp', 'udp', '132'])
})
