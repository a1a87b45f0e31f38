// A packet filter as a program of classic BPF, written from its end, so that every jump knows where it goes.
// Keeps two rules: a jump too far for its byte takes a longer one beside it, and a program too long for the kernel is said, not cut.

import { err, ok, type Result } from '../../base/result.ts'
import { ETHERTYPES, IP6_FRAGMENT, PORT_PROTOCOLS, TAG_TYPES, type BpfDirection, type BpfExpression, type BpfPrimitive } from './expression.ts'
import { Ancillary, BPF_INSTRUCTIONS_MAX, BpfCode, type BpfInstruction } from './program.ts'

export interface CompileOptions {
  /** Bytes kept of a packet that is taken. */
  readonly snaplen: number
  /** Where the outer tag stands: in the frame, as in a file; or beside it, as a live kernel hands it to filters. */
  readonly tags: 'in-frame' | 'beside'
}

const JUMP_MAX = 255
const TAG_BYTES = 4
const ETHERTYPE_AT = 12
const IP_AT = 14
/** Offsets in an IPv4 header, an IPv6 header, and an ARP packet for IPv4 on Ethernet. */
const Ip4 = { fragment: 6, protocol: 9, src: 12, dst: 16, fragmentMask: 0x1fff } as const
const Ip6 = { next: 6, src: 8, dst: 24, payload: 40 } as const
const Arp = { src: 14, dst: 24 } as const

/** Counted from the program's end: 0 is its last instruction. */
type Label = number

/** The program backwards: what is written first stands last. */
class Writer {
  readonly #reversed: BpfInstruction[] = []

  put(code: number, k: number, jt = 0, jf = 0): Label {
    this.#reversed.push({ code, jt, jf, k: k >>> 0 })
    return this.#reversed.length - 1
  }

  /** A test that goes to one label or the other. */
  test(code: number, k: number, yes: Label, no: Label): Label {
    // A long jump that is put for one of them moves the test one further from the other.
    const [far, near] = [this.#within(no, 2), this.#within(yes, 1)]
    return this.put(code, k, this.#distance(near), this.#distance(far))
  }

  #distance(label: Label): number {
    return this.#reversed.length - label - 1
  }

  #within(label: Label, spare: number): Label {
    return this.#distance(label) + spare <= JUMP_MAX ? label : this.put(BpfCode.jump, this.#distance(label))
  }

  program(): readonly BpfInstruction[] {
    return this.#reversed.toReversed()
  }
}

/** The error says how long it would be. */
export function compileBpf(expression: BpfExpression | null, { snaplen, tags }: CompileOptions): Result<readonly BpfInstruction[]> {
  const writer = new Writer()
  const no = writer.put(BpfCode.giveBack, 0)
  const yes = writer.put(BpfCode.giveBack, snaplen)
  if (expression !== null) compile(writer, expression, yes, no, tags)
  const program = expression === null ? writer.program().slice(0, 1) : writer.program()
  if (program.length <= BPF_INSTRUCTIONS_MAX) return ok(program)
  return err(`the filter takes ${program.length} instructions, and the kernel takes at most ${BPF_INSTRUCTIONS_MAX}: name networks instead of hosts`)
}

function compile(w: Writer, e: BpfExpression, yes: Label, no: Label, tags: CompileOptions['tags']): Label {
  switch (e.op) {
    case 'not':
      return compile(w, e.inner, no, yes, tags)
    case 'and':
      return compile(w, e.left, compile(w, e.right, yes, no, tags), no, tags)
    case 'or':
      return compile(w, e.left, yes, compile(w, e.right, yes, no, tags), tags)
    case 'test': {
      const inFrame = tags === 'beside' ? Math.max(0, e.depth - 1) : e.depth
      return primitive(w, e.test, inFrame * TAG_BYTES, tags === 'beside' && e.depth === 0, yes, no)
    }
  }
}

