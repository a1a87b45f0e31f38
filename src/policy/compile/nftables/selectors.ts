// Selectors of nftables: the words that name a part of the packet, with how many words each takes.
// Keeps "never dropped": selectors that the model lacks still parse, so that the rest of their rule is understood.

import type { Cursor } from './cursor.ts'
import { SyntaxProblem } from './cursor.ts'

/** Header words that take one field: nft(8), PAYLOAD EXPRESSIONS and EXTENSION HEADER EXPRESSIONS. */
const HEADERS = new Set([
  'ether', 'vlan', 'arp', 'ip', 'icmp', 'igmp', 'ip6', 'icmpv6', 'tcp', 'udp', 'udplite', 'sctp', 'dccp', 'ah', 'esp', 'comp', 'th', 'gre',
  'gretap',
  'geneve', 'vxlan', 'hbh', 'rt', 'rt0', 'rt2', 'srh', 'frag', 'dst', 'mh',
])

/** Keys of `meta` that nft also takes without the word. */
const BARE_META = new Set([
  'iif', 'oif', 'iifname', 'oifname', 'iiftype', 'oiftype', 'iifgroup', 'oifgroup', 'skuid', 'skgid', 'nftrace', 'rtclassid', 'ibrname',
  'obrname',
  'pkttype', 'cpu', 'cgroup', 'time', 'day', 'hour', 'mark', 'protocol', 'nfproto', 'l4proto', 'length', 'priority', 'random',
])

/** The name of the selector here, or null when none starts here. Names are canonical: `iifname`, `meta mark`, `ip saddr`, `ct state`. */
export function selector(c: Cursor): string | null {
  const token = c.peek()
  if (c.is('@') && c.peek(1).kind === 'word' && c.is(',', 2)) return rawPayload(c)
  if (token.kind !== 'word') return null
  if (token.text === 'meta') return metaKey(c)
  if (token.text === 'ct') return ctKey(c)
  if (BARE_META.has(token.text)) return canonicalMeta(c.take().text)
  if (HEADERS.has(token.text) && isField(c)) return headerField(c)
  const special = SPECIAL.get(token.text)
  return special === undefined ? null : special(c)
}

/** Field words of all headers. `tcp` before any other word is a value, as in `ip protocol tcp tcp dport 22`. */
const FIELD_WORDS = new Set([
  'saddr', 'daddr', 'type', 'id', 'cfi', 'dei', 'pcp', 'htype', 'ptype', 'hlen', 'plen', 'operation', 'version', 'hdrlength', 'dscp', 'ecn',
  'length',
  'frag-off', 'ttl', 'protocol', 'checksum', 'code', 'sequence', 'gateway', 'mtu', 'group', 'mrt', 'priority', 'flowlabel', 'nexthdr',
  'hoplimit',
  'parameter-problem', 'packet-too-big', 'max-delay', 'taddr', 'sport', 'dport', 'ackseq', 'doff', 'reserved', 'flags', 'window', 'urgptr',
  'option',
  'csumcov', 'vtag', 'chunk', 'spi', 'cpi', 'hdrlen', 'seg-left', 'addr', 'tag', 'sid', 'reserved2', 'more-fragments', 'last-entry', 'vni',
  'tunnel_id',
  'flow', 'hdrversion', 'classid', 'nexthop', 'ipsec', 'ip', 'ip6', 'ether', 'tcp', 'udp', 'icmp', 'icmpv6', 'vlan', 'arp', 'seq',
])

/** Words after which another header may follow as its inside: tunnels, and `rt ip nexthop`. */
const OUTER = new Set(['vxlan', 'geneve', 'gre', 'gretap', 'rt'])

function isField(c: Cursor): boolean {
  const word = c.peek(1)
  if (word.kind !== 'word' || !FIELD_WORDS.has(word.text)) return false
  if (c.is('arp') && ARP_SIDE.has(word.text)) return true
  return !HEADERS.has(word.text) || OUTER.has(c.peek().text)
}

const ARP_SIDE = new Set(['saddr', 'daddr'])

function metaKey(c: Cursor): string {
  c.take()
  return canonicalMeta(c.name())
}

/** Interface keys are the same with and without `meta`; `iif` and `iifname` mean the same interface in a text. */
function canonicalMeta(key: string): string {
  if (key === 'iif' || key === 'iifname') return 'iif'
  if (key === 'oif' || key === 'oifname') return 'oif'
  return `meta ${key}`
}

