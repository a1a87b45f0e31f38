// Tests of drafts: a MUD file as a policy parses, says what it took wider, and allows every packet that the file surely allows.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromValue, parsePrefix, type Prefix } from '../../base/ip.ts'
import { parseYaml } from '../../config/yaml.ts'
import { evaluate } from '../eval/evaluate.ts'
import { policyNames } from '../eval/names.ts'
import { parsePolicy } from '../language/policy.ts'
import type { Policy } from '../language/model.ts'
import { coverage, NO_SITE, type MudSite } from './cover.ts'
import { draftPolicy, type Draft } from './draft.ts'
import type { Mud, MudPeer, MudRule } from './model.ts'

function block(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

const DEVICE = block('10.20.3.7/32')
const name = (text: string): MudPeer => ({ kind: 'name', name: text })
const net = (text: string): MudPeer => ({ kind: 'prefix', prefix: block(text) })
const LOCAL: MudPeer = { kind: 'local-networks' }

function rule(more: Partial<MudRule>): MudRule {
  return {
    direction: 'from-device', acl: 'fr', ace: 'e0', family: 4, protocol: 6, peers: [name('cloud.example')], devicePorts: null,
    peerPorts: [{ low: 443, high: 443 }], icmp: null, initiated: null, action: 'allow', at: { file: 'x', line: 7, column: 1 }, ...more,
  }
}

function mud(...rules: readonly MudRule[]): Mud {
  return { dialect: 'acls', url: 'https://pump.example', systeminfo: 'Pump "7"', manufacturer: null, model: null, lastUpdate: null, rules, refused: [] }
}

const draft = (rules: readonly MudRule[], site: MudSite = NO_SITE, device = DEVICE): Draft => draftPolicy({ mud: mud(...rules), device, site })

function policyOf({ text }: Draft): Policy {
  const { tree, diagnostics } = parseYaml(text, 'draft.yaml')
  assert.ok(tree !== null, JSON.stringify(diagnostics))
  const parsed = parsePolicy(tree)
  assert.ok(parsed.policy !== null, `${JSON.stringify(parsed.diagnostics)}\n${text}`)
  return parsed.policy
}

function verdict(policy: Policy, dst: string, proto: number, dport: number): string {
  const tuple = { src: ipFromValue(4, DEVICE.network), dst: ipFromValue(4, block(`${dst}/32`).network), proto, srcPort: 40_000, dstPort: dport }
  return evaluate(policy, policyNames(policy, new Map()), tuple).action
}

test('a name that nobody resolved is the whole Internet, and is said to be', () => {
  const d = draft([rule({})])
  assert.deepEqual(d.notes.map((n) => [n.code, n.effect, n.ace, n.line]), [['name-as-internet', 'widened', 'e0', 7]])
  assert.match(d.text, /^# widened: name-as-internet, entry e0, line 7: .*cloud\.example/)
  assert.deepEqual([verdict(policyOf(d), '8.8.8.8', 6, 443), verdict(policyOf(d), '8.8.8.8', 6, 80), verdict(policyOf(d), '10.0.0.1', 6, 443)],
    ['allow', 'deny', 'deny'])
})

test('a name with an address is that address and nothing else', () => {
  const site = { addresses: new Map([['cloud.example', [block('198.51.100.7/32')]]]), local: null }
  const d = draft([rule({})], site)
  assert.deepEqual(d.notes, [])
  assert.deepEqual(['198.51.100.7', '198.51.100.8'].map((ip) => verdict(policyOf(d), ip, 6, 443)), ['allow', 'deny'])
})

test('what is said of the local networks is said of the zones carved out of them, and of named ones of the Internet', () => {
  const site = { addresses: new Map([['station', [block('10.1.1.4/32')]], ['cloud.example', [block('198.51.100.7/32')]]]), local: null }
  const d = draft([rule({ ace: 'a', peers: [name('station')], peerPorts: [{ low: 22, high: 22 }] }), rule({ ace: 'b', peers: [LOCAL] }),
    rule({ ace: 'c', peerPorts: [{ low: 80, high: 80 }] }), rule({ ace: 'd', peers: [name('other.example')], peerPorts: [{ low: 81, high: 81 }] })], site)
  const policy = policyOf(d)
  assert.deepEqual([verdict(policy, '10.1.1.4', 6, 22), verdict(policy, '10.1.1.4', 6, 443), verdict(policy, '10.1.1.5', 6, 443),
    verdict(policy, '10.1.1.5', 6, 22)], ['allow', 'allow', 'allow', 'deny'])
  assert.deepEqual([verdict(policy, '198.51.100.7', 6, 80), verdict(policy, '198.51.100.7', 6, 81), verdict(policy, '198.51.100.8', 6, 80)],
    ['allow', 'allow', 'deny'])
})

test('what the language cannot say is taken wider or left out, each by name', () => {
  const cases: readonly (readonly [Partial<MudRule>, string, string])[] = [
    [{ protocol: 47, peerPorts: null }, 'protocol', 'refused'], [{ peerPorts: [{ low: 0, high: 0 }] }, 'protocol', 'refused'],
    [{ peers: [LOCAL, net('198.51.100.7/32')] }, 'two-sides', 'refused'], [{ peers: [name('a.example'), name('b.example')] }, 'two-sides', 'refused'],
    [{ peers: [{ kind: 'any' }] }, 'any-as-everybody', 'widened'], [{ peers: [{ kind: 'my-controller' }] }, 'class-as-local', 'widened'],
    [{ peers: [name('printer.local')] }, 'name-as-local', 'widened'], [{ peers: [LOCAL], devicePorts: [{ low: 68, high: 68 }] }, 'source-port', 'widened'],
    [{ peers: [LOCAL], protocol: 1, peerPorts: null, icmp: { type: 8, code: null } }, 'icmp-type', 'widened'],
    [{ peers: [net('224.0.0.251/32')], direction: 'to-device', devicePorts: [{ low: 5, high: 5 }], peerPorts: null }, 'group-opens', 'refused'],
    [{ peers: [net('10.0.0.0/8')] }, 'wide-block', 'widened'], [{ peers: [LOCAL], family: 6 }, 'family', 'widened'],
    [{ action: 'deny' }, 'denial', 'widened'],
  ]
  for (const [more, code, effect] of cases) {
    const d = draft([rule(more)])
    assert.deepEqual(d.notes.map((n) => [n.code, n.effect]), [[code, effect]], code)
    policyOf(d)
  }
})

test('a denial that is exact stays, in its place', () => {
  const policy = policyOf(draft([rule({ peers: [net('10.9.0.0/16')], action: 'deny' }), rule({ peers: [LOCAL] })]))
  assert.deepEqual([verdict(policy, '10.9.0.1', 6, 443), verdict(policy, '10.8.0.1', 6, 443)], ['deny', 'allow'])
})

test('a text from the file cannot break out of its place', () => {
  const d = draft([rule({ ace: 'x"\n  - name: y\u2028#', peers: [net('10.1.0.0/16')] })])
  assert.equal(policyOf(d).conduits.length, 1)
})

const peerArb = fc.oneof(
  fc.constantFrom('10.0.0.0/8', '10.20.0.0/16', '10.20.3.0/24', '10.20.3.7/32', '192.168.1.1/32', '198.51.100.0/24', '198.51.100.7/32', '0.0.0.0/0',
    '224.0.0.251/32', '128.0.0.0/1').map(net),
  fc.constantFrom('a.example', 'b.example', 'c.local').map(name), fc.constant(LOCAL), fc.constant<MudPeer>({ kind: 'my-controller' }),
)
const ruleArb = fc.record({
  peers: fc.oneof(peerArb.map((p) => [p]), fc.tuple(fc.constant(LOCAL), peerArb)), protocol: fc.constantFrom(null, 6, 17, 47),
  direction: fc.constantFrom('from-device' as const, 'to-device' as const), action: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
}).map((r) => rule({ ...r, peerPorts: r.protocol === 6 || r.protocol === 17 ? [{ low: 443, high: 444 }] : null }))
const siteArb = fc.constantFrom<MudSite>(NO_SITE, {
  addresses: new Map([['a.example', [block('198.51.100.7/32'), block('10.20.3.9/32')]], ['b.example', [block('198.51.100.7/32')]]]), local: null,
})

test('property: every draft is a policy, and allows what an entry surely allows, but for entries it names as refused', () => {
  fc.assert(fc.property(fc.array(ruleArb, { maxLength: 6 }), siteArb, fc.constantFrom('198.51.100.7', '10.20.3.9', '10.20.9.9', '8.8.8.8', '192.168.1.1'),
    (rules, site, dst) => {
      const numbered = rules.map((r, i) => ({ ...r, ace: `e${i}` }))
      const d = draft(numbered, site)
      const policy = policyOf(d)
      const found = coverage(mud(...numbered), {
        direction: 'from-device', family: 4, protocol: 6, peers: [net(`${dst}/32`)], devicePorts: [{ low: 4, high: 4 }],
        peerPorts: [{ low: 443, high: 443 }], icmp: null, opens: 'from-device',
      }, site)
      if (found.answer !== 'yes' || d.notes.some((n) => n.effect === 'refused')) return
      assert.equal(verdict(policy, dst, 6, 443), 'allow', d.text)
    }), { numRuns: 400 })
})
