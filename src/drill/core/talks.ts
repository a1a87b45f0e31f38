// Talks: what the twins of the ward try in every phase: telemetry, HL7, the update, a leak, and attacks, each with what should become of it.
// Keeps the rule that every patient is ZZTEST^CANARY and that addresses are the policy's: who plays which part follows from its conduits.

import { ipFromValue, ipValue, ipVersion, IP_BITS, type Ip, type IpVersion, type Prefix } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import { Program } from '../../protocols/rpc/codes.ts'
import { bareCall, encodeCall, encodeReply, getportResult, mntResult, mountMnt, portmapGetport, voidResult,
  withRecordMark } from '../../protocols/rpc/encode.ts'
import type { Policy } from '../../policy/index.ts'
import { concat } from '../../twin/core/build.ts'
import type { Monitor } from '../../twin/core/cast.ts'
import { streamRng } from '../../twin/core/chance.ts'
import { hl7Speech } from '../../twin/core/hl7-speech.ts'
import { wardOptions } from '../../twin/core/options.ts'
import { SHARE_PATH } from '../../twin/core/share.ts'
import { telemetrySpeech } from '../../twin/core/speech.ts'
import { MonitorVoice } from '../../twin/core/voice.ts'
import { ImaginaryPatient } from '../../twin/core/waveform.ts'
import { homes, outsideOf, ownedByOutside, sideWords, type Layout, type Side } from './layout.ts'
import { predict, type Loaded, type Packet } from './predict.ts'

/** One attempt of one device, the same in every phase. */
export interface Talk {
  readonly id: number
  /** Talks of one story are one row of the table. */
  readonly story: string
  readonly part: 'telemetry' | 'hl7' | 'update' | 'leak' | 'attack'
  readonly from: Ip
  readonly fromSide: number
  readonly to: Ip
  readonly proto: 'tcp' | 'udp'
  readonly port: number
  readonly payload: Uint8Array
  /** What whoever answers sends back; empty for receivers, as the real central station is taken to be. */
  readonly reply: Uint8Array
}

/** Where its first packet comes out, and whether both sides talked: TCP opened and the bytes arrived, or a datagram answered. */
export interface Outcome {
  readonly at: number | null
  readonly talked: boolean
}

export interface WardParts {
  readonly policy: Policy
  readonly layout: Layout
  /** Routes with everything loaded: the witness of the outside stays outside in every phase. */
  readonly routed: Loaded
  readonly beds: number
  readonly seed: number
}

/** The factory addresses of the firmware (facts cms8000.md section 1). */
const FACTORY_CENTRAL = '202.114.4.119' as Ip
const FACTORY_HL7 = '202.114.4.120' as Ip
/** Addresses of the fake Internet to leak to, the most telling first; TEST-NET-2 when a policy routes all of the block inside. */
const OUTSIDE_ADDRESSES = [FACTORY_CENTRAL, '202.114.4.1' as Ip, '198.51.100.77' as Ip]
const TELEMETRY_PORT = 515
const HL7_PORT = 511
/** No port of the UDP weaknesses is published (facts section 1): any will do. */
const UDP_ATTACK_PORT = 5000
const CYCLES = 3
const BED_MAC: MacNumber = 0x02_00_5e_30_00_00
const FILLER = new TextEncoder().encode('ZZTEST^CANARY filler, no exploit')
const NOTHING = new Uint8Array(0)
/** First host number tried in a block: below are routers. */
const HOST_FIRST = 11n

/** The cast: which side is the bedside, which one keeps the central station, who is a stranger. Null where the policy has no such part. */
export interface Parts {
  readonly bedside: Side | null
  readonly central: Side | null
  readonly office: Side | null
  readonly beds: readonly Ip[]
  /** Of the first bed's IP version. */
  readonly station: Ip | null
  readonly officePc: Ip | null
  readonly witness: Ip
}

export function castParts({ policy, layout, routed, beds: count }: WardParts): Parts {
  const side = (zone: string | undefined): Side | null => layout.sides.find((one) => one.kind !== 'outside' && one.label === zone) ?? null
  const cms = new Set(policy.services.filter((service) => service.protocol === 'cms8000').map(({ name }) => name))
  const vitals = policy.conduits.find((conduit) => conduit.action === 'allow' && conduit.services.some((name) => cms.has(name)))
  const bedside = side(vitals?.from) ?? layout.sides.find(({ kind }) => kind === 'medical') ?? null
  const central = side(vitals?.to)
  const office = layout.sides.find(({ kind }) => kind === 'it') ?? null
  const home = homes(layout)
  const beds = bedside === null ? [] : hostsOf(layout, bedside, count)
  const first = (one: Side | null): Ip | null => (one === null ? null : hostsOf(layout, one, 1)[0] ?? null)
  const leaves = (address: Ip): boolean => {
    const end = routed.routes.find(ipVersion(address), ipValue(address))?.value
    return home(ipVersion(address), ipValue(address)) === outsideOf(layout) && end?.kind === 'side' && end.side === outsideOf(layout)
  }
  return {
    bedside, central, office, beds,
    station: stationFor(layout, central, ipVersion(beds[0] ?? FACTORY_CENTRAL), FACTORY_CENTRAL),
    officePc: first(office), witness: OUTSIDE_ADDRESSES.find(leaves) ?? (OUTSIDE_ADDRESSES.at(-1) as Ip),
  }
}

