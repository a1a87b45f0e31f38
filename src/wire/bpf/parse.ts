// Reads the words of a packet filter as pcap-filter(7) has them: and and or bind alike, from the left; a bare value takes the qualifiers before it.
// Keeps the rule that a word that is not understood is an error with its column and what could stand there; no name is ever looked up.

import { ipValue, ipVersion, parseIp } from '../../base/ip.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { ETHERTYPES, PORT_PROTOCOLS, type BpfDirection, type BpfExpression, type BpfPrimitive, type PortProtocol } from './expression.ts'

export interface BpfFault {
  readonly message: string
  /** From 1. */
  readonly column: number
}

/** Nested deeper is no filter a person wrote; the parser recurses. */
const DEPTH_MAX = 100
/** More tests than that fill the kernel's longest program. */
const WORDS_MAX = 4000

interface Word {
  readonly text: string
  readonly column: number
}

type Proto = 'ether' | 'ip' | 'ip6' | 'arp' | 'rarp' | 'tcp' | 'udp' | 'sctp'
type Type = 'host' | 'net' | 'port' | 'portrange' | 'proto'

/** What stands before a value, and goes on to stand before the next. */
interface Qualifiers {
  readonly proto: Proto | null
  readonly direction: BpfDirection
  readonly type: Type | null
}

