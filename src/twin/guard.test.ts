// Tests of the live twin's guard: everything but loopback and a network made for it is refused, each in words that say why.
// Keeps the rule that each check can fail: for every refusal there is a neighbour that passes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seenNetwork, targetProblem, type LinkSight, type MadeNetwork, type NetworkSight } from './guard.ts'

const LO: LinkSight = { ifname: 'lo', link_type: 'loopback', flags: ['LOOPBACK', 'UP'] }
const ETH: LinkSight = { ifname: 'eth0', link_type: 'ether', address: '02:fc:00:00:00:01', flags: ['UP'] }
const WARD: LinkSight = { ifname: 'ward0', link_type: 'ether', address: '02:00:5e:00:00:01', flags: ['UP'] }
const MADE: MadeNetwork = { outer: 'net:[1]', links: new Map([['ward0', '02:00:5e:00:00:01']]) }
const INSIDE: NetworkSight = { own: 'net:[2]', first: 'net:[1]', links: [LO, WARD] }
const CENTRAL = '202.114.4.119'

const never = (): NetworkSight => assert.fail('the network was looked at')
const refusal = (target: string, made: MadeNetwork | null, sight: Partial<NetworkSight> = {}): string =>
  targetProblem(target, made, () => ({ ...INSIDE, ...sight })) ?? 'accepted'

test('loopback is accepted anywhere, and nothing is asked of the network for it', () => {
  for (const target of ['127.0.0.1', '127.77.0.9', '127.255.255.254']) {
    assert.equal(targetProblem(target, null, never), null)
    assert.equal(targetProblem(target, MADE, never), null)
  }
})

test('the central\'s address outside a namespace is refused, and so is every other address', () => {
  assert.match(targetProblem(CENTRAL, null, never) ?? '', /202\.114\.4\.119 may be somebody: .* 127\.0\.0\.0\/8, or inside a network .* Cordon made/)
  for (const target of ['10.77.0.1', '192.168.1.1', '8.8.8.8', '0.0.0.0', '255.255.255.255', '224.0.0.1', '128.0.0.1', '126.255.255.255']) {
    assert.match(targetProblem(target, null, never) ?? '', /may be somebody/, target)
  }
})

test('property: no address outside 127.0.0.0/8 passes without a network made for it, whatever the network looks like', () => {
  fc.assert(fc.property(fc.ipV4(), (target) => {
    assert.equal(targetProblem(target, null, () => INSIDE) === null, target.startsWith('127.'))
  }))
})

test('names are refused, even those that mean loopback: the twin looks up nothing', () => {
  for (const target of ['localhost', 'central.hospital.example', '', 'lo', '127.1', '0x7f000001', '2130706433', '127.0.0.1 ', '127.0.0.01', '127.0.0.1:515']) {
    assert.match(targetProblem(target, MADE, never) ?? '', /is no address, and the live twin looks up no names/, target)
  }
})

test('IPv6 is refused, loopback too', () => {
  for (const target of ['::1', 'fe80::1', '2001:db8::119']) assert.match(targetProblem(target, MADE, never) ?? '', /IPv6.*IPv4 only/, target)
  assert.notEqual(targetProblem('::ffff:202.114.4.119', null, never), null)
})

test('in the network that was made for it any address is accepted: nothing else is there', () => {
  assert.equal(targetProblem(CENTRAL, MADE, () => INSIDE), null)
  assert.equal(targetProblem('10.77.0.1', MADE, () => ({ ...INSIDE, first: null })), null)
  assert.equal(targetProblem(CENTRAL, { ...MADE, links: new Map() }, () => ({ ...INSIDE, links: [LO] })), null)
})

test('a claim to stand in a made network is not believed in the machine\'s own', () => {
  assert.match(refusal(CENTRAL, MADE, { own: 'net:[1]' }), /machine's own network/)
  assert.match(refusal(CENTRAL, { ...MADE, outer: 'net:[7]' }, { own: 'net:[1]' }), /machine's own network/)
  for (const own of ['', 'net:[x]', 'user:[2]']) assert.match(refusal(CENTRAL, MADE, { own }), /cannot be told/)
  assert.match(refusal(CENTRAL, { ...MADE, outer: '' }), /cannot be told/)
})

test('a link more, a link less, or another card under the same name: refused', () => {
  assert.match(refusal(CENTRAL, MADE, { links: [LO, WARD, ETH] }), /eth0, which is none/)
  assert.match(refusal(CENTRAL, MADE, { links: [LO] }), /lacks ward0/)
  assert.match(refusal(CENTRAL, MADE, { links: [LO, { ...WARD, address: '02:00:5e:00:00:02' }] }), /ward0, which is none/)
  assert.match(refusal(CENTRAL, MADE, { links: [LO, WARD, WARD] }), /ward0, which is none/)
  assert.match(refusal(CENTRAL, MADE, { links: [{ ...ETH, ifname: 'lo' }, WARD] }), /interface lo/)
  assert.match(refusal(CENTRAL, MADE, { links: [LO, { ifname: 'ward0', link_type: 'ether', flags: ['UP'] }] }), /ward0, which is none/)
  const sit: LinkSight = { ifname: 'sit0', link_type: 'sit', flags: ['NOARP'] }
  assert.equal(refusal(CENTRAL, MADE, { links: [LO, WARD, sit] }), 'accepted')
  assert.match(refusal(CENTRAL, MADE, { links: [LO, WARD, { ...sit, flags: ['UP'] }] }), /sit0/)
})

const noProc = process.platform === 'linux' ? false : 'no /proc here'
test('here and now: this process stands in no made network, and a lie about it is seen', { skip: noProc }, () => {
  const sight = seenNetwork()
  assert.match(targetProblem(CENTRAL, { outer: sight.own, links: new Map() }, seenNetwork) ?? '', /machine's own network/)
})