/** `shift`: bytes of tags before what it looks at. */
function primitive(w: Writer, test: BpfPrimitive, shift: number, isBeside: boolean, yes: Label, no: Label): Label {
  switch (test.kind) {
    case 'ethertype':
      return etherType(w, test.value, shift, yes, no)
    case 'protocol':
      return protocol(w, test, shift, yes, no)
    case 'net4':
      return net4(w, test, shift, yes, no)
    case 'net6':
      return etherType(w, ETHERTYPES.ip6, shift, sides(test.direction, yes, no, (side, y, n) =>
        words(w, IP_AT + shift + Ip6[side], test.address, test.mask, y, n)), no)
    case 'port':
      return port(w, test, shift, yes, no)
    case 'ether':
      return sides(test.direction, yes, no, (side, y, n) => hardware(w, side === 'src' ? 6 : 0, test.address, y, n))
    case 'ether multicast':
      return load(w, BpfCode.loadByte, 0, w.test(BpfCode.jumpAnyBit, 1, yes, no))
    case 'ip multicast':
      return etherType(w, ETHERTYPES.ip, shift, load(w, BpfCode.loadByte, IP_AT + shift + Ip4.dst, w.test(BpfCode.jumpAtLeast, 0xe0, yes, no)), no)
    case 'ip6 multicast':
      return etherType(w, ETHERTYPES.ip6, shift, load(w, BpfCode.loadByte, IP_AT + shift + Ip6.dst, w.test(BpfCode.jumpEqual, 0xff, yes, no)), no)
    case 'vlan':
      return isBeside ? tagBeside(w, test.id, yes, no) : tagInFrame(w, test.id, shift, yes, no)
    case 'length':
      return load(w, BpfCode.loadLength, 0, test.atLeast ? w.test(BpfCode.jumpAtLeast, test.value, yes, no) : w.test(BpfCode.jumpGreater, test.value, no, yes))
  }
}

/** A load before what was written last. The label behind is where it falls to: nothing may stand between. */
function load(w: Writer, code: number, k: number, _then: Label): Label {
  return w.put(code, k)
}

function etherType(w: Writer, value: number, shift: number, yes: Label, no: Label): Label {
  return load(w, BpfCode.loadHalf, ETHERTYPE_AT + shift, w.test(BpfCode.jumpEqual, value, yes, no))
}

function sides(direction: BpfDirection, yes: Label, no: Label, one: (side: 'src' | 'dst', yes: Label, no: Label) => Label): Label {
  switch (direction) {
    case 'src or dst':
      return one('src', yes, one('dst', yes, no))
    case 'src and dst':
      return one('src', one('dst', yes, no), no)
    default:
      return one(direction, yes, no)
  }
}

function byteIs(w: Writer, at: number, value: number, yes: Label, no: Label): Label {
  return load(w, BpfCode.loadByte, at, w.test(BpfCode.jumpEqual, value, yes, no))
}

function protocol(w: Writer, { versions, value }: Extract<BpfPrimitive, { kind: 'protocol' }>, shift: number, yes: Label, no: Label): Label {
  let next = no
  if (versions.includes(6)) {
    const behindFragment = byteIs(w, IP_AT + shift + Ip6.payload, value, yes, no)
    const isFragment = w.test(BpfCode.jumpEqual, IP6_FRAGMENT, behindFragment, no)
    const direct = load(w, BpfCode.loadByte, IP_AT + shift + Ip6.next, w.test(BpfCode.jumpEqual, value, yes, isFragment))
    next = etherType(w, ETHERTYPES.ip6, shift, direct, no)
  }
  if (versions.includes(4)) next = etherType(w, ETHERTYPES.ip, shift, byteIs(w, IP_AT + shift + Ip4.protocol, value, yes, no), next)
  return next
}

function maskedWord(w: Writer, at: number, value: number, mask: number, yes: Label, no: Label): Label {
  const test = w.test(BpfCode.jumpEqual, value, yes, no)
  if (mask !== 0xffff_ffff) w.put(BpfCode.and, mask)
  return load(w, BpfCode.loadWord, at, test)
}

function net4(w: Writer, test: Extract<BpfPrimitive, { kind: 'net4' }>, shift: number, yes: Label, no: Label): Label {
  const bodyOf = (offsets: typeof Ip4 | typeof Arp): Label =>
    sides(test.direction, yes, no, (side, y, n) => maskedWord(w, IP_AT + shift + offsets[side], test.address, test.mask, y, n))
  const others = test.in.filter((name) => name !== 'ip').map((name) => ETHERTYPES[name])
  let next = no
  if (others.length > 0) {
    const body = bodyOf(Arp)
    next = load(w, BpfCode.loadHalf, ETHERTYPE_AT + shift, anyOf(w, others, body, no))
  }
  return test.in.includes('ip') ? etherType(w, ETHERTYPES.ip, shift, bodyOf(Ip4), next) : next
}

