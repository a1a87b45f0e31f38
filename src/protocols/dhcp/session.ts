// DHCP session: one fact per message: who the client is, what it calls itself, and what it was given.
// Keeps the rule that texts from the wire leave as printable ASCII of bounded length, and nothing else leaves.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { formatMac } from '../../base/mac.ts'
import type { Micros } from '../../base/time.ts'
import { asciiText, u32be, u48be, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { dnsFormName } from '../dns/name.ts'
import { bytesKey, FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { hexText, lineText, textOrHex } from '../text.ts'
import { DhcpOperation, DhcpOption, dhcpTypeName } from './codes.ts'
import type { DhcpMessage } from './facts.ts'
import { decodeDhcp, dhcpOption, type DhcpValue } from './message.ts'

/** Characters of a host name or vendor class that leave: one option stretch (RFC 2132 section 2). */
const TEXT_MAX = 255
/** Numbers of a parameter list that leave: there are at most 254 options to ask for. */
const PARAMETERS_MAX = 255

/** Bytes of the head that differ each time the same thing is asked again: transaction and seconds (RFC 2131 section 2). */
const TRANSACTION_OFF = 4
const FLAGS_OFF = 10

/** Every datagram is one message. What is asked again in the same words is counted, not told again. */
export function openDhcp(context: SessionContext): Session {
  const seen = new FirstSeen<number>()
  let messages = 0
  let repeats = 0
  return {
    feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
      messages++
      if (end - off > FLAGS_OFF && !seen.isNew(bytesKey(buf, off + FLAGS_OFF, end, bytesKey(buf, off, off + TRANSACTION_OFF, direction)))) {
        repeats++
        return
      }
      const { value, problem } = decodeDhcp(buf, off, end)
      const frame = context.frame()
      const { vlan } = context.flow
      if (value) context.emit(messageFact(at, frame, vlan, value))
      if (problem !== null) context.emit({ at, frame, protocol: 'dhcp', vlan, kind: 'malformed', reason: problem })
    },
    gap(): void {},
    end(at: Micros): void {
      if (repeats > 0) context.emit({ at, frame: context.frame(), protocol: 'dhcp', vlan: context.flow.vlan, kind: 'total', messages, repeats })
    },
  }
}

/** In one literal: a fact put together from two objects costs more than all its texts. */
function messageFact(at: Micros, frame: number, vlan: number, value: DhcpValue): DhcpMessage {
  const type = byteOption(value, DhcpOption.messageType)
  return {
    at, frame, protocol: 'dhcp', vlan, kind: 'message',
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
    vendorOptions: vendorOptions(value),
    clientIdentifier: identifierOf(dhcpOption(value, DhcpOption.clientIdentifier)),
    fullName: fullName(dhcpOption(value, DhcpOption.fullName)),
    circuit: relayPart(value, CIRCUIT_SUBOPTION),
    remote: relayPart(value, REMOTE_SUBOPTION),
  }
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

/** Sub-options of option 82 (RFC 3046 section 3.1). */
const CIRCUIT_SUBOPTION = 1
const REMOTE_SUBOPTION = 2
/** A sub-option has at least a code and a length, the option at most some 1300 bytes in a datagram. */
const SUBOPTIONS_MAX = 64

/** Where each sub-option lies, in order; what does not fit ends the walk (RFC 2132 section 8.4: encapsulated options). */
function subOptions(data: Uint8Array): [code: number, off: number, end: number][] {
  const found: [number, number, number][] = []
  let at = 0
  while (at + 2 <= data.length && found.length < SUBOPTIONS_MAX) {
    const code = u8(data, at)
    const end = at + 2 + u8(data, at + 1)
    if (code === DhcpOption.end || end > data.length) break
    if (code === DhcpOption.pad) at += 1
    else {
      found.push([code, at + 2, end])
      at = end
    }
  }
  return found
}

/** The numbers alone: what stands behind them is the vendor's secret, sometimes a password. */
function vendorOptions(value: DhcpValue): string | null {
  const data = dhcpOption(value, DhcpOption.vendorOptions)
  const codes = data ? subOptions(data).map(([code]) => code) : []
  return codes.length === 0 ? null : codes.join(',')
}

function relayPart(value: DhcpValue, wanted: number): string | null {
  const data = dhcpOption(value, DhcpOption.relayInformation)
  const part = data && subOptions(data).find(([code]) => code === wanted)
  return data && part ? textOrHex(data, part[1], part[2]) : null
}

/** Identifiers that leave: a DUID has at most 130 bytes (RFC 8415 section 11.1), of which these tell devices apart. */
const IDENTIFIER_BYTES_MAX = 64

/** Type 1 and six bytes is a MAC (RFC 2132 section 9.14), type 255 an association and a DUID (RFC 4361 section 6.1), type 0 a name. */
function identifierOf(data: Uint8Array | null): string | null {
  if (!data || data.length < 2) return null
  const type = u8(data, 0)
  if (type === 1 && data.length === 7) return formatMac(u48be(data, 1))
  if (type === 255 && data.length > 7) return `duid-${hexText(data, 5, data.length, IDENTIFIER_BYTES_MAX)}`
  return type === 0 ? textOrHex(data, 1, data.length) : hexText(data, 0, data.length, IDENTIFIER_BYTES_MAX)
}

/** Flag E: the name is in DNS form, else plain ASCII (RFC 4702 section 2.1, 2.3). */
const FLAG_DNS_FORM = 0x04

function fullName(data: Uint8Array | null): string | null {
  if (!data || data.length < 4) return null
  if ((u8(data, 0) & FLAG_DNS_FORM) === 0) return lineText(data, 3, data.length)?.toLowerCase() ?? null
  return dnsFormName(data, 3, data.length)
}
