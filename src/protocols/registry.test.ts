// Tests of the registry: every golden of every protocol is its own and nobody else's, with ports and without; captures keep their names.
// Keeps the rule that the probe is the judge: no pair of rows says yes to the same bytes.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../testing/everysplit.ts'
import { PACKET_PROTOCOLS } from '../testing/packet-row.ts'
import { goldenFacts, loadGoldens, type GoldenCase } from '../testing/golden.ts'
import { sharedCapture, skipWithout } from '../testing/capture-frames.ts'
import { replay } from '../testing/replay.ts'
import type { Direction } from '../wire/flow.ts'
import { IpProto } from '../wire/frame.ts'
import { compileRegistry, IDENTIFY_BYTES_MAX, IdentifyingSession } from './identify.ts'
import type { Fact } from './facts.ts'
import type { ProbeAnswer, ProtocolRow, Transport } from './protocol.ts'
import { createRegistry } from './registry.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** No protocol of its own: what five of them share. */
const SHARED_FOLDER = 'file-transfer'
const FOLDERS = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== SHARED_FOLDER).map((entry) => entry.name)
const IDS = createRegistry().map((row) => row.id)

test('every protocol folder but those without flows has a row, an index and a README', () => {
  deepEqual([...IDS].sort(), FOLDERS.filter((name) => !PACKET_PROTOCOLS.includes(name)).sort())
  for (const name of FOLDERS) ok(existsSync(`${HERE}${name}/README.md`) && existsSync(`${HERE}${name}/index.ts`), name)
})

test('a registry is made anew each time, and importing it opens nothing', () => {
  const first = createRegistry()
  const second = createRegistry()
  ok(first !== second)
  ok(first.find((row) => row.id === 'rpc') !== second.find((row) => row.id === 'rpc'), 'rpc rows share a memory')
})

interface OwnedCase extends GoldenCase {
  readonly owner: string
}

const CASES: readonly OwnedCase[] = FOLDERS.filter((name) => !PACKET_PROTOCOLS.includes(name))
  .flatMap((owner) => loadGoldens(`${HERE}${owner}/testdata`).map((c) => ({ ...c, owner })))

/** The bytes of one direction up to and with its n-th chunk, for each n, as long as nothing was lost. */
function prefixes(chunks: readonly Chunk[], direction: Direction): Uint8Array[] {
  const out: Uint8Array[] = []
  let bytes: number[] = []
  for (const chunk of chunks) {
    if (chunk.direction !== direction) continue
    if (chunk.lost) bytes = []
    bytes = [...bytes, ...chunk.bytes]
    out.push(Uint8Array.from(bytes))
  }
  return out
}

function inputs(c: OwnedCase, direction: Direction): Uint8Array[] {
  if (c.transport === 'tcp') return prefixes(c.chunks, direction)
  return c.chunks.filter((chunk) => chunk.direction === direction).map((chunk) => chunk.bytes)
}

/** A case with `probe: no` shows bytes of somebody else on purpose: a printer for the monitor's folder, and the other way round. */
const OWN_CASES = CASES.filter((c) => c.probe !== 'no')

/** What is carried in another protocol stands before it in the registry, and takes the flow. */
const WITHIN: Readonly<Record<string, string>> = { sdc: 'http' }

test('what is carried in another protocol stands before it', () => {
  for (const [inner, outer] of Object.entries(WITHIN)) ok(IDS.indexOf(inner) < IDS.indexOf(outer), `${inner} before ${outer}`)
})

test('no row says yes to the golden of another', () => {
  ok(OWN_CASES.length > 30, `${OWN_CASES.length} cases`)
  const rows = createRegistry()
  for (const c of OWN_CASES) {
    const others = rows.filter((r) => r.id !== c.owner && r.transports.includes(c.transport) && WITHIN[c.owner] !== r.id)
    for (const row of others) {
      for (const direction of [0, 1] as const) {
        for (const bytes of inputs(c, direction)) {
          const answer = row.probe(c.transport, direction, bytes, 0, bytes.length)
          ok(answer !== 'yes', `${row.id} takes the ${c.owner} golden "${c.title}" (direction ${direction}, ${bytes.length} bytes)`)
        }
      }
    }
  }
})

/** Identification by the whole registry as one row. `flow.protocol` is left in `seen`. */
function identifying(seen: { protocol: string | null }): () => ProtocolRow {
  return () => ({
    id: 'identify', name: 'identify', transports: ['tcp', 'udp'], hints: [], probe: () => 'yes',
    open(context) {
      const session = new IdentifyingSession(compileRegistry(createRegistry()), context)
      return {
        feed: (direction, buf, off, end, at) => session.feed(direction, buf, off, end, at),
        gap: (direction, bytes, at) => session.gap(direction, bytes, at),
        end(at): void {
          session.end(at)
          seen.protocol = context.flow.protocol
        },
      }
    },
  })
}

