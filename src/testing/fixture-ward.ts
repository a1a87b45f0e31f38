// fixture-ward: a small made-up ward as the store holds it after reading a capture: assets, conversations, findings of each severity.
// Every body also hides a canary (ZZTEST^CANARY) in a field no type names: no output may ever show it.

import { ipFromV4, parseIp, type Ip } from '../base/ip.ts'
import { formatMac } from '../base/mac.ts'
import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import { assert } from '../base/assert.ts'
import type { Analysis } from '../console/api.ts'
import type { Conversation, Endpoint } from '../detect/conversation.ts'
import type { Finding, Severity } from '../detect/finding.ts'
import type { Asset, Claim } from '../inventory/asset.ts'
import type { Store, StoreRecord } from '../store/store.ts'

export const CANARY = 'ZZTEST^CANARY'
export const WARD_ID = 'an-ward'
/** 2026-01-05T07:30:00Z, a made-up Monday morning. */
export const WARD_START: Micros = 1_767_598_200 * MICROS_PER_SECOND
/** The capture lasts this long. */
export const WARD_SECONDS = 40
export const WARD_END: Micros = WARD_START + WARD_SECONDS * MICROS_PER_SECOND

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert(parsed.ok, `fixture address ${text}`)
  return parsed.value
}

const at = (second: number): Micros => WARD_START + second * MICROS_PER_SECOND

function claim(what: Claim['what'], value: string, level: Claim['level'], evidence: string, inferred = false): Claim {
  return { what, value, level, evidence, inferred, firstAt: at(1), lastAt: at(38), frame: 4, count: 120 }
}

interface AssetSeed {
  readonly id: string
  readonly label: string
  readonly address: string
  readonly mac: number
  readonly part?: Partial<Asset>
}

function asset({ id, label, address, mac, part }: AssetSeed): Asset {
  return {
    id, label, profile: null, vendor: null, model: null, role: 'unknown', level: null, bed: null, outside: false, zone: null,
    interfaces: [{ mac: formatMac(mac), ip: ip(address), vlan: 0, evidence: 'arp', firstAt: at(0), lastAt: at(39) }],
    claims: [], firstAt: at(0), lastAt: at(39), ...part,
  }
}

const MONITOR = asset({
  id: 'a-0000000001', label: 'CMS8000 monitor, bed 7', address: '10.20.3.17', mac: 0x000102030407,
  part: {
    profile: 'contec-cms8000', vendor: 'CONTEC', model: 'CMS8000', role: 'patient-monitor', level: 'C', bed: 7, zone: 'ward-3',
    claims: [
      claim('model', 'CMS8000', 'C', 'CMS8000 framing on TCP 515'),
      claim('bed', '7', 'C', 'bed number announced in CMS8000 message 0x45'),
      claim('role', 'patient-monitor', 'D', 'talks to 202.114.4.119, an indicator of ICSMA-25-030-01', true),
      claim('nic-vendor', 'unknown maker', 'E', 'IEEE registry for 00:01:02', true),
    ],
    interfaces: [
      { mac: formatMac(0x000102030407), ip: ip('10.20.3.17'), vlan: 0, evidence: 'arp', firstAt: at(0), lastAt: at(39) },
      { mac: formatMac(0x000102030407), ip: ip('10.20.3.99'), vlan: 0, evidence: 'dhcp', firstAt: at(0), lastAt: at(6) },
    ],
  },
})

const CENTRAL = asset({
  id: 'a-0000000002', label: 'Central station, ward 3', address: '10.20.3.5', mac: 0x000102030405,
  part: {
    role: 'central-station', level: 'B', model: 'CMS9000', vendor: 'CONTEC', zone: 'ward-3',
    claims: [claim('role', 'central-station', 'B', 'CMMS row 112')],
  },
})

const STRANGER = asset({ id: 'a-0000000003', label: '10.20.9.44', address: '10.20.9.44', mac: 0x020102030444 })

