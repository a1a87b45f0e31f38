// Tests of bedside evidence: each protocol's facts claim what their bytes say, about the right side, and nothing more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, type Ip } from '../base/ip.ts'
import type { Fact } from '../protocols/facts.ts'
import { claimsOf } from './evidence.ts'

const ip = (text: string): Ip => {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

const BASE = { at: 1, frame: 1, flowId: 1 } as const

/** `target what=value` per claim; `?` when inferred. */
function said(fact: Fact, proto = 6, dst = '10.20.4.9', dstPort = 9500): string[] {
  const flow = { vlan: 0, innerVlan: 0, src: ip('10.20.4.41'), dst: ip(dst), proto, srcPort: 40_000, dstPort }
  return claimsOf(fact, flow).map(({ target, claim }) =>
    `${'ip' in target ? target.ip : target.mac} ${claim.what}=${claim.value}${claim.inferred ? '?' : ''}`)
}

test('vista120: the monitor by its framing, whichever side it is; the central by inference, or by its own words', () => {
  const stream = (monitorSide: 0 | 1): Fact => ({ ...BASE, protocol: 'vista120', kind: 'stream', model: 'vista-120', number: 1, monitorSide })
  assert.deepEqual(said(stream(0)), [
    '10.20.4.41 model=draeger-vista-120', '10.20.4.41 role=patient-monitor', '10.20.4.9 role=central-station?',
  ])
  assert.deepEqual(said(stream(1)).map((text) => text.split(' ')[0]), ['10.20.4.9', '10.20.4.9', '10.20.4.41'])
  const announce: Fact = {
    ...BASE, protocol: 'vista120', kind: 'announce', name: 'CMS', institution: 'HOSPITAL', port: 9500, address: ip('10.20.4.41'), secondAddress: null,
  }
  assert.deepEqual(said(announce, 17), ['10.20.4.41 role=central-station'])
  assert.deepEqual(said({ ...BASE, protocol: 'vista120', kind: 'resync', monitorSide: 0, skipped: 3 }), [])
})
