// The words of ASA translation lines: twice NAT (`nat (a,b) source ...`) and NAT of an object, as one Translation each.
// Keeps "not understood is said": null for a form that is not known.

import { lookUp, PORTS } from '../text/cisco-names.ts'
import { Words, type ConfigLine } from '../text/lines.ts'

/** What an end of a translation names: everything, the address of an interface, an object or group, or an address as written. */
export type End = { readonly kind: 'any' | 'interface' } | { readonly kind: 'named'; readonly name: string }

export interface Translation {
  /** `nameif` of the interface of the real address, and of the mapped one; null is any. */
  readonly faces: readonly [real: string | null, mapped: string | null]
  readonly section: 1 | 2 | 3
  readonly kind: 'static' | 'dynamic'
  readonly real: End
  readonly mapped: End
  /** A second choice when the first has no address left. */
  readonly fallback: boolean
  readonly destination: { readonly mapped: End; readonly real: End } | null
  /** Service objects, real and mapped; or the ports of an object's translation. */
  readonly service: { readonly kind: 'objects'; readonly names: readonly [string, string] }
    | { readonly kind: 'ports'; readonly proto: number; readonly ports: readonly [number, number] } | null
  readonly oneWay: boolean
  readonly inactive: boolean
}

const NOTHING: Omit<Translation, 'real' | 'mapped' | 'kind' | 'faces'> = {
  section: 1, fallback: false, destination: null, service: null, oneWay: false, inactive: false,
}

/** `(inside,outside)` in front; both any without it. The words behind. */
function takeFaces(line: ConfigLine): { readonly faces: Translation['faces']; readonly words: Words } {
  const found = /^nat\s*\(\s*([^,\s)]+)\s*,\s*([^,\s)]+)\s*\)\s*/i.exec(line.text)
  const face = (name: string | undefined): string | null => (name === undefined || name.toLowerCase() === 'any' ? null : name)
  const rest = line.text.slice(found?.[0].length ?? 'nat'.length).trim()
  return { faces: [face(found?.[1]), face(found?.[2])], words: new Words(rest === '' ? [] : rest.split(/\s+/)) }
}

/** `nat (a,b) [after-auto] [line] source static|dynamic R M [destination static DM DR] [service R M] ...`. */
export function parseTwice(line: ConfigLine): Translation | null {
  const { faces, words } = takeFaces(line)
  const late = words.takeIf('after-auto')
  if (/^\d+$/.test(words.peek())) words.skip(1)
  if (!words.takeIf('source')) return null
  const section = late || words.takeIf('after-auto') ? 3 : 1
  const source = takeSource(words)
  return source === null ? null : takeRest(words, { ...NOTHING, ...source, faces, section })
}

/** `nat (a,b) static|dynamic M ...` below `object network NAME`. */
export function parseObjectNat(line: ConfigLine, object: string): Translation | null {
  const { faces, words } = takeFaces(line)
  const kind = words.take().toLowerCase()
  const mapped = kind === 'static' || kind === 'dynamic' ? takeMapped(words, kind) : null
  return mapped === null ? null : takeRest(words, { ...NOTHING, ...mapped, faces, section: 2, real: { kind: 'named', name: object } })
}

function takeSource(words: Words): Pick<Translation, 'kind' | 'real' | 'mapped' | 'fallback'> | null {
  const kind = words.take().toLowerCase()
  if (kind !== 'static' && kind !== 'dynamic') return null
  const real = endOf(words.take())
  const mapped = takeMapped(words, kind)
  return real === null || real.kind === 'interface' || mapped === null ? null : { real, ...mapped }
}

/** Options of a pool that change ports alone. */
const POOL_OPTIONS = new Set(['round-robin', 'extended', 'flat', 'include-reserve', 'block-allocation'])

function skipPoolOptions(words: Words): void {
  while (POOL_OPTIONS.has(words.peek())) words.skip(1)
}

function takeMapped(words: Words, kind: Translation['kind']): Pick<Translation, 'kind' | 'mapped' | 'fallback'> | null {
  const pool = kind === 'dynamic' && words.takeIf('pat-pool')
  const mapped = endOf(words.take())
  if (mapped === null) return null
  words.takeIf('ipv6')
  if (pool) skipPoolOptions(words)
  const second = kind === 'dynamic' && words.peek() === 'pat-pool'
  if (second) words.skip(2)
  if (second) skipPoolOptions(words)
  const fallback = kind === 'dynamic' && mapped.kind !== 'interface' && words.takeIf('interface')
  if (pool) skipPoolOptions(words)
  if (fallback) words.takeIf('ipv6')
  return { kind, mapped, fallback: second || fallback }
}

function endOf(word: string): End | null {
  if (word === '') return null
  const low = word.toLowerCase()
  return low === 'any' || low === 'interface' ? { kind: low } : { kind: 'named', name: word }
}

/** Words that change nothing about addresses of packets: answers to ARP, addresses inside of DNS, where the route is looked up. */
const QUIET = new Set(['dns', 'no-proxy-arp', 'route-lookup', 'net-to-net'])

function takeRest(words: Words, start: Translation): Translation | null {
  let made = start
  while (!words.done) {
    const word = words.take().toLowerCase()
    if (word === 'description') return made
    if (word === 'inactive') made = { ...made, inactive: true }
    else if (word === 'unidirectional') made = { ...made, oneWay: true }
    else if (word === 'destination' && words.takeIf('static')) {
      const [mapped, real] = [endOf(words.take()), endOf(words.take())]
      if (mapped === null || real === null || real.kind === 'interface') return null
      made = { ...made, destination: { mapped, real } }
    } else if (word === 'service') {
      const service = takeService(words, made.section === 2)
      if (service === null) return null
      made = { ...made, service }
    } else if (!QUIET.has(word)) return null
  }
  return made
}

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 }

function takeService(words: Words, ofObject: boolean): Translation['service'] {
  const [first, second] = [words.take(), words.take()]
  if (!ofObject) return second === '' ? null : { kind: 'objects', names: [first, second] }
  const proto = Object.hasOwn(PROTOCOLS, first.toLowerCase()) ? PROTOCOLS[first.toLowerCase()] : undefined
  const ports = [second, words.take()].map((word) => portOf(word))
  const [real, mapped] = ports
  return proto === undefined || typeof real !== 'number' || typeof mapped !== 'number' ? null : { kind: 'ports', proto, ports: [real, mapped] }
}

export function portOf(word: string): number | null {
  const port = /^\d{1,5}$/.test(word) ? Number(word) : lookUp(PORTS, word.toLowerCase())
  return port === null || port > 65_535 ? null : port
}
