// Tests of routing and prediction: where packets go in each phase, what no router forwards, and that a stop has its reason.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipValue, ipVersion } from '../../base/ip.ts'
import { planRoutes } from '../../policy/compile/routes/index.ts'
import { drillWard, ip, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import { outsideOf } from './layout.ts'
import { predict, type Loaded } from './predict.ts'
import { neverForwarded, routeTable } from './routing.ts'

const WARD = drillWard(KEEP_INSIDE)
const [BEDSIDE, CENTRAL, HOSPITAL] = [0, 1, 2]
const OUTSIDE = outsideOf(WARD.layout)

function fate(loaded: Loaded, src: string, dst: string, dport: number, proto = 6, from = BEDSIDE) {
  const version = ipVersion(ip(src))
  return predict(loaded, { version, src: ipValue(ip(src)), dst: ipValue(ip(dst)), proto, sport: 20_000, dport, icmpType: 0 }, from)
}

test('before, telemetry to the factory address leaves the hospital', () => {
  assert.deepEqual(fate(WARD.bare, '10.20.3.7', '202.114.4.119', 515), { side: OUTSIDE, allowed: true, rule: 'no rules', why: null })
})

test('after, it reaches the central station, and the rest of that block is stopped by the policy', () => {
  assert.deepEqual(fate(WARD.full, '10.20.3.7', '202.114.4.119', 515), { side: CENTRAL, allowed: true, rule: 'bedside-vitals', why: null })
  assert.deepEqual(fate(WARD.full, '10.20.3.7', '202.114.4.1', 515), { side: null, allowed: false, rule: 'default', why: null })
})

test('with the station\'s link gone, the fallback route takes its addresses, not the default route', () => {
  const routes = planRoutes({ name: 'x', policyHash: '', segments: WARD.policy.segments, options: {} })
  const gone = { chains: WARD.chains, routes: routeTable(WARD.layout, routes, (side) => side !== CENTRAL) }
  assert.deepEqual(fate(gone, '10.20.3.7', '202.114.4.119', 515), { side: null, allowed: true, rule: 'bedside-vitals', why: 'blackholed by a route' })
})

test('an allowed multicast packet is explained, not expected', () => {
  assert.deepEqual(fate(WARD.full, '10.20.3.7', '224.0.0.22', 0, 2), { side: null, allowed: true, rule: 'bedside-local', why: 'multicast is not routed' })
})

test('what is not private goes outside by default, next hops go to their link, and the router keeps its own address', () => {
  const to = (text: string): unknown => WARD.full.routes.find(ipVersion(ip(text)), ipValue(ip(text)))?.value
  assert.deepEqual(to('8.8.8.8'), { kind: 'side', side: OUTSIDE })
  assert.deepEqual(to('2001:db8::1'), { kind: 'side', side: OUTSIDE })
  assert.deepEqual(to('10.20.0.4'), { kind: 'side', side: CENTRAL })
  assert.deepEqual(to('10.20.0.5'), { kind: 'side', side: HOSPITAL })
  assert.deepEqual(to('192.0.2.1'), { kind: 'own' })
})

/** As measured on Linux: source, destination, whether it leaves on another link, and whether it can be forwarded. */
const MEASURED: readonly (readonly [string, string, boolean, boolean])[] = [
  ['10.0.0.1', '8.8.8.8', true, true],
  ['10.0.0.1', '239.1.1.1', true, false],
  ['224.0.0.1', '10.0.0.1', true, false],
  ['0.0.0.0', '10.0.0.1', true, false],
  ['127.0.0.1', '10.0.0.1', true, false],
  ['10.0.0.1', '255.255.255.255', true, false],
  ['240.0.0.1', '10.0.0.1', true, true],
  ['10.0.0.1', '192.0.2.1', true, false],
  ['192.0.2.1', '10.0.0.1', true, false],
  ['2001:db8::1', 'fe80::7', false, false],
  ['2001:db8::1', 'feb1::7', false, true],
  ['2001:db8::1', 'feb1::7', true, false],
  ['fe80::7', '2001:db8::1', true, false],
  ['fe80::7', '2001:db8::1', false, true],
  ['2001:db8::1', '::1', true, false],
  ['::ffff:10.0.0.1', '2001:db8::1', true, false],
]

for (const [src, dst, crosses, forwarded] of MEASURED) {
  test(`${src} to ${dst} ${crosses ? 'on another link' : 'back on its link'} is ${forwarded ? 'forwarded' : 'not forwarded'}`, () => {
    const version = ipVersion(ip(src))
    const why = neverForwarded({ version, src: ipValue(ip(src)), dst: ipValue(ip(dst)), crosses }, ipValue(ip('192.0.2.1')))
    assert.equal(why === null, forwarded, why ?? 'no reason')
  })
}
