// Neighbours: ARP between members of the cast: a question with its answer, and a statement nobody asked for.
// Keeps the rule that a device shows whom it looks for before it says a word to them (facts/cms8000.md section 1).

import { MAC_BROADCAST, type MacNumber } from '../../base/mac.ts'
import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import { ArpOperation } from '../../protocols/arp/codes.ts'
import { encodeArp, type ArpMessage } from '../../protocols/arp/message.ts'
import type { LocalHost } from './cast.ts'
import { ethernetFrame, ETHER_TYPE_ARP, ip4Number, type WardFrame } from './packets.ts'

const ANSWER_MICROS = 250
/** From the answer to the packet that waited for it. */
const USE_MICROS = 120
/** The target's hardware address in a question: not known (RFC 826). */
const UNKNOWN_MAC = 0

/** Who-has by broadcast and its reply by unicast; returns the time at which the answer can be used. */
export function* arpQuestion(asker: LocalHost, target: LocalHost, at: Micros): Generator<WardFrame, Micros, undefined> {
  yield arpFrame(MAC_BROADCAST, {
    operation: ArpOperation.request, senderMac: asker.mac, senderIp: ip4Number(asker.ip),
    targetMac: UNKNOWN_MAC, targetIp: ip4Number(target.ip),
  }, at)
  yield* arpTell(target, asker, at + ANSWER_MICROS)
  return at + ANSWER_MICROS + USE_MICROS
}

export interface Claim {
  readonly ip: Ip
  readonly mac: MacNumber
}

/** "`claim.ip` is at `claim.mac`", as a reply to one listener; from whom it comes is what the claim says, true or not. */
export function* arpTell(claim: Claim, listener: LocalHost, at: Micros): Generator<WardFrame, void, undefined> {
  yield arpFrame(listener.mac, {
    operation: ArpOperation.reply, senderMac: claim.mac, senderIp: ip4Number(claim.ip),
    targetMac: listener.mac, targetIp: ip4Number(listener.ip),
  }, at)
}

/** "I am here", to everybody: a request for the own address (RFC 5227 section 3). */
export function* arpAnnouncement(host: LocalHost, at: Micros): Generator<WardFrame, void, undefined> {
  const own = ip4Number(host.ip)
  yield arpFrame(MAC_BROADCAST, {
    operation: ArpOperation.request, senderMac: host.mac, senderIp: own, targetMac: UNKNOWN_MAC, targetIp: own,
  }, at)
}

function arpFrame(dstMac: MacNumber, message: ArpMessage, at: Micros): WardFrame {
  return { at, bytes: ethernetFrame(dstMac, message.senderMac, ETHER_TYPE_ARP, encodeArp(message)) }
}
