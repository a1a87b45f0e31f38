// Who owns an address when two cards claim it: each sign of posing, and the honest cases that look alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, type Ip } from '../base/ip.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from '../base/time.ts'
import { Bindings, BINDINGS_MAX, type BindingEvidence } from './bindings.ts'
import { arpAddresses, judgeOwner, type OwnerVerdict } from './ownership.ts'

const GATEWAY = ipOf('192.168.6.1')
const OWNER = 0xbcd177091415
const STRANGER = 0x606720771522

function ipOf(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

type Step = readonly [second: number, mac: number, ip: Ip, evidence: BindingEvidence | 'asks']

function judge(steps: readonly Step[], address: Ip = GATEWAY): OwnerVerdict | null {
  const bindings = new Bindings()
  for (const [i, [second, mac, ip, what]] of steps.entries()) {
    if (what === 'asks') bindings.asked(0, ip, mac, second * MICROS_PER_SECOND)
    else bindings.claim(0, ip, mac, what, second * MICROS_PER_SECOND, i + 1)
  }
  return judgeOwner(bindings, bindings.claimants(0, address), arpAddresses(bindings))
}

const cards = (verdict: OwnerVerdict | null): unknown => ({ owner: verdict?.owner.mac, impostors: verdict?.impostors.map((i) => i.binding.mac) })

test('the one who spoke first is not the owner when it poses: unasked, repeated, asking for the address itself', () => {
  const verdict = judge([
    [0, STRANGER, GATEWAY, 'arp-reply'], [1, STRANGER, ipOf('192.168.6.115'), 'arp-request'], [1, STRANGER, GATEWAY, 'asks'],
    [1, OWNER, GATEWAY, 'arp-reply'], [9, STRANGER, GATEWAY, 'arp-reply'],
  ])
  assert.deepEqual(cards(verdict), { owner: OWNER, impostors: [STRANGER] })
  assert.ok(verdict?.impostors[0]?.reasons.includes('asks others for the address it claims'))
})

test('packets from the address speak for a card, unasked announcements against it', () => {
  const verdict = judge([[0, OWNER, GATEWAY, 'traffic'], [1, STRANGER, GATEWAY, 'arp-reply'], [2, STRANGER, GATEWAY, 'arp-reply']])
  assert.deepEqual(cards(verdict), { owner: OWNER, impostors: [STRANGER] })
})

test('a card that only forwards packets of an address does not claim it', () => {
  const verdict = judge([[0, OWNER, GATEWAY, 'arp-request'], [1, STRANGER, GATEWAY, 'traffic']])
  assert.deepEqual(cards(verdict), { owner: OWNER, impostors: [] })
})

test('a replaced network card after a long silence is a change of hardware, not a fight', () => {
  const later = (20 * MICROS_PER_MINUTE) / MICROS_PER_SECOND
  assert.deepEqual(cards(judge([[0, OWNER, GATEWAY, 'arp-request'], [later, STRANGER, GATEWAY, 'arp-request']])), { owner: OWNER, impostors: [] })
})

test('an address that DHCP gave on to another device is a handover; two that use a leased address at once are not', () => {
  const first: Step[] = [[0, OWNER, GATEWAY, 'dhcp'], [1, OWNER, GATEWAY, 'arp-request'], [20, OWNER, GATEWAY, 'traffic']]
  const second: Step[] = [[140, STRANGER, GATEWAY, 'dhcp'], [141, STRANGER, GATEWAY, 'arp-request'], [143, STRANGER, GATEWAY, 'arp-request']]
  assert.deepEqual(cards(judge([...first, ...second])), { owner: OWNER, impostors: [] })
  assert.deepEqual(cards(judge([...first, ...second, [150, OWNER, GATEWAY, 'arp-request']])), { owner: OWNER, impostors: [STRANGER] })
  assert.deepEqual(cards(judge([...first, ...second.slice(1)])), { owner: OWNER, impostors: [STRANGER] }, 'without a lease of its own')
})

test('one claimant is the owner, none is nobody', () => {
  assert.deepEqual(cards(judge([[0, OWNER, GATEWAY, 'arp-request']])), { owner: OWNER, impostors: [] })
  assert.equal(judge([]), null)
})

test('group addresses and missing cards bind nothing; the table has a bound', () => {
  const bindings = new Bindings()
  bindings.claim(0, GATEWAY, 0xffffffffffff, 'traffic', 0, 1)
  bindings.claim(0, GATEWAY, -1, 'traffic', 0, 1)
  assert.equal(bindings.claimants(0, GATEWAY).length, 0)
  for (let mac = 2; mac < 2 * (BINDINGS_MAX + 5); mac += 2) bindings.claim(0, ipOf(`10.0.${(mac >> 9) & 255}.${(mac >> 1) & 255}`), mac, 'traffic', 0, 1)
  assert.ok(bindings.refused > 0)
})

test('thirty thousand cards that claim one address are found at once each, and remembered askers have a bound', { timeout: 20_000 }, () => {
  const bindings = new Bindings()
  for (let round = 0; round < 3; round++) {
    for (let i = 1; i <= 3 * BINDINGS_MAX; i++) {
      bindings.asked(0, GATEWAY, 2 * i, round)
      bindings.claim(0, GATEWAY, 2 * i, 'arp-request', round, round + 1)
    }
  }
  const claimants = bindings.claimants(0, GATEWAY)
  assert.equal(claimants.length, BINDINGS_MAX)
  assert.ok(claimants.every((b) => b.arpRequests === 3))
  assert.equal(bindings.refused, 6 * BINDINGS_MAX)
  assert.ok(bindings.askedBy(0, GATEWAY, 2) && !bindings.askedBy(0, GATEWAY, 6 * BINDINGS_MAX))
  assert.ok(judgeOwner(bindings, claimants, arpAddresses(bindings)))
})
