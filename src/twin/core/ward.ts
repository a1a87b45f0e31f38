// Ward: the whole synthetic ward as one stream of Ethernet frames in time order, and who is who in it. The way into this folder.
// Keeps the rule that the twin sends nothing anywhere: it yields frames, and the caller writes a file or feeds a sensor.

import type { Ip } from '../../base/ip.ts'
import { assert } from '../../base/assert.ts'
import { formatMac, type Mac } from '../../base/mac.ts'
import { randomInt, type Rng } from '../../base/rng.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { backgroundStreams } from './background.ts'
import { castWard, type Cast, type CastRole, type Host, type Monitor, type Place } from './cast.ts'
import { streamRng } from './chance.ts'
import { hl7Speech } from './hl7-speech.ts'
import { getLease } from './lease.ts'
import { playLine, type Interference, type LineSetup } from './line.ts'
import { arpQuestion } from './neighbours.ts'
import { wardOptionsProblem, type WardOptions } from './options.ts'
import { NO_FRAMES, type WardFrame } from './packets.ts'
import { centralOf, hl7Of, monitorPlace, placesOf, type Places } from './places.ts'
import { mergeStreams, until, type FrameStream } from './scheduler.ts'
import { telemetrySpeech } from './speech.ts'
import { playClaims, playDatagrams, strangerInterference, type StrangerSetup } from './stranger.ts'
import { timeline, wardEvents, type Timeline, type WardEvent } from './timeline.ts'
import { playUpdate } from './update.ts'
import { MonitorVoice } from './voice.ts'
import { ImaginaryPatient } from './waveform.ts'

export {
  BEDS_MAX, bedsNeeded, SCENARIO_WORDS, SCENARIOS, WARD_DEFAULTS, wardOptions, wardOptionsProblem, type Scenario, type WardOptions,
} from './options.ts'
export type { CastRole } from './cast.ts'
export { formatTable } from './machine.ts'
export { LINE_TABLE } from './line.ts'
export { STRANGER_TABLE } from './stranger.ts'
export { UPDATE_TABLE } from './update.ts'
export type { WardEvent } from './timeline.ts'
export type { WardFrame } from './packets.ts'

const CMS_PORT = 515
const HL7_PORT = 511
/** Monitors are switched on one after another; all of them within this, and within a twentieth of the ward. */
const POWER_ON_SPREAD_MICROS = 3 * MICROS_PER_SECOND
const POWER_ON_SHARE = 20
/** From power-on to the second connection; after any address assignment. */
const HL7_DELAY_MICROS = 1_200_000
/** Linux asks again for a neighbour that is in use about once a minute. */
const NEIGHBOUR_REFRESH_MICROS = 60 * MICROS_PER_SECOND
/** A nurse walks from bed to bed. */
const POWER_CYCLE_SPACING_MICROS = 8 * MICROS_PER_SECOND
/** What BusyBox udhcpc asks for; that the monitor uses it, and sends no name, is inferred (facts section 14 no. 12). */
const MONITOR_ASKS_FOR = [1, 3, 6, 12, 15, 28] as const
/** What a crash leaves in flight: acknowledgements of the last words. */
const LAST_WORDS_MICROS = 100_000

/** One member of the cast, for documents and for judging a sensor. `mac` is null for who is only seen through the gateway. */
export interface CastMember {
  readonly label: string
  readonly role: CastRole
  readonly ip: Ip
  readonly mac: Mac | null
  readonly bed: number | null
  /** Of monitors: where they stand. */
  readonly place: Place | null
}

/** Who is who and what happens: the ground truth of a ward. */
export interface WardDescription {
  readonly members: readonly CastMember[]
  readonly events: readonly WardEvent[]
}

