// tshark: one run of it per capture, with every field the differential tests compare, as layers and streams.
// Keeps the rule that a peer of another make is the judge; its settings stand here, each with the reason.

import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'

/** A reason to skip, or false: for node:test's `skip` option. */
export const noTshark: string | false = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0 ? false : 'tshark is not here'

/** What makes the two comparable. Left at their defaults are tshark's TCP stream numbers and its "follow", which are what is compared with. */
export const TSHARK_SETTINGS: readonly (readonly [args: readonly string[], why: string])[] = [
  [['-n'], 'no look-up of names: addresses and ports are compared as numbers, and nothing is sent'],
  [['-o', 'ip.defragment:TRUE', '-o', 'ipv6.defragment:TRUE'], 'the transport of a datagram shows in the packet that completes it, as in the sensor'],
  [['-o', 'tcp.desegment_tcp_streams:FALSE'], 'what lies above TCP is not compared; without it a packet is dissected once, and tcp.len stays its own'],
  [
    ['-o', 'tcp.check_checksum:FALSE', '-o', 'udp.check_checksum:FALSE', '-o', 'ip.check_checksum:FALSE'],
    'captures taken at the sender hold sums the card had not made yet',
  ],
  [['-o', 'tcp.try_heuristic_first:FALSE', '-o', 'udp.try_heuristic_first:FALSE'], 'a guess at content must not add layers'],
  [['--disable-protocol', 'jxta'], 'it writes peer names over the addresses of the packet, and then "follow" mixes up the sides'],
  [['--enable-protocol', 'communityid'], 'Community ID v1 is a plugin that is off by default'],
]

/** What is asked of each packet, in this order. */
export const FIELDS = [
  'frame.protocols', 'frame.encap_type', 'vlan.id', 'ieee8021ad.id', 'isl.vlan_id', 'erspan.vlan',
  'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'tcp.len', 'tcp.stream',
  'udp.srcport', 'udp.dstport', 'udp.stream', 'sctp.srcport', 'sctp.dstport', 'icmp.type', 'icmp.code', 'icmpv6.type', 'icmpv6.code', 'communityid',
] as const
type Field = (typeof FIELDS)[number]

/** One network header with what stands before and after it. `vlans`, `net` and `transport` are empty where there is none. */
export interface TsharkLayer {
  readonly vlans: readonly string[]
  /** `ip`, `ipv6`, `arp` or nothing. */
  net: string
  src: string
  dst: string
  transport: string
  srcPort: string
  dstPort: string
  /** Payload bytes of TCP. */
  length: string
  /** tshark's number of the conversation, TCP and UDP only. */
  stream: string
}

export interface TsharkPacket {
  /** `eth`, `sll`, `raw`, ... */
  readonly link: string
  /** Outermost first; what an ICMP error quotes is left out. Never empty. */
  readonly layers: readonly TsharkLayer[]
  readonly protocols: string
  readonly communityId: string
}

/** SHA-256 of the bytes of each side, side 0 being who spoke first; a gap counts as the words tshark writes for it. */
export type StreamHashes = readonly [string, string]

export interface TsharkRun {
  readonly packets: readonly TsharkPacket[]
  /** By tshark's stream number, as many as were asked for and exist. */
  readonly streams: readonly StreamHashes[]
}

/** A capture of 3 MB is told in some 30 MB: all its fields, and all its streams in hexadecimal. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024

/** Runs tshark over a capture, once: the fields of every packet, then the first `streams` TCP streams byte by byte. */
export function tsharkRun(path: string, streams: number): TsharkRun {
  const follow = Array.from({ length: streams }, (_, i) => ['-z', `follow,tcp,raw,${i}`]).flat()
  const fields = ['-T', 'fields', '-E', 'occurrence=a', ...FIELDS.flatMap((f) => ['-e', f])]
  const args = [...TSHARK_SETTINGS.flatMap(([option]) => option), '-r', path, ...fields, ...follow]
  // Exit 2 is a capture that ends inside a packet: what came before is compared.
  const out = spawnSync('tshark', args, { encoding: 'latin1', maxBuffer: OUTPUT_BYTES_MAX, stdio: ['ignore', 'pipe', 'ignore'] })
  if (out.error) throw out.error
  const [rows = '', ...blocks] = out.stdout.split(/^=+$/m)
  return { packets: rows.split('\n').filter(isPacket).map(packetOf), streams: streamsOf(blocks) }
}

const NETWORKS: ReadonlySet<string> = new Set(['ip', 'ipv6', 'arp'])
const PORTED: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp'])
const ICMP: ReadonlySet<string> = new Set(['icmp', 'icmpv6'])
/** Link headers that a tunnel can carry: what follows is another network's. */
const INNER_LINKS: ReadonlySet<string> = new Set(['eth', 'wlan', 'ppp'])

/** tshark counts a pcapng block of another kind (custom, decryption secrets) as a record too: it has no encapsulation. */
function isPacket(line: string): boolean {
  const [protocols = '', encapsulation = ''] = line.split('\t')
  return protocols !== '' && encapsulation !== ''
}

