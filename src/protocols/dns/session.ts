// DNS session: messages of one flow to facts: which name a client asks for, and which addresses a server answers.
// Keeps the patient-data rule: names, types, codes and addresses leave; record texts (TXT and the like) never do.

import { isGroupIp } from '../../base/ip-scope.ts'
import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { bytesKey, FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { receiver, sender } from '../session-tools.ts'
import { readAnnouncement } from './announcement.ts'
import { dnsResponseCodeName, DnsOpcode, dnsTypeName } from './codes.ts'
import { decodeDns, type DnsDecoded, type DnsMessage } from './message.ts'
import { DnsStream, type DnsStreamSink } from './stream.ts'

/** Answer facts for a reply without a question (mDNS announcement): one per owner name and type, at most this many per message. */
export const DNS_ANSWER_FACTS_MAX = 16

/** Opens the session of a flow: datagrams are messages, a TCP direction is a stream of them. */
export function openDns(context: SessionContext): Session {
  return context.transport === 'udp' ? new DnsDatagrams(context) : new DnsStreams(context)
}

/** What one flow of datagrams to a group, or from one device, was already told: mDNS repeats all it says every minute or so. */
class DnsDatagrams implements Session {
  readonly #context: SessionContext
  readonly #told = new FirstSeen<number>()

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const { flow } = this.#context
    const isGroup = isGroupIp(receiver(flow, direction))
    // The number of a query says nothing (RFC 6762 section 18.1 has it 0).
    if (isGroup && end - off > 2 && !this.#told.isNew(bytesKey(buf, off + 2, end, direction))) return
    const decoded = decodeDns(buf, off, end)
    const how = announces(decoded, direction)
    if (how === null) emitMessage(this.#context, direction, decoded, at)
    else if (isGroup || this.#told.isNew(bytesKey(buf, off + 2, end, direction))) this.#announce(direction, buf, off, end, how, at)
  }

  #announce(direction: Direction, buf: Uint8Array, off: number, end: number, how: 'mdns' | 'llmnr', at: Micros): void {
    const { flow } = this.#context
    const told = readAnnouncement(buf, off, end)
    if (told.hosts.length + told.services.length + told.product.length === 0) return
    this.#context.emit({
      at, frame: this.#context.frame(), protocol: 'dns', kind: 'announcement', flowId: flow.id, device: sender(flow, direction), how, ...told,
    })
  }

  gap(): void {}

  end(): void {}
}

/**
 * Whether a device speaks for itself. mDNS: an authoritative response without a question, all of whose answers are names of the link
 * (RFC 6762 sections 3, 4 and 6). LLMNR: the answer to a question that was sent to the group, and so begins a flow of its own, with no
 * bit set that a name server sets (RFC 4795 section 2.1.1).
 */
function announces({ message, problem }: DnsDecoded, direction: Direction): 'mdns' | 'llmnr' | null {
  if (!message.response || message.opcode !== DnsOpcode.query || message.responseCode !== 0 || problem !== null) return null
  if (message.questions.length === 0) {
    return message.authoritative && message.answers.length > 0 && message.answers.every((record) => isLinkName(record.name)) ? 'mdns' : null
  }
  const isPlain = !message.authoritative && !message.recursionAvailable && !message.recursionDesired
  return direction === 0 && isPlain && message.questions.length === 1 && message.answers.length > 0 ? 'llmnr' : null
}

function isLinkName(name: string): boolean {
  return name.endsWith('.local') || name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa')
}

class DnsStreams implements Session {
  readonly #streams: readonly [DnsStream, DnsStream]
  #at: Micros = 0

  constructor(context: SessionContext) {
    const sink = (direction: Direction): DnsStreamSink => ({
      message: (buf, off, end) => emitMessage(context, direction, decodeDns(buf, off, end), this.#at),
      lost: (reason) => emitMalformed(context, reason, this.#at),
    })
    this.#streams = [new DnsStream(sink(0)), new DnsStream(sink(1))]
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    this.#streams[direction].feed(buf, off, end)
  }

  gap(direction: Direction): void {
    this.#streams[direction].gap()
  }

  end(): void {}
}

function emitMessage(context: SessionContext, direction: Direction, decoded: DnsDecoded, at: Micros): void {
  // Only the query opcode asks for names; notify and update carry zones in the same places (RFC 1996, RFC 2136).
  if (decoded.message.opcode === DnsOpcode.query && decoded.problem !== 'header-truncated') {
    if (decoded.message.response) emitAnswers(context, direction, decoded.message, at)
    else emitQueries(context, direction, decoded.message, at)
  }
  if (decoded.problem !== null) emitMalformed(context, decoded.problem, at)
}

function emitQueries(context: SessionContext, direction: Direction, message: DnsMessage, at: Micros): void {
  for (const question of message.questions) {
    context.emit({
      at, frame: context.frame(), protocol: 'dns', kind: 'query', flowId: context.flow.id,
      client: sender(context.flow, direction), server: receiver(context.flow, direction),
      name: question.name, type: dnsTypeName(question.type),
    })
  }
}

/** What a reply is about: its questions, or without one each owner name and type of its answers. */
function subjects(message: DnsMessage): readonly { readonly name: string; readonly type: number }[] {
  if (message.questions.length > 0) return message.questions
  const seen = new Map<string, { name: string; type: number }>()
  for (const { name, type } of message.answers) {
    if (seen.size < DNS_ANSWER_FACTS_MAX) seen.set(`${type} ${name}`, { name, type })
  }
  return [...seen.values()]
}

function emitAnswers(context: SessionContext, direction: Direction, message: DnsMessage, at: Micros): void {
  for (const { name, type } of subjects(message)) {
    context.emit({
      at, frame: context.frame(), protocol: 'dns', kind: 'answer', flowId: context.flow.id,
      client: receiver(context.flow, direction), server: sender(context.flow, direction),
      name, type: dnsTypeName(type), responseCode: dnsResponseCodeName(message.responseCode),
      addresses: addressesFor(message, name, type),
    })
  }
}

/** With one question all addresses belong to it (the chain of CNAMEs leads there); else those of the same owner and type. */
function addressesFor(message: DnsMessage, name: string, type: number): Ip[] {
  const one = message.questions.length === 1
  return message.answers.filter((record) => one || (record.name === name && record.type === type))
    .map((record) => record.address).filter((address) => address !== null)
}

function emitMalformed(context: SessionContext, reason: string, at: Micros): void {
  context.emit({ at, frame: context.frame(), protocol: 'dns', kind: 'malformed', flowId: context.flow.id, reason })
}
