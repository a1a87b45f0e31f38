// What a packet filter says of a frame, read off the tree and the frame's own fields: slow and obvious, the twin of the compiled program.
// Keeps the rule of the machine it stands for: a field that lies beyond the frame's end refuses the frame, whatever stands around it.

import { ETHERTYPES, IP6_FRAGMENT, PORT_PROTOCOLS, TAG_TYPES, type BpfDirection, type BpfExpression, type BpfPrimitive } from './expression.ts'

/** null: a field that was needed is beyond the end. */
type Verdict = boolean | null

/** Fields of a frame behind `depth` tags; null when cut off. */
class View {
  readonly #bytes: Uint8Array
  readonly #base: number

  constructor(bytes: Uint8Array, depth: number) {
    this.#bytes = bytes
    this.#base = 12 + 4 * depth
  }

  hardware(from: number): readonly number[] | null {
    return from + 6 <= this.#bytes.length ? [...this.#bytes.subarray(from, from + 6)] : null
  }

  get type(): number | null {
    return this.#number(0, 2)
  }

  /** Of the network header. */
  network(offset: number, size: number): number | null {
    return this.#number(2 + offset, size)
  }

  #number(offset: number, size: number): number | null {
    const at = this.#base + offset
    if (at + size > this.#bytes.length) return null
    return [...this.#bytes.subarray(at, at + size)].reduce((n, b) => n * 256 + b, 0)
  }
}

/** Whether a frame with its tags inside is taken. */
export function evaluateBpf(expression: BpfExpression | null, bytes: Uint8Array, wireLength: number): boolean {
  return expression === null || said(expression, bytes, wireLength) === true
}

function said(e: BpfExpression, bytes: Uint8Array, wireLength: number): Verdict {
  switch (e.op) {
    case 'test':
      return primitive(e.test, new View(bytes, e.depth), bytes, wireLength)
    case 'not':
      return not(said(e.inner, bytes, wireLength))
    case 'and':
      return both(said(e.left, bytes, wireLength), () => said(e.right, bytes, wireLength))
    case 'or':
      return either(said(e.left, bytes, wireLength), () => said(e.right, bytes, wireLength))
  }
}

const not = (v: Verdict): Verdict => (v === null ? null : !v)
const both = (a: Verdict, b: () => Verdict): Verdict => (a === true ? b() : a)
const either = (a: Verdict, b: () => Verdict): Verdict => (a === false ? b() : a)
const is = (value: number | null, wanted: number): Verdict => (value === null ? null : value === wanted)
const within = (value: number | null, low: number, high: number): Verdict => (value === null ? null : value >= low && value <= high)

function sides(direction: BpfDirection, one: (side: 'src' | 'dst') => Verdict): Verdict {
  if (direction === 'src or dst') return either(one('src'), () => one('dst'))
  if (direction === 'src and dst') return both(one('src'), () => one('dst'))
  return one(direction)
}

function primitive(test: BpfPrimitive, view: View, bytes: Uint8Array, wireLength: number): Verdict {
  switch (test.kind) {
    case 'ethertype':
      return is(view.type, test.value)
    case 'protocol':
      return either(test.versions.includes(4) ? both(is(view.type, ETHERTYPES.ip), () => is(view.network(9, 1), test.value)) : false,
        () => (test.versions.includes(6) ? both(is(view.type, ETHERTYPES.ip6), () => protocol6(view, test.value)) : false))
    case 'net4':
      return test.in.reduce<Verdict>((found, name) => either(found, () => both(is(view.type, ETHERTYPES[name]), () => sides(test.direction, (side) => {
        const at = name === 'ip' ? (side === 'src' ? 12 : 16) : (side === 'src' ? 14 : 24)
        return masked(view.network(at, 4), test.address, test.mask)
      }))), false)
    case 'net6':
      return both(is(view.type, ETHERTYPES.ip6), () => sides(test.direction, (side) => test.address.reduce<Verdict>((found, word, i) => both(found, () =>
        (test.mask[i] === 0 ? true : masked(view.network((side === 'src' ? 8 : 24) + 4 * i, 4), word, test.mask[i] ?? 0))), true)))
    case 'port':
      return port(test, view)
    case 'ether':
      return sides(test.direction, (side) => hardware(view, side === 'src' ? 6 : 0, test.address))
    case 'ether multicast':
      return bytes.length === 0 ? null : ((bytes[0] ?? 0) & 1) === 1
    case 'ip multicast':
      return both(is(view.type, ETHERTYPES.ip), () => within(view.network(16, 1), 0xe0, 0xff))
    case 'ip6 multicast':
      return both(is(view.type, ETHERTYPES.ip6), () => is(view.network(24, 1), 0xff))
    case 'vlan': {
      const { id } = test
      const isTag = view.type === null ? null : TAG_TYPES.some((t) => t === view.type)
      return both(isTag, () => (id === null ? true : masked(view.network(0, 2), id, 0xfff)))
    }
    case 'length':
      return test.atLeast ? wireLength >= test.value : wireLength <= test.value
  }
}

/** Read in two steps, the later four bytes first: what is cut in the middle is refused as the program refuses it. */
function hardware(view: View, from: number, address: readonly number[]): Verdict {
  const seen = view.hardware(from)
  return seen === null ? null : seen.every((b, i) => b === address[i])
}

function masked(value: number | null, wanted: number, mask: number): Verdict {
  return value === null ? null : ((value & mask) >>> 0) === wanted
}

function protocol6(view: View, value: number): Verdict {
  const next = view.network(6, 1)
  return either(is(next, value), () => both(is(next, IP6_FRAGMENT), () => is(view.network(40, 1), value)))
}

function port(test: Extract<BpfPrimitive, { kind: 'port' }>, view: View): Verdict {
  const values: readonly number[] = test.protocols.map((p) => PORT_PROTOCOLS[p])
  const carries = (value: number | null): Verdict => (value === null ? null : values.includes(value))
  const at = (offset: number): Verdict => sides(test.direction, (side) => within(view.network(offset + (side === 'src' ? 0 : 2), 2), test.low, test.high))
  if (view.type === ETHERTYPES.ip6) return both(carries(view.network(6, 1)), () => at(40))
  return both(is(view.type, ETHERTYPES.ip), () => both(carries(view.network(9, 1)), () => {
    const fragment = view.network(6, 2)
    if (fragment === null) return null
    if ((fragment & 0x1fff) !== 0) return false
    const first = view.network(0, 1)
    return first === null ? null : at(4 * (first & 0xf))
  }))
}
