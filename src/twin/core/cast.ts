// Cast: who stands in the ward, at which addresses, and who plays which part in the stories.
// Keeps the rule that nobody real is implied: locally administered hardware addresses, made-up names, private networks.

import { parseIp, type Ip } from '../../base/ip.ts'
import { assert } from '../../base/assert.ts'
import type { MacNumber } from '../../base/mac.ts'
import { shuffled, streamRng } from './chance.ts'
import type { WardOptions } from './options.ts'

export type CastRole =
  | 'patient-monitor' | 'central-station' | 'hl7-server' | 'router' | 'dhcp-dns-server' | 'workstation' | 'dicom-node' | 'printer'
  | 'web-server' | 'stranger' | 'outside'

/** Someone with an address. `mac` is null for who is only seen through the gateway. */
export interface Host {
  readonly label: string
  readonly role: CastRole
  readonly ip: Ip
  readonly mac: MacNumber | null
}

/** Someone on this switch. */
export interface LocalHost extends Host {
  readonly mac: MacNumber
}

/** clinical: in 202.114.4.0/24 as meant. dhcp, static: in the hospital LAN, so that its central lies behind the default gateway. */
export type Place = 'clinical' | 'dhcp' | 'static'

export interface Monitor extends LocalHost {
  readonly role: 'patient-monitor'
  readonly bed: number
  readonly place: Place
  /** Whether the central's and the HL7 server's address answer it. */
  readonly centralAnswers: boolean
  readonly hl7Answers: boolean
  /** Whether a (made-up) patient is admitted at the monitor, so that its record is filled. */
  readonly admitted: boolean
}

export interface Cast {
  readonly monitors: readonly Monitor[]
  readonly central: LocalHost
  readonly hl7: LocalHost
  readonly gateway: LocalHost
  readonly nameServer: LocalHost
  readonly nursePc: LocalHost
  readonly modality: LocalHost
  readonly printer: LocalHost
  readonly intranet: Host
  readonly pacs: Host
  /** What answers at the same addresses when a packet leaves the hospital. */
  readonly outsideCentral: Host
  readonly outsideHl7: Host
  readonly stranger: LocalHost | null
  /** Parts; null without their story. */
  readonly updater: Monitor | null
  readonly failedUpdater: Monitor | null
  readonly relayVictim: Monitor | null
  readonly udpTarget: Monitor | null
}

const CLINICAL = '202.114.4.'
const LAN = '10.20.4.'
/** Local bit set, so no maker is implied (IEEE 802); the last octets repeat the address for people who read captures. */
const CLINICAL_MAC = 0x02_00_5e_10_04_00
const LAN_MAC = 0x02_00_5e_20_04_00
const MONITOR_MAC = 0x02_00_5e_30_00_00

/** Where monitors stand in each network. A monitor that would fall on a taken host number moves up by a hundred. */
const CLINICAL_PLACE = { network: CLINICAL, base: 20, taken: [66, 119, 120] }
const LAN_PLACE = { network: LAN, base: 30, taken: [1, 2, 50, 60, 70] }
const MOVE_UP = 100

/** Monitors the leak story puts into the hospital LAN: the last ones. The last of them gets no answer. */
export const LEAKED_BEDS = 3

function address(text: string): Ip {
  const parsed = parseIp(text)
  assert(parsed.ok, `${text} is an address`)
  return parsed.value
}

function fixed(label: string, role: CastRole, network: string, mac: MacNumber, host: number): LocalHost {
  return { label, role, ip: address(`${network}${host}`), mac: mac + host }
}

function far(label: string, role: CastRole, ip: string): Host {
  return { label, role, ip: address(ip), mac: null }
}

/** The cast for these options. The same options give the same cast. */
export function castWard(options: WardOptions): Cast {
  const monitors = Array.from({ length: options.beds }, (_, i) => monitor(i + 1, options))
  return { ...SERVANTS, monitors, ...parts(monitors, options), stranger: hasStranger(options) ? STRANGER : null }
}

const SERVANTS = {
  central: fixed('central station', 'central-station', CLINICAL, CLINICAL_MAC, 119),
  hl7: fixed('HL7 engine', 'hl7-server', CLINICAL, CLINICAL_MAC, 120),
  gateway: fixed('default gateway', 'router', LAN, LAN_MAC, 1),
  nameServer: fixed('DHCP and DNS server', 'dhcp-dns-server', LAN, LAN_MAC, 2),
  nursePc: fixed('NURSE-PC-04', 'workstation', LAN, LAN_MAC, 50),
  modality: fixed('ultrasound', 'dicom-node', LAN, LAN_MAC, 60),
  printer: fixed('ward printer', 'printer', LAN, LAN_MAC, 70),
  intranet: far('intranet server', 'web-server', '10.20.8.20'),
  pacs: far('PACS', 'dicom-node', '10.20.8.10'),
  outsideCentral: far('outside at .119', 'outside', `${CLINICAL}119`),
  outsideHl7: far('outside at .120', 'outside', `${CLINICAL}120`),
}
const STRANGER = fixed('stranger', 'stranger', CLINICAL, CLINICAL_MAC, 66)

function hasStranger(options: WardOptions): boolean {
  return options.scenarios.has('mitm') || options.scenarios.has('udp')
}

function monitor(bed: number, options: WardOptions): Monitor {
  const fromEnd = options.beds - bed
  const leaked = options.scenarios.has('leak') && fromEnd < LEAKED_BEDS
  const lonely = options.scenarios.has('update') && !options.scenarios.has('leak') && fromEnd === 0
  const place: Place = leaked ? 'dhcp' : lonely ? 'static' : 'clinical'
  const { network, base, taken } = place === 'clinical' ? CLINICAL_PLACE : LAN_PLACE
  const host = taken.includes(base + bed) ? base + bed + MOVE_UP : base + bed
  return {
    label: `monitor, bed ${bed}`,
    role: 'patient-monitor',
    ip: address(`${network}${host}`),
    mac: MONITOR_MAC + bed,
    bed,
    place,
    centralAnswers: place === 'clinical' || (leaked && fromEnd > 0),
    // From outside, the HL7 address answers the first leaked monitor only: an answered and an unanswered stream to compare.
    hl7Answers: place === 'clinical' || (leaked && fromEnd === LEAKED_BEDS - 1),
    admitted: leaked,
  }
}

type Parts = Pick<Cast, 'updater' | 'failedUpdater' | 'relayVictim' | 'udpTarget'>

/** Each part goes to another clinical monitor, as long as there are enough. */
function parts(monitors: readonly Monitor[], options: WardOptions): Parts {
  const { scenarios, seed } = options
  const order = shuffled(streamRng(seed, 'parts'), monitors.filter((m) => m.place === 'clinical'))
  const pick = (i: number): Monitor | null => order[i % order.length] ?? null
  return {
    updater: scenarios.has('update') ? pick(0) : null,
    failedUpdater: scenarios.has('update') ? (monitors.at(-1) ?? null) : null,
    relayVictim: scenarios.has('mitm') ? pick(1) : null,
    udpTarget: scenarios.has('udp') ? pick(2) : null,
  }
}
