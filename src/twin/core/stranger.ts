// Stranger: the attacker of the mitm and udp stories as a state table. What it sends is filler; no exploit is known here.
// Keeps the rule that the twin shows what an attack looks like on the wire and teaches no one how to do one.

import { ipFromV4 } from '../../base/ip.ts'
import { MAC_BROADCAST } from '../../base/mac.ts'
import { randomInt, type Rng } from '../../base/rng.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { ascii } from './build.ts'
import type { LocalHost } from './cast.ts'
import type { Interference } from './line.ts'
import { runTable, type Actions, type TableRow } from './machine.ts'
import { arpQuestion, arpTell } from './neighbours.ts'
import { ip4Number, NO_FRAMES, type WardFrame } from './packets.ts'
import { local } from './places.ts'
import type { Timeline } from './timeline.ts'
import type { Relay } from './tcp-talk.ts'
import { UdpLine } from './udp-line.ts'

type StrangerState = 'waiting' | 'looking-around' | 'between' | 'aiming' | 'shooting' | 'gone'
type StrangerEvent = 'time-to-claim' | 'ends-known' | 'claims-fade' | 'time-to-shoot' | 'target-known' | 'sent' | 'segment-dead'
type StrangerAction = 'find-ends' | 'claim-addresses' | 'find-target' | 'send-datagrams' | 'send-broadcast' | 'leave'

/** Facts section 10, ladder rows (f), (h) and (i). */
export const STRANGER_TABLE: readonly TableRow<StrangerState, StrangerEvent, StrangerAction>[] = [
  { state: 'waiting', event: 'time-to-claim', action: 'find-ends', next: 'looking-around' },
  { state: 'looking-around', event: 'ends-known', action: 'claim-addresses', next: 'between' },
  { state: 'between', event: 'claims-fade', action: 'claim-addresses', next: 'between' },
  { state: 'between', event: 'segment-dead', action: 'leave', next: 'gone' },
  { state: 'waiting', event: 'time-to-shoot', action: 'find-target', next: 'aiming' },
  { state: 'aiming', event: 'target-known', action: 'send-datagrams', next: 'shooting' },
  { state: 'shooting', event: 'sent', action: 'send-broadcast', next: 'shooting' },
  { state: 'shooting', event: 'segment-dead', action: 'leave', next: 'gone' },
]

export interface StrangerSetup {
  readonly stranger: LocalHost
  readonly central: LocalHost
  /** The monitor that is stood between, or shot at. */
  readonly target: LocalHost
  readonly times: Timeline
  /** When there is nobody left to stand between; Infinity for never. */
  readonly leaveAt: Micros
  readonly rng: Rng
}

/** Caches forget an address after a minute or less; the usual tools repeat their claim every few seconds. */
const CLAIM_EVERY_MICROS = 5 * MICROS_PER_SECOND
/** Looking around starts this much before the moment of the story. */
const LEAD_MICROS = 40_000
const RELAY_DELAY_MICROS = 180
/** The real port is not published (facts section 1); any will do for a sensor that expects no UDP at all. */
const TARGET_PORT: readonly [number, number] = [10_000, 60_000]
const DATAGRAMS = 3
const DATAGRAM_SPACING_MICROS = 400_000
const FILLER_CHARACTERS = 200
const INJECTED = ascii('ZZTESTZZ')

/** ARP of the mitm story: repeated until `leaveAt`. */
export function* playClaims(setup: StrangerSetup): Generator<WardFrame, void, undefined> {
  yield* runTable(STRANGER_TABLE, 'waiting', 'time-to-claim', actions(setup, setup.times.poisonAt - LEAD_MICROS))
}

/** The udp story: a few datagrams to one monitor, later one to all. */
export function* playDatagrams(setup: StrangerSetup): Generator<WardFrame, void, undefined> {
  yield* runTable(STRANGER_TABLE, 'waiting', 'time-to-shoot', actions(setup, setup.times.udpAt - LEAD_MICROS))
}

/** What the stranger does to the victim's line on port 515 once its claims are believed: relay all, add a few bytes twice. */
export function strangerInterference(stranger: LocalHost, times: Timeline): Interference[] {
  const relay: Relay = { mac: stranger.mac, delayMicros: RELAY_DELAY_MICROS }
  return [
    { at: times.poisonAt, relay, inject: null },
    { at: times.injectAt, relay: null, inject: INJECTED },
    { at: times.secondInjectAt, relay: null, inject: INJECTED },
  ]
}

function actions(setup: StrangerSetup, startAt: Micros): Actions<StrangerEvent, StrangerAction> {
  const { stranger, central, target, times, rng } = setup
  let at = startAt
  return {
    'find-ends': function* () {
      at = yield* arpQuestion(stranger, target, at)
      at = yield* arpQuestion(stranger, central, at)
      at = Math.max(at, times.poisonAt)
      return 'ends-known'
    },
    'claim-addresses': function* () {
      yield* arpTell({ ip: central.ip, mac: stranger.mac }, target, at)
      yield* arpTell({ ip: target.ip, mac: stranger.mac }, central, at + 100)
      at += CLAIM_EVERY_MICROS
      return at < setup.leaveAt ? 'claims-fade' : 'segment-dead'
    },
    'find-target': function* () {
      at = Math.max(times.udpAt, yield* arpQuestion(stranger, target, at))
      return 'target-known'
    },
    'send-datagrams': function* () {
      yield* datagrams(setup, at)
      return 'sent'
    },
    'send-broadcast': function* () {
      const everyone = { mac: MAC_BROADCAST, ip: ipFromV4((ip4Number(stranger.ip) | 0xff) >>> 0), ttl: 64, turnMicros: 0 }
      yield* shot(setup, everyone, randomInt(rng, ...TARGET_PORT)).tell(filler(), times.broadcastAt)
      return 'segment-dead'
    },
    leave: function* () {
      yield* NO_FRAMES
      return 'segment-dead'
    },
  }
}

function* datagrams(setup: StrangerSetup, at: Micros): Generator<WardFrame, void, undefined> {
  const line = shot(setup, local(setup.target), randomInt(setup.rng, ...TARGET_PORT))
  for (let i = 0; i < DATAGRAMS; i++) {
    const sentAt = at + i * DATAGRAM_SPACING_MICROS
    if (sentAt < setup.times.broadcastAt) yield* line.tell(filler(), sentAt)
  }
}

function shot(setup: StrangerSetup, server: ReturnType<typeof local>, serverPort: number): UdpLine {
  return new UdpLine({ client: local(setup.stranger), clientPort: randomInt(setup.rng, ...TARGET_PORT), server, serverPort }, setup.rng)
}

function filler(): Uint8Array {
  return ascii('Z'.repeat(FILLER_CHARACTERS))
}
