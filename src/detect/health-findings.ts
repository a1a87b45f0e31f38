// Health findings: what is wrong with the sensor's ear, in words for the people who can put it right. One row per condition.
// Keeps the rule that every threshold has a name and says where it comes from; severity is about the sensor, not about the ward.

import { MICROS_PER_MINUTE } from '../base/time.ts'
import type { Severity } from './finding.ts'
import type { HealthCounts } from './sensor-health.ts'
import { count, spanText } from './words.ts'

/** Something true about the sensor. */
export interface HealthFinding {
  readonly id: HealthId
  readonly severity: Severity
  readonly ward: string
  readonly technical: string
  readonly help: string
  /** How often, or of how many packets or flows. */
  readonly count: number
  /** The picture has holes that no page shows otherwise: exit code 4 where nothing graver was found. */
  readonly incomplete: boolean
}

export type HealthId =
  | 'hears-nothing' | 'hears-groups-only' | 'hears-one-side' | 'hears-too-little' | 'packets-dropped' | 'stream-gaps' | 'packets-cut'
  | 'clock-went-back' | 'clock-went-ahead' | 'packets-twice'

/** Fewer frames than this say nothing about the kind of port: a minute of a quiet segment's broadcasts. */
export const KIND_FRAMES_MIN = 50
/**
 * A port that is no mirror shows broadcasts, multicasts and the rare frame a switch floods because it forgot the card (IEEE 802.1D
 * clause 7.8): a few in a hundred. A mirror shows the segment's conversations, which are most of its frames.
 */
export const UNICAST_SHARE_MIN = 0.05
/** Fewer TCP flows than this say nothing about sides: one bad connection would be a tenth. */
export const SIDES_FLOWS_MIN = 10
/** "Most": a mirror of one direction shows all flows so, asymmetric paths seldom more than half. */
export const ONE_SIDED_SHARE = 0.5
/** Zeek's CaptureLoss::watch_interval and minimum_acks: at least one ACK in fifteen minutes, or the tap is suspect (its Too_Little_Traffic). */
export const ACK_EVERY_MICROS = 15 * MICROS_PER_MINUTE
/** Zeek's CaptureLoss::too_much_loss: from a tenth on no conclusion holds. */
export const LOSS_SHARE_HIGH = 0.1
/** One byte in a hundred: a record in a hundred of a monitor's stream is torn, which findings about content can miss. */
export const LOSS_SHARE_MIN = 0.01
/** Fewer bytes than this are one lost segment's worth of chance: about seven segments of Ethernet. */
export const LOSS_BYTES_MIN = 10_000
/** One packet in a hundred cut: more than the odd jumbo frame. */
export const CUT_SHARE_MIN = 0.01
/** A mirror of both VLANs or ports shows every packet between them twice, which half of the probes find; sound traffic shows none. */
export const COPIES_SHARE_MIN = 0.2
/** Fewer segments looked for again than this say nothing. */
export const PROBES_MIN = 20

interface Row {
  readonly id: HealthId
  /** How grave, or null when all is well. */
  readonly severity: (c: HealthCounts) => Severity | null
  readonly incomplete: boolean
  readonly ward: string
  readonly technical: (c: HealthCounts) => string
  readonly help: string
  readonly count: (c: HealthCounts) => number
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0)
const percent = (part: number, whole: number): string => `${(share(part, whole) * 100).toFixed(1)} %`
const when = (holds: boolean, severity: Severity): Severity | null => (holds ? severity : null)

const frames = (c: HealthCounts): number => c.unicastFrames + c.groupFrames
const flows = (c: HealthCounts): number => c.ended.flows + c.live.flows
const oneSided = (c: HealthCounts): number => c.ended.oneSided + c.live.oneSided
const hearsGroupsOnly = (c: HealthCounts): boolean => frames(c) >= KIND_FRAMES_MIN && share(c.unicastFrames, frames(c)) < UNICAST_SHARE_MIN
/** What a capture cut off counts as a gap of its stream too: only what is beyond it was lost. */
const lostBytes = (c: HealthCounts): number => Math.max(0, c.ended.gapBytes + c.live.gapBytes - c.cutBytes)
const streamBytes = (c: HealthCounts): number => c.ended.payloadBytes + c.live.payloadBytes + lostBytes(c)

function gapSeverity(c: HealthCounts): Severity | null {
  const lost = share(lostBytes(c), streamBytes(c))
  if (streamBytes(c) < LOSS_BYTES_MIN || lost < LOSS_SHARE_MIN) return null
  return lost >= LOSS_SHARE_HIGH ? 'high' : 'medium'
}

/** How long it listened, as far as packets tell: what the clock jumped over was not listened to. */
const listened = (c: HealthCounts): number => Math.max(0, c.lastAt - c.firstAt - c.aheadMicros)

function hearsTooLittle(c: HealthCounts): boolean {
  const span = listened(c)
  return span >= ACK_EVERY_MICROS && c.acks < Math.floor(span / ACK_EVERY_MICROS) && !hearsGroupsOnly(c)
}

