// ARP: link frames to facts. No registry row: ARP has no flow, so the sensor calls arpFacts for each frame with an ARP body.
// Keeps the rule that a probe states nothing and a claim names both the body's MAC and the frame's (RFC 826, RFC 5227).

import { ipFromV4 } from '../../base/ip.ts'
import { formatMac } from '../../base/mac.ts'
import type { Frame } from '../../wire/frame.ts'
import { ArpOperation } from './codes.ts'
import type { ArpFact } from './facts.ts'
import type { ArpMemory } from './memory.ts'
import { arpSenderProblem, decodeArpMessage, type ArpMessage, type ArpProblem } from './message.ts'

export { encodeArp } from './message.ts'

/**
 * Emits what the ARP body [frame.arpOff, frame.arpEnd) teaches, in order: at most one claim, then at most one ask; or one
 * malformed. A gratuitous message (sender and target address equal, RFC 5227 section 3) is a claim only. Reverse and inverse ARP
 * teach nothing. On links without MACs `frameMac` repeats the body's. With a memory, what is as it was told before is counted there.
 */
export function arpFacts(buf: Uint8Array, frame: Frame, emit: (fact: ArpFact) => void, memory: ArpMemory | null = null): void {
  if (frame.arpOff < 0) return
  const message = decodeArpMessage(buf, frame.arpOff, frame.arpEnd)
  if (typeof message === 'string') {
    emit(malformed(frame, message))
    return
  }
  if (message.operation !== ArpOperation.request && message.operation !== ArpOperation.reply) return
  const problem = arpSenderProblem(message)
  if (problem !== null) {
    emit(malformed(frame, problem))
    return
  }
  if (message.senderIp !== 0) claims(message, frame, emit, memory)
  if (message.operation === ArpOperation.request && message.senderIp !== message.targetIp) asks(message, frame, emit, memory)
}

function claims(message: ArpMessage, frame: Frame, emit: (fact: ArpFact) => void, memory: ArpMemory | null): void {
  const solicited = memory && message.operation === ArpOperation.reply ? memory.isSolicited(frame, message.senderIp) : null
  if (memory?.claimsAgain(frame, message, solicited === true)) return
  emit(claim(message, frame, solicited))
}

function asks(message: ArpMessage, frame: Frame, emit: (fact: ArpFact) => void, memory: ArpMemory | null): void {
  if (memory?.asksAgain(frame, message)) return
  const { at, number, vlan } = frame
  const ip = message.senderIp === 0 ? null : ipFromV4(message.senderIp)
  emit({ at, frame: number, protocol: 'arp', vlan, kind: 'ask', mac: formatMac(message.senderMac), ip, target: ipFromV4(message.targetIp) })
}

function malformed(frame: Frame, reason: ArpProblem): ArpFact {
  return { at: frame.at, frame: frame.number, protocol: 'arp', vlan: frame.vlan, kind: 'malformed', reason }
}

function claim(message: ArpMessage, frame: Frame, solicited: boolean | null): ArpFact {
  const mac = formatMac(message.senderMac)
  const hasOwnCard = frame.srcMac < 0 || frame.srcMac === message.senderMac
  return {
    at: frame.at, frame: frame.number, protocol: 'arp', vlan: frame.vlan, kind: 'claim',
    operation: message.operation === ArpOperation.request ? 'request' : 'reply',
    gratuitous: message.senderIp === message.targetIp, solicited, mac, ip: ipFromV4(message.senderIp),
    frameMac: hasOwnCard ? mac : formatMac(frame.srcMac),
  }
}
