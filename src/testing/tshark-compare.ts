// tshark-compare: what our engine makes of a capture, in the words of tshark, and where the two differ.
// Keeps the rule that nothing is compared that one side does not say; what is left out is written beside each comparison.

import { ipFromV4, ipFromWords } from '../base/ip.ts'
import type { Direction } from '../wire/flow.ts'
import { FrameFlag, FrameStatus, IpProto, TcpFlag, type Frame } from '../wire/frame.ts'
import { TcpStream, type TcpSink } from '../wire/reassembly/tcp.ts'
import { runFlows } from './capture-frames.ts'
import { StreamHash, type StreamHashes, type TsharkLayer, type TsharkPacket, type TsharkRun } from './tshark.ts'

/** One packet as both sides tell it. `length` is empty where a side does not tell it: then it is not compared. */
export interface Outline {
  readonly stack: string
  readonly tuple: string
  readonly length: string
}

export interface OurPacket extends Outline {
  /** Flow id for TCP and UDP, else 0. */
  readonly flow: number
  readonly communityId: string
  /** The frame shows what a tunnel carries: compared with tshark's innermost headers. */
  readonly isInTunnel: boolean
}

export interface OurRun {
  readonly packets: readonly OurPacket[]
  /** TCP flows with at least one byte, by flow id. */
  readonly streams: ReadonlyMap<number, StreamHashes>
  readonly tcpFlows: number
}

/** LINKTYPE_ values as tshark names their header; a link that only wraps IP is `raw`, as is one without any header. */
const LINK_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'null'], [1, 'eth'], [9, 'ppp'], [12, 'raw'], [14, 'raw'], [50, 'ppp'], [101, 'raw'], [108, 'null'], [113, 'sll'], [204, 'ppp'], [228, 'raw'],
  [229, 'raw'], [276, 'sll'],
])
const TRANSPORT_NAMES: ReadonlyMap<number, string> = new Map([
  [IpProto.tcp, 'tcp'], [IpProto.udp, 'udp'], [IpProto.icmp, 'icmp'], [IpProto.icmp6, 'icmpv6'], [IpProto.sctp, 'sctp'],
])

/** The whole capture through decode, IP reassembly, flow table and TCP streams, as the sensor does it. */
export function ourRun(path: string): OurRun {
  const packets: OurPacket[] = []
  const streams = new Streams()
  let flowId = 0
  let communityId = ''
  runFlows(path, ({ flow, direction }, buf, frame) => {
    flowId = frame.proto === IpProto.tcp || frame.proto === IpProto.udp ? flow.id : 0
    communityId = flow.communityId()
    if (frame.proto === IpProto.tcp) streams.segment(flow.id, direction, buf, frame)
  }, {
    onEnd: (flow) => streams.ended(flow.id, flow.lastAt),
    onPacket: (frame, status, linkType) => {
      packets.push({ ...outlineOf(frame, status, linkType), flow: flowId, communityId, isInTunnel: isInTunnel(frame) })
      flowId = 0
      communityId = ''
    },
  })
  return { packets, streams: streams.hashes, tcpFlows: streams.count }
}

/** A frame of a decoder that opens tunnels says how many it went through; one without the field shows the outermost headers. */
function isInTunnel(frame: Frame & { readonly tunnels?: number }): boolean {
  return (frame.tunnels ?? 0) > 0
}

function outlineOf(frame: Frame, status: FrameStatus, linkType: number): Outline {
  const transport = status === FrameStatus.transport ? (TRANSPORT_NAMES.get(frame.proto) ?? '') : ''
  const net = frame.ipVersion === 6 ? 'ipv6' : frame.ipVersion === 4 ? 'ip' : frame.arpOff >= 0 ? 'arp' : ''
  const isWhole = (frame.flags & (FrameFlag.transportInvalid | FrameFlag.ipPayloadTruncated)) === 0
  const ports = transport === '' ? '' : `${frame.srcPort}>${frame.dstPort}`
  return {
    stack: stackText(LINK_NAMES.get(linkType) ?? '', [frame.vlan, frame.innerVlan], net, transport),
    tuple: `${addressOf(frame, 0)} ${addressOf(frame, 4)} ${ports}`,
    length: transport === 'tcp' && isWhole ? String(frame.payloadWireLength) : '',
  }
}

function stackText(link: string, vlans: readonly (string | number)[], net: string, transport: string): string {
  const tags = [vlans[0] ?? 0, vlans[1] ?? 0].map(Number)
  return [link, ...tags.filter((id) => id > 0).map((id) => `vlan ${id}`), net, transport].filter((name) => name !== '').join('/')
}

function addressOf(frame: Frame, at: number): string {
  const words = [0, 1, 2, 3].map((i) => frame.addresses[at + i] ?? 0) as [number, number, number, number]
  if (frame.ipVersion === 4) return ipFromV4(words[3])
  return frame.ipVersion === 6 ? ipFromWords(...words) : ''
}

/** What tshark says of the headers that our frame shows: the outermost, or the innermost when we are in a tunnel. */
export function theirLayer(packet: TsharkPacket, isInside: boolean): TsharkLayer {
  return packet.layers.at(isInside ? -1 : 0) as TsharkLayer
}

function theirOutline(packet: TsharkPacket, isInside: boolean): Outline {
  const layer = theirLayer(packet, isInside)
  const ports = layer.transport === '' ? '' : `${layer.srcPort}>${layer.dstPort}`
  return {
    stack: stackText(LINKS_ALIKE.get(packet.link) ?? packet.link, layer.vlans, layer.net, layer.transport),
    tuple: `${layer.src} ${layer.dst} ${ports}`, length: layer.length,
  }
}

