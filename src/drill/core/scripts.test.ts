// Tests of the scripts: every link made ends in namespaces made there, every command names the drill's own devices, and the order holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillWard, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import { buildScript, LINK, ROUTER, routerScript, sideScript } from './scripts.ts'

const WARDS = [drillWard(KEEP_INSIDE), drillWard()]

test('every link has both ends in namespaces that the same script adds, and there is one link for each side', () => {
  for (const { layout } of WARDS) {
    const lines = buildScript(layout).trim().split('\n')
    const added = new Set(lines.filter((line) => line.startsWith('ip netns add')).map((line) => line.split(' ').at(-1)))
    const links = lines.filter((line) => line.startsWith('ip link'))
    assert.equal(links.length, layout.sides.length)
    assert.equal(added.size, layout.sides.length + 1)
    for (const link of links) {
      const ends = [...link.matchAll(/netns (\w+)/g)].map((match) => match[1])
      assert.equal(ends.length, 2, link)
      assert.ok(ends.every((end) => added.has(end)) && ends[1] === ROUTER, link)
    }
    assert.equal(lines[0], 'mount -t tmpfs -o mode=0755 tmpfs /run')
  }
})

test('no device is named but loopback and the drill\'s links', () => {
  for (const { layout } of WARDS) {
    const own = new Set(['lo', LINK, ...layout.sides.map(({ name }) => name)])
    const text = [routerScript(layout), ...layout.sides.map((side) => sideScript(layout, side))].join('')
    for (const [, device] of text.matchAll(/(?: dev |ip link set )(\S+)/g)) assert.ok(own.has(device ?? ''), device)
  }
})

test('addresses of a side\'s own blocks come last: a gateway inside of them would be taken for its own', () => {
  for (const { layout } of WARDS) {
    for (const side of layout.sides) {
      const lines = sideScript(layout, side).split('\n')
      const gateway = lines.findLastIndex((line) => / via /.test(line))
      assert.ok(lines.findIndex((line) => / route add local /.test(line)) > gateway, side.label)
    }
  }
})

test('without the policy\'s routes, no route leads to the factory block', () => {
  assert.equal(routerScript(WARDS[0]!.layout).includes('202.114.4'), false)
  assert.match(routerScript(WARDS[1]!.layout), /ip route add 202\.114\.4\.119\/32 via 192\.0\.2\.11 dev side1/)
})