/** Words that the mask leaves out are not looked at; a mask of nothing is always met. */
function words(w: Writer, at: number, address: readonly number[], mask: readonly number[], yes: Label, no: Label): Label {
  let next = yes
  for (let i = 3; i >= 0; i--) if (mask[i] !== 0) next = maskedWord(w, at + 4 * i, address[i] ?? 0, mask[i] ?? 0, next, no)
  return next
}

function hardware(w: Writer, at: number, address: readonly number[], yes: Label, no: Label): Label {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = address
  const high = load(w, BpfCode.loadHalf, at, w.test(BpfCode.jumpEqual, a * 256 + b, yes, no))
  return load(w, BpfCode.loadWord, at + 2, w.test(BpfCode.jumpEqual, ((c * 256 + d) * 256 + e) * 256 + f, high, no))
}

function portIs(w: Writer, code: number, at: number, low: number, high: number, yes: Label, no: Label): Label {
  if (low === high) return load(w, code, at, w.test(BpfCode.jumpEqual, low, yes, no))
  const below = w.test(BpfCode.jumpGreater, high, no, yes)
  return load(w, code, at, w.test(BpfCode.jumpAtLeast, low, below, no))
}

/** One of these protocols; what is tested is in the accumulator already. */
function anyOf(w: Writer, values: readonly number[], yes: Label, no: Label): Label {
  return values.toReversed().reduce((next, value) => w.test(BpfCode.jumpEqual, value, yes, next), no)
}

function port(w: Writer, test: Extract<BpfPrimitive, { kind: 'port' }>, shift: number, yes: Label, no: Label): Label {
  const { direction, low, high } = test
  const values = test.protocols.map((p) => PORT_PROTOCOLS[p])
  const at = IP_AT + shift
  const side4 = { src: at, dst: at + 2 } as const
  const ports4 = sides(direction, yes, no, (side, y, n) => portIs(w, BpfCode.loadHalfAtX, side4[side], low, high, y, n))
  const length = load(w, BpfCode.headerLengthToX, at, ports4)
  // Only a first fragment has ports.
  const first = load(w, BpfCode.loadHalf, at + Ip4.fragment, w.test(BpfCode.jumpAnyBit, Ip4.fragmentMask, no, length))
  const ip4 = load(w, BpfCode.loadByte, at + Ip4.protocol, anyOf(w, values, first, no))
  const not6 = etherType(w, ETHERTYPES.ip, shift, ip4, no)
  const side6 = { src: at + Ip6.payload, dst: at + Ip6.payload + 2 } as const
  const ports6 = sides(direction, yes, no, (side, y, n) => portIs(w, BpfCode.loadHalf, side6[side], low, high, y, n))
  const ip6 = load(w, BpfCode.loadByte, at + Ip6.next, anyOf(w, values, ports6, no))
  return etherType(w, ETHERTYPES.ip6, shift, ip6, not6)
}

function tagInFrame(w: Writer, id: number | null, shift: number, yes: Label, no: Label): Label {
  const isTag = id === null ? yes : tagId(w, BpfCode.loadHalf, ETHERTYPE_AT + shift + 2, id, yes, no)
  return load(w, BpfCode.loadHalf, ETHERTYPE_AT + shift, anyOf(w, TAG_TYPES, isTag, no))
}

function tagBeside(w: Writer, id: number | null, yes: Label, no: Label): Label {
  const isTag = id === null ? yes : tagId(w, BpfCode.loadHalf, Ancillary.vlanTag, id, yes, no)
  return load(w, BpfCode.loadHalf, Ancillary.vlanTagPresent, w.test(BpfCode.jumpEqual, 1, isTag, no))
}

function tagId(w: Writer, code: number, at: number, id: number, yes: Label, no: Label): Label {
  const test = w.test(BpfCode.jumpEqual, id, yes, no)
  w.put(BpfCode.and, 0xfff)
  return load(w, code, at, test)
}
