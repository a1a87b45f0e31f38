// Community ID against every value of the specification's baseline, with seed 0 and seed 1.
// Keeps the rule that both directions of a flow have one name, and a one-way ICMP message only its own.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromWords, ipValue, ipVersion, parseIp, type Ip } from '../base/ip.ts'
import { communityId, icmpCounterpart } from './community-id.ts'
import type { FlowKey } from './flow.ts'

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

function key(proto: number, src: string, dst: string, srcPort = 0, dstPort = 0, vlan = 0): FlowKey {
  return { vlan, innerVlan: 0, src: ip(src), dst: ip(dst), proto, srcPort, dstPort }
}

type BaselineRow = readonly [proto: number, src: string, dst: string, srcPort: number, dstPort: number, seed0: string, seed1: string]

/** corelight/community-id-spec baseline/baseline_deflt.json and baseline_seed1.json: each value, in file order. */
const BASELINE: readonly BaselineRow[] = [
  [58, 'fe80::200:86ff:fe05:80da', 'fe80::260:97ff:fe07:69ea', 135, 136,
    '1:dGHyGvjMfljg6Bppwm3bg0LO8TY=', '1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY='],
  [58, 'fe80::260:97ff:fe07:69ea', 'fe80::200:86ff:fe05:80da', 136, 135,
    '1:dGHyGvjMfljg6Bppwm3bg0LO8TY=', '1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY='],
  [58, 'fe80::260:97ff:fe07:69ea', 'fe80::200:86ff:fe05:80da', 135, 136,
    '1:zavyT/cezQr1fmImYCwYnMXbgck=', '1:2hSqmsDZ2kdcY9kbiUzOEBic0iM='],
  [58, 'fe80::200:86ff:fe05:80da', 'fe80::260:97ff:fe07:69ea', 136, 135,
    '1:zavyT/cezQr1fmImYCwYnMXbgck=', '1:2hSqmsDZ2kdcY9kbiUzOEBic0iM='],
  [58, '3ffe:501:1800:2345::2', '3ffe:507:0:1:200:86ff:fe05:80da', 3, 0,
    '1:2ObVBgIn28oZvibYZhZMBgh7WdQ=', '1:lVEtCZpYu84Xqaa++3lXFyuu2n4='],
  [58, '3ffe:501:410:0:2c0:dfff:fe47:33e', '3ffe:507:0:1:200:86ff:fe05:80da', 1, 4,
    '1:hLZd0XGWojozrvxqE0dWB1iM6R0=', '1:W8MHwXpWzpoSTD+cGcaJr4u0ys8='],
  [58, '3ffe:507:0:1:200:86ff:fe05:80da', '3ffe:501:0:1001::2', 128, 129,
    '1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=', '1:GfZxjAkDk2MkegpBYHV6tadtFXQ='],
  [58, '3ffe:501:0:1001::2', '3ffe:507:0:1:200:86ff:fe05:80da', 129, 128,
    '1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=', '1:GfZxjAkDk2MkegpBYHV6tadtFXQ='],
  [58, 'fe80::200:86ff:fe05:80da', 'ff02::2', 133, 134, '1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=', '1:L7Ka0ZMYu+J3bL4ulW2PrqyXNo8='],
  [58, 'fe80::260:97ff:fe07:69ea', 'ff02::1', 134, 133, '1:pkvHqCL88/tg1k4cPigmZXUtL00=', '1:K/ee5UCqAMAQXDorP5nSa2CGLjc='],
  [1, '192.168.0.89', '192.168.0.1', 8, 0, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=', '1:03g6IloqVBdcZlPyX8r0hgoE7kA='],
  [1, '192.168.0.1', '192.168.0.89', 0, 8, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=', '1:03g6IloqVBdcZlPyX8r0hgoE7kA='],
  [1, '10.0.0.1', '10.0.0.2', 11, 0, '1:YHxtAirCG//0OzkcVAukqKQN9xM=', '1:XjUibYHaafLQ3pxQeiMI8g25q20='],
  [6, '2001:470:e5bf:dead:4957:2174:e82c:4887', '2607:f8b0:400c:c03::1a', 63943, 25,
    '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=', '1:eJYTW6AOzFLlSUoESovMjnu7rMw='],
  [6, '2607:f8b0:400c:c03::1a', '2001:470:e5bf:dead:4957:2174:e82c:4887', 25, 63943,
    '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=', '1:eJYTW6AOzFLlSUoESovMjnu7rMw='],
  [132, '192.168.170.8', '192.168.170.56', 7, 7, '1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=', '1:5w3ZRjeKBzqT3zsaEECDGjUbYeg='],
  [132, '192.168.170.56', '192.168.170.8', 7, 7, '1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=', '1:5w3ZRjeKBzqT3zsaEECDGjUbYeg='],
  [6, '128.232.110.120', '66.35.250.204', 34855, 80, '1:LQU9qZlK+B5F3KDmev6m5PMibrg=', '1:3V71V58M3Ksw/yuFALMcW0LAHvc='],
  [6, '66.35.250.204', '128.232.110.120', 80, 34855, '1:LQU9qZlK+B5F3KDmev6m5PMibrg=', '1:3V71V58M3Ksw/yuFALMcW0LAHvc='],
  [17, '192.168.1.52', '8.8.8.8', 54585, 53, '1:d/FP5EW3wiY1vCndhwleRRKHowQ=', '1:Q9We8WO3piVF8yEQBNJF4uiSVrI='],
  [17, '8.8.8.8', '192.168.1.52', 53, 54585, '1:d/FP5EW3wiY1vCndhwleRRKHowQ=', '1:Q9We8WO3piVF8yEQBNJF4uiSVrI='],
  [46, '10.1.12.1', '10.1.12.2', 0, 0, '1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=', '1:rYir8gphR31noO9iDRQmF/BteEI='],
  [46, '10.1.12.2', '10.1.12.1', 0, 0, '1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=', '1:rYir8gphR31noO9iDRQmF/BteEI='],
]

test('every value of the specification baseline, seed 0 and seed 1', () => {
  for (const [proto, src, dst, srcPort, dstPort, seed0, seed1] of BASELINE) {
    const flow = key(proto, src, dst, srcPort, dstPort)
    assert.equal(communityId(flow), seed0, `${proto} ${src} ${dst}`)
    assert.equal(communityId(flow, 1), seed1, `${proto} ${src} ${dst} seed 1`)
  }
})

test('an echo carries code 0 on the wire: request (8,0) and reply (0,0) are one flow', () => {
  const request = communityId(key(1, '192.168.0.89', '192.168.0.1', 8, 0))
  const reply = communityId(key(1, '192.168.0.1', '192.168.0.89', 0, 0))
  assert.equal(request, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=')
  assert.equal(reply, request)
})

test('a one-way ICMP error back is another flow than the error forth', () => {
  assert.notEqual(communityId(key(1, '10.0.0.1', '10.0.0.2', 3, 1)), communityId(key(1, '10.0.0.2', '10.0.0.1', 3, 1)))
})

test('counterparts are mutual, and an error type has none', () => {
  for (const proto of [1, 58]) {
    for (let type = 0; type < 256; type++) {
      const other = icmpCounterpart(proto, type)
      if (other >= 0) assert.equal(icmpCounterpart(proto, other), type, `${proto} type ${type}`)
    }
  }
  assert.equal(icmpCounterpart(1, 3), -1)
  assert.equal(icmpCounterpart(58, 1), -1)
  assert.equal(icmpCounterpart(1, 70000), -1, 'a number that is no type is one-way, not a crash')
})

test('VLANs do not count, and equal endpoints are ordered by port', () => {
  assert.equal(communityId(key(6, '10.0.0.1', '10.0.0.2', 1, 2, 7)), communityId(key(6, '10.0.0.1', '10.0.0.2', 1, 2)))
  assert.equal(communityId(key(17, '10.0.0.1', '10.0.0.1', 9, 3)), communityId(key(17, '10.0.0.1', '10.0.0.1', 3, 9)))
})

const address = fc.oneof(
  fc.nat(0xffffffff).map((v) => ({ v6: false, ip: ipFromV4(v) })),
  fc.tuple(fc.nat(0xffffffff), fc.nat(3), fc.nat(1), fc.nat(0xffffffff)).map((w) => ({ v6: true, ip: ipFromWords(...w) })),
)

test('which side is the initiator never matters for TCP, UDP, SCTP and portless protocols', () => {
  const proto = fc.constantFrom(6, 17, 132, 46, 50, 0)
  fc.assert(fc.property(address, address, fc.nat(65535), fc.nat(65535), proto, (a, b, srcPort, dstPort, p) => {
    fc.pre(a.v6 === b.v6)
    const there = { vlan: 0, innerVlan: 0, src: a.ip, dst: b.ip, proto: p, srcPort, dstPort }
    const back = { vlan: 0, innerVlan: 0, src: b.ip, dst: a.ip, proto: p, srcPort: dstPort, dstPort: srcPort }
    assert.equal(communityId(there), communityId(back))
  }))
})

/** The specification's pseudo code, said again with Buffer and node:crypto. */
function slowTwin(flow: FlowKey): string {
  const packed = (text: Ip): Buffer => Buffer.from(ipValue(text).toString(16).padStart(ipVersion(text) === 4 ? 8 : 32, '0'), 'hex')
  const port = (n: number): Buffer => Buffer.from([n >> 8, n & 255])
  const ends = [[packed(flow.src), port(flow.srcPort)], [packed(flow.dst), port(flow.dstPort)]] as [Buffer, Buffer][]
  ends.sort((x, y) => Buffer.compare(Buffer.concat(x), Buffer.concat(y)))
  const [low, high] = ends as [[Buffer, Buffer], [Buffer, Buffer]]
  const input = Buffer.concat([Buffer.from([0, 0]), low[0], high[0], Buffer.from([flow.proto, 0]), low[1], high[1]])
  return `1:${createHash('sha1').update(input).digest('base64')}`
}

test('equals the pseudo code of the specification for random TCP flows of both IP versions', () => {
  fc.assert(fc.property(address, address, fc.nat(65535), fc.nat(65535), (a, b, srcPort, dstPort) => {
    fc.pre(a.v6 === b.v6)
    const flow = { vlan: 0, innerVlan: 0, src: a.ip, dst: b.ip, proto: 6, srcPort, dstPort }
    assert.equal(communityId(flow), slowTwin(flow))
  }))
})
