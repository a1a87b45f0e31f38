// DNS message: bytes to value and back (RFC 1035 section 4, EDNS response code RFC 6891). Also mDNS and LLMNR, which share the form.
// Keeps house habit 3: what is wrong is `problem` on the value, next to everything that was still right.

import { ipFromV4, ipFromWords, ipValue, ipVersion, type Ip } from '../../base/ip.ts'
import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import { DnsOpcode, DnsType } from './codes.ts'
import { encodeDnsName, newNameCursor, readDnsName, skipDnsName, type DnsNameCursor, type DnsNameProblem } from './name.ts'

export const DNS_HEADER_BYTES = 12
/** Type and class after a question's name; type, class, TTL and length after a record's. */
const QUESTION_TAIL_BYTES = 4
const RECORD_TAIL_BYTES = 10
/** Questions kept per message. One is the rule (RFC 9619); an mDNS query of 1500 bytes has dozens. */
export const DNS_QUESTIONS_MAX = 64
/** Answer records kept per message: a 512-byte reply holds 28 addresses; beyond this they are walked, not kept. */
export const DNS_ANSWERS_KEPT_MAX = 64
/** Records walked per message. 65535 bytes hold 5957 of the smallest; a zone transfer's message some 2000. */
const RECORDS_MAX = 6000

export interface DnsQuestion {
  readonly name: string
  readonly type: number
  readonly class: number
}

export interface DnsRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  /** Seconds. */
  readonly ttl: number
  /** Of an A or AAAA record, else null. */
  readonly address: Ip | null
  /** Record data for encoding types without `address`; always null when decoded. */
  readonly data: Uint8Array | null
}

export interface DnsMessage {
  readonly id: number
  /** QR bit: false for a query. */
  readonly response: boolean
  readonly opcode: number
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  /** With the upper bits of an OPT record where there is one. */
  readonly responseCode: number
  readonly questions: readonly DnsQuestion[]
  readonly answers: readonly DnsRecord[]
}

export type DnsProblem = DnsNameProblem | 'header-truncated' | 'question-truncated' | 'record-truncated' | 'address-length'
  | 'too-many-questions' | 'too-many-records'

export interface DnsDecoded {
  readonly message: DnsMessage
  readonly problem: DnsProblem | null
  /** First byte after the last record read; bytes may follow on UDP. */
  readonly end: number
}

/** Walking state of one decode. */
interface Reader {
  readonly buf: Uint8Array
  readonly start: number
  readonly end: number
  readonly cursor: DnsNameCursor
  off: number
  problem: DnsProblem | null
}

const EMPTY: DnsMessage = {
  id: 0, response: false, opcode: 0, authoritative: false, truncated: false, recursionDesired: false, recursionAvailable: false,
  responseCode: 0, questions: [], answers: [],
}

/** Decodes the message [off, end). Never throws; with a problem the value holds what stood before it. */
export function decodeDns(buf: Uint8Array, off: number, end: number): DnsDecoded {
  if (end - off < DNS_HEADER_BYTES) return { message: EMPTY, problem: 'header-truncated', end: off }
  const reader: Reader = { buf, start: off, end, cursor: newNameCursor(), off: off + DNS_HEADER_BYTES, problem: null }
  const flags = u16be(buf, off + 2)
  const questions = readQuestions(reader, u16be(buf, off + 4))
  const answers: DnsRecord[] = []
  const opt = { high: 0 }
  readRecords(reader, u16be(buf, off + 6), answers, opt)
  readRecords(reader, u16be(buf, off + 8) + u16be(buf, off + 10), null, opt)
  const truncated = (flags & 0x0200) !== 0
  // With TC set the server says itself that the rest is missing (RFC 2181 section 9).
  const problem = truncated && reader.problem === 'record-truncated' ? null : reader.problem
  const message = {
    id: u16be(buf, off),
    response: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    responseCode: (opt.high << 4) | (flags & 15),
    questions,
    answers,
  }
  return { message, problem, end: reader.off }
}

function readQuestions(reader: Reader, count: number): DnsQuestion[] {
  const questions: DnsQuestion[] = []
  const { buf, start, end, cursor } = reader
  for (let i = 0; i < count && reader.problem === null; i++) {
    if (i >= DNS_QUESTIONS_MAX) {
      reader.problem = 'too-many-questions'
      break
    }
    const name = readDnsName(buf, start, reader.off, end, cursor)
    reader.problem = cursor.problem
    if (reader.problem === null && cursor.next + QUESTION_TAIL_BYTES > end) reader.problem = 'question-truncated'
    if (reader.problem !== null) break
    questions.push({ name, type: u16be(buf, cursor.next), class: u16be(buf, cursor.next + 2) })
    reader.off = cursor.next + QUESTION_TAIL_BYTES
  }
  return questions
}