/** The cast and the stories of these options, without playing them. Asserts that the options are fine (wardOptionsProblem). */
export function describeWard(options: WardOptions): WardDescription {
  checkOptions(options)
  const cast = castWard(options)
  const { central, hl7, gateway, nameServer, nursePc, modality, printer, intranet, pacs, stranger } = cast
  const outside = cast.monitors.some((m) => m.place !== 'clinical') ? [cast.outsideCentral, cast.outsideHl7] : []
  const hospital = [central, hl7, gateway, nameServer, nursePc, modality, printer, intranet, pacs]
  const servants = [...hospital, ...outside, ...(stranger ? [stranger] : [])]
  const members = [...cast.monitors.map((m) => member(m, m.bed, m.place)), ...servants.map((host) => member(host, null, null))]
  return { members, events: wardEvents(options, cast) }
}

function member(host: Host, bed: number | null, place: Place | null): CastMember {
  return { label: host.label, role: host.role, ip: host.ip, mac: host.mac === null ? null : formatMac(host.mac), bed, place }
}

function checkOptions(options: WardOptions): void {
  const problem = wardOptionsProblem(options)
  assert(problem === null, problem ?? '')
}

/**
 * Frames of the ward in non-decreasing time, from startAt until the duration ends (Infinity: never). Holds one frame per stream.
 * The same options give the same bytes on every machine. Asserts that the options are fine (wardOptionsProblem).
 */
export function* playWard(options: WardOptions): Generator<WardFrame, void, undefined> {
  checkOptions(options)
  const cast = castWard(options)
  const stage: Stage = { options, cast, places: placesOf(cast), times: timeline(options) }
  const streams = [
    ...cast.monitors.flatMap((monitor) => monitorStreams(stage, monitor)),
    ...backgroundStreams(options, cast, stage.places),
    ...updateStreams(stage),
    ...strangerStreams(stage),
  ]
  yield* mergeStreams(streams, stage.times.endAt)
}

interface Stage {
  readonly options: WardOptions
  readonly cast: Cast
  readonly places: Places
  readonly times: Timeline
}

function chance({ options }: Stage, monitor: Monitor, name: string): Rng {
  return streamRng(options.seed, `bed ${monitor.bed} ${name}`)
}

function patient(stage: Stage, monitor: Monitor): ImaginaryPatient {
  const steps = stage.options.ecgNoise
  return new ImaginaryPatient(chance(stage, monitor, 'patient'), steps === 0 ? null : { rng: chance(stage, monitor, 'noise'), steps })
}

/** Both connections of a monitor and its neighbour questions. */
function monitorStreams(stage: Stage, monitor: Monitor): FrameStream[] {
  const rng = chance(stage, monitor, 'power')
  const { options, cast, places } = stage
  const spread = Math.min(POWER_ON_SPREAD_MICROS, (options.durationSeconds * MICROS_PER_SECOND) / POWER_ON_SHARE)
  const powerOnAt = options.startAt + randomInt(rng, 0, Math.floor(spread))
  const voice = new MonitorVoice(monitor, patient(stage, monitor), chance(stage, monitor, 'voice'))
  const telemetry = playLine({
    ...lineBase(stage, monitor, 'telemetry'),
    server: centralOf(monitor, places), port: CMS_PORT, answered: monitor.centralAnswers, startAt: powerOnAt,
    speech: telemetrySpeech(voice, options),
    interference: interference(stage, monitor),
    getAddress: (at) => addressOf(stage, monitor, at),
    findHop: (at) => arpQuestion(monitor, monitor.place === 'clinical' ? cast.central : cast.gateway, at),
  })
  const base = lineBase(stage, monitor, 'hl7')
  const hl7 = playLine({
    ...base,
    server: hl7Of(monitor, places), port: HL7_PORT, answered: monitor.hl7Answers, startAt: powerOnAt + HL7_DELAY_MICROS,
    powerCycleAt: base.powerCycleAt + HL7_DELAY_MICROS,
    speech: hl7Speech(monitor, patient(stage, monitor), options),
    interference: [],
    getAddress: alreadyKnown,
    findHop: (at) => (monitor.place === 'clinical' ? arpQuestion(monitor, cast.hl7, at) : alreadyKnown(at)),
  })
  return [telemetry, hl7, neighbours(stage, monitor, powerOnAt)]
}

