// DHCPv6 message: type, transaction and options to a value and back, relayed messages opened (RFC 8415 sections 8, 9 and 21).
// Keeps house habit 3: what is wrong is `problem` on the value, next to everything that was still right.

import type { Ip } from '../../base/ip.ts'
import { formatMac, type Mac } from '../../base/mac.ts'
import { u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'
import { dnsFormName } from '../dns/name.ts'
import { ip6At } from '../icmp/message.ts'
import { ipBytes, macBytes } from '../octets.ts'
import { asciiBytes, hexText, lineText, textOrHex } from '../text.ts'
import { Dhcp6Option, Dhcp6Type, dhcp6TypeName, DuidType } from './codes.ts'

const HEAD_BYTES = 4
const RELAY_HEAD_BYTES = 34
const OPTION_HEAD_BYTES = 4
/** A datagram of 1500 bytes holds 374 empty options; real messages have a dozen. */
const OPTIONS_MAX = 256
/** RFC 8415 section 7.6: HOP_COUNT_LIMIT. */
const RELAY_DEPTH_MAX = 8
/** Kept of each list: an interface has a few addresses. */
const LIST_MAX = 16

export interface Dhcp6Value {
  /** `solicit`, `advertise`, ..., `information-request`, or `type-N`; of a relayed message that of the one inside. */
  readonly type: string
  readonly relayed: boolean
  /** The card in the client's DUID, or as the relay saw it (option 79). A DUID may name another card of the same device. */
  readonly client: Mac | null
  readonly clientDuid: string | null
  readonly serverDuid: string | null
  readonly addresses: readonly Ip[]
  /** Delegated: `2001:db8::/56` style. */
  readonly prefixes: readonly string[]
  readonly dnsServers: readonly Ip[]
  /** Option 39, lower case. */
  readonly fullName: string | null
  /** Option 16: the maker's IANA enterprise number, and its words. */
  readonly enterprise: number | null
  readonly vendorClass: string | null
  /** Option 6 as decimal numbers joined by commas: a fingerprint of the client's software. */
  readonly requestedList: string | null
  /** Option 18, written by the relay: the port the client is behind. Text, or hex. */
  readonly interfaceId: string | null
}

export type Dhcp6Problem = 'truncated' | 'option-truncated' | 'too-many-options' | 'relay-depth'

type Draft = { -readonly [K in keyof Dhcp6Value]: Dhcp6Value[K] } & { addresses: Ip[]; prefixes: string[]; dnsServers: Ip[] }

interface Reader {
  readonly buf: Uint8Array
  readonly draft: Draft
  options: number
  depth: number
  problem: Dhcp6Problem | null
}

/** Decodes the message [off, end). `value` is null only when there is no head. */
export function decodeDhcp6(buf: Uint8Array, off: number, end: number): { value: Dhcp6Value | null; problem: Dhcp6Problem | null } {
  if (end - off < HEAD_BYTES) return { value: null, problem: 'truncated' }
  const draft: Draft = {
    type: '', relayed: false, client: null, clientDuid: null, serverDuid: null, addresses: [], prefixes: [], dnsServers: [], fullName: null,
    enterprise: null, vendorClass: null, requestedList: null, interfaceId: null,
  }
  const reader: Reader = { buf, draft, options: 0, depth: 0, problem: null }
  readMessage(reader, off, end)
  return { value: draft, problem: reader.problem }
}

function readMessage(reader: Reader, off: number, end: number): void {
  const type = end > off ? u8(reader.buf, off) : 0
  const isRelay = type === Dhcp6Type.relayForward || type === Dhcp6Type.relayReply
  const head = isRelay ? RELAY_HEAD_BYTES : HEAD_BYTES
  reader.draft.type = dhcp6TypeName(type)
  if (isRelay) reader.draft.relayed = true
  if (end - off < head) reader.problem = 'truncated'
  else readOptions(reader, off + head, end)
}

function readOptions(reader: Reader, off: number, end: number): void {
  const { buf } = reader
  let at = off
  while (at < end && reader.problem === null) {
    const next = at + OPTION_HEAD_BYTES <= end ? at + OPTION_HEAD_BYTES + u16be(buf, at + 2) : end + 1
    if (next > end) reader.problem = 'option-truncated'
    else if (++reader.options > OPTIONS_MAX) reader.problem = 'too-many-options'
    else readOption(reader, u16be(buf, at), at + OPTION_HEAD_BYTES, next)
    at = next
  }
}

function readOption(reader: Reader, code: number, off: number, end: number): void {
  const { buf, draft } = reader
  switch (code) {
    case Dhcp6Option.clientId: readClientId(buf, off, end, draft)
      return
    case Dhcp6Option.serverId: draft.serverDuid = hexText(buf, off, end)
      return
    // An association holds a number, two times (not of temporary addresses), and options.
    case Dhcp6Option.addresses:
    case Dhcp6Option.prefixes: if (end - off >= 12) readOptions(reader, off + 12, end)
      return
    case Dhcp6Option.temporaryAddresses: if (end - off >= 4) readOptions(reader, off + 4, end)
      return
    case Dhcp6Option.address: if (end - off >= 24 && draft.addresses.length < LIST_MAX) draft.addresses.push(ip6At(buf, off))
      return
    case Dhcp6Option.prefix: if (end - off >= 25 && draft.prefixes.length < LIST_MAX) draft.prefixes.push(`${ip6At(buf, off + 9)}/${u8(buf, off + 8)}`)
      return
    case Dhcp6Option.dnsServers:
      for (let at = off; at + 16 <= end && draft.dnsServers.length < LIST_MAX; at += 16) draft.dnsServers.push(ip6At(buf, at))
      return
    case Dhcp6Option.relayMessage:
      if (++reader.depth > RELAY_DEPTH_MAX) reader.problem = 'relay-depth'
      else readMessage(reader, off, end)
      return
    default: readWords(buf, code, off, end, draft)
  }
}

/** What a client or relay says in words. */
function readWords(buf: Uint8Array, code: number, off: number, end: number, draft: Draft): void {
  switch (code) {
    case Dhcp6Option.requested: draft.requestedList = numbersAt(buf, off, end)
      return
    case Dhcp6Option.fullName: draft.fullName = end > off ? dnsFormName(buf, off + 1, end) : null
      return
    // Enterprise number, then texts with a length each (section 21.16).
    case Dhcp6Option.vendorClass:
      if (end - off >= 4) draft.enterprise = u32be(buf, off)
      if (end - off >= 6) draft.vendorClass = lineText(buf, off + 6, Math.min(end, off + 6 + u16be(buf, off + 4)))
      return
    case Dhcp6Option.vendorOptions: if (end - off >= 4) draft.enterprise ??= u32be(buf, off)
      return
    case Dhcp6Option.interfaceId: draft.interfaceId = textOrHex(buf, off, end)
      return
    case Dhcp6Option.clientLink: if (end - off === 8 && u16be(buf, off) === 1) draft.client = formatMac(u48be(buf, off + 2))
  }
}

function readClientId(buf: Uint8Array, off: number, end: number, draft: Draft): void {
  draft.clientDuid = hexText(buf, off, end)
  const type = end - off >= 4 ? u16be(buf, off) : 0
  const isEthernet = type !== 0 && u16be(buf, off + 2) === 1
  const at = type === DuidType.linkTime ? off + 8 : type === DuidType.link ? off + 4 : -1
  if (isEthernet && at > 0 && end - at === 6) draft.client ??= formatMac(u48be(buf, at))
}

function numbersAt(buf: Uint8Array, off: number, end: number): string | null {
  const numbers: number[] = []
  for (let at = off; at + 2 <= end && numbers.length < 128; at += 2) numbers.push(u16be(buf, at))
  return numbers.length === 0 ? null : numbers.join(',')
}

export interface Dhcp6ToWrite {
  readonly type: number
  readonly transactionId: number
  readonly options: readonly (readonly [code: number, data: readonly number[]])[]
}

export function encodeDhcp6({ type, transactionId, options }: Dhcp6ToWrite): Uint8Array {
  return Uint8Array.from([type, (transactionId >>> 16) & 255, (transactionId >>> 8) & 255, transactionId & 255, ...encodeDhcp6Options(options)])
}

export function encodeDhcp6Options(options: Dhcp6ToWrite['options']): number[] {
  return options.flatMap(([code, data]) => [code >>> 8, code & 255, data.length >>> 8, data.length & 255, ...data])
}

/** A relay's envelope around `inner` (section 9). */
export function encodeDhcp6Relay(link: Ip, peer: Ip, options: Dhcp6ToWrite['options'], inner: Uint8Array): Uint8Array {
  return Uint8Array.from([
    Dhcp6Type.relayForward, 0, ...ipBytes(link), ...ipBytes(peer), ...encodeDhcp6Options([...options, [Dhcp6Option.relayMessage, [...inner]]]),
  ])
}

/** DUID-LL of an Ethernet card. */
export function duidOf(mac: number): number[] {
  return [0, DuidType.link, 0, 1, ...macBytes(mac)]
}

/** Option 16 with one text. */
export function vendorClassData(enterprise: number, text: string): number[] {
  return [enterprise >>> 24, (enterprise >>> 16) & 255, (enterprise >>> 8) & 255, enterprise & 255, text.length >>> 8, text.length & 255, ...asciiBytes(text)]
}