/** `ct state`, `ct original ip saddr`, `ct count over 10` is a statement and handled before. */
function ctKey(c: Cursor): string {
  c.take()
  const words = [c.name()]
  if (words[0] === 'original' || words[0] === 'reply') {
    words.push(c.name())
    if (words[1] === 'ip' || words[1] === 'ip6') words.push(c.name())
  }
  return `ct ${words.join(' ')}`
}

function headerField(c: Cursor): string {
  const header = c.take().text
  const field = c.name()
  if (header === 'arp' && ARP_SIDE.has(field)) return `arp ${field} ${c.name()}`
  if (field === 'option' && (header === 'tcp' || header === 'ip')) return `${header} option ${optionWords(c)}`
  if (header === 'sctp' && field === 'chunk') return `sctp chunk ${optionWords(c)}`
  if (header === 'rt' && (field === 'ip' || field === 'ip6')) return `rt ${field} ${c.name()}`
  if (header === 'vxlan' || header === 'geneve' || header === 'gre' || header === 'gretap') return innerField(c, header, field)
  return `${header} ${field}`
}

const INNER = new Set(['ip', 'ip6', 'tcp', 'udp', 'ether', 'icmp', 'icmpv6', 'vlan', 'arp', 'th'])

function innerField(c: Cursor, header: string, field: string): string {
  return INNER.has(field) ? `${header} ${field} ${c.name()}` : `${header} ${field}`
}

/** The option's name, and its field when one follows: `maxseg size`, `sack-perm`, `@255,8,8`. */
function optionWords(c: Cursor): string {
  if (c.is('@')) return rawPayload(c)
  const name = c.name()
  return OPTION_FIELDS.has(c.peek().text) && c.peek().kind === 'word' ? `${name} ${c.take().text}` : name
}

const OPTION_FIELDS = new Set([
  'kind', 'length', 'size', 'count', 'left', 'right', 'tsval', 'tsecr', 'subtype', 'type', 'ptr', 'value', 'addr', 'flags', 'tsn', 'stream',
  'ssn', 'ppid',
  'init-tag', 'a-rwnd', 'num-outbound-streams', 'num-inbound-streams', 'initial-tsn', 'cum-tsn-ack', 'lowest-tsn', 'new-cum-tsn', 'seqno',
])

/** `@th,16,16`, `@ll,0,48`. */
function rawPayload(c: Cursor): string {
  c.expect('@')
  const base = c.name()
  c.expect(',')
  const offset = c.name()
  c.expect(',')
  return `@${base},${offset},${c.name()}`
}

/** Selectors with a grammar of their own. */
const SPECIAL: ReadonlyMap<string, (c: Cursor) => string> = new Map([
  ['fib', fibKey],
  ['socket', (c: Cursor) => wordsUntil(c, new Set(['transparent', 'mark', 'wildcard', 'level']))],
  ['osf', (c: Cursor) => wordsUntil(c, new Set(['name', 'version']))],
  ['ipsec', (c: Cursor) => wordsUntil(c, new Set(['reqid', 'spi', 'saddr', 'daddr', 'exists', 'missing']))],
  ['exthdr', (c: Cursor) => `${c.take().text} ${c.name()}`],
  ['numgen', generator],
  ['jhash', hash],
  ['symhash', generator],
])

const SPECIAL_WORDS_MAX = 8

function wordsUntil(c: Cursor, last: ReadonlySet<string>): string {
  const words = [c.take().text]
  for (let i = 0; i < SPECIAL_WORDS_MAX; i++) {
    const word = c.name()
    words.push(word)
    if (!last.has(word)) continue
    if (word === 'level') words.push(c.name())
    return words.join(' ')
  }
  throw new SyntaxProblem(`"${words.join(' ')}" does not end`)
}

/** `fib saddr . iif oif`, `fib daddr type`. */
function fibKey(c: Cursor): string {
  c.take()
  const flags = [c.name()]
  while (c.accept('.')) flags.push(c.name())
  return `fib ${flags.join(' . ')} ${c.name()}${c.accept('check') ? ' check' : ''}`
}

function generator(c: Cursor): string {
  const words = [c.take().text]
  while (GENERATOR_WORDS.has(c.peek().text) || (c.peek().kind === 'number' && words.length > 1)) words.push(c.take().text)
  return words.join(' ')
}

const GENERATOR_WORDS = new Set(['inc', 'random', 'mod', 'offset', 'seed'])

function hash(c: Cursor): string {
  const words = [c.take().text, selector(c) ?? '']
  while (c.accept('.')) words.push(selector(c) ?? '')
  while (GENERATOR_WORDS.has(c.peek().text) || c.peek().kind === 'number') words.push(c.take().text)
  return words.join(' ')
}