const OUTSIDE = asset({
  id: 'a-0000000004', label: '202.114.4.119', address: '202.114.4.119', mac: 0x0001020304fe, part: { outside: true, interfaces: [] },
})

/** Three inside, one beyond the hospital. */
export const WARD_ASSETS: readonly Asset[] = [MONITOR, CENTRAL, STRANGER, OUTSIDE]

function end(of: Asset, zone: string): Endpoint {
  return { assetId: of.id, ip: of.interfaces[0]?.ip ?? ip(of.label), label: of.label, zone }
}

const monitorEnd = end(MONITOR, 'ward-3')
const groupEnd: Endpoint = { assetId: null, ip: ipFromV4(0xffffffff), label: 'broadcast', zone: 'group' }

function conversation(id: string, from: Endpoint, to: Endpoint, part: Partial<Conversation>): Conversation {
  return {
    id, from, to, transport: 'tcp', port: 515, protocol: 'cms8000', flows: 1, attempts: 0, packets: 400, bytes: 48_000,
    firstAt: at(1), lastAt: at(39), leaves: false, verdict: 'allow', rule: 'monitors-to-central',
    reason: 'Monitors may reach their central station.', ...part,
  }
}

export const WARD_CONVERSATIONS: readonly Conversation[] = [
  conversation('c-0000000001', monitorEnd, end(OUTSIDE, 'internet'), {
    leaves: true, verdict: 'deny', rule: 'default', reason: 'No conduit leads from ward-3 to internet.', flows: 3, attempts: 1,
  }),
  conversation('c-0000000002', monitorEnd, end(CENTRAL, 'ward-3'), {}),
  conversation('c-0000000003', end(STRANGER, 'unzoned'), monitorEnd, {
    port: 23, protocol: null, verdict: 'deny', rule: 'default', reason: 'No conduit leads from unzoned to ward-3.',
    bytes: 640, packets: 8, attempts: 4,
  }),
  conversation('c-0000000004', monitorEnd, groupEnd, { transport: 'udp', port: 67, protocol: 'dhcp', bytes: 1200, packets: 4 }),
]

const WORDS: Readonly<Record<Severity, readonly [rule: string, ward: string, technical: string, help: string]>> = {
  critical: [
    'patient-data-leaves', 'Bed 7\'s monitor sends patient records out of the hospital.',
    '10.20.3.17 -> 202.114.4.119 tcp/515 cms8000: 3 flows, message 0x3E with name, number and birth date filled.',
    'Block 202.114.4.0/24 at the hospital\'s edge and give the monitor a static route to its central station.',
  ],
  high: [
    'talks-outside', 'Bed 7\'s monitor talks to an address outside the hospital.',
    '10.20.3.17 -> 202.114.4.119 tcp/515, 3 flows of which 1 was refused.',
    'Put the monitor in a zone whose only conduit leads to the central station.',
  ],
  medium: [
    'unexpected-visitor', 'An unknown device tried to log in to bed 7\'s monitor.',
    '10.20.9.44 -> 10.20.3.17 tcp/23: 4 attempts, none answered.', 'Find the device by its address and switch port, and ask who owns it.',
  ],
  low: [
    'clear-text', 'Bed 7\'s monitor sends its readings unprotected inside the ward.',
    '10.20.3.17 -> 10.20.3.5 tcp/515 without TLS.', 'Keep the ward network separate from other networks.',
  ],
  info: ['unzoned-asset', 'One device stands in no zone.', '10.20.9.44 is in no zone of the policy.', 'Add its address block to a zone.'],
}

const EXFILTRATION = { id: 'T1048.003', name: 'Exfiltration Over Unencrypted Non-C2 Protocol', matrix: 'enterprise' } as const

