// World: who holds an address, which of them are monitors, and which indicator names one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prefixContains } from '../base/ip.ts'
import { asset, ip, world } from '../testing/world.ts'

test('a monitor is found by its address, on its segment alone; any other asset there is none', () => {
  const [monitor, printer] = [asset('patient-monitor', '10.0.0.1', 7), asset('printer', '10.0.0.2')]
  const w = world({ assets: [monitor, printer] })
  assert.equal(w.monitorAt(0, ip('10.0.0.1')), monitor)
  for (const [vlan, address] of [[0, '10.0.0.2'], [0, '10.0.0.9'], [3, '10.0.0.1']] as const) {
    const found = w.assetAt(vlan, ip(address))
    assert.equal(w.monitorAt(vlan, ip(address)), w.isMonitor(found) ? found : null, address)
  }
})

test('of two assets with one address the later holds it, monitor or not', () => {
  const [monitor, printer] = [asset('patient-monitor', '10.0.0.1', 7), asset('printer', '10.0.0.1')]
  assert.equal(world({ assets: [monitor, printer] }).monitorAt(0, ip('10.0.0.1')), null)
  assert.equal(world({ assets: [printer, monitor] }).monitorAt(0, ip('10.0.0.1')), monitor)
})

test('an indicator names the addresses of its block', () => {
  const w = world()
  const [indicator] = w.indicators
  for (const address of ['202.114.3.255', '202.114.4.0', '202.114.4.255', '202.114.5.0', '10.0.0.1', '2001:db8::1']) {
    assert.equal(w.indicatorOf(ip(address)) === indicator, indicator !== undefined && prefixContains(indicator.block, ip(address)), address)
  }
})
