// fuzz-sensor-targets: the whole way from a capture file to the report, against hostile files and against wards whose headers lie.
// Keeps: the same file gives the same JSON in any split, and no header, loss or lie about length makes a patient's text leave.

import assert from 'node:assert/strict'
import { loadKnowledge } from '../cli/load-knowledge.ts'
import { behavioursOf } from '../sensor/knowledge.ts'
import { takePicture } from '../sensor/picture.ts'
import { analysisOf, reportOf } from '../sensor/report.ts'
import { Sensor } from '../sensor/sensor.ts'
import type { Fact } from '../protocols/facts.ts'
import { playWard, SCENARIOS, wardOptions } from '../twin/core/ward.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import type { WireTarget } from './fuzz-engine.ts'
import { captureFields } from './fuzz-fields.ts'
import { assertPlainFacts } from './fuzz.ts'
import { CANARY } from './fuzz-protocol-targets.ts'
import { pcapOf, wardSeeds } from './fuzz-wire-seeds.ts'

const loaded = loadKnowledge(undefined)
assert.ok(loaded.ok, 'the shipped knowledge loads')
const knowledge = loaded.value
const behaviours = behavioursOf(knowledge)

interface Watched {
  readonly report: string
  readonly facts: readonly Fact[]
}

/** The file in pieces through everything that `cordon check` runs. */
function watch(pieces: readonly Uint8Array[]): Watched {
  const facts: Fact[] = []
  const sensor = new Sensor({ behaviours, onFact: (fact) => void facts.push(fact) })
  const reader = createCaptureReader(sensor)
  for (const piece of pieces) reader.push(piece)
  const summary = reader.end()
  sensor.finish()
  const heard = sensor.heard()
  const picture = takePicture(heard, knowledge)
  const analysis = analysisOf(heard, picture, { id: 'fuzz', name: 'fuzz', source: 'capture', sha256: null, summary })
  return { report: JSON.stringify(reportOf(analysis, picture)), facts }
}

/** A pcap file of 3 kB has some 20 packets with a fact or two each; the report says more of each, but not without end. */
const REPORT_CHARS_PER_BYTE = 64
const REPORT_CHARS_FLOOR = 200_000

function runSensor(input: Uint8Array): void {
  const whole = watch([input])
  assertPlainFacts(whole.facts, { factsMax: 64 + input.length })
  assert.ok(whole.report.length <= REPORT_CHARS_FLOOR + REPORT_CHARS_PER_BYTE * input.length, `a report of ${whole.report.length} characters`)
  const cut = Math.floor(input.length / 3)
  const split = watch([input.subarray(0, cut), input.subarray(cut, cut + 1), input.subarray(cut + 1)])
  assert.equal(split.report, whole.report, 'a split changes the report')
  assert.deepEqual(split.facts, whole.facts, 'a split changes the facts')
}

/** A ward with a patient record on every stream: what the header target tampers with. */
const WARD = [...playWard(wardOptions({ beds: 4, durationSeconds: 15, scenarios: new Set(SCENARIOS), recordEveryCycles: 3, seed: 3 }))]
const WARD_START = WARD[0]?.at ?? 0

/** Ethernet, IPv4 and TCP without options: what may be tampered with. */
const HEADER_BYTES = 54
const OP_BYTES = 5
const OPS_MAX = 400

type Told = { at: number; bytes: Uint8Array }
type Op = (frames: Told[], at: number, offset: number, value: number) => void

/** Each operation names a packet, a place and a value. None of them writes into a payload or moves one. */
const OPS: readonly Op[] = [
  (frames, at) => void frames.splice(at, 1),
  (frames, at) => void frames.splice(at, 0, frames[at] as Told),
  (frames, at, offset) => {
    const other = (at + 1 + offset) % frames.length
    ;[frames[at], frames[other]] = [frames[other] as Told, frames[at] as Told]
  },
  (frames, at, offset, value) => change(frames, at, (bytes) => void (bytes[offset % Math.min(HEADER_BYTES, bytes.length)] = value)),
  (frames, at, offset, value) => change(frames, at, (bytes) => void (bytes[offset % Math.min(HEADER_BYTES, bytes.length)] = value)),
  (frames, at, offset, value) => void (frames[at] = { at: WARD_START + (offset * 256 + value) * 997_000, bytes: (frames[at] as Told).bytes }),
  (frames, at, offset, value) => void (frames[at] = { ...(frames[at] as Told), bytes: (frames[at] as Told).bytes.slice(0, offset * 4 + (value & 3)) }),
]

function change(frames: Told[], at: number, edit: (bytes: Uint8Array) => void): void {
  const bytes = (frames[at] as Told).bytes.slice()
  if (bytes.length > 0) edit(bytes)
  frames[at] = { at: (frames[at] as Told).at, bytes }
}

/** First byte: which stretch of the ward. Then operations of five bytes each. */
export function tamper(input: Uint8Array): Told[] {
  const from = ((input[0] ?? 0) * WARD.length) >> 9
  const frames: Told[] = WARD.slice(from, from + Math.ceil(WARD.length / 2))
  for (let off = 1; off + OP_BYTES <= input.length && off < OPS_MAX * OP_BYTES && frames.length > 0; off += OP_BYTES) {
    const [op = 0, high = 0, low = 0, offset = 0, value = 0] = input.subarray(off, off + OP_BYTES)
    OPS[op % OPS.length]?.(frames, (high * 256 + low) % frames.length, offset, value)
  }
  return frames
}

function runHeaders(input: Uint8Array): void {
  const { report, facts } = watch([pcapOf(tamper(input))])
  assertPlainFacts(facts, { factsMax: 4 * WARD.length })
  for (const text of [report, JSON.stringify(facts)]) {
    const at = text.indexOf(CANARY)
    assert.ok(at < 0, `a patient's text left: ${text.slice(Math.max(0, at - 60), at + 40)}`)
  }
}

function headerSeeds(): Uint8Array[] {
  const spread = (i: number): number[] => [i >> 2, (i * 37) & 255, (i * 11) & 255, (i * 71) & 255]
  const every = (op: number, count: number): Uint8Array =>
    Uint8Array.from([op * 30, ...Array.from({ length: count }, (_, i) => [op, ...spread(i)]).flat()])
  return [Uint8Array.of(0), Uint8Array.of(255), ...OPS.flatMap((_, op) => [every(op, 8), every(op, 120)])]
}

export const SENSOR_TARGETS: readonly WireTarget[] = [
  {
    id: 'sensor', holds: 'a capture in any split gives the same report and the same facts, in proportion to its size',
    seeds: () => wardSeeds(30), run: runSensor, fields: captureFields, inputMax: 12_000, stepsPerByte: 3000, stepsFloor: 2_000_000,
  },
  {
    id: 'headers', holds: 'a ward whose headers, order, times and lengths lie: no patient\'s text in facts or report',
    seeds: headerSeeds, run: runHeaders, inputMax: 1 + OPS_MAX * OP_BYTES, stepsPerByte: 200_000, stepsFloor: 40_000_000,
  },
]
