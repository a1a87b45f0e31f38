// Timeline: when each story happens, as fixed shares of the ward's duration. Ground truth for whoever judges a sensor by it.
// Keeps the rule that late means late: streams must have run for a while before they are seen to stop.

import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { Cast } from './cast.ts'
import type { Scenario, WardOptions } from './options.ts'

/** Packet times; a story that is not played has its times all the same. */
export interface Timeline {
  readonly failedUpdateAt: Micros
  readonly updateAt: Micros
  readonly poisonAt: Micros
  readonly injectAt: Micros
  readonly secondInjectAt: Micros
  readonly udpAt: Micros
  readonly broadcastAt: Micros
  /** Someone begins to switch crashed monitors off and on again, bed by bed; Infinity in a ward that ends. */
  readonly powerCycleAt: Micros
  readonly endAt: Micros
}

/** Share of a ward that ends; seconds after the start of one that does not: there, all has happened within three minutes. */
const MOMENTS: { readonly [M in keyof Omit<Timeline, 'endAt' | 'powerCycleAt'>]: readonly [share: number, endlessSeconds: number] } = {
  failedUpdateAt: [0.2, 20],
  updateAt: [0.3, 30],
  poisonAt: [0.4, 45],
  injectAt: [0.5, 60],
  secondInjectAt: [0.55, 70],
  udpAt: [0.7, 110],
  broadcastAt: [0.75, 120],
}
/** Five minutes after the broadcast of an endless ward. */
const POWER_CYCLE_SECONDS = 420

/** The moments of a ward with these options. */
export function timeline(options: WardOptions): Timeline {
  const at = (moment: keyof typeof MOMENTS): Micros => {
    const [share, endlessSeconds] = MOMENTS[moment]
    const seconds = Number.isFinite(options.durationSeconds) ? share * options.durationSeconds : endlessSeconds
    return options.startAt + Math.round(seconds * MICROS_PER_SECOND)
  }
  return {
    failedUpdateAt: at('failedUpdateAt'),
    updateAt: at('updateAt'),
    poisonAt: at('poisonAt'),
    injectAt: at('injectAt'),
    secondInjectAt: at('secondInjectAt'),
    udpAt: at('udpAt'),
    broadcastAt: at('broadcastAt'),
    powerCycleAt: Number.isFinite(options.durationSeconds) ? Infinity : options.startAt + POWER_CYCLE_SECONDS * MICROS_PER_SECOND,
    endAt: options.startAt + Math.round(options.durationSeconds * MICROS_PER_SECOND),
  }
}

/** One thing that is true of the ward and that a sensor may be asked about. */
export interface WardEvent {
  readonly scenario: Scenario
  readonly at: Micros
  /** Label of the one it happens to. */
  readonly who: string
  readonly what: string
}

type EventRow = readonly [scenario: Scenario, at: keyof Timeline, who: (cast: Cast) => string | null, what: string]

const EVENT_ROWS: readonly EventRow[] = [
  ['update', 'failedUpdateAt', (c) => c.failedUpdater?.label ?? null, 'tries the update; nobody answers on TCP 111, then UDP 635'],
  ['update', 'updateAt', (c) => c.updater?.label ?? null, 'mounts /pm and copies three files'],
  ['mitm', 'poisonAt', (c) => c.relayVictim?.label ?? null, 'is told by ARP that the central is at the stranger\'s hardware address'],
  ['mitm', 'injectAt', (c) => c.relayVictim?.label ?? null, 'receives bytes on port 515 in the central\'s name'],
  ['udp', 'udpAt', (c) => c.udpTarget?.label ?? null, 'receives UDP from the stranger'],
  ['udp', 'broadcastAt', () => 'every monitor of the clinical segment', 'stops talking after a UDP broadcast'],
]

/** What the stories do, in time order. Monitors that reach for the outside come first: they do so from start to end. */
export function wardEvents(options: WardOptions, cast: Cast): WardEvent[] {
  const times = timeline(options)
  const reaching = cast.monitors.filter((m) => m.place !== 'clinical').map((m): WardEvent => ({
    scenario: m.place === 'dhcp' ? 'leak' : 'update',
    at: options.startAt,
    who: m.label,
    what: m.centralAnswers
      ? 'is answered from outside the hospital: patient records leave'
      : 'reaches for the outside through the gateway in vain',
  }))
  const rest = EVENT_ROWS.filter(([scenario]) => options.scenarios.has(scenario)).map(([scenario, at, who, what]): WardEvent => ({
    scenario, at: times[at], who: who(cast) ?? '', what,
  }))
  return [...reaching, ...rest.sort((a, b) => a.at - b.at)]
}
