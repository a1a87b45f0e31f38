// fuzz-protocol-targets: every protocol's session, the identification before it, and the whole sensor, against hostile conversations.
// Keeps: no throw, the same facts at every split, facts that are few, short and plain, and no patient's text in any of them.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { arpFacts } from '../protocols/arp/index.ts'
import { ETHERTYPE_LLDP } from '../protocols/lldp/index.ts'
import type { Fact } from '../protocols/facts.ts'
import { compileRegistry, IdentifyingSession } from '../protocols/identify.ts'
import type { ProtocolRow, Transport } from '../protocols/protocol.ts'
import { createRegistry } from '../protocols/registry.ts'
import type { Flow } from '../wire/flow.ts'
import { Frame } from '../wire/frame.ts'
import { runSession, type Chunk } from './everysplit.ts'
import { chunkPlaces, conversationFields, decodeConversation, encodeConversation } from './fuzz-conversation.ts'
import type { WireTarget } from './fuzz-engine.ts'
import { astmFields, berFields, cmsFields, dhcpFields, dicomFields, dnsFields, hl7Fields, rpcFields, tlsFields, tlvFields } from './fuzz-fields.ts'
import { assertPlainFacts } from './fuzz.ts'
import { ipRow, linkRow } from './packet-row.ts'
import { goldenCases, longTalks } from './fuzz-protocol-seeds.ts'
import type { LengthField } from './fuzz-mutate.ts'

/** First byte of an input: bit 0 tells UDP from TCP, bit 1 a flow whose beginning was not captured. */
const HEAD_BYTES = 1
const FLAG_UDP = 1
const FLAG_LATE = 2

/** The name every patient of our tests bears. */
export const CANARY = 'ZZTEST'

/**
 * Where the canary stands as a patient's text by a slow reading of our own; a mutation may move it to where text is kept by design
 * (a DNS name, an HL7 application), and that is no leak.
 */
export function isCanaryInPlace(chunks: readonly Chunk[]): boolean {
  const text = chunks.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('\r').replaceAll(String.fromCharCode(0x0b), '\r').replaceAll('\n', '\r')
  const all = text.split(CANARY).length - 1
  if (all === 0) return false
  const lines = text.split('\r')
  const inPid = lines.filter((line) => line.startsWith('PID|')).flatMap((line) => line.split('|').slice(3, 12))
  return inPid.join('|').split(CANARY).length - 1 === all
}

/** What a split may change: how many bytes the first packet from the server had (everysplit's tests of CMS8000 say why). */
function comparable(fact: Fact): unknown {
  return fact.kind === 'downstream' ? { ...fact, bytes: 0 } : fact
}

const STATE: { readonly late: Partial<Flow>; readonly whole: Partial<Flow> } = { late: { state: 'midstream' }, whole: {} }
const IDENTIFY = 'identify'

function runConversation(open: () => ProtocolRow, transports: readonly Transport[], input: Uint8Array): void {
  const flags = input[0] ?? 0
  const wanted: Transport = (flags & FLAG_UDP) === 0 ? 'tcp' : 'udp'
  const transport = transports.includes(wanted) ? wanted : transports[0] as Transport
  const options = { flow: (flags & FLAG_LATE) !== 0 && transport === 'tcp' ? STATE.late : STATE.whole }
  const chunks = decodeConversation(input.subarray(HEAD_BYTES)).map((chunk, i) => ({ ...chunk, frame: i + 1 }))
  for (const { direction, bytes } of chunks) {
    const answer = open().probe(transport, direction, bytes, 0, bytes.length)
    assert.ok(answer === 'yes' || answer === 'no' || answer === 'more')
  }
  const { facts } = runSession(open, transport, chunks, options)
  assertPlainFacts(facts)
  const said = facts.map(comparable)
  assert.deepEqual(runSession(open, transport, chunks, options, 0xff).facts.map(comparable), said, 'bytes around a chunk change the facts')
  const isIdentifying = open().id === IDENTIFY
  for (const variant of transport === 'tcp' ? splits(chunks) : []) {
    const again = runSession(open, transport, variant, options).facts
    if (isIdentifying) assertNoOther(facts, again, options.flow.state !== undefined || isGuessed(chunks))
    else assert.deepEqual(again.map(comparable), said, 'a split changes the facts')
  }
  if (isCanaryInPlace(chunks)) assert.equal(JSON.stringify(facts).includes(CANARY), false, 'a patient\'s text in a fact')
}

/**
 * A flow that is joined late or lost bytes is looked at afresh at each segment's start: there a split may change what it is taken for.
 * So may it be missed where a probe looks into the segment: HL7 behind a 0x0B further on, an RPC reply that ends with its segment.
 */