function lineBase(stage: Stage, monitor: Monitor, name: string): Pick<LineSetup, 'client' | 'rng' | 'crashAt' | 'powerCycleAt'> {
  const powerCycleAt = stage.times.powerCycleAt + monitor.bed * POWER_CYCLE_SPACING_MICROS
  return { client: monitorPlace(monitor), rng: chance(stage, monitor, name), crashAt: crashAt(stage, monitor), powerCycleAt }
}

/** Only the segment of the broadcast crashes. */
function crashAt({ options, times }: Stage, monitor: Monitor): Micros {
  return options.scenarios.has('udp') && monitor.place === 'clinical' ? times.broadcastAt : Infinity
}

function interference({ cast, times }: Stage, monitor: Monitor): Interference[] {
  return monitor === cast.relayVictim && cast.stranger !== null ? strangerInterference(cast.stranger, times) : []
}

function* alreadyKnown(at: Micros): Generator<WardFrame, Micros, undefined> {
  yield* NO_FRAMES
  return at
}

function addressOf(stage: Stage, monitor: Monitor, at: Micros): Generator<WardFrame, Micros, undefined> {
  if (monitor.place !== 'dhcp') return alreadyKnown(at)
  const { nameServer, gateway } = stage.cast
  const wish = { hostName: null, vendorClass: null, asksFor: MONITOR_ASKS_FOR }
  return getLease({ client: monitor, ...wish, server: nameServer, router: gateway.ip, rng: chance(stage, monitor, 'lease') }, at)
}

/** Questions for neighbours in use, once a minute. A cache that a stranger keeps filling is never asked about. */
function* neighbours(stage: Stage, monitor: Monitor, powerOnAt: Micros): Generator<WardFrame, void, undefined> {
  const { cast, times } = stage
  const { crashAt: diesAt, powerCycleAt, rng } = lineBase(stage, monitor, 'neighbours')
  const clinical = monitor.place === 'clinical'
  const isFooled = (at: Micros): boolean => monitor === cast.relayVictim && at >= times.poisonAt && at < diesAt
  for (let turn = 1; ; turn++) {
    const at = powerOnAt + turn * NEIGHBOUR_REFRESH_MICROS + randomInt(rng, 0, 5 * MICROS_PER_SECOND)
    if (at >= diesAt && !Number.isFinite(powerCycleAt)) return
    if (at >= diesAt && at < powerCycleAt) continue
    const asked = isFooled(at) ? at : yield* arpQuestion(monitor, clinical ? cast.central : cast.gateway, at)
    if (clinical) yield* arpQuestion(monitor, cast.hl7, asked + 1_000)
  }
}

function updateStreams(stage: Stage): FrameStream[] {
  const { options, cast, places, times } = stage
  const play = (monitor: Monitor | null, answered: boolean, at: Micros): FrameStream[] => {
    if (monitor === null) return []
    const { updateTransport: transport, updateSynRetries: synRetries } = options
    const client = monitorPlace(monitor)
    const frames = playUpdate({
      client, server: centralOf(monitor, places), answered, transport, synRetries, at, rng: chance(stage, monitor, 'update'),
    })
    return [until(frames, crashAt(stage, monitor) + LAST_WORDS_MICROS)]
  }
  return [...play(cast.failedUpdater, false, times.failedUpdateAt), ...play(cast.updater, true, times.updateAt)]
}

function strangerStreams(stage: Stage): FrameStream[] {
  const { options, cast, times } = stage
  const leaveAt = options.scenarios.has('udp') ? times.broadcastAt : Infinity
  const setup = (target: Monitor | null, name: string): StrangerSetup | null =>
    target === null || cast.stranger === null
      ? null
      : { stranger: cast.stranger, central: cast.central, target, times, leaveAt, rng: streamRng(options.seed, `stranger ${name}`) }
  const [between, shooting] = [setup(cast.relayVictim, 'claims'), setup(cast.udpTarget, 'datagrams')]
  return [...(between ? [playClaims(between)] : []), ...(shooting ? [playDatagrams(shooting)] : [])]
}