/** Walks `count` records; the first DNS_ANSWERS_KEPT_MAX go to `kept` when there is one. */
function readRecords(reader: Reader, count: number, kept: DnsRecord[] | null, opt: { high: number }): void {
  const { buf, start, end, cursor } = reader
  for (let i = 0; i < count && reader.problem === null; i++) {
    if (i >= RECORDS_MAX) reader.problem = 'too-many-records'
    else if (reader.off >= end) reader.problem = 'record-truncated'
    if (reader.problem !== null) return
    const keeps = kept !== null && kept.length < DNS_ANSWERS_KEPT_MAX
    let name = ''
    if (keeps) name = readDnsName(buf, start, reader.off, end, cursor)
    else skipDnsName(buf, start, reader.off, end, cursor)
    const tail = cursor.next
    if (cursor.problem !== null) reader.problem = cursor.problem === 'name-truncated' ? 'record-truncated' : cursor.problem
    else if (tail + RECORD_TAIL_BYTES > end || tail + RECORD_TAIL_BYTES + u16be(buf, tail + 8) > end) reader.problem = 'record-truncated'
    if (reader.problem !== null) return
    readRecordBody(reader, tail, keeps ? kept : null, name, opt)
  }
}

function readRecordBody(reader: Reader, tail: number, kept: DnsRecord[] | null, name: string, opt: { high: number }): void {
  const { buf } = reader
  const type = u16be(buf, tail)
  const length = u16be(buf, tail + 8)
  const data = tail + RECORD_TAIL_BYTES
  // RFC 6891 section 6.1.3: the TTL field of OPT begins with the upper eight bits of the response code.
  if (type === DnsType.opt) opt.high = u8(buf, tail + 4)
  const wanted = type === DnsType.a ? 4 : type === DnsType.aaaa ? 16 : -1
  // Only class IN addresses are Internet addresses; the update protocol sends A records without data in other classes.
  const internet = (u16be(buf, tail + 2) & 0x7fff) === 1
  if (internet && wanted > 0 && length !== wanted) {
    reader.problem = 'address-length'
    return
  }
  const address = internet && wanted > 0 ? readAddress(buf, data, wanted) : null
  kept?.push({ name, type, class: u16be(buf, tail + 2), ttl: u32be(buf, tail + 4), address, data: null })
  reader.off = data + length
}

function readAddress(buf: Uint8Array, off: number, length: number): Ip {
  return length === 4
    ? ipFromV4(u32be(buf, off))
    : ipFromWords(u32be(buf, off), u32be(buf, off + 4), u32be(buf, off + 8), u32be(buf, off + 12))
}

/** A query for one name: what a resolver sends. */
export function dnsQuery(id: number, name: string, type: number): DnsMessage {
  return { ...EMPTY, id, opcode: DnsOpcode.query, recursionDesired: true, questions: [{ name, type, class: 1 }] }
}

/** The reply to `query` with these addresses (A or AAAA by their version) for its first name; `responseCode` 3 is NXDOMAIN. */
export function dnsReply(query: DnsMessage, addresses: readonly Ip[], ttl = 300, responseCode = 0): DnsMessage {
  const name = query.questions[0]?.name ?? '.'
  const answers = addresses.map((address) => (
    { name, type: ipVersion(address) === 4 ? DnsType.a : DnsType.aaaa, class: 1, ttl, address, data: null }))
  return { ...query, response: true, recursionAvailable: true, responseCode, answers }
}

/**
 * The wire form, names uncompressed, no authority or additional section. null when a name does not fit RFC 1035 (label above
 * 63 bytes, name above 255, empty label) or a record has neither address nor data.
 */
export function encodeDns(message: DnsMessage): Uint8Array | null {
  const out: number[] = []
  put16(out, message.id)
  put16(out, flagWord(message))
  put16(out, message.questions.length)
  put16(out, message.answers.length)
  put16(out, 0)
  put16(out, 0)
  for (const question of message.questions) {
    const name = encodeDnsName(question.name)
    if (name === null) return null
    out.push(...name)
    put16(out, question.type)
    put16(out, question.class)
  }
  for (const record of message.answers) {
    const name = encodeDnsName(record.name)
    const data = record.address !== null ? addressBytes(record.address) : record.data
    if (name === null || data === null) return null
    out.push(...name)
    put16(out, record.type)
    put16(out, record.class)
    put16(out, record.ttl >>> 16)
    put16(out, record.ttl & 0xffff)
    put16(out, data.length)
    out.push(...data)
  }
  return Uint8Array.from(out)
}

/** With the two length bytes of RFC 1035 section 4.2.2, as on TCP. */
export function encodeDnsTcp(message: DnsMessage): Uint8Array | null {
  const body = encodeDns(message)
  return body && body.length <= 0xffff ? Uint8Array.from([body.length >>> 8, body.length & 255, ...body]) : null
}

function flagWord(message: DnsMessage): number {
  const bit = (value: boolean, mask: number): number => (value ? mask : 0)
  return bit(message.response, 0x8000) | ((message.opcode & 15) << 11) | bit(message.authoritative, 0x0400)
    | bit(message.truncated, 0x0200) | bit(message.recursionDesired, 0x0100) | bit(message.recursionAvailable, 0x0080)
    | (message.responseCode & 15)
}

function put16(out: number[], value: number): void {
  out.push((value >>> 8) & 255, value & 255)
}

function addressBytes(address: Ip): Uint8Array {
  const length = ipVersion(address) === 4 ? 4 : 16
  let value = ipValue(address)
  const bytes = new Uint8Array(length)
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(value & 0xffn)
    value >>= 8n
  }
  return bytes
}