function isGuessed(chunks: readonly Chunk[]): boolean {
  return chunks.some(({ lost, bytes }) => lost !== 0 || bytes.subarray(1).includes(0x0b))
}

/** Unless it had to be guessed, no split makes a flow one protocol and the whole another. */
function assertNoOther(whole: readonly Fact[], split: readonly Fact[], isGuess: boolean): void {
  assertPlainFacts(split)
  // A file is told by whatever protocol carries it.
  const names = new Set([...whole, ...split].map((fact) => fact.protocol).filter((name) => name !== 'file-transfer'))
  assert.ok(isGuess || names.size <= 1, `a split makes ${[...names].join(' of ')}`)
}

/** Cut where the input says, and (when short) byte by byte. */
function* splits(chunks: readonly Chunk[]): Generator<Chunk[]> {
  const total = chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const sum = chunks.reduce((all, { bytes }) => (all + (bytes[0] ?? 0) * 7 + bytes.length) % 9973, 1)
  yield chunks.flatMap((chunk) => pieces(chunk, 1 + (sum % Math.max(1, chunk.bytes.length))))
  if (total <= 256) yield chunks.flatMap((chunk) => pieces(chunk, 1))
}

function pieces(chunk: Chunk, size: number): Chunk[] {
  const out: Chunk[] = []
  for (let at = 0; at < chunk.bytes.length; at += size) out.push({ ...chunk, lost: at === 0 ? chunk.lost ?? 0 : 0, bytes: chunk.bytes.slice(at, at + size) })
  return out.length === 0 ? [chunk] : out
}

/** The session every flow begins with, as a row. */
function identifyingRow(): ProtocolRow {
  return {
    id: IDENTIFY, name: IDENTIFY, transports: ['tcp', 'udp'], hints: [], probe: () => 'yes',
    open: (context) => new IdentifyingSession(compileRegistry(createRegistry()), context),
  }
}

/** ARP has no row: each datagram stands for an ARP body, the flow's MACs for the frame's. */
function arpRow(): ProtocolRow {
  return {
    id: 'arp', name: 'ARP', transports: ['udp'], hints: [], probe: () => 'no',
    open: (context) => ({
      feed(direction, buf, off, end, at): void {
        const frame = new Frame()
        Object.assign(frame, { arpOff: off, arpEnd: end, at, number: context.frame(), vlan: context.flow.vlan })
        frame.srcMac = context.flow.macs[direction]
        arpFacts(buf, frame, (fact) => context.emit(fact))
      },
      gap(): void {},
      end(): void {},
    }),
  }
}

function rowNamed(id: string): ProtocolRow {
  const row = createRegistry().find((r) => r.id === id)
  assert.ok(row, id)
  return row
}

type Inside = (input: Uint8Array, off: number, end: number) => readonly LengthField[]

const INSIDE: Readonly<Record<string, Inside>> = {
  hl7: hl7Fields, cms8000: cmsFields, dhcp: dhcpFields, rpc: rpcFields, dicom: dicomFields, astm: astmFields,
  dns: (input, off, end) => dnsFields(input, off, end, ((input[0] ?? 0) & FLAG_UDP) === 0),
  arp: (_input, off) => [0, 2, 4, 5, 6].map((o): LengthField => ({ off: off + o, bytes: o === 4 || o === 5 ? 1 : 2, little: false })),
  lpd: (_input, off) => [{ off, bytes: 1, little: false }],
  lldp: tlvFields(2, 0x1ff), cdp: tlvFields(4, 0xffff), dhcp6: tlvFields(4, 0xffff),
  icmp: (_input, off) => [0, 1, 4, 25, 33].map((o): LengthField => ({ off: off + o, bytes: 1, little: false })),
  igmp: (_input, off) => [{ off, bytes: 1, little: false }, { off: off + 6, bytes: 2, little: false }, { off: off + 10, bytes: 2, little: false }],
  ntp: (_input, off) => [0, 1, 2, 3, 4, 10].map((o): LengthField => ({ off: off + o, bytes: o > 3 ? 2 : 1, little: false })),
  modbus: (_input, off) => [{ off: off + 2, bytes: 2, little: false }, { off: off + 4, bytes: 2, little: false }, { off: off + 7, bytes: 1, little: false }],
  bacnet: (_input, off) => [1, 2, 4, 5, 6, 7, 12, 14, 16, 17, 18].map((o): LengthField => ({ off: off + o, bytes: o === 2 ? 2 : 1, little: false })),
  nbns: (_input, off) => [2, 4, 6, 46, 54, 56].map((o): LengthField => ({ off: off + o, bytes: o > 2 && o < 56 ? 2 : 1, little: false })),
  intellivue: (_input, off) => [1, 2, 6, 12, 26, 28, 30].map((o): LengthField => ({ off: off + o, bytes: o === 1 ? 1 : 2, little: false })),
  carescape: (_input, off) => [{ off: off + 43, bytes: 1, little: false }],
  vista120: (_input, off) => [{ off, bytes: 2, little: true }, { off: off + 4, bytes: 2, little: true }],
  tls: tlsFields,
  quic: (_input, off) => [0, 5, 14, 15].map((o): LengthField => ({ off: off + o, bytes: 1, little: false })),
  snmp: berFields,
  ssh: (_input, off) => [{ off: off + 4, bytes: 1, little: false }],
  telnet: (_input, off) => [0, 1, 2].map((o): LengthField => ({ off: off + o, bytes: 1, little: false })),
  rsh: (_input, off) => [{ off, bytes: 1, little: false }],
  syslog: (_input, off) => [{ off: off + 1, bytes: 1, little: false }],
  ftp: (_input, off) => [{ off, bytes: 1, little: false }],
  http: (_input, off) => [{ off, bytes: 1, little: false }],
  smb: (_input, off) => [0, 4, 16, 24].map((o): LengthField => ({ off: off + o, bytes: 4, little: o > 0 })),
  tftp: (_input, off) => [0, 2].map((o): LengthField => ({ off: off + o, bytes: 2, little: false })),
  identify: (_input, off) => [{ off, bytes: 2, little: false }, { off, bytes: 4, little: false }],
}