/**
 * A packet from one line of the fields. Names in frame.protocols are in order of the headers, and so are each field's values:
 * they are dealt out one by one.
 */
export function packetOf(line: string): TsharkPacket {
  const cells = line.split('\t')
  const queues = new Map(FIELDS.map((field, i) => [field, (cells[i] ?? '') === '' ? [] : (cells[i] ?? '').split(',')]))
  const next = (field: Field): string => queues.get(field)?.shift() ?? ''
  const names = (cells[0] ?? '').split(':').filter((name) => name !== 'ethertype')
  const layers: TsharkLayer[] = []
  let vlans: string[] = []
  let around = ''
  for (const [i, name] of names.entries()) {
    if (name === 'erspan') around = next('erspan.vlan')
    else if (INNER_LINKS.has(name) && i > 0) {
      if (names[i - 1] === 'eth') around = next('isl.vlan_id')
      vlans = []
    } else if (name === 'vlan' || name === 'ieee8021ad') vlans.push(next(`${name}.id`))
    else if (NETWORKS.has(name)) {
      layers.push(networkLayer(tagsOr(vlans, around), name, next))
    } else if (PORTED.has(name) || ICMP.has(name)) addTransport(layers.at(-1), name, next)
    if (ICMP.has(name)) break
  }
  if (layers.length === 0) layers.push({ vlans: tagsOr(vlans, around), net: '', src: '', dst: '', ...NO_TRANSPORT })
  return { link: names[0] ?? '', layers, protocols: cells[0] ?? '', communityId: cells[FIELDS.indexOf('communityid')] ?? '' }
}

/** A trunk (ISL, an Ethernet frame right inside another) or a mirror (ERSPAN) names the VLAN of the frame inside; that frame's own tags come first. */
function tagsOr(vlans: readonly string[], around: string): readonly string[] {
  return vlans.length > 0 || around === '' ? vlans : [around]
}

/** An IP header that tshark names but cannot read (a version nobody has, cut short) has no addresses: it is not counted as read. */
function networkLayer(vlans: readonly string[], name: string, next: (field: Field) => string): TsharkLayer {
  if (name === 'arp') return { vlans, net: name, src: '', dst: '', ...NO_TRANSPORT }
  const [src, dst] = [next(`${name}.src` as Field), next(`${name}.dst` as Field)]
  return { vlans, net: src === '' && dst === '' ? '' : name, src, dst, ...NO_TRANSPORT }
}

const NO_TRANSPORT = { transport: '', srcPort: '', dstPort: '', length: '', stream: '' } as const

function addTransport(layer: TsharkLayer | undefined, name: string, next: (field: Field) => string): void {
  if (layer === undefined || layer.transport !== '') return
  layer.transport = name
  layer.srcPort = next((ICMP.has(name) ? `${name}.type` : `${name}.srcport`) as Field)
  layer.dstPort = next((ICMP.has(name) ? `${name}.code` : `${name}.dstport`) as Field)
  if (name === 'tcp') layer.length = next('tcp.len')
  if (name === 'tcp' || name === 'udp') layer.stream = next(`${name}.stream`)
}

/** What tshark writes into a stream where bytes never came: the words and the zero that ends a C string. */
export function gapWords(bytes: number): string {
  return `[${bytes} bytes missing in capture file]\0`
}
const GAP_WORDS = /^\[(\d+) bytes missing in capture file\]\0$/

/** The bytes of one side of a stream. Gaps that touch are one gap: where one ends and the next begins is only the order of giving up. */
export class StreamHash {
  readonly #hash = createHash('sha256')
  #gap = 0

  data(bytes: Uint8Array): void {
    this.#closeGap()
    this.#hash.update(bytes)
  }

  gap(bytes: number): void {
    this.#gap += bytes
  }

  digest(): string {
    this.#closeGap()
    return this.#hash.digest('hex')
  }

  #closeGap(): void {
    if (this.#gap > 0) this.#hash.update(gapWords(this.#gap))
    this.#gap = 0
  }
}

/** Blocks of "follow": a line per piece, in hexadecimal, with a tab before those of the side that did not speak first. */
function streamsOf(blocks: readonly string[]): StreamHashes[] {
  const streams: StreamHashes[] = []
  for (const block of blocks) {
    const number = /tcp\.stream eq (\d+)/.exec(block)?.[1]
    if (number === undefined) continue
    const sides = [new StreamHash(), new StreamHash()] as const
    for (const line of block.split('\n')) {
      if (/^\t?(?:[0-9a-f]{2})+$/.test(line)) addLine(sides[line.startsWith('\t') ? 1 : 0], Buffer.from(line.trim(), 'hex'))
    }
    streams[Number(number)] = [sides[0].digest(), sides[1].digest()]
  }
  return streams
}

function addLine(side: StreamHash, bytes: Buffer): void {
  const gap = bytes.length > GAP_WORDS_BYTES_MAX ? null : GAP_WORDS.exec(bytes.toString('latin1'))
  if (gap) side.gap(Number(gap[1]))
  else side.data(bytes)
}

const GAP_WORDS_BYTES_MAX = gapWords(2 ** 32).length