for (const port of ['own', 'foreign'] as const) {
  test(`goldens through the whole registry on their ${port} port: own protocol or none, and the same facts when it starts in order`, () => {
    const identified = new Map<string, number>()
    for (const c of OWN_CASES) {
      const seen: { protocol: string | null } = { protocol: null }
      const flow = port === 'own' ? c.flow : { ...c.flow, srcPort: 40_404, dstPort: 40_405 }
      const facts = runSession(identifying(seen), c.transport, c.chunks, { flow }).facts
      ok(seen.protocol === null || seen.protocol === c.owner, `"${c.title}" of ${c.owner} was taken for ${seen.protocol}`)
      if (seen.protocol === null) continue
      identified.set(c.owner, (identified.get(c.owner) ?? 0) + 1)
      if (c.probe !== 'yes' || c.chunks.some((chunk) => chunk.lost)) continue
      const own = goldenFacts({ ...c, flow }, () => createRegistry().find((row) => row.id === c.owner) as ProtocolRow)
      deepEqual(facts.map((fact) => JSON.stringify(fact)), own, `facts of "${c.title}" (${c.owner})`)
    }
    deepEqual([...identified.keys()].sort(), [...IDS].sort(), 'each protocol has a golden that is identified')
  })
}

/** Whether the owner's probe keeps its word as the first stream grows; a search inside garbage may turn a no into a yes. */
function isSteady(c: OwnedCase): boolean {
  const row = createRegistry().find((r) => r.id === c.owner)
  const direction = c.chunks[0]?.direction ?? 0
  const bytes = prefixes(c.chunks, direction).at(-1) ?? new Uint8Array(0)
  let last: ProbeAnswer = 'more'
  for (let end = 1; row && end <= Math.min(bytes.length, IDENTIFY_BYTES_MAX); end++) {
    const answer = row.probe('tcp', direction, bytes, 0, end)
    if (last !== 'more' && answer !== last) return false
    last = answer
  }
  return true
}

/** A downstream fact counts the bytes of the first packet by definition. */
const withoutPacketSize = (fact: Fact): unknown => (fact.kind === 'downstream' ? { ...fact, bytes: 0 } : fact)

test('identified goldens give the same facts at every split of their stream', () => {
  const owners = new Set<string>()
  for (const c of OWN_CASES.filter((x) => x.transport === 'tcp' && x.probe === 'yes' && isSteady(x))) {
    const options = { flow: c.flow, trailing: false, normalise: withoutPacketSize }
    if (everySplit(identifying({ protocol: null }), 'tcp', c.chunks, options).length > 0) owners.add(c.owner)
  }
  deepEqual([...owners].sort(), [
    'astm', 'cms8000', 'dicom', 'dns', 'ftp', 'hl7', 'http', 'lpd', 'modbus', 'poct1a', 'rpc', 'rsh', 'sdc', 'smb', 'ssh', 'syslog', 'telnet', 'tls',
    'vista120',
  ])
})

test('random bytes belong to nobody', () => {
  const rows = createRegistry()
  let yes = 0
  fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 1400 }), fc.constantFrom<Transport>('tcp', 'udp'), (bytes, transport) => {
    for (const row of rows) {
      if (row.transports.includes(transport) && row.probe(transport, 0, bytes, 0, bytes.length) === 'yes') yes++
    }
  }), { numRuns: 3000 })
  ok(yes <= 1, `${yes} of 3000 random packets were taken for a protocol`)
})

interface CaptureRow {
  readonly name: string
  /** Protocol id to number of flows; every other TCP or UDP flow must be unidentified. */
  readonly flows: Readonly<Record<string, number>>
  readonly facts: Readonly<Record<string, number>>
}