/** Names of tshark for link headers that we tell by another: a raw IP packet has none, so its first name is IP itself. */
const LINKS_ALIKE: ReadonlyMap<string, string> = new Map([['ip', 'raw'], ['ipv6', 'raw'], ['sll2', 'sll'], ['loop', 'null']])

export interface Disagreement {
  readonly frame: number
  readonly what: 'stack' | 'tuple' | 'length' | 'flow' | 'community id'
  readonly ours: string
  readonly theirs: string
}

/** Packet by packet. A frame is named once, with the first thing that differs. */
export function packetsThatDiffer(ours: OurRun, theirs: TsharkRun): Disagreement[] {
  const pairing = new Pairing()
  return ours.packets.slice(0, theirs.packets.length).flatMap((we, i): Disagreement[] => {
    const packet = theirs.packets[i] as TsharkPacket
    const found = differenceOf(we, packet) ?? pairing.differenceOf(we, theirLayer(packet, we.isInTunnel))
    return found ? [{ frame: i + 1, ...found }] : []
  })
}

type Difference = Omit<Disagreement, 'frame'>

/** A Community ID is compared where there is one 5-tuple only: of tunnels tshark 4.0 mixes the headers. */
function differenceOf(we: OurPacket, packet: TsharkPacket): Difference | null {
  const they = theirOutline(packet, we.isInTunnel)
  if (we.stack !== they.stack) return { what: 'stack', ours: we.stack, theirs: they.stack }
  if (we.tuple !== they.tuple) return { what: 'tuple', ours: we.tuple, theirs: they.tuple }
  if (we.length !== '' && they.length !== '' && we.length !== they.length) return { what: 'length', ours: we.length, theirs: they.length }
  const hasOne = packet.layers.length === 1 && we.communityId !== '' && packet.communityId !== ''
  if (!hasOne || we.communityId === packet.communityId) return null
  return { what: 'community id', ours: we.communityId, theirs: packet.communityId }
}

/** Our flows and tshark's streams are one to one: the first packet of each says which, all others must agree. */
class Pairing {
  readonly #flowOf = new Map<string, number>()
  readonly #streamOf = new Map<number, string>()

  differenceOf(we: OurPacket, layer: TsharkLayer): Difference | null {
    if (we.flow === 0 || layer.stream === '') return null
    const stream = `${layer.transport} stream ${layer.stream}`
    const isPaired = (this.#flowOf.get(stream) ?? we.flow) === we.flow && (this.#streamOf.get(we.flow) ?? stream) === stream
    this.#flowOf.set(stream, we.flow)
    this.#streamOf.set(we.flow, stream)
    return isPaired ? null : { what: 'flow', ours: `flow ${we.flow}`, theirs: stream }
  }
}

/** tshark's numbers of the streams whose bytes or gaps differ, of those that it followed, and how many were compared. */
export function streamsThatDiffer(ours: OurRun, theirs: TsharkRun): { readonly compared: number; readonly different: number[] } {
  const flowOf = new Map<number, number>()
  for (const [i, we] of ours.packets.entries()) {
    const packet = theirs.packets[i]
    const layer = packet && theirLayer(packet, we.isInTunnel)
    if (layer?.transport !== 'tcp' || layer.stream === '' || we.flow === 0) continue
    if (!flowOf.has(Number(layer.stream))) flowOf.set(Number(layer.stream), we.flow)
  }
  let compared = 0
  const different = theirs.streams.flatMap((hashes, number) => {
    const flow = flowOf.get(number)
    if (flow === undefined) return []
    compared++
    const we = ours.streams.get(flow) ?? EMPTY_STREAM
    return we[0] === hashes[0] && we[1] === hashes[1] ? [] : [number]
  })
  return { compared, different }
}

const EMPTY_STREAM: StreamHashes = [new StreamHash().digest(), new StreamHash().digest()]

interface Open {
  /** Who spoke first is side 0 for tshark. */
  readonly first: Direction
  readonly syn: [number, number]
  stream: TcpStream | null
  readonly sides: readonly [StreamHash, StreamHash]
}

/** A stream per TCP flow, opened with the first payload and told the SYNs that came before, as the sensor opens them. */
class Streams {
  readonly hashes = new Map<number, StreamHashes>()
  count = 0
  readonly #open = new Map<number, Open>()

  segment(id: number, direction: Direction, buf: Uint8Array, frame: Frame): void {
    let open = this.#open.get(id)
    if (!open) {
      this.count++
      open = { first: direction, syn: [-1, -1], stream: null, sides: [new StreamHash(), new StreamHash()] }
      this.#open.set(id, open)
    }
    if (frame.payloadOff < 0) return
    if (!open.stream && frame.payloadWireLength === 0) {
      if ((frame.tcpFlags & TcpFlag.syn) !== 0) open.syn[direction] = frame.tcpSeq
      return
    }
    open.stream ??= startStream(open.syn)
    open.stream.segment(direction, buf, frame, sinkOf(open))
  }

  ended(id: number, at: number): void {
    const open = this.#open.get(id)
    if (!open) return
    this.#open.delete(id)
    open.stream?.finish(at, sinkOf(open))
    if (open.stream) this.hashes.set(id, [open.sides[0].digest(), open.sides[1].digest()])
  }
}

function startStream(syn: readonly [number, number]): TcpStream {
  const stream = new TcpStream()
  for (const direction of [0, 1] as const) if (syn[direction] >= 0) stream.begin(direction, syn[direction])
  return stream
}

function sinkOf({ first, sides }: Open): TcpSink {
  const side = (direction: Direction): StreamHash => sides[direction === first ? 0 : 1]
  return {
    data: (direction, bytes, off, end) => side(direction).data(bytes.subarray(off, end)),
    gap: (direction, missing) => side(direction).gap(missing),
    end: () => {},
  }
}
