// Tests of the guard: each check can fail, and says what it saw.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillWard, KEEP_INSIDE } from '../testing/drill-ward.ts'
import { linksProblem, networkProblem, type LinkState } from './guard.ts'

const LO: LinkState = { ifname: 'lo', link_type: 'loopback', flags: ['LOOPBACK', 'UP'] }
const ETH: LinkState = { ifname: 'eth0', link_type: 'ether', address: '02:fc:00:00:00:01', flags: [] }
const { layout } = drillWard(KEEP_INSIDE)
const [SIDE] = layout.sides

test('a network of its own with loopback alone is fit', () => {
  assert.equal(networkProblem('net:[2]', 'net:[1]', [LO]), null)
  assert.equal(networkProblem('net:[2]', 'net:[1]', []), null)
})

test('the machine\'s own network is refused, and so is one that cannot be told', () => {
  assert.match(networkProblem('net:[1]', 'net:[1]', [LO]) ?? '', /machine's own network/)
  for (const outer of ['', 'net:[x]', 'user:[1]']) assert.match(networkProblem('net:[2]', outer, [LO]) ?? '', /cannot be told/)
  assert.match(networkProblem('', 'net:[1]', [LO]) ?? '', /cannot be told/)
})

test('any other interface is refused, up or down; tunnel ends that the kernel puts everywhere are not, while they are down', () => {
  assert.match(networkProblem('net:[2]', 'net:[1]', [LO, ETH]) ?? '', /already has eth0/)
  assert.match(networkProblem('net:[2]', 'net:[1]', [{ ...ETH, ifname: 'lo' }]) ?? '', /already has lo/)
  const sit: LinkState = { ifname: 'sit0', link_type: 'sit', flags: ['NOARP'] }
  assert.equal(networkProblem('net:[2]', 'net:[1]', [LO, sit]), null)
  assert.match(networkProblem('net:[2]', 'net:[1]', [LO, { ...sit, flags: ['UP'] }]) ?? '', /sit0/)
})

test('a side has its one link, by name and hardware address', () => {
  assert.ok(SIDE)
  const link: LinkState = { ifname: 'link0', link_type: 'ether', address: SIDE.mac, flags: ['UP'] }
  assert.equal(linksProblem(layout, SIDE.name, [LO, link]), null)
  assert.match(linksProblem(layout, SIDE.name, [LO]) ?? '', /lacks link0/)
  assert.match(linksProblem(layout, SIDE.name, [LO, link, ETH]) ?? '', /eth0, which is none of the drill's/)
  assert.match(linksProblem(layout, SIDE.name, [LO, { ...link, address: '02:fc:00:00:00:01' }]) ?? '', /link0, which is none/)
  assert.match(linksProblem(layout, SIDE.name, [LO, link, link]) ?? '', /link0, which is none/)
})

test('the router has one link for each side and no other', () => {
  const links = layout.sides.map(({ name, routerMac }): LinkState => ({ ifname: name, link_type: 'ether', address: routerMac, flags: ['UP'] }))
  assert.equal(linksProblem(layout, 'router', [LO, ...links]), null)
  assert.match(linksProblem(layout, 'router', [LO, ...links.slice(1)]) ?? '', /lacks side0/)
  assert.match(linksProblem(layout, 'router', [LO, ...links, ETH]) ?? '', /eth0/)
})