function finding(severity: Severity, number: number, of: Asset): Finding {
  const [rule, ward, technical, help] = WORDS[severity]
  return {
    id: `f-000000000${number}`, rule, severity, assetId: of.id, assetLabel: of.label, ward, technical, help,
    attack: severity === 'critical' ? [EXFILTRATION] : [],
    inferred: severity === 'high' ? ['That the address belongs to the maker\'s server is inferred from an advisory.'] : [],
    firstAt: at(number), lastAt: at(30 + number), count: number * 3,
    evidence: {
      frames: [4, 9, 15 + number],
      flows: [{
        flowId: number, communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=', src: ip('10.20.3.17'), srcPort: 1025,
        dst: ip('202.114.4.119'), dstPort: 515, transport: 'tcp', vlan: 0,
      }],
      details: severity === 'critical' ? [['filled fields', 'name, number, birth date']] : [],
    },
  }
}

/** One of each severity. */
export const WARD_FINDINGS: readonly Finding[] = [
  finding('critical', 1, MONITOR), finding('high', 2, MONITOR), finding('medium', 3, STRANGER),
  finding('low', 4, MONITOR), finding('info', 5, STRANGER),
]

/** The body of record kind `analysis`, as the console's api names its fields. */
export function wardAnalysis(id: string = WARD_ID, name = 'ward-3.pcapng'): Analysis {
  return {
    id, name, source: 'capture', state: 'complete', sha256: 'ab'.repeat(32), format: 'pcapng', packets: 812, bytes: 98_240, flows: 9,
    firstAt: WARD_START, lastAt: WARD_END,
    problems: [{ code: 'frame/truncated', message: '2 frames were cut short by the capture (snap length).' }],
    observations: [{ name: 'tcp segments without payload', count: 31 }],
    health: [{
      id: 'hears-one-side', severity: 'high', incomplete: true, count: 7, ward: 'This sensor hears only one side of most conversations.',
      technical: '7 of 9 TCP flows have packets in one direction only.', help: 'Ask the network team whether the mirror copies both directions.',
    }],
    blindSpots: [
      'Forty seconds of one morning prove nothing about night shifts and weekends.',
      'Traffic that does not pass the mirrored port is not seen.',
    ],
  }
}

/** What the policy knows: the matrix adds the zones only traffic shows. */
export const WARD_ZONES = {
  zones: [
    { name: 'ward-3', kind: 'medical', prefixes: ['10.20.3.0/24'] },
    { name: 'office', kind: 'it', prefixes: ['10.40.0.0/16'] },
    { name: 'internet', kind: 'external', prefixes: [] },
  ],
  conduits: [{ from: 'ward-3', to: 'office', service: 'hl7 tcp/2575', name: 'results' }],
} as const

/** Writes the ward into a store, under `id`, each body with a canary in an unnamed field. */
export async function seedWard(store: Store, id: string = WARD_ID, name?: string): Promise<void> {
  const record = (kind: StoreRecord['kind'], key: string, body: object): StoreRecord =>
    ({ kind, analysis: id, key, at: WARD_START, body: { ...body, note: CANARY, patient: { name: CANARY } } })
  await store.append([
    record('analysis', id, wardAnalysis(id, name)),
    ...WARD_ASSETS.map((body) => record('asset', body.id, body)),
    ...WARD_CONVERSATIONS.map((body) => record('conversation', body.id, body)),
    ...WARD_FINDINGS.map((body) => record('finding', body.id, body)),
    ...flowEvents(id),
  ])
}

/** Forty flows, three of them in one second, five seconds silent: a chart with a shape. */
function flowEvents(analysis: string): StoreRecord[] {
  const seconds = Array.from({ length: WARD_SECONDS }, (_, second) => second).filter((second) => second < 20 || second > 24)
  return seconds.map((second): StoreRecord => ({
    kind: 'flow', analysis, key: String(second), at: at(second),
    body: { src: '10.20.3.17', dst: '10.20.3.5', bytes: 1200 + 400 * (second % 7), note: CANARY },
  }))
}
