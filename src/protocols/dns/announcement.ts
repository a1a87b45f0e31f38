// DNS announcement: what a device says about itself in mDNS (RFC 6762), DNS-SD (RFC 6763) and LLMNR (RFC 4795) answers.
// Keeps the rule that of a TXT record only words about the product leave: the rest may be anything, a person's name or a key.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import { ip6At } from '../icmp/message.ts'
import { lineText } from '../text.ts'
import { DnsType } from './codes.ts'
import { newNameCursor, readDnsName, type DnsNameCursor } from './name.ts'

/** Records walked: a response of 1500 bytes has some forty. */
const RECORDS_MAX = 256
/** Kept of each kind. */
export const ANNOUNCED_MAX = 32
const HEADER_BYTES = 12
const RECORD_TAIL_BYTES = 10

export interface Announcement {
  /** Host names with an address record, lower case: the part before `.local` and the rest. */
  readonly hosts: readonly { readonly name: string; readonly addresses: readonly Ip[] }[]
  /** Service types such as `_ipp._tcp` that it offers. */
  readonly services: readonly string[]
  /** Make, model and version words of TXT records. */
  readonly product: readonly { readonly key: string; readonly text: string }[]
}

/**
 * Keys that name a product: printers (Bonjour Printing Specification: ty, product, usb_mfg, usb_mdl), scanners and cameras (mfg, mdl),
 * `_device-info` and home devices (model, md, am), versions (fv, fw, version, srcvers), serial numbers.
 */
const PRODUCT_KEYS: ReadonlySet<string> = new Set([
  'ty', 'product', 'usb_mfg', 'usb_mdl', 'mfg', 'mdl', 'manufacturer', 'vendor', 'model', 'md', 'am', 'rmodel', 'fv', 'fw', 'firmware', 'version', 'srcvers',
  'sn', 'serial', 'serialnumber',
])
const KEY_BYTES_MAX = 20

interface Draft {
  readonly hosts: Map<string, Ip[]>
  readonly services: Set<string>
  readonly product: Map<string, string>
}

/** Reads all records of the message [off, end), whichever section they stand in; what cannot be read ends the walk. */
export function readAnnouncement(buf: Uint8Array, off: number, end: number): Announcement {
  const draft: Draft = { hosts: new Map(), services: new Set(), product: new Map() }
  const cursor = newNameCursor()
  let at = off + HEADER_BYTES
  for (let i = u16be(buf, off + 4); i > 0 && at > 0; i--) at = behindQuestion(buf, off, at, end, cursor)
  const records = Math.min(RECORDS_MAX, u16be(buf, off + 6) + u16be(buf, off + 8) + u16be(buf, off + 10))
  for (let i = 0; i < records && at > 0; i++) at = record(buf, off, at, end, cursor, draft)
  return {
    hosts: [...draft.hosts].map(([name, addresses]) => ({ name, addresses })), services: [...draft.services],
    product: [...draft.product].map(([key, text]) => ({ key, text })),
  }
}

function behindQuestion(buf: Uint8Array, start: number, off: number, end: number, cursor: DnsNameCursor): number {
  readDnsName(buf, start, off, end, cursor)
  return cursor.problem === null && cursor.next + 4 <= end ? cursor.next + 4 : -1
}

/** Where the next record begins, or -1. */
function record(buf: Uint8Array, start: number, off: number, end: number, cursor: DnsNameCursor, draft: Draft): number {
  const name = readDnsName(buf, start, off, end, cursor)
  const tail = cursor.next
  if (cursor.problem !== null || tail + RECORD_TAIL_BYTES > end) return -1
  const data = tail + RECORD_TAIL_BYTES
  const next = data + u16be(buf, tail + 8)
  if (next > end) return -1
  // A time to live of 0 takes a record back (RFC 6762 section 10.1).
  if (u32be(buf, tail + 4) !== 0) keep(buf, u16be(buf, tail), name, data, next, draft)
  return next
}

function keep(buf: Uint8Array, type: number, name: string, off: number, end: number, draft: Draft): void {
  switch (type) {
    case DnsType.a: if (end - off === 4) keepHost(draft, name, ipFromV4(u32be(buf, off)))
      return
    case DnsType.aaaa: if (end - off === 16) keepHost(draft, name, ip6At(buf, off))
      return
    case DnsType.ptr:
    case DnsType.srv: keepService(draft, name)
      return
    case DnsType.txt: readTexts(buf, off, end, draft)
  }
}

function keepHost(draft: Draft, name: string, address: Ip): void {
  const known = draft.hosts.get(name)
  if (known && known.length < ANNOUNCED_MAX) known.push(address)
  else if (!known && draft.hosts.size < ANNOUNCED_MAX) draft.hosts.set(name, [address])
}

/** `_service._protocol` at the front of a PTR's owner, or behind the instance of an SRV's (RFC 6763 section 4.1). The list of all types is none. */
function keepService(draft: Draft, name: string): void {
  const at = name.startsWith('_') ? 0 : name.indexOf('._') + 1
  if (at === 0 && !name.startsWith('_')) return
  const [service, protocol] = name.slice(at).split('.')
  if (service === undefined || service === '_services' || (protocol !== '_tcp' && protocol !== '_udp')) return
  if (draft.services.size < ANNOUNCED_MAX) draft.services.add(`${service}.${protocol}`)
}

/** Strings of a length and `key=value` each (RFC 6763 section 6.3 and 6.4). */
function readTexts(buf: Uint8Array, off: number, end: number, draft: Draft): void {
  let at = off
  while (at < end) {
    const stop = at + 1 + u8(buf, at)
    if (stop > end) return
    readText(buf, at + 1, stop, draft)
    at = stop
  }
}

const EQUALS = 0x3d

function readText(buf: Uint8Array, off: number, end: number, draft: Draft): void {
  let equals = off
  while (equals < end && equals - off <= KEY_BYTES_MAX && u8(buf, equals) !== EQUALS) equals++
  if (equals >= end || u8(buf, equals) !== EQUALS) return
  const key = lineText(buf, off, equals)?.toLowerCase() ?? ''
  if (!PRODUCT_KEYS.has(key) || draft.product.has(key) || draft.product.size >= ANNOUNCED_MAX) return
  const text = lineText(buf, equals + 1, end)
  if (text !== null) draft.product.set(key, text)
}