const PROTOS: ReadonlySet<string> = new Set<Proto>(['ether', 'ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'sctp'])
const TYPES: ReadonlySet<string> = new Set<Type>(['host', 'net', 'port', 'portrange', 'proto'])
/** Names that need no file: those of ward and network, as /etc/services has them. */
const PORT_NAMES: Readonly<Record<string, number>> = {
  ftp: 21, ssh: 22, telnet: 23, smtp: 25, domain: 53, bootps: 67, bootpc: 68, tftp: 69, http: 80, sunrpc: 111, ntp: 123, snmp: 161, https: 443, syslog: 514,
  printer: 515, nfs: 2049,
}
/** pcap-filter(7) names these of IP; others are numbers. */
const PROTOCOL_NAMES: Readonly<Record<string, number>> = { icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, esp: 50, ah: 51, icmp6: 58, sctp: 132 }

class Fault extends Error {
  readonly column: number
  constructor(message: string, column: number) {
    super(message)
    this.column = column
  }
}

/** null when there is no word: everything is taken. */
export function parseBpf(text: string): Result<BpfExpression | null, BpfFault> {
  const words = wordsOf(text)
  if (words.length === 0) return ok(null)
  if (words.length > WORDS_MAX) return err({ message: `a filter has at most ${WORDS_MAX} words`, column: words[WORDS_MAX]?.column ?? 1 })
  try {
    return ok(new Parser(words, text.length + 1).whole())
  } catch (cause) {
    if (cause instanceof Fault) return err({ message: cause.message, column: cause.column })
    throw cause
  }
}

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = []
  for (let at = 0; at < text.length;) {
    const end = wordEnd(text, at)
    if (!isSpace(text, at)) words.push({ text: text.slice(at, end), column: at + 1 })
    at = end
  }
  return words
}

const SIGNS = '()!&|'

/** A space, a sign, a double && or ||, or all up to the next of these. */
function wordEnd(text: string, at: number): number {
  const first = text.charAt(at)
  if (SIGNS.includes(first)) return (first === '&' || first === '|') && text.charAt(at + 1) === first ? at + 2 : at + 1
  let end = at + 1
  if (!isSpace(text, at)) while (end < text.length && !isSpace(text, end) && !SIGNS.includes(text.charAt(end))) end++
  return end
}

function isSpace(text: string, at: number): boolean {
  return text.charAt(at).trim() === ''
}

const NO_QUALIFIERS: Qualifiers = { proto: null, direction: 'src or dst', type: null }

class Parser {
  readonly #words: readonly Word[]
  readonly #endColumn: number
  #at = 0
  /** `vlan` words so far. */
  #depth = 0
  #last: Qualifiers = NO_QUALIFIERS
  #nesting = 0

  constructor(words: readonly Word[], endColumn: number) {
    this.#words = words
    this.#endColumn = endColumn
  }

  whole(): BpfExpression {
    const expression = this.#expression()
    if (this.#at < this.#words.length) this.#fail('"and" or "or" is missing before')
    return expression
  }

  #peek(ahead = 0): string {
    return this.#words[this.#at + ahead]?.text ?? ''
  }

  #fail(what: string): never {
    const word = this.#words[this.#at]
    throw new Fault(word ? `${what} "${word.text}"` : `${what} the end`, word?.column ?? this.#endColumn)
  }

  #takes(...texts: readonly string[]): boolean {
    if (!texts.includes(this.#peek())) return false
    this.#at++
    return true
  }

  /** One precedence, from the left (pcap-filter(7)). */
  #expression(): BpfExpression {
    if (++this.#nesting > DEPTH_MAX) this.#fail('parentheses and "not" are nested too deep before')
    let left = this.#unary()
    for (;;) {
      const op = this.#takes('and', '&&') ? 'and' : this.#takes('or', '||') ? 'or' : null
      if (op === null) break
      left = { op, left, right: this.#unary() }
    }
    this.#nesting--
    return left
  }

  #unary(): BpfExpression {
    if (this.#takes('not', '!')) {
      if (++this.#nesting > DEPTH_MAX) this.#fail('parentheses and "not" are nested too deep before')
      const inner = this.#unary()
      this.#nesting--
      return { op: 'not', inner }
    }
    if (!this.#takes('(')) return this.#primitive()
    const inner = this.#expression()
    if (!this.#takes(')')) this.#fail('")" is missing before')
    return inner
  }

  #test(test: BpfPrimitive): BpfExpression {
    return { op: 'test', test, depth: this.#depth }
  }

  #primitive(): BpfExpression {
    const word = this.#peek()
    if (word === '' || ['and', 'or', '&&', '||', ')'].includes(word)) this.#fail('a primitive such as "host 10.0.0.1" is missing before')
    if (word === 'vlan') return this.#vlan()
    if (this.#takes('less')) return this.#test({ kind: 'length', atLeast: false, value: this.#number(0, 0xffff_ffff, 'a length') })
    if (this.#takes('greater')) return this.#test({ kind: 'length', atLeast: true, value: this.#number(0, 0xffff_ffff, 'a length') })
    if (this.#takes('broadcast')) return this.#test({ kind: 'ether', direction: 'dst', address: Array<number>(6).fill(0xff) })
    if (this.#takes('multicast')) return this.#test({ kind: 'ether multicast' })
    if (this.#takes('icmp')) return this.#test({ kind: 'protocol', versions: [4], value: 1 })
    if (this.#takes('igmp')) return this.#test({ kind: 'protocol', versions: [4], value: 2 })
    if (this.#takes('icmp6')) return this.#test({ kind: 'protocol', versions: [6], value: 58 })
    const isQualifier = PROTOS.has(word) || TYPES.has(word) || word === 'src' || word === 'dst'
    // A bare value: the qualifiers of the last one stand before it again.
    if (!isQualifier) return this.#value(this.#last.type === null ? { ...this.#last, type: 'host' } : this.#last)
    return this.#qualified()
  }

  #vlan(): BpfExpression {
    this.#at++
    const id = isDecimal(this.#peek().charAt(0)) ? this.#number(0, 4095, 'a VLAN') : null
    const test = this.#test({ kind: 'vlan', id })
    this.#depth++
    return test
  }

  #qualified(): BpfExpression {
    const proto = PROTOS.has(this.#peek()) ? (this.#words[this.#at++]?.text as Proto) : null
    if (proto === 'ether' || proto === 'ip' || proto === 'ip6') {
      if (this.#takes('multicast')) return this.#test({ kind: `${proto} multicast` })
      if (proto === 'ether' && this.#takes('broadcast')) return this.#test({ kind: 'ether', direction: 'dst', address: Array<number>(6).fill(0xff) })
    }
    const direction = this.#direction()
    const type = TYPES.has(this.#peek()) ? (this.#words[this.#at++]?.text as Type) : null
    if (direction === null && type === null) return this.#protocolAlone(proto)
    const qualifiers: Qualifiers = { proto, direction: direction ?? 'src or dst', type: type ?? 'host' }
    this.#last = qualifiers
    return this.#value(qualifiers)
  }

  #direction(): BpfDirection | null {
    const first = this.#peek()
    if (first !== 'src' && first !== 'dst') return null
    this.#at++
    const [join, second] = [this.#peek(), this.#peek(1)]
    if (!['and', 'or', '&&', '||'].includes(join) || (second !== 'src' && second !== 'dst') || second === first) return first
    this.#at += 2
    return join === 'or' || join === '||' ? 'src or dst' : 'src and dst'
  }

  #protocolAlone(proto: Proto | null): BpfExpression {
    switch (proto) {
      case 'tcp': case 'udp': case 'sctp':
        return this.#test({ kind: 'protocol', versions: [4, 6], value: PORT_PROTOCOLS[proto] })
      case 'ip': case 'ip6': case 'arp': case 'rarp':
        return this.#test({ kind: 'ethertype', value: ETHERTYPES[proto] })
      default:
        return this.#fail('"ether" wants host, src, dst, proto, broadcast or multicast before')
    }
  }

  #value(q: Qualifiers): BpfExpression {
    switch (q.type) {
      case 'port': case 'portrange':
        return this.#test(this.#port(q))
      case 'proto':
        return this.#proto(q)
      case 'net':
        return this.#net(q)
      default:
        return this.#host(q)
    }
  }

  #next(what: string): Word {
    const word = this.#words[this.#at]
    if (word === undefined || ['(', ')', 'and', 'or', 'not', '!', '&&', '||'].includes(word.text)) this.#fail(`${what} is missing before`)
    this.#at++
    return word
  }

  #number(low: number, high: number, what: string): number {
    const { text, column } = this.#next(what)
    const isNumber = isDecimal(text) || (text.slice(0, 2).toLowerCase() === '0x' && isMadeOf(HEX, text.slice(2)))
    const value = isNumber ? Number(text) : Number.NaN
    if (!(value >= low && value <= high)) throw new Fault(`"${text}" is not ${what} from ${low} to ${high}`, column)
    return value
  }

  #port({ proto, direction, type }: Qualifiers): BpfPrimitive {
    const { text, column } = this.#next(type === 'port' ? 'a port' : 'a range of ports')
    if (proto !== null && !Object.hasOwn(PORT_PROTOCOLS, proto)) throw new Fault(`"${proto}" has no ports: write tcp, udp or sctp`, column)
    const protocols = proto === null ? (['tcp', 'udp', 'sctp'] as const) : [proto as PortProtocol]
    const [first = '', second = first] = type === 'portrange' ? text.split('-') : [text]
    const [a, b] = [portOf(first), portOf(second)]
    if (a === null || b === null) {
      const range = type === 'portrange' ? ', a dash and another' : ''
      throw new Fault(`"${text}" is not a port: write a number to 65535${range}, or ${Object.keys(PORT_NAMES).join(', ')}`, column)
    }
    return { kind: 'port', direction, protocols, low: Math.min(a, b), high: Math.max(a, b) }
  }

  #proto({ proto }: Qualifiers): BpfExpression {
    const { text, column } = this.#next('a protocol')
    const name = text.startsWith('\\') ? text.slice(1) : text
    if (proto === 'ether') {
      const value = Object.hasOwn(ETHERTYPES, name) ? ETHERTYPES[name as keyof typeof ETHERTYPES] : Number(name)
      const isType = Number.isInteger(value) && value >= 0x600 && value <= 0xffff
      if (!isType) throw new Fault(`"${text}" is not a protocol of Ethernet: ip, ip6, arp, rarp or a number`, column)
      return this.#test({ kind: 'ethertype', value })
    }
    if (proto !== null && proto !== 'ip' && proto !== 'ip6') throw new Fault(`"${proto} proto" is not known: write ip proto, ip6 proto or ether proto`, column)
    const value = Object.hasOwn(PROTOCOL_NAMES, name) ? (PROTOCOL_NAMES[name] ?? 0) : Number(name)
    const isNumber = Number.isInteger(value) && value >= 0 && value <= 255
    if (!isNumber) throw new Fault(`"${text}" is not a protocol of IP: a number, or ${Object.keys(PROTOCOL_NAMES).join(', ')}`, column)
    return this.#test({ kind: 'protocol', versions: proto === null ? [4, 6] : proto === 'ip' ? [4] : [6], value })
  }

  #host({ proto, direction }: Qualifiers): BpfExpression {
    const { text, column } = this.#next('an address')
    const bytes = text.split(':')
    if (bytes.length === 6 && bytes.every((b) => isMadeOf(HEX, b, 2))) {
      if (proto !== 'ether') throw new Fault(`"${text}" is a hardware address: write "ether host ${text}"`, column)
      return this.#test({ kind: 'ether', direction, address: bytes.map((b) => Number.parseInt(b, 16)) })
    }
    if (proto === 'ether') throw new Fault(`"${text}" is not a hardware address such as 00:1b:78:01:02:03`, column)
    return this.#address({ proto, direction, type: 'host' }, text, column, null)
  }

  #net(q: Qualifiers): BpfExpression {
    const { text, column } = this.#next('a network')
    const [base = '', length] = text.split('/')
    if (length !== undefined) return this.#address(q, base, column, Number(isDecimal(length, 3) ? length : Number.NaN))
    if (this.#takes('mask')) {
      const word = this.#next('a mask')
      const mask = parseIp(word.text)
      if (!mask.ok || ipVersion(mask.value) !== 4) throw new Fault(`"${word.text}" is not a mask such as 255.255.255.0`, word.column)
      return this.#net4(q, quadsOf(base, column), Number(ipValue(mask.value)), column)
    }
    return this.#address(q, base, column, null)
  }

  /** `prefix` null: the whole address, or as many quads as are written. */
  #address(q: Qualifiers, text: string, column: number, prefix: number | null): BpfExpression {
    if (text.includes(':')) return this.#net6(q, text, column, prefix ?? 128)
    const quads = q.type === 'net' ? quadsOf(text, column) : quadsOf(text, column, 4)
    const bits = prefix ?? quads.length * 8
    if (!(bits >= 0 && bits <= 32)) throw new Fault('a prefix of IPv4 has 0 to 32 bits', column)
    return this.#net4(q, quads, bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0, column)
  }

  #net4({ proto, direction }: Qualifiers, quads: readonly number[], mask: number, column: number): BpfExpression {
    const address = u32Of([...quads, 0, 0, 0].slice(0, 4))
    if (((address & ~mask) >>> 0) !== 0) throw new Fault('the network has bits beyond its mask', column)
    if (proto !== null && proto !== 'ip' && proto !== 'arp' && proto !== 'rarp') throw new Fault(`"${proto}" and an IPv4 address do not go together`, column)
    return this.#test({ kind: 'net4', direction, address, mask, in: proto === null ? ['ip', 'arp', 'rarp'] : [proto] })
  }

  #net6({ proto, direction }: Qualifiers, text: string, column: number, bits: number): BpfExpression {
    const ip = parseIp(text)
    if (!ip.ok) throw new Fault(`"${text}" is not an address: no name is looked up, write 10.0.0.1 or fe80::1`, column)
    if (proto !== null && proto !== 'ip6') throw new Fault(`"${proto}" and an IPv6 address do not go together`, column)
    if (!(bits >= 0 && bits <= 128)) throw new Fault('a prefix of IPv6 has 0 to 128 bits', column)
    const address = [96n, 64n, 32n, 0n].map((shift) => Number((ipValue(ip.value) >> shift) & 0xffff_ffffn))
    const mask = [0, 32, 64, 96].map((from) => (bits <= from ? 0 : bits >= from + 32 ? 0xffff_ffff : (0xffff_ffff << (from + 32 - bits)) >>> 0))
    if (address.some((w, i) => (w & ~(mask[i] ?? 0)) !== 0)) throw new Fault('the network has bits beyond its mask', column)
    return this.#test({ kind: 'net6', direction, address, mask })
  }
}

const DECIMAL = '0123456789'
const HEX = '0123456789abcdefABCDEF'

function isMadeOf(signs: string, text: string, longest = Infinity): boolean {
  return text !== '' && text.length <= longest && [...text].every((c) => signs.includes(c))
}

function isDecimal(text: string, longest = Infinity): boolean {
  return isMadeOf(DECIMAL, text, longest)
}

function portOf(text: string): number | null {
  if (Object.hasOwn(PORT_NAMES, text)) return PORT_NAMES[text] ?? null
  return isDecimal(text, 5) && Number(text) <= 65535 ? Number(text) : null
}

/** Numbers between dots, at most four; a network may have fewer. */
function quadsOf(text: string, column: number, least = 1): readonly number[] {
  const quads = text.split('.').map((q) => (isDecimal(q, 3) ? Number(q) : 256))
  if (quads.length < least || quads.length > 4 || quads.some((q) => q > 255)) {
    const known = 'words: host net port portrange src dst tcp udp sctp icmp icmp6 igmp arp rarp ip ip6 vlan ether proto less greater broadcast multicast, '
      + 'and, or, not, ( )'
    const isName = [...text.toLowerCase()].some((c) => c >= 'a' && c <= 'z')
    throw new Fault(isName ? `"${text}" is not known, and no name is looked up; ${known}` : `"${text}" is not an address such as 10.0.0.1`, column)
  }
  return quads
}

function u32Of(bytes: readonly number[]): number {
  return bytes.reduce((n, b) => n * 256 + b, 0)
}
