// Tests of assertions: each form becomes its claim, canonical words parse to the same claim, and no text makes the reader throw.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix, IP_BITS, type Prefix } from '../../base/ip.ts'
import { treeFromValue } from '../../base/tree.ts'
import { ASSERTION_FORMS } from './assertions.ts'
import { ASSERTION_KINDS, type Assertion } from './model.ts'
import { parsePolicy, type PolicyResult } from './policy.ts'

const parse = (...assertions: readonly string[]): PolicyResult => parsePolicy(treeFromValue({
  version: 1,
  zones: [{ name: 'ward', kind: 'medical', prefixes: ['10.20.0.0/16'] }, { name: 'on', kind: 'it', prefixes: ['10.30.0.0/16'] }],
  services: [{ name: 'via', transport: 'tcp', ports: 99 }], conduits: [], assertions,
}, 'p.yaml'))

function one(text: string): Assertion {
  const { policy, diagnostics } = parse(text)
  assert.deepEqual(diagnostics, [], text)
  assert.equal(policy?.assertions.length, 1)
  return policy.assertions[0] ?? assert.fail()
}

const at = { file: 'p.yaml', line: 0, column: 0 }
const ward = { kind: 'zone', zone: 'ward' } as const

test('each form becomes its claim', () => {
  assert.deepEqual(one('never ward -> internet'), {
    kind: 'never', from: ward, to: { kind: 'zone', zone: 'internet' }, services: [], via: null, text: 'never ward -> internet', at,
  })
  assert.deepEqual(one('never any -> 202.114.4.0/24 on dns,ntp except via ward'), {
    kind: 'never', from: { kind: 'any' }, to: { kind: 'prefix', prefix: { version: 4, network: 0xca720400n, length: 24 } },
    services: ['dns', 'ntp'], via: 'ward', text: 'never any -> 202.114.4.0/24 on dns, ntp except via ward', at,
  })
  assert.deepEqual(one('always ward -> 10.30.0.7 on cms8000'), {
    kind: 'always', from: ward, to: { kind: 'prefix', prefix: { version: 4, network: 0x0a1e0007n, length: 32 } },
    services: ['cms8000'], via: null, text: 'always ward -> 10.30.0.7/32 on cms8000', at,
  })
  assert.deepEqual(one('only ward -> group on dhcp , icmp').services, ['dhcp', 'icmp'])
})

test('names that are words of the language are still names', () => {
  const claim = one('never on -> on on via except via on')
  const on = { kind: 'zone', zone: 'on' }
  assert.deepEqual([claim.from, claim.to, claim.services, claim.via], [on, on, ['via'], 'on'])
})

test('white space and a repeated service change nothing', () => {
  assert.equal(one('  never ward->on   on dns,dns ,ntp ').text, 'never ward -> on on dns, ntp')
  assert.equal(one('never ward ->\n  on').text, 'never ward -> on')
})

test('every form of the help is a form of the language', () => {
  for (const form of ASSERTION_FORMS) {
    one(form.replace('A ->', 'ward ->').replace('-> B', '-> internet').replace('SERVICE, SERVICE', 'dns, ntp').replace('SERVICE', 'dns')
      .replace('ZONE', 'ward'))
  }
})

test('a policy holds the built-in services its assertions name', () => {
  const services = parse('only ward -> internet on dns, via', 'always ward -> on on ntp').policy?.services ?? []
  assert.deepEqual(services.map((service) => service.name), ['via', 'dns', 'ntp'])
})

const prefixes = fc.record({ version: fc.constantFrom(4 as const, 6 as const), length: fc.nat(16), top: fc.nat(65535) })
  .map(({ version, length, top }): Prefix => (
    { version, network: BigInt(top >> (16 - length)) << BigInt(IP_BITS[version] - length), length }))
const ends = fc.oneof(fc.constantFrom('ward', 'on', 'internet', 'unzoned', 'any'), prefixes.map(formatPrefix))
const services = fc.uniqueArray(fc.constantFrom('dns', 'via', 'any', 'cms8000-hl7'), { minLength: 1, maxLength: 4 })
const claims = fc.record({ kind: fc.constantFrom(...ASSERTION_KINDS), from: ends, to: ends, services, on: fc.boolean(),
  via: fc.constantFrom('', 'ward', 'internet') })

test('canonical words parse to the same claim', () => {
  let read = 0
  fc.assert(fc.property(claims, ({ kind, from, to, services: names, on, via }) => {
    const never = kind === 'never'
    const tail = never && via !== '' ? ` except via ${via}` : ''
    const text = `${kind} ${from} -> ${to}${on || !never ? ` on ${names.join(', ')}` : ''}${tail}`
    const { policy, diagnostics } = parse(text)
    if (policy === null) {
      assert.deepEqual(diagnostics.map((d) => d.code), ['policy/two-versions'])
      return
    }
    read++
    assert.equal(policy.assertions[0]?.text, text)
    assert.deepEqual(one(text), policy.assertions[0])
  }), { numRuns: 300 })
  assert.ok(read > 150)
})

test('any words: a claim or exactly one diagnostic for its words, never a throw', () => {
  const word = fc.constantFrom('never', 'always', 'only', 'ward', '->', 'internet', 'on', 'dns', ',', 'except', 'via', '10.0.0.0/8', '::',
    'x')
  fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 10 }), (words) => {
    const { policy, diagnostics } = parse(words.join(' '))
    assert.equal(policy === null, diagnostics.length > 0)
    if (policy !== null) assert.equal(one(policy.assertions[0]?.text ?? '').text, policy.assertions[0]?.text)
  }), { numRuns: 1000 })
})

test('a contradiction is told only where it is one', () => {
  const codes = (...texts: string[]): string[] => parse(...texts).diagnostics.map((d) => d.code.replace('policy/', ''))
  assert.deepEqual(codes('never ward -> on', 'always ward -> on on dns'), ['contradiction'])
  assert.deepEqual(codes('always ward -> on on dns, ntp', 'never ward -> on on ntp'), ['contradiction'])
  assert.deepEqual(codes('always ward -> on on dns', 'never ward -> on on ntp'), [])
  assert.deepEqual(codes('never ward -> on', 'always on -> ward on dns'), [])
  assert.deepEqual(codes('never ward -> on except via ward', 'always ward -> on on dns'), [])
  assert.deepEqual(codes('only ward -> on on dns', 'never ward -> on'), [])
  assert.deepEqual(codes('never ward -> on', 'never  ward->on'), ['duplicate-assertion'])
})