/** Gravest first. */
const ROWS: readonly Row[] = [
  {
    id: 'hears-nothing', incomplete: true, severity: (c) => when(c.packets === 0, 'high'), count: () => 0,
    ward: 'This sensor hears nothing at all: nothing can be said about any device.',
    technical: () => 'Not one packet arrived.',
    help: 'Ask the network team whether the mirror session is active and whether this cable is in its destination port.',
  },
  {
    id: 'hears-groups-only', incomplete: true, severity: (c) => when(hearsGroupsOnly(c), 'high'), count: (c) => c.groupFrames,
    ward: 'This sensor hears only what is sent to everybody, not what devices say to one another: its port is probably no mirror port.',
    technical: (c) => `${c.groupFrames} of ${frames(c)} frames go to broadcast or multicast addresses.`,
    help: 'Ask the network team for a mirror (SPAN) of the bedside segment; a plain access port does not show conversations.',
  },
  {
    id: 'hears-one-side', incomplete: true, count: oneSided,
    severity: (c) => when(flows(c) >= SIDES_FLOWS_MIN && share(oneSided(c), flows(c)) > ONE_SIDED_SHARE, 'high'),
    ward: 'This sensor hears only one side of most conversations: answers, and whether they came, are not seen.',
    technical: (c) => `${oneSided(c)} of ${flows(c)} TCP flows that carried something have packets in one direction only.`,
    help: 'Ask the network team whether the mirror copies both directions (rx and tx), and whether answers take another path.',
  },
  {
    id: 'hears-too-little', incomplete: true, severity: (c) => when(hearsTooLittle(c), 'medium'), count: (c) => c.acks,
    ward: 'This sensor hears almost no conversation: a ward with monitors on it is never this quiet.',
    technical: (c) => `${count(c.acks, 'TCP acknowledgement')} in ${spanText(listened(c))}; believable is one in 15 minutes at least.`,
    help: 'Check that the mirror covers the ports and VLANs of the bedside devices.',
  },
  {
    id: 'packets-dropped', incomplete: true, count: (c) => c.dropped,
    severity: (c) => (c.dropped === 0 ? null : share(c.dropped, c.packets + c.dropped) >= LOSS_SHARE_HIGH ? 'high' : 'medium'),
    ward: 'This sensor lost packets before it could read them: a device or a connection can be missing.',
    technical: (c) => `The capturing machine dropped ${c.dropped} of ${c.packets + c.dropped} packets (${percent(c.dropped, c.packets + c.dropped)}).`,
    help: 'Give the sensor a faster machine or a narrower mirror, or filter bulk traffic away from it.',
  },
  {
    id: 'stream-gaps', incomplete: true, severity: gapSeverity, count: lostBytes,
    ward: 'Parts of conversations are missing that the devices themselves received: the mirror loses packets on its way here.',
    technical: (c) =>
      `${lostBytes(c)} of ${streamBytes(c)} TCP payload bytes (${percent(lostBytes(c), streamBytes(c))}) were acknowledged and never seen here.`,
    help: 'Ask the network team whether the mirror port is overloaded: mirrored ports together must not carry more than it can send.',
  },
  {
    id: 'packets-cut', incomplete: false, severity: (c) => when(share(c.cutPackets, c.packets) >= CUT_SHARE_MIN, 'medium'), count: (c) => c.cutPackets,
    ward: 'Packets are stored cut off: what stands behind the cut was not read, patient data among it.',
    technical: (c) => `${c.cutPackets} of ${c.packets} packets (${percent(c.cutPackets, c.packets)}) are shorter in the capture than on the wire.`,
    help: 'Capture without a limit on packet size (tcpdump -s 0).',
  },
  {
    id: 'clock-went-back', incomplete: false, severity: (c) => when(c.backJumps > 0, 'medium'), count: (c) => c.backJumps,
    ward: 'The clock of this sensor was set back while it listened: times and order of events cannot be trusted.',
    technical: (c) => `Packet time went back ${count(c.backJumps, 'time')}, by ${spanText(c.backMicrosMax)} at most.`,
    help: 'Give the capturing machine one time source (NTP) that slews; merge captures in order of time (mergecap).',
  },
  {
    id: 'clock-went-ahead', incomplete: false, severity: (c) => when(c.aheadJumps > 0, 'low'), count: (c) => c.aheadJumps,
    ward: 'There is a long time without a single packet: the clock of this sensor was set ahead, or it heard nothing.',
    technical: (c) => `Packet time jumped ahead ${count(c.aheadJumps, 'time')}, by ${spanText(c.aheadMicrosMax)} at most.`,
    help: 'Look at what happened to the sensor, its cable and the mirror at that time.',
  },
  {
    id: 'packets-twice', incomplete: false, count: (c) => c.copies,
    severity: (c) => when(c.probes >= PROBES_MIN && share(c.copies, c.probes) >= COPIES_SHARE_MIN, 'low'),
    ward: 'This sensor hears many packets twice: counts of packets and bytes are too high.',
    technical: (c) => `${c.copies} of ${c.probes} TCP segments looked for came a second time within a moment.`,
    help: 'Ask the network team to mirror either the source or the destination ports or VLANs, not both.',
  },
]

/** What is wrong with the sensor, gravest first; empty when nothing is. */
export function healthFindings(counts: HealthCounts): HealthFinding[] {
  return ROWS.flatMap((row) => {
    const severity = row.severity(counts)
    if (severity === null) return []
    const { id, ward, help, incomplete } = row
    return [{ id, severity, ward, technical: row.technical(counts), help, count: row.count(counts), incomplete }]
  })
}
