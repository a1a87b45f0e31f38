// DHCP session: one fact per message: who the client is, what it calls itself, and what it was given.
// Keeps the rule that texts from the wire leave as printable ASCII of bounded length, and nothing else leaves.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { formatMac } from '../../base/mac.ts'
import type { Micros } from '../../base/time.ts'
import { asciiText, u32be, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { DhcpOperation, DhcpOption, dhcpTypeName } from './codes.ts'
import { decodeDhcp, dhcpOption, type DhcpValue } from './message.ts'

/** Characters of a host name or vendor class that leave: one option stretch (RFC 2132 section 2). */
const TEXT_MAX = 255
/** Numbers of a parameter list that leave: there are at most 254 options to ask for. */
const PARAMETERS_MAX = 255

/** Every datagram is one message; nothing is remembered between them. */
export function openDhcp(context: SessionContext): Session {
  return {
    feed(_direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
      const { value, problem } = decodeDhcp(buf, off, end)
      const base = { at, frame: context.frame(), protocol: 'dhcp', vlan: context.flow.vlan } as const
      if (value) context.emit({ ...base, kind: 'message', ...messageFields(value) })
      if (problem !== null) context.emit({ ...base, kind: 'malformed', reason: problem })
    },
    gap(): void {},
    end(): void {},
  }
}

function messageFields(value: DhcpValue) {
  const type = byteOption(value, DhcpOption.messageType)
  return {
    type: type === null ? 'bootp' : dhcpTypeName(type),
    client: value.client === null ? null : formatMac(value.client),
    transactionId: value.transactionId,
    address: messageAddress(value),
    server: addressOption(value, DhcpOption.server),
    hostName: textOption(value, DhcpOption.hostName),
    vendorClass: textOption(value, DhcpOption.vendorClass),
    parameterList: parameterList(value),
    router: addressOption(value, DhcpOption.router),
    subnetMask: addressOption(value, DhcpOption.subnetMask),
  } as const
}

/** What the message says the client's address is: a reply gives yiaddr (an ack to inform repeats ciaddr); a request has or wants one. */
function messageAddress(value: DhcpValue): Ip | null {
  if (value.operation === DhcpOperation.reply) return value.yourAddress ?? value.clientAddress
  return value.clientAddress ?? addressOption(value, DhcpOption.requestedAddress)
}

function byteOption(value: DhcpValue, code: number): number | null {
  const data = dhcpOption(value, code)
  return data && data.length >= 1 ? u8(data, 0) : null
}

/** The first address of the option; null when it is shorter than one, or 0.0.0.0. */
function addressOption(value: DhcpValue, code: number): Ip | null {
  const data = dhcpOption(value, code)
  if (!data || data.length < 4) return null
  const address = u32be(data, 0)
  return address === 0 ? null : ipFromV4(address)
}

/** Some clients count a final NUL as part of the text (RFC 2132 section 2 tells them not to). Empty is null. */
function textOption(value: DhcpValue, code: number): string | null {
  const data = dhcpOption(value, code)
  if (!data) return null
  let end = data.length
  while (end > 0 && u8(data, end - 1) === 0) end--
  return end === 0 ? null : asciiText(data, 0, end, TEXT_MAX)
}

function parameterList(value: DhcpValue): string | null {
  const data = dhcpOption(value, DhcpOption.parameterList)
  return data && data.length > 0 ? Array.from(data.slice(0, PARAMETERS_MAX)).join(',') : null
}