/** The conversation begins after the first byte. */
function fieldsOf(inside: Inside): (input: Uint8Array) => readonly LengthField[] {
  return (input) => conversationFields((rest, off, end) => inside(input, off + HEAD_BYTES, Math.min(end, rest.length) + HEAD_BYTES)
    .map((f) => ({ ...f, off: f.off - HEAD_BYTES })))(input.subarray(HEAD_BYTES)).map((f) => ({ ...f, off: f.off + HEAD_BYTES }))
}

export function encodeInput(transport: Transport, isLate: boolean, chunks: readonly Chunk[]): Uint8Array {
  const rest = encodeConversation(chunks)
  const out = new Uint8Array(HEAD_BYTES + rest.length)
  out[0] = (transport === 'udp' ? FLAG_UDP : 0) | (isLate ? FLAG_LATE : 0)
  out.set(rest, HEAD_BYTES)
  return out
}

const FOLDER = fileURLToPath(new URL('../protocols/', import.meta.url))

function seedsOf(ids: readonly string[]): Uint8Array[] {
  return [...ids.flatMap((id) => goldenCases(`${FOLDER}${id}/testdata`, id)), ...ids.flatMap(longTalks)]
    .map(({ transport, isLate, chunks }) => encodeInput(transport, isLate, chunks))
}

const SAYS = 'no throw; the same facts at every split and whatever stands around; facts few, short, printable; no patient\'s text'

/**
 * Blocks per byte. A line of LPD that comes byte by byte is read again with each byte, up to its 1024, and an undecided flow asks every
 * row again with each of its first 256 packets: so many steps per packet at most, not per byte. The rest is one pass.
 */
const STEPS_PER_BYTE: Readonly<Record<string, number>> = { lpd: 5000, http: 5000, ftp: 5000, [IDENTIFY]: 8000 }

function protocolTarget(id: string, open: () => ProtocolRow, seeds: readonly string[]): WireTarget {
  const { transports } = open()
  return {
    id, holds: SAYS, seeds: () => seedsOf(seeds), run: (input) => runConversation(open, transports, input),
    fields: fieldsOf(INSIDE[id] ?? ((): readonly LengthField[] => [])), stepsPerByte: STEPS_PER_BYTE[id] ?? 400, stepsFloor: 40_000,
  }
}

const IDS = createRegistry().map((row) => row.id)

export const PROTOCOL_TARGETS: readonly WireTarget[] = [
  ...IDS.map((id) => protocolTarget(id, () => rowNamed(id), [id])),
  protocolTarget('arp', arpRow, ['arp']),
  protocolTarget('lldp', () => linkRow('lldp', ETHERTYPE_LLDP), ['lldp']),
  protocolTarget('cdp', () => linkRow('cdp', 0), ['cdp']),
  protocolTarget('icmp', () => ipRow('icmp', 1), ['icmp']),
  protocolTarget('igmp', () => ipRow('igmp', 2), ['igmp']),
  protocolTarget(IDENTIFY, identifyingRow, IDS),
]

/** Chunks of an input: for tests of the seeds. */
export function talkLength(input: Uint8Array): number {
  return chunkPlaces(input.subarray(HEAD_BYTES)).length
}
