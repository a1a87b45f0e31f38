// packet-row: protocols without a flow as rows, so that goldens, splits and fuzz runs reach them like any other.
// Keeps the rule that they see what the sensor gives them: a frame with offsets, and one memory for all frames.

import type { ProtocolRow, SessionContext } from '../protocols/protocol.ts'
import type { Fact } from '../protocols/facts.ts'
import { PacketFacts } from '../protocols/packets.ts'
import { Frame, FrameStatus, IpProto } from '../wire/frame.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { beginFrame, decodeFrame, decodeTransport } from '../wire/decode.ts'
import { ipVersion, parseIp, putIp, type Ip } from '../base/ip.ts'
import { u32be } from '../wire/bytes.ts'
import { captureBytes } from './replay.ts'

/** Folders of src/protocols that have no registry row. */
export const PACKET_PROTOCOLS: readonly string[] = ['arp', 'cdp', 'lldp', 'icmp', 'igmp']

type Hand = (packets: PacketFacts, buf: Uint8Array, frame: Frame, off: number, end: number, context: SessionContext, isFirst: boolean) => void

function row(id: string, hand: Hand): ProtocolRow {
  return {
    id, name: id.toUpperCase(), transports: ['udp'], hints: [], probe: () => 'no',
    open(context) {
      const packets = new PacketFacts()
      return {
        feed(direction, buf, off, end, at): void {
          const frame = new Frame()
          Object.assign(frame, { at, number: context.frame(), vlan: context.flow.vlan, srcMac: context.flow.macs[direction], ttl: 255 })
          hand(packets, buf, frame, off, end, context, direction === 0)
        },
        gap(): void {},
        end(): void {},
      }
    },
  }
}

/** Each datagram stands for what a link header of `etherType` carries (0: 802.2). */
export function linkRow(id: string, etherType: number): ProtocolRow {
  return row(id, (packets, buf, frame, off, end, context) => {
    frame.etherType = etherType
    frame.linkOff = off
    packets.link(buf, frame, end, (fact) => context.emit(fact))
  })
}

/** Each datagram stands for the payload of an IP packet of protocol `proto`, or of ICMPv6 when the flow's addresses are IPv6. */
export function ipRow(id: string, proto: number): ProtocolRow {
  return row(id, (packets, buf, frame, off, end, context, isFirst) => {
    const [from, to] = isFirst ? [context.flow.src, context.flow.dst] : [context.flow.dst, context.flow.src]
    frame.ipVersion = ipVersion(from)
    frame.proto = frame.ipVersion === 6 ? IpProto.icmp6 : proto
    putWords(from, frame, 0)
    putWords(to, frame, 4)
    if (decodeTransport(buf, off, end, frame) >= FrameStatus.network) packets.ip(buf, frame, (fact) => context.emit(fact))
  })
}

function putWords(ip: Ip, frame: Frame, at: number): void {
  const parsed = parseIp(ip)
  const bytes = new Uint8Array(16)
  const length = parsed.ok ? putIp(parsed.value, bytes, 0) : 0
  if (length === 4) frame.addresses[at + 3] = u32be(bytes, 0)
  else for (let i = 0; i < 4; i++) frame.addresses[at + i] = u32be(bytes, 4 * i)
}

/** Facts of every frame of a capture file that has no flow but an IP or link header: what the sensor hears beside ARP. */
export function packetFactsOf(path: string): Fact[] {
  const facts: Fact[] = []
  const packets = new PacketFacts()
  const frame = new Frame()
  let count = 0
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType): void {
      beginFrame(frame, ++count, at, wireLength, end - off)
      const status = decodeFrame(buf, off, end, linkType, frame)
      if (status < FrameStatus.network && frame.linkOff >= 0) packets.link(buf, frame, end, (fact) => facts.push(fact))
      else if (frame.proto !== IpProto.tcp && frame.proto !== IpProto.udp && status >= FrameStatus.network) packets.ip(buf, frame, (fact) => facts.push(fact))
    },
  })
  reader.push(captureBytes(path))
  reader.end()
  return facts
}
