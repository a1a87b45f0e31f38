// Bounds proved in Isabelle for real rulesets (Iptables_Semantics): never permitted surely above the upper, nor denied surely below the
// lower.
// Keeps "a judge of another make": bounds that a proof assistant made, not this project.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Chain, Constraint, Field, Rule } from '../../rules/model.ts'
import { bddSpace } from '../../sets/bdd-space.ts'
import { composeChain } from '../../sets/compose.ts'
import type { PacketSet, PacketSpace } from '../../sets/packet-set.ts'
import { numberOf } from '../nftables/fields.ts'
import { oneOf } from '../nftables/lower-match.ts'
import { firewallFiles, firewallsMissing as missing, FIREWALLS } from '../text/testing.test.ts'
import { isSave, readIptables } from './read.ts'
import { addressConstraint, portRange } from './words.ts'

/** `ACCEPT  tcp  --  10.0.0.0/8  0.0.0.0/0  tcp dpts:80:90`: the simple firewalls that the proofs produce. */
function simpleRule(line: string, number: number): Rule {
  const [target, proto = '', , src = '', dst = '', ...extra] = line.trim().split(/\s+/)
  const fields: (readonly [Field, Constraint])[] = []
  for (const [field, text] of [['src', src], ['dst', dst]] as const) {
    const constraint = addressConstraint(text, 4)
    assert.ok(constraint, line)
    fields.push([field, constraint])
  }
  if (proto !== 'all') {
    const value = numberOf(proto, 'proto')
    assert.ok(value !== null, line)
    fields.push(['proto', oneOf([value])])
  }
  for (const word of extra) {
    const ports = /^(spts?|dpts?):(.*)$/.exec(word)
    if (ports === null) {
      assert.equal(word, proto, line)
      continue
    }
    const range = portRange(ports[2] ?? '')
    assert.ok(range, line)
    fields.push([ports[1]?.startsWith('s') ? 'sport' : 'dport', { kind: 'ranges', ranges: [range], not: false }])
  }
  assert.ok(target === 'ACCEPT' || target === 'DROP', line)
  const action = target === 'ACCEPT' ? { kind: 'permit' as const } : { kind: 'deny' as const, reject: false }
  return { line: number, text: line, family: 4, matches: [{ fields, unknown: [] }], action }
}

/** The chain of the file that has rules: FORWARD or INPUT. */
function simpleChain(text: string): Chain {
  const rules = text.split('\n').flatMap((line, i) => (/^(?:ACCEPT|DROP)\s/.test(line) ? [simpleRule(line, i + 1)] : []))
  return { name: 'bound', rules, policy: 'permit' }
}

function sourceOf(bound: string): string | null {
  const folder = path.dirname(bound)
  const saves = fs.readdirSync(folder).map((file) => path.join(folder, file)).filter((file) => isSave(fs.readFileSync(file, 'utf8')))
  return saves.find((file) => bound.startsWith(`${file}.`)) ?? (saves.length === 1 ? (saves[0] ?? null) : null)
}

/**
 * The proofs put addresses in the place of interfaces; for these folders which ones is not said, so their bounds are about other packets.
 */
const OTHER_INTERFACES = ['config_home_user', 'medium-sized-company', 'openvpn.eu', 'rlworkman.net']

/** Packets against the assumption of the proofs: 127.0.0.0/8 comes from `lo`, and nothing else does. */
function strangers(space: PacketSpace, interfaces: readonly string[]): PacketSet {
  const lo = oneOf(interfaces.flatMap((name, i) => (name === 'lo' ? [BigInt(i)] : [])))
  const home: Constraint = { kind: 'ranges', ranges: [{ low: 0x7f000000n, high: 0x7fffffffn }], not: false }
  const fromLo = space.of({ fields: [['iif', lo]], unknown: [] })
  const fromHome = space.of({ fields: [['src', home]], unknown: [] })
  return space.or(space.minus(fromLo, fromHome), space.minus(fromHome, fromLo))
}

test('lower bound <= ours <= upper bound, for new connections', { skip: missing }, (t) => {
  let compared = 0
  for (const lowerFile of firewallFiles('iptables/semantics', '.lower').map((file) => path.join(FIREWALLS, file))) {
    const source = sourceOf(lowerFile)
    if (source === null) continue
    const text = fs.readFileSync(source, 'utf8')
    const { config } = readIptables(text, 'iptables-save')
    const hook = lowerFile.includes('INP') ? 'INPUT' : 'FORWARD'
    if (OTHER_INTERFACES.some((folder) => lowerFile.includes(folder))) continue
    const chain = config?.chains.get(`ip filter ${hook}`)
    assert.ok(config && chain, source)
    const space = bddSpace(4)
    const fresh = space.of({ fields: [['state', oneOf([0n])]], unknown: [] })
    const syn = space.of({ fields: [['proto', oneOf([6n])], ['flags', { kind: 'masks', masks: [{ value: 2n, mask: 0xffn }], not: true }]],
      unknown: [] })
    const asked = space.minus(space.minus(fresh, syn), strangers(space, config.interfaces))
    const ours = composeChain(space, chain, config.chains)
    const [lower, upper] = [lowerFile, lowerFile.replace(/lower$/, 'upper')].map((file) =>
      space.and(asked, composeChain(space, simpleChain(fs.readFileSync(file, 'utf8')), new Map()).surelyPermitted))
    assert.ok(lower !== undefined && upper !== undefined)
    const name = path.relative(FIREWALLS, lowerFile).slice(-90)
    const above = space.minus(space.and(asked, ours.surelyPermitted), upper)
    const below = space.minus(lower, ours.possiblyPermitted)
    assert.equal(space.pick(above), null, `${name}: surely permitted above the upper bound`)
    assert.equal(space.pick(below), null, `${name}: surely denied below the lower bound`)
    const asPrecise = space.isEmpty(space.minus(lower, ours.surelyPermitted))
      && space.isEmpty(space.minus(space.and(asked, ours.possiblyPermitted), upper))
    t.diagnostic(`${name}: ${config.unknowns.length} unknowns, ${asPrecise ? 'within both bounds whatever the unknowns' : 'bounds cross'}`)
    compared++
  }
  assert.ok(compared >= 18, `${compared} compared`)
})
