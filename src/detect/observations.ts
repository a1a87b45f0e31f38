// Observations in words: what a count about odd packets means to somebody on a ward's network. One line per name.
// Keeps the rule that a name without words is still shown; the tables of reassembly and of tunnels must be whole, the compiler sees to it.

import type { FrameFlagName, TunnelKindName } from '../wire/frame.ts'
import type { IpNote } from '../wire/reassembly/ip.ts'
import type { TcpNote } from '../wire/reassembly/tcp.ts'

/** Null: a count of what came, not an oddity. */
const IP: Readonly<Record<IpNote | 'packetsOfIncompleteDatagrams', string | null>> = {
  fragments: null,
  completed: null,
  duplicate: 'the same fragment came twice',
  overlap: 'fragments of one packet cover the same place',
  overlapDifferent: 'fragments of one packet contradict each other: somebody may be hiding what the device reads',
  small: 'fragments shorter than any router makes them: somebody cut on purpose',
  tinyFirst: 'a first fragment too short for a filter to see ports or flags, or one placed to overwrite them (RFC 1858, RFC 3128)',
  dontFragment: 'fragments of packets that forbid being cut',
  ttlDiffers: 'fragments of one packet came different ways, or one was made to die before it arrives',
  oversize: 'fragments that add up to more than a packet can hold (ping of death)',
  endConflict: 'fragments of one packet disagree on where it ends (teardrop)',
  unaligned: 'a fragment of a length that no host makes',
  empty: 'a fragment without a byte in it',
  cutShort: 'a fragment of which the capture holds only a part',
  tooManyPieces: 'pieces left out: more of them than one packet can have',
  timeout: 'packets given up because fragments never came',
  evicted: 'packets given up for lack of room: a flood of fragments',
  discarded: 'IPv6 packets thrown away because their fragments overlapped, as hosts do (RFC 5722)',
  afterDiscard: 'further fragments of such packets',
  packetsOfIncompleteDatagrams: 'fragments that never became a whole packet',
}

const TCP: Readonly<Record<TcpNote, string>> = {
  retransmission: 'data sent again; usual in small numbers',
  overlap: 'data sent again together with new data; usual in small numbers',
  overlapDifferent: 'data sent again with other content: somebody may be hiding what the device reads, or stands in between',
  overlapBadChecksum: 'such data with a checksum that no host accepts: made to be seen by us alone',
  outOfOrder: 'data that came before its turn; usual in small numbers',
  gap: 'stretches of a conversation that were never seen: the capture lost packets',
  keepAlive: 'questions whether the other side is still there',
  cutBySnaplen: 'data of which the capture holds only the first part',
  boundExceeded: 'gaps given up for lack of room',
  outOfWindow: 'data too far ahead for any host to take, left out',
  dataAfterFin: 'data after its sender said that it was done',
  dataAfterReset: 'data after a connection was torn down: the teardown may be forged',
  dataAfterEnd: 'data after both sides were done, not read',
  reset: 'connections torn down at once',
  resetOutOfWindow: 'teardowns that no host believes: somebody may be trying to end connections',
  badHeader: 'packets with a TCP header that no host takes',
  synData: 'connection requests that carry data already',
  synConflict: 'a second connection request in the middle of a connection',
  simultaneousOpen: 'both sides asked for a connection at the same time',
  urgent: 'data marked urgent, which the device may read apart from the rest',
  ttlDiffers: 'one side\'s packets came different ways, or somebody else sends in its name',
  midstream: 'directions whose beginning was not captured',
}

const TUNNEL: Readonly<Record<TunnelKindName, string>> = {
  gre: 'packets carried in a GRE tunnel between two networks',
  erspan: 'packets that a switch copied to here over the network (ERSPAN)',
  vxlan: 'packets carried in VXLAN: one network laid over another, as in data centres',
  geneve: 'packets carried in Geneve: one network laid over another, as in data centres',
  ipInIp: 'packets carried in other IP packets, such as IPv6 through a network that knows IPv4 only',
  gtpU: 'packets carried in GTP-U, the tunnel of mobile networks',
  teredo: 'packets carried in Teredo: IPv6 that a host sends out through address translation',
  pseudowire: 'Ethernet frames carried behind MPLS labels: a provider\'s line between two sites',
  l2tp: 'packets carried in L2TP, a dialled or private line through another network',
}

/** What did not fit. */
const FULL: Readonly<Record<string, string>> = {
  flowsEvicted: 'conversations put aside because too many lived at once; what each did is counted, but one may stand there as several',
  flowsNotRead: 'conversations no longer read because too many were read at once: what they said after is not known',
  streamsNotKept: 'monitor connections whose begin and end were not remembered because there were too many: whether a stream was lost may not be known',
}

const FRAME: Readonly<Partial<Record<FrameFlagName, string>>> = {
  cutBySnaplen: 'packets of which the capture holds only the first part',
  linkUnsupported: 'packets of a link type that is not read',
  ipPayloadTruncated: 'packets that say they are longer than they are',
  fragment: 'packets that came in pieces',
  ipExtensionInvalid: 'IPv6 packets whose chain of headers breaks off',
  tunnelTooDeep: 'packets with more tunnels in one another than are opened: what is deeper was not read',
  tunnelTruncated: 'packets in a tunnel of which bytes are missing: what they carry was not read',
  tunnelInvalid: 'tunnel headers that no host accepts, or without a packet behind them: not opened',
  wlanProtected: 'wireless frames encrypted on the air: what they carry cannot be read',
  wlanUnread: 'wireless frames that are a piece, an aggregate or damaged: what they carry is not read',
  ipFragmentHeaderAgain: 'IPv6 packets cut twice over, as no host does',
  ipOptionUnknown: 'IPv6 options nobody has assigned: something may be hidden in them',
}

/** Names of observations that mean packets, records or conversations are missing: what was not seen there is not known, and the exit code is 4. */
const LOSSES: ReadonlySet<string> = new Set([
  'flowsEvicted', 'flowsNotRead', 'talksNotKept', 'streamsNotKept', 'hostsNotKept', 'captureDropped', 'ip evicted', 'ip packetsOfIncompleteDatagrams',
])

/** Its packets are among those of incomplete datagrams already. */
const COUNTED_ELSEWHERE = 'ip evicted'

export function isLoss(observation: { readonly name: string }): boolean {
  return LOSSES.has(observation.name)
}

/** At least so many packets or records are missing. */
export function lostCount(observations: readonly { readonly name: string; readonly count: number }[]): number {
  return observations.reduce((sum, o) => (isLoss(o) && o.name !== COUNTED_ELSEWHERE ? sum + o.count : sum), 0)
}

/** The meaning of an observation of the sensor, or null when nobody wrote one down. */
export function observationWords(name: string): string | null {
  const [layer, note] = name.split(' ')
  if (layer === 'ip') return ownWords(IP, note)
  if (layer === 'tcp') return ownWords(TCP, note)
  if (layer === 'tunnel') return ownWords(TUNNEL, note)
  return ownWords(FULL, name) ?? ownWords(FRAME, name)
}

function ownWords(table: Readonly<Record<string, string | null | undefined>>, name: string | undefined): string | null {
  return name !== undefined && Object.hasOwn(table, name) ? (table[name] ?? null) : null
}