/** The factory address where the firmware looks for it, if it is one of the station's; else the station's first address of that version. */
function stationFor(layout: Layout, central: Side | null, version: IpVersion, factory: Ip): Ip | null {
  if (central === null) return null
  if (version === 4 && homes(layout)(4, ipValue(factory)) === central.index) return factory
  return hostsOf(layout, central, 1, version)[0] ?? null
}

/** Up to `count` addresses that live on a side and are nobody's next hop. */
export function hostsOf(layout: Layout, side: Side, count: number, version: IpVersion | null = null): readonly Ip[] {
  const home = homes(layout)
  const hops = new Set(layout.sides.flatMap((one) => one.hops))
  const found: Ip[] = []
  for (const block of side.blocks.filter((one) => version === null || one.version === version).sort((a, b) => a.version - b.version)) {
    for (const address of candidates(block, count)) {
      const ip = ipFromValue(block.version, address)
      if (found.length < count && home(block.version, address) === side.index && !hops.has(ip)) found.push(ip)
    }
  }
  return found
}

function* candidates(block: Prefix, count: number): Generator<bigint> {
  const size = 1n << BigInt(IP_BITS[block.version] - block.length)
  const skip = size > HOST_FIRST + BigInt(count) ? HOST_FIRST : size > 3n ? 1n : 0n
  // A carved-out zone may sit at the start of a large block: look further in steps of /24 as well.
  for (let i = 0n; i < BigInt(count) && skip + i < size; i++) yield block.network + skip + i
  for (let i = 1n; i < 256n && i * 256n + skip < size; i++) yield block.network + i * 256n + skip
}

type Story = Pick<Talk, 'story' | 'part' | 'proto' | 'port' | 'payload' | 'reply'>

/** Every talk of the ward; stories whose parts the policy does not have are left out. */
export function planTalks(parts: WardParts): readonly Talk[] {
  const cast = castParts(parts)
  const talks: Talk[] = []
  const outside = outsideOf(parts.layout)
  const add = (from: Ip | null | undefined, fromSide: number | undefined, to: Ip | null | undefined, story: Story): void => {
    if (!from || fromSide === undefined || !to || ipVersion(from) !== ipVersion(to)) return
    // What the fake Internet takes for its own never leaves it; the probes ask about such packets.
    if (fromSide === outside && ownedByOutside(parts.layout, ipVersion(to), ipValue(to))) return
    talks.push({ ...story, id: talks.length, from, fromSide, to })
  }
  const bedside = cast.bedside?.index
  for (const [i, bed] of cast.beds.entries()) {
    const speech = bedSpeech(i + 1, bed, parts.seed)
    const station = (factory: Ip): Ip | null => stationFor(parts.layout, cast.central, ipVersion(bed), factory)
    add(bed, bedside, station(FACTORY_CENTRAL), tcp('telemetry to the central station', 'telemetry', TELEMETRY_PORT, speech.telemetry))
    add(bed, bedside, station(FACTORY_HL7), tcp('HL7 to the HL7 server', 'hl7', HL7_PORT, speech.hl7))
  }
  const bed = cast.beds[0]
  for (const story of updateStories()) add(bed, bedside, cast.station, story)
  add(bed, bedside, cast.witness, tcp('telemetry to the Internet', 'leak', TELEMETRY_PORT, bedSpeech(1, bed ?? cast.witness, parts.seed).telemetry))
  add(bed, bedside, cast.witness, { ...(updateStories()[0] as Story), story: 'update from the Internet', part: 'leak' })
  add(cast.officePc, cast.office?.index, bed, tcp('telnet from the office to a monitor', 'attack', 23, FILLER))
  add(cast.officePc, cast.office?.index, bed, udp('UDP from the office to a monitor', 'attack', UDP_ATTACK_PORT, FILLER, FILLER))
  add(cast.officePc, cast.office?.index, cast.station, tcp('remote desktop from the office to the central station', 'attack', 3389, FILLER))
  add(cast.witness, outside, bed, udp('UDP from the Internet to a monitor', 'attack', UDP_ATTACK_PORT, FILLER, FILLER))
  add(cast.witness, outside, cast.station, tcp('a stranger on the Internet to the central station', 'attack', TELEMETRY_PORT, FILLER))
  add(cast.station, cast.central?.index, cast.witness, tcp('the central station to the Internet', 'leak', 443, FILLER))
  return talks
}

