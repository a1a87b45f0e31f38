// world: a small world for rule tests: assets, cards and talks said in a line each.

import assert from 'node:assert/strict'
import { ipScope } from '../base/ip-scope.ts'
import { parseIp, parsePrefix, type Ip } from '../base/ip.ts'
import { formatMac, type MacNumber } from '../base/mac.ts'
import { MICROS_PER_SECOND } from '../base/time.ts'
import type { Draft, Rule } from '../detect/rule.ts'
import { toFinding } from '../detect/rule.ts'
import type { Finding } from '../detect/finding.ts'
import type { StreamSpan, Talk } from '../detect/talks.ts'
import { createWorld, type World, type WorldParts } from '../detect/world.ts'
import type { Asset, AssetRole } from '../inventory/asset.ts'
import { Bindings } from '../inventory/bindings.ts'
import type { Fact } from '../protocols/facts.ts'
import type { Flow } from '../wire/flow.ts'

export const ip = (text: string): Ip => {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

export const seconds = (n: number): number => n * MICROS_PER_SECOND

/** Card of the monitor, the central, the router and a stranger in these tests. */
export const CARD = { monitor: 0x02005e000001, central: 0x02005e000002, router: 0x02005e000003, stranger: 0x02005e000004 } as const

export function asset(role: AssetRole, address: string, bed: number | null = null, mac: MacNumber = CARD.monitor): Asset {
  return {
    id: `a-${address}`, label: bed === null ? `${role} ${address}` : `CMS8000 monitor, bed ${bed}`, profile: null, vendor: null, model: null, role,
    level: 'C', bed, outside: false, zone: null, claims: [], firstAt: 0, lastAt: 0,
    interfaces: [{ mac: formatMac(mac), ip: ip(address), vlan: 0, evidence: 'arp', firstAt: 0, lastAt: 0 }],
  }
}

/** An answered TCP talk unless said otherwise. */
export function talk(src: string, dst: string, port: number, more: Partial<Talk> = {}): Talk {
  const proto = more.proto ?? 6
  return {
    vlan: 0, src: ip(src), dst: ip(dst), proto, port, nextHop: CARD.router, toGroup: false, protocol: null,
    flows: 1, unanswered: 0, refused: 0, answered: 1, oneSided: 0,
    packets: 10, packetsBack: 8, bytes: 1000, bytesBack: 400, firstAt: seconds(1), lastAt: seconds(9), frames: [3],
    evidence: [{
      flowId: 1, src: ip(src), srcPort: 40_000, dst: ip(dst), dstPort: port, proto, vlan: 0,
    }],
    ...more,
  }
}

export const unanswered: Partial<Talk> = { unanswered: 1, answered: 0, packetsBack: 0, bytesBack: 0 }

export function span(monitor: string, first: number, last: number, closed = false): StreamSpan {
  const t = talk(monitor, '202.114.4.119', 515)
  return {
    flowId: Number(monitor.split('.').at(-1)), vlan: 0, monitor: ip(monitor), central: ip('202.114.4.119'), firstAt: seconds(first), lastAt: seconds(last),
    closed, nextHop: CARD.central, evidence: t.evidence[0] as StreamSpan['evidence'],
  }
}

export function world(parts: Partial<WorldParts> = {}): World {
  const block = parsePrefix('202.114.4.0/24')
  assert.ok(block.ok)
  return createWorld({
    assets: [], bindings: new Bindings(), routers: new Set([CARD.router]), talks: [], spans: [],
    indicators: [{ block: block.value, text: '202.114.4.0/24', source: 'CISA ICSMA-25-030-01' }],
    isInside: (a) => ipScope(a) === 'private', approvesUpdate: () => false, lastAt: seconds(600), ...parts,
  })
}

/** A flow as a fact's companion; only what rules read. */
export function flow(src: string, dst: string, dstPort: number, more: Partial<Flow> = {}): Flow {
  return {
    id: 1, vlan: 0, innerVlan: 0, src: ip(src), dst: ip(dst), proto: 6, srcPort: 40_000, dstPort, firstAt: 0, firstFrame: 1, lastAt: 0,
    macs: [CARD.monitor, CARD.router], packets: [1, 1], bytes: [100, 100], payloadBytes: [10, 10], tcpFlags: [0, 0], state: 'established',
    protocol: null, gapBytes: 0, communityId: () => '1:x', ...more,
  }
}

/** What a rule finds after hearing these facts. Asking twice must answer the same. */
export function findings(rule: Rule, w: World, heard: readonly (readonly [Fact, Flow | null])[] = []): Finding[] {
  const detector = rule.open()
  for (const [fact, of] of heard) detector.fact?.(fact, of)
  const drafts: Draft[] = detector.findings(w)
  assert.deepEqual(detector.findings(w), drafts)
  return drafts.map((draft) => toFinding(rule, draft))
}
