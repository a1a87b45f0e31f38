// Bindings and hosts by place against their slow twins, maps by text; and that a flood of strangers leaves nothing behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, type Ip } from '../base/ip.ts'
import { ipScope } from '../base/ip-scope.ts'
import { isGroupMac, MAC_BROADCAST } from '../base/mac.ts'
import { MICROS_PER_SECOND } from '../base/time.ts'
import { Bindings, type Binding, type BindingEvidence } from './bindings.ts'
import { HOSTS_MAX, Inventory } from './inventory.ts'
import { Places } from './places.ts'

const FRAMES_MAX = 20
const SOLICITED_WITHIN_MICROS = 3 * MICROS_PER_SECOND

/** The slow twin: each table a map by text, each question a look-up of its own. No table is ever full here. */
class PlainBindings {
  readonly byAddress = new Map<string, Map<number, Binding & { frames: number[] }>>()
  readonly askedAt = new Map<string, number>()
  readonly askers = new Set<string>()

  asked(vlan: number, ip: Ip, asker: number, at: number): void {
    this.askedAt.set(`${vlan}|${ip}`, at)
    this.askers.add(`${vlan}|${ip}|${asker}`)
  }

  claim(vlan: number, ip: Ip, mac: number, evidence: BindingEvidence, at: number, frame: number): void {
    if (mac <= 0 || isGroupMac(mac)) return
    const key = `${vlan}|${ip}`
    const claimants = this.byAddress.get(key) ?? new Map<number, Binding & { frames: number[] }>()
    const b = claimants.get(mac) ?? {
      vlan, ip, mac, firstAt: at, lastAt: at, arpRequests: 0, solicitedReplies: 0, unsolicitedReplies: 0, dhcpLeases: 0, traffic: 0, frames: [],
    }
    this.byAddress.set(key, claimants.set(mac, b))
    b.lastAt = Math.max(b.lastAt, at)
    if (b.frames.length < FRAMES_MAX && b.frames.at(-1) !== frame) b.frames.push(frame)
    const asked = this.askedAt.get(key)
    const isAnswer = asked !== undefined && at - asked <= SOLICITED_WITHIN_MICROS
    const reply = isAnswer ? 'solicitedReplies' : 'unsolicitedReplies'
    b[({ 'arp-request': 'arpRequests', dhcp: 'dhcpLeases', traffic: 'traffic', 'arp-answer': 'solicitedReplies', 'arp-reply': reply } as const)[evidence]]++
  }
}

const address = fc.nat(3).map((n) => ipFromV4(0x0a000000 + n))
const vlan = fc.constantFrom(0, 0, 7, 20)
const card = fc.oneof(fc.nat(30), fc.constantFrom(-1, 0, MAC_BROADCAST, 0x01005e000001))
const step = fc.record({
  what: fc.constantFrom('asks', 'arp-request', 'arp-answer', 'arp-reply', 'dhcp', 'traffic'), vlan, address, card,
  wait: fc.nat(2 * MICROS_PER_SECOND), sameFrame: fc.boolean(),
})

test('equals its slow twin: who claims what, how often, in which order, and who asked', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
    const [bindings, twin] = [new Bindings(), new PlainBindings()]
    let [at, frame] = [0, 1]
    for (const s of steps) {
      at += s.wait
      frame += s.sameFrame ? 0 : 1
      for (const b of [bindings, twin]) {
        if (s.what === 'asks') b.asked(s.vlan, s.address, s.card, at)
        else b.claim(s.vlan, s.address, s.card, s.what, at, frame)
      }
    }
    const expected = [...twin.byAddress.values()].map((claimants) => [...claimants.values()])
    assert.deepEqual([...bindings.addresses()], expected)
    assert.deepEqual([...bindings.all()], expected.flat())
    for (const s of steps) {
      assert.equal(bindings.askedBy(s.vlan, s.address, s.card), twin.askers.has(`${s.vlan}|${s.address}|${s.card}`))
      assert.deepEqual(bindings.claimants(s.vlan, s.address), [...(twin.byAddress.get(`${s.vlan}|${s.address}`)?.values() ?? [])])
    }
  }), { numRuns: 300 })
})

test('a place is one per segment and address, and looking makes none', () => {
  const places = new Places()
  const ip = ipFromV4(0x0a000001)
  assert.equal(places.find(3, ip), undefined)
  const made = places.at(3, ip)
  assert.equal(places.find(4, ip), undefined)
  assert.equal(places.find(3, ip), made)
  assert.equal(places.at(3, ip), made)
  assert.notEqual(places.at(4, ip), made)
  assert.deepEqual([places.find(3, ip), places.find(4, ip)?.vlan], [made, 4])
})

test('what a sender gives is the host that later counts keep honest; addresses that cannot send give none', () => {
  const inventory = new Inventory([])
  const ip = ipFromV4(0x0a000001)
  const host = inventory.sender(0, 1, ip, 5, 1)
  assert.ok(host)
  inventory.heardMore({ vlan: 0, mac: 1, ip, flows: 3, claimAt: 8, seenAt: 9, frames: [1, 4, 6] })
  assert.deepEqual([host?.firstAt, host?.lastAt, host?.frame], [5, 9, 1])
  const [binding] = inventory.bindings.claimants(0, ip)
  assert.deepEqual([binding?.traffic, binding?.lastAt, binding?.frames], [4, 8, [1, 4, 6]])
  assert.equal(inventory.sender(0, 1, ip, 7, 2), host)
  assert.equal(host?.lastAt, 9)
  for (const value of [0, 0xe0000001, 0xffffffff]) {
    assert.ok(['unspecified', 'multicast', 'broadcast'].includes(ipScope(ipFromV4(value))))
    inventory.bindings.asked(0, ipFromV4(value), 1, 1)
    assert.equal(inventory.sender(0, 1, ipFromV4(value), 5, 1), null)
  }
})

test('beyond the last host strangers are counted and leave no place; those who are kept go on', () => {
  const inventory = new Inventory([])
  const FIRST = 0x0a000000
  for (let i = 0; i < HOSTS_MAX; i++) inventory.sender(0, 1, ipFromV4(FIRST + i), i, i + 1)
  assert.equal(inventory.refused, 0)
  const late = ipFromV4(FIRST + HOSTS_MAX)
  assert.equal(inventory.sender(0, 1, late, 9, 9), null)
  assert.equal(inventory.refused, 2)
  assert.equal(inventory.bindings.places.find(0, late), undefined)
  assert.equal(inventory.sender(0, 1, ipFromV4(FIRST), HOSTS_MAX + 5, 9)?.lastAt, HOSTS_MAX + 5)
})