/** Numbers by tshark 4.0 on the same files, or by reading the packets where it follows the port. */
const CAPTURES: readonly CaptureRow[] = [
  { name: 'dns/ws__viruses-and-worms_dns-remoteshell.pcap', flows: { dns: 3 }, facts: { 'dns.query': 3, 'dns.answer': 3 } },
  { name: 'malware/ndpi__portable_executable.pcap', flows: {}, facts: {} },
  { name: 'dns/ndpi__malformed_dns.pcap', flows: { dns: 1 }, facts: { 'dns.query': 2, 'dns.answer': 4, 'dns.malformed': 4 } },
  { name: 'dns/ndpi__dns_exfiltration.pcap', flows: { dns: 1 }, facts: { 'dns.query': 150, 'dns.answer': 150 } },
  { name: 'dns/ndpi__dns-exf.pcap', flows: { dns: 1 }, facts: { 'dns.query': 1, 'dns.answer': 1 } },
  { name: 'dns/ndpi__dns2tcp_tunnel.pcap', flows: { tls: 1 }, facts: { 'tls.client-hello': 1, 'tls.server-hello': 1 } },
  { name: 'frag/zeek__ipv6-fragmented-dns.pcap', flows: { dns: 2 }, facts: { 'dns.query': 3, 'dns.answer': 2 } },
  { name: 'inventory/ndpi__ipp.pcap', flows: { http: 3 }, facts: { 'http.software': 6, 'http.request': 3, 'http.totals': 3 } },
  {
    name: 'inventory/ws__adsl-cpe_nb6-startup.pcap',
    flows: { dhcp: 2, dhcp6: 2, dns: 56, http: 8, ntp: 13, syslog: 2 },
    facts: {
      'dhcp.message': 5, 'dhcp.total': 1, 'dhcp6.message': 4, 'dns.query': 56, 'dns.answer': 56, 'ntp.server': 13, 'ntp.total': 13,
      'syslog.sender': 2, 'syslog.app': 2, 'syslog.session': 2, 'http.software': 16, 'http.request': 8, 'http.totals': 8,
    },
  },
  { name: 'inventory/zeek__dhcp_dhcp_flood.pcap', flows: { dhcp: 250 }, facts: { 'dhcp.message': 500 } },
  {
    name: 'inventory/ndpi__tftp.pcap', flows: { tftp: 9 },
    facts: { 'tftp.request': 6, 'tftp.unanswered': 3, 'file-transfer.read': 1, 'file-transfer.write': 2 },
  },
  { name: 'inventory/zeek__snmp_snmpwalk-short.pcap', flows: { snmp: 1 }, facts: { 'snmp.access': 2, 'snmp.system': 4 } },
  { name: 'scan/zeek__ssh_sshguess.pcap', flows: { ssh: 11 }, facts: { 'ssh.banner': 22, 'ssh.refused': 11 } },
  { name: 'crashed-a-peer/ndpi__quic-v2.pcapng', flows: { quic: 1 }, facts: { 'quic.start': 1, 'quic.client-hello': 1 } },
  {
    name: 'tunnel/zeek__tunnels_gre-sample.pcap', flows: { dns: 1, ntp: 3, ssh: 1 },
    facts: { 'dns.query': 2, 'ssh.banner': 2, 'ntp.server': 3, 'ntp.total': 3 },
  },
  { name: 'malware/ndpi__telnet.pcap', flows: { telnet: 1 }, facts: { 'telnet.start': 1, 'telnet.login': 1, 'telnet.session': 1 } },
  {
    name: 'malware/sv__smb-eicar-file_input.pcap', flows: { smb: 1 },
    facts: { 'smb.dialect': 1, 'smb.names': 2, 'smb.share': 1, 'file-transfer.write': 1 },
  },
  { name: 'malware/cs__ratinfected.pcapng', flows: {}, facts: {} },
  { name: 'medical/tapirx__dicom_arq_1_find_testclient.pcap', flows: { dicom: 1 }, facts: { 'dicom.request': 1, 'dicom.totals': 1 } },
  { name: 'medical/tapirx__dicom_arq_2_get_testclient.pcap', flows: { dicom: 1 }, facts: { 'dicom.request': 1, 'dicom.totals': 1 } },
  { name: 'medical/tapirx__HL7-ORM.pcap', flows: { hl7: 1 }, facts: { 'hl7.message': 2, 'hl7.totals': 1 } },
  { name: 'medical/tapirx__HL7-ADT-UDI-PRT.pcap', flows: { hl7: 1 }, facts: { 'hl7.message': 2, 'hl7.totals': 1 } },
  {
    name: 'crashed-a-peer/ndpi__tls_heur__trojan-tcp-tls.pcapng',
    flows: { dns: 7, tls: 2 }, facts: { 'dns.query': 8, 'dns.answer': 8, 'tls.client-hello': 2, 'tls.server-hello': 2 },
  },
  { name: 'scan/ndpi__synscan.pcap', flows: {}, facts: {} },
]

for (const row of CAPTURES) {
  test(`capture ${row.name}`, { skip: skipWithout(row.name) }, () => {
    const { facts, flows } = replay(sharedCapture(row.name) ?? '', createRegistry())
    const byProtocol = countBy(flows.filter((f) => f.proto === IpProto.tcp || f.proto === IpProto.udp).map((f) => f.protocol ?? ''))
    delete byProtocol['']
    deepEqual(byProtocol, row.flows)
    deepEqual(countBy(facts.map((f) => `${f.protocol}.${f.kind}`)), row.facts)
  })
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  return counts
}

const SHELL = 'dns/ws__viruses-and-worms_dns-remoteshell.pcap'

test('capture dns-remoteshell: the shell on TCP 53 stays unidentified', { skip: skipWithout(SHELL) }, () => {
  const { flows } = replay(sharedCapture(SHELL) ?? '', createRegistry())
  const shell = flows.filter((f) => f.proto === IpProto.tcp && f.dstPort === 53)
  equal(shell.length, 1)
  equal(shell[0]?.protocol, null)
})
