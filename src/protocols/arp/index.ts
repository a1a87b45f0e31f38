// ARP: link frames to facts. No registry row: ARP has no flow, so the sensor calls arpFacts for each frame with an ARP body.
// Keeps the rule that a probe states nothing and a claim names both the body's MAC and the frame's (RFC 826, RFC 5227).

import { ipFromV4 } from '../../base/ip.ts'
import { formatMac } from '../../base/mac.ts'
import type { Frame } from '../../wire/frame.ts'
import { ArpOperation } from './codes.ts'
import type { ArpFact } from './facts.ts'
import { arpSenderProblem, decodeArpMessage, type ArpMessage } from './message.ts'

export { encodeArp } from './message.ts'

/**
 * Emits what the ARP body [frame.arpOff, frame.arpEnd) teaches, in order: at most one claim, then at most one ask; or one
 * malformed. A gratuitous message (sender and target address equal, RFC 5227 section 3) is a claim only. Reverse and inverse ARP
 * teach nothing. On links without MACs `frameMac` repeats the body's.
 */
export function arpFacts(buf: Uint8Array, frame: Frame, emit: (fact: ArpFact) => void): void {
  if (frame.arpOff < 0) return
  const message = decodeArpMessage(buf, frame.arpOff, frame.arpEnd)
  const base = { at: frame.at, frame: frame.number, protocol: 'arp', vlan: frame.vlan } as const
  if (typeof message === 'string') {
    emit({ ...base, kind: 'malformed', reason: message })
    return
  }
  if (message.operation !== ArpOperation.request && message.operation !== ArpOperation.reply) return
  const problem = arpSenderProblem(message)
  if (problem !== null) {
    emit({ ...base, kind: 'malformed', reason: problem })
    return
  }
  const gratuitous = message.senderIp === message.targetIp
  if (message.senderIp !== 0) emit({ ...base, ...claim(message, frame, gratuitous) })
  if (message.operation === ArpOperation.request && !gratuitous) {
    emit({
      ...base, kind: 'ask', mac: formatMac(message.senderMac),
      ip: message.senderIp === 0 ? null : ipFromV4(message.senderIp), target: ipFromV4(message.targetIp),
    })
  }
}

function claim(message: ArpMessage, frame: Frame, gratuitous: boolean) {
  return {
    kind: 'claim',
    operation: message.operation === ArpOperation.request ? 'request' : 'reply',
    gratuitous,
    mac: formatMac(message.senderMac),
    ip: ipFromV4(message.senderIp),
    frameMac: formatMac(frame.srcMac < 0 ? message.senderMac : frame.srcMac),
  } as const
}
