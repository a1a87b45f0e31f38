// Stack hints: which system a host's SYNs look like, and whether several hosts stand behind one address. Our own table, from how systems
// lay their options out (RFC 7323 appendix A names two ways; the others were looked at). Keeps it a hint: level D, inferred, names no model.

import { formatMac, isLocalMac, type MacNumber } from '../../base/mac.ts'
import type { Claim } from '../asset.ts'
import { packLayout, SMALL_LAYOUT, type SynShape } from './syn.ts'

interface StackRow {
  readonly family: string
  readonly ttl: number
  readonly layout: number
  readonly words: string
}

function row(family: string, ttl: number, words: string): StackRow {
  return { family, ttl, words, layout: packLayout(words) }
}

/** Initial TTLs in use; RFC 1122 section 3.2.1.7 leaves the number to the host. */
const INITIAL_TTLS = [32, 64, 128, 255] as const

const ROWS: readonly StackRow[] = [
  row('Linux', 64, 'MSS,SACK,TS,NOP,WS'),
  // With timestamps switched off.
  row('Linux', 64, 'MSS,NOP,NOP,SACK,NOP,WS'),
  // Without window scaling, as small devices are built.
  row('Linux', 64, 'MSS,SACK,TS'),
  row('Windows', 128, 'MSS,NOP,WS,NOP,NOP,SACK'),
  row('Windows', 128, 'MSS,NOP,NOP,SACK'),
  row('Windows', 128, 'MSS,NOP,WS,SACK,TS'),
  row('Windows', 128, 'MSS,NOP,WS,NOP,NOP,TS,NOP,NOP,SACK'),
  row('Apple (macOS or iOS)', 64, 'MSS,NOP,WS,NOP,NOP,TS,SACK,EOL'),
  row('FreeBSD', 64, 'MSS,NOP,WS,SACK,TS'),
  row('OpenBSD', 64, 'MSS,NOP,NOP,SACK,NOP,WS,NOP,NOP,TS'),
  // RFC 1323 appendix A as 4.4BSD has it, and systems made from it.
  row('BSD-derived (VxWorks, QNX and others)', 64, 'MSS,NOP,WS,NOP,NOP,TS'),
]

/** Told as it is, and never counted against anybody: tools that make packets by hand do it too. */
const SMALL_FAMILY = 'small stack (embedded system, or a tool)'

/** Beyond this many routers in between the guess of the initial TTL is worth nothing. */
const HOPS_MAX = 30

interface Seen {
  readonly shape: SynShape
  readonly family: string
  readonly words: string
  readonly hops: number
}

function seenAs(shape: SynShape): Seen | null {
  const initial = INITIAL_TTLS.find((ttl) => ttl >= shape.ttl) ?? 255
  const hops = initial - shape.ttl
  if (hops > HOPS_MAX) return null
  if (shape.layout === SMALL_LAYOUT) return { shape, family: SMALL_FAMILY, words: 'MSS', hops }
  const found = ROWS.find((r) => r.layout === shape.layout && r.ttl === initial)
  return found ? { shape, family: found.family, words: found.words, hops } : null
}

/**
 * Receive windows of a Linux SYN in segments, by age: 4 (RFC 3390), 10 since 2.6.39 of 2011 (RFC 6928), 20 since 3.x, 44 since 4.20.
 * A device can be set otherwise; that is why it is said as "as".
 */
const LINUX_AGES: readonly (readonly [number, string])[] = [
  [4, 'as before 2.6.39 (2011)'], [10, 'as 2.6.39 to 3.x'], [20, 'as 3.x to 4.19'], [44, 'as 4.20 or later'],
]

function familyWords({ family, shape }: Seen): string {
  if (family !== 'Linux' || shape.mss === 0) return family
  const age = LINUX_AGES.find(([segments]) => segments * shape.mss === shape.window)
  return age ? `Linux, ${age[1]}` : family
}

/** Hints of the card's own SYNs; of all when no card is known. */
export function stackClaims(shapes: readonly SynShape[], mac: MacNumber | null): Claim[] {
  const seen = shapes.filter((s) => mac === null || s.mac === mac).flatMap((s) => seenAs(s) ?? [])
  const hints = seen.map((s): Claim => ({
    what: 'os', value: familyWords(s), level: 'D', inferred: true,
    evidence: `TCP SYN with options ${s.words}, TTL ${s.shape.ttl}, window ${s.shape.window}`,
    firstAt: s.shape.firstAt, lastAt: s.shape.lastAt, frame: s.shape.frame, count: s.shape.count,
  }))
  return [...hints, ...sharingClaims(seen, mac)]
}

/** Each kind of host must have opened this many connections, and they must have taken turns this often: no restart with another system does. */
const OPENINGS_MIN = 3
const TURNS_MIN = 4

function sharingClaims(seen: readonly Seen[], mac: MacNumber | null): Claim[] {
  const telling = seen.filter((s) => s.family !== SMALL_FAMILY && s.shape.count >= OPENINGS_MIN)
  const families = new Set(telling.map((s) => s.family))
  const turns = telling.reduce((n, s) => n + s.shape.turns, 0)
  const claims: Claim[] = []
  if (families.size > 1 && turns >= TURNS_MIN) {
    claims.push(sharing(telling, `connections opened as ${[...families].join(' and as ')} took turns ${turns} times`))
  }
  // On its own segment a host's packets have crossed nothing.
  const crossed = mac === null ? [] : telling.filter((s) => s.hops > 0)
  if (crossed.length > 0) {
    const ttls = [...new Set(crossed.map((s) => s.shape.ttl))].join(', ')
    claims.push(sharing(crossed, `packets from its own card came with TTL ${ttls}, as if they had crossed a router`))
  }
  return claims
}

function sharing(seen: readonly Seen[], evidence: string): Claim {
  const shapes = seen.map((s) => s.shape)
  return {
    what: 'sharing', value: 'several hosts may share the address (NAT)', level: 'D', inferred: true, evidence,
    firstAt: Math.min(...shapes.map((s) => s.firstAt)), lastAt: Math.max(...shapes.map((s) => s.lastAt)),
    frame: Math.min(...shapes.map((s) => s.frame)), count: shapes.reduce((n, s) => n + s.count, 0),
  }
}

/** The card's number has the local bit (IEEE 802c): no maker gave it, and it may change. */
export function cardClaims(mac: MacNumber, { firstAt, lastAt, frame }: Pick<Claim, 'firstAt' | 'lastAt' | 'frame'>): Claim[] {
  if (!isLocalMac(mac)) return []
  return [{
    what: 'card', value: 'number made up by software (private address, virtual machine or container)', level: 'E', inferred: false,
    evidence: `locally administered bit of ${formatMac(mac)}`, firstAt, lastAt, frame, count: 1,
  }]
}
