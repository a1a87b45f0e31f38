// Rule streams-lost: after one UDP broadcast, every telemetry stream of the segment fell silent at the same moment.
// Source: CVE-2022-38100 (facts on the device, section 7): a broadcast can crash all monitors at once; a power cycle brings them back.

import { greatestOf } from '../../base/extent.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { markOf, type FlowMark } from '../flow-mark.ts'
import type { StreamSpan } from '../talks.ts'
import { subjectAt, type Detector, type Draft, type Rule } from '../rule.ts'
import type { World } from '../world.ts'

interface Broadcast {
  readonly at: Micros
  readonly frame: number
  readonly vlan: number
  readonly evidence: FlowMark
}

/** Broadcasts remembered, newest kept: an hour of a busy segment. */
const BROADCASTS_MAX = 4096
/** Address assignment and name service broadcast all day long and crash nobody. */
const GROUND_PORTS = new Set([67, 68, 137, 138])
/** A stream counts as alive when it spoke this shortly before: five cycles of the inferred one second. */
const ALIVE_MICROS = 5 * MICROS_PER_SECOND
/** And as lost when it said nothing later than this after the broadcast. */
const LAST_WORDS_MICROS = 2 * MICROS_PER_SECOND
/** The capture must go on this long, or the end of the recording would look like the end of the ward. */
const SILENCE_MICROS = 10 * MICROS_PER_SECOND
/** One silent stream is a pulled cable. */
const STREAMS_MIN = 2

export const streamsLost: Rule = {
  id: 'streams-lost',
  title: 'All telemetry of a segment was lost after a UDP broadcast',
  attack: [{ id: 'T0814', name: 'Denial of Service', matrix: 'ics' }],
  open,
}

function open(): Detector {
  const broadcasts: Broadcast[] = []
  return {
    broadcast(flow, at, frame) {
      if (GROUND_PORTS.has(flow.dstPort)) return
      if (broadcasts.length >= BROADCASTS_MAX) broadcasts.shift()
      broadcasts.push({ at, frame, vlan: flow.vlan, evidence: markOf(flow) })
    },
    findings: (world) => findings(world, broadcasts),
  }
}

/** Per central station here: the first broadcast after which all of its streams were silent. Streams that leave by a router hear no broadcast. */
function findings(world: World, broadcasts: readonly Broadcast[]): Draft[] {
  const bySegment = new Map<string, StreamSpan[]>()
  for (const span of world.spans) {
    if (world.leaves({ vlan: span.vlan, src: span.monitor, dst: span.central, nextHop: span.nextHop })) continue
    const key = `${span.vlan}|${span.central}`
    const known = bySegment.get(key)
    if (known) known.push(span)
    else bySegment.set(key, [span])
  }
  return [...bySegment.values()].flatMap((spans) => {
    for (const broadcast of broadcasts) {
      const lost = lostAfter(world, spans, broadcast)
      if (lost) return [toDraft(world, broadcast, lost)]
    }
    return []
  })
}

function lostAfter(world: World, spans: readonly StreamSpan[], broadcast: Broadcast): StreamSpan[] | null {
  if (world.lastAt - broadcast.at < SILENCE_MICROS) return null
  const alive = spans.filter((s) => s.vlan === broadcast.vlan && s.firstAt < broadcast.at && s.lastAt >= broadcast.at - ALIVE_MICROS)
  const sameSegment = alive.filter((s) => !s.closed)
  if (sameSegment.length < STREAMS_MIN || sameSegment.length < alive.length) return null
  return sameSegment.every((s) => s.lastAt <= broadcast.at + LAST_WORDS_MICROS) ? sameSegment : null
}

function toDraft(world: World, broadcast: Broadcast, lost: readonly StreamSpan[]): Draft {
  const first = lost[0]
  const subject = subjectAt(world, broadcast.vlan, first?.central ?? broadcast.evidence.dst)
  const beds = lost.map((s) => world.assetAt(s.vlan, s.monitor)).map((a, i) => (a?.bed ? `bed ${a.bed}` : (lost[i]?.monitor ?? '')))
  beds.sort(new Intl.Collator('en', { numeric: true }).compare)
  return {
    asset: subject, behaviour: 'lost', severity: 'critical',
    ward: `${lost.length} monitors went silent at the same moment (${beds.join(', ')}): go and look at each bedside now.`,
    technical:
      `After a UDP broadcast from ${broadcast.evidence.src} to ${broadcast.evidence.dst}:${broadcast.evidence.dstPort} ` +
      `all ${lost.length} streams to ${first?.central} stopped without FIN or RST.`,
    help: 'Look at each patient and monitor; monitors that hang need a power cycle. Then find the sender of the broadcast.',
    inferred: ['That the broadcast is the cause is inferred from the timing.'],
    firstAt: broadcast.at, lastAt: greatestOf(lost, (s) => s.lastAt), count: lost.length,
    frames: [broadcast.frame], flows: [broadcast.evidence, ...lost.map((s) => s.evidence)],
    details: [
      ['sender', broadcast.evidence.src], ['broadcast port', String(broadcast.evidence.dstPort)], ['streams lost', String(lost.length)],
      ['beds', beds.join(', ')],
    ],
  }
}
