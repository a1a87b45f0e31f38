// Real captures through the whole sensor: what devices say of themselves is in the inventory, with its evidence, and names nobody else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Asset } from '../inventory/asset.ts'
import { check } from '../testing/check.ts'
import { capturesMissing, sharedCapture } from '../testing/shared.ts'

const skip = capturesMissing

const claims = (asset: Asset | undefined): string[] => (asset?.claims ?? []).map((c) => `${c.what}: ${c.value} (${c.evidence})`)

test('a sweep of a segment: two machines are named by NetBIOS and DHCPv6, both families are one device, the swept ones stay unnamed', { skip }, async () => {
  const { assets, findings } = await check(sharedCapture('scan/ws__community-shares_attack_扫描原理ping_解析sweep攻击.pcap'))
  assert.deepEqual(findings, [])
  const named = assets.filter((a) => !/^[\d.]+$/.test(a.label))
  assert.deepEqual(named.map((a) => [a.label, a.interfaces.map((i) => i.ip)]), [
    ['XIAO-PC', ['192.168.255.88', 'fe80::ac5b:8f91:34e0:3d7d']], ['desktop-e3frat5', ['192.168.255.201', 'fe80::35b3:91a:388e:65af']],
  ])
  assert.ok(claims(named[0]).includes('host-name: XIAO-PC (NetBIOS name, status)'))
  assert.ok(claims(named[1]).includes('software: MSFT 5.0 (DHCPv6 option 16, vendor class)'))
})

test('the boot of a box: model and firmware in its own words by DHCP and DHCPv6; its router is one by advertisement', { skip }, async () => {
  const { assets, findings } = await check(sharedCapture('inventory/ws__adsl-cpe_nb6-startup.pcap'))
  assert.deepEqual(findings, [])
  const words = 'neufbox_NB6-FXC-r2_NB6-MAIN-R3.3.4_NB6-ADSL-A2pD035p'
  const box = assets.filter((a) => a.claims.some((c) => c.value === words)).flatMap((a) => a.interfaces.map((i) => i.ip))
  assert.deepEqual(box.toSorted(), ['10.251.23.139', 'fe80::e2a1:d7ff:fe18:c270'])
  const router = assets.find((a) => a.interfaces.some((i) => i.ip === 'fe80::ca4c:75ff:fe78:ed00'))
  assert.ok(claims(router).includes('role: router (ICMPv6 router advertisement (RFC 4861))'))
})

test('a controller\'s network: the switch by CDP with model and software, a workstation by NetBIOS; no port is claimed of anybody', { skip }, async () => {
  const { assets, findings } = await check(sharedCapture('malware/iti__openics_EIP-FirmwareChange.pcap'))
  assert.deepEqual(findings, [])
  const gear = assets.find((a) => a.label === 'Ns5gt')
  assert.ok(claims(gear).includes('product: cisco WS-CE500-24TT (CDP platform)'))
  assert.ok(claims(gear).includes('role: switch (CDP capabilities)'))
  assert.deepEqual(assets.find((a) => a.label === 'WIN2K3LAB022')?.interfaces.map((i) => i.ip), ['192.168.10.22'])
  assert.ok(assets.every((a) => a.claims.every((c) => c.what !== 'attached-to')))
})