function tcp(story: string, part: Talk['part'], port: number, payload: Uint8Array, reply: Uint8Array = NOTHING): Story {
  return { story, part, proto: 'tcp', port, payload, reply }
}

function udp(story: string, part: Talk['part'], port: number, payload: Uint8Array, reply: Uint8Array): Story {
  return { story, part, proto: 'udp', port, payload, reply }
}

const HANDLE_BYTES = 28
const MOUNT_PORT = 635
const XID = 0x5a5a_0001

/** The calls of the update, as far as they go without an answer: ports, mount (also blindly on 635), the share itself. */
function updateStories(): readonly Story[] {
  const getport = encodeCall(XID, portmapGetport(Program.mount, 1, 17), null)
  const port = encodeReply(XID, getportResult(MOUNT_PORT))
  const mount = encodeCall(XID + 1, mountMnt(1, SHARE_PATH), null)
  const share = encodeReply(XID + 1, mntResult(1, new Uint8Array(32).fill(0x5a, 0, HANDLE_BYTES)))
  const nfs = withRecordMark(encodeCall(XID + 2, bareCall(Program.nfs, 3, 0), null))
  return [
    udp('update: port mapper, UDP', 'update', 111, getport, port),
    tcp('update: port mapper, TCP', 'update', 111, withRecordMark(getport), withRecordMark(port)),
    udp('update: mount /pm', 'update', MOUNT_PORT, mount, share),
    tcp('update: NFS', 'update', 2049, nfs, withRecordMark(encodeReply(XID + 2, voidResult()))),
  ]
}

function bedSpeech(bed: number, ip: Ip, seed: number): { readonly telemetry: Uint8Array; readonly hl7: Uint8Array } {
  const monitor: Monitor = {
    label: `monitor, bed ${bed}`, role: 'patient-monitor', ip, mac: BED_MAC + bed, bed, place: 'static', centralAnswers: true, hl7Answers: true, admitted: true,
  }
  const options = wardOptions({ seed })
  const patient = (stream: string): ImaginaryPatient => new ImaginaryPatient(streamRng(seed, `drill/${stream}/${bed}`))
  const speech = telemetrySpeech(new MonitorVoice(monitor, patient('body'), streamRng(seed, `drill/voice/${bed}`)), options)
  const pieces = [speech.greeting() ?? NOTHING]
  for (let i = 0; i < CYCLES; i++) pieces.push(speech.say(speech.next(), options.startAt + i * options.cyclePeriodMicros))
  return { telemetry: concat(...pieces), hl7: hl7Speech(monitor, patient('hl7'), options).say('cycle-due', options.startAt) }
}

const PROTO = { tcp: 6, udp: 17 } as const

/** The first packet of a talk; its source port is the kernel's choice. */
export function talkPacket(talk: Pick<Talk, 'from' | 'to' | 'proto' | 'port'>): Packet {
  return {
    version: ipVersion(talk.from), src: ipValue(talk.from), dst: ipValue(talk.to), proto: PROTO[talk.proto], sport: 40_000, dport: talk.port, icmpType: 0,
  }
}

/** What should become of a talk, with the rule that decides. Answers need their way back: the responder's side, then the router's route. */
export function expectTalk(talk: Talk, loaded: Loaded, layout: Layout): Outcome & { readonly rule: string } {
  const fate = predict(loaded, talkPacket(talk), talk.fromSide)
  if (fate.side === null) return { at: null, talked: false, rule: fate.why ?? fate.rule }
  return { at: fate.side, talked: listens(talk, fate.side, layout) && returns(talk, fate.side, loaded, layout), rule: fate.rule }
}

/** Sides on which somebody listens for a talk: where its responder lives, and the fake Internet, which answers as everybody. */
export function listens(talk: Pick<Talk, 'to'>, side: number, layout: Layout): boolean {
  return side === outsideOf(layout) || side === homes(layout)(ipVersion(talk.to), ipValue(talk.to))
}

function returns(talk: Talk, side: number, loaded: Loaded, layout: Layout): boolean {
  const [version, address] = [ipVersion(talk.from), ipValue(talk.from)]
  if (side === outsideOf(layout) && ownedByOutside(layout, version, address)) return false
  const end = loaded.routes.find(version, address)?.value
  return end?.kind === 'side' && end.side === talk.fromSide
}

/** `reaches central, answered`. */
export function outcomeWords(outcome: Outcome, layout: Layout): string {
  const side = outcome.at === null ? undefined : layout.sides[outcome.at]
  if (side === undefined) return outcome.talked ? 'answered, seen nowhere' : 'stopped'
  return `reaches ${sideWords(side)}${outcome.talked ? '' : ', no session'}`
}
