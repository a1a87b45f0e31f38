// Contradictions between a manufacturer's MDS2 answers and what the device was seen doing, as a table by question code.
// Keeps to what packets can prove: an answer that traffic cannot contradict is in no row.

import type { Mds2, Mds2Verdict } from './mds2.ts'

/** What was seen of one asset, counted by who judges traffic. */
export interface SeenDoing {
  /** Addresses outside the hospital that it sent to, or tried to. */
  readonly outside: readonly string[]
  /** Addresses outside that opened a connection to it. */
  readonly fromOutside: readonly string[]
  /** Other inside assets it spoke with, one to one. */
  readonly peers: number
  /** Frames that showed patient data in clear; empty when none was seen. */
  readonly patientDataFrames: readonly number[]
  /** Some of that went outside. */
  readonly patientDataOutside: boolean
  /** Protocols by content in which patient data went, of no published standard. */
  readonly ownProtocols: readonly string[]
  /** It asked a file server for an update, or took one. */
  readonly updateFrames: readonly number[]
  /** Services it answered on that hardening turns off: `telnet`, `ftp`, `tftp`, `rsh`. */
  readonly oldServices: readonly string[]
}

export interface Mds2Contradiction {
  readonly code: string
  readonly answer: string
  readonly severity: 'high' | 'medium'
  /** In ward words. */
  readonly ward: string
  readonly technical: string
  readonly frames: readonly number[]
}

interface Row {
  readonly code: string
  readonly says: Mds2Verdict
  /** The question in our words. */
  readonly about: string
  readonly severity: 'high' | 'medium'
  readonly ward: string
  /** What was seen against it, or null. */
  readonly against: (seen: SeenDoing) => string | null
  readonly frames?: (seen: SeenDoing) => readonly number[]
}

const inClear = (seen: SeenDoing): string | null => (seen.patientDataFrames.length > 0 ? 'patient data in clear was seen' : null)
const update = (seen: SeenDoing): string | null => (seen.updateFrames.length > 0 ? 'it asked a file server for an update by itself' : null)
const goesOut = ({ outside }: SeenDoing): string | null => (outside.length > 0 ? `it sends, or tries to, to ${list(outside)}` : null)
const dataFrames = (seen: SeenDoing): readonly number[] => seen.patientDataFrames
const updateFrames = (seen: SeenDoing): readonly number[] => seen.updateFrames

const UPDATES = 'It fetches updates over the network, which its maker says it cannot.'
const CLEAR = 'It sends patient data that anyone on the network can read, which its maker says it does not.'

const ROWS: readonly Row[] = [
  { code: 'MPII-1', says: 'no', about: 'handles patient data', severity: 'high', ward: 'It handles patient data, which its maker says it does not.',
    against: inClear, frames: dataFrames },
  { code: 'MPII-3.5', says: 'no', about: 'patient data over a network', severity: 'high', ward: CLEAR, against: inClear, frames: dataFrames },
  { code: 'MPII-3.7', says: 'no', about: 'patient data over an external network', severity: 'high',
    ward: 'It sends patient data out of the hospital, which its maker says it does not.',
    against: (seen) => (seen.patientDataOutside ? 'patient data in clear went to an address outside' : null), frames: dataFrames },
  { code: 'MPII-3.9', says: 'no', about: 'patient data by a proprietary protocol', severity: 'medium',
    ward: 'It sends patient data in a protocol of its own, which its maker says it does not.',
    against: ({ ownProtocols }) => (ownProtocols.length > 0 ? `patient data in ${list(ownProtocols)}` : null), frames: dataFrames },
  { code: 'TXCF-2', says: 'yes', about: 'patient data is encrypted before transmission', severity: 'high', ward: CLEAR,
    against: inClear, frames: dataFrames },
  { code: 'CONN-3', says: 'no', about: 'talks to other systems inside', severity: 'medium', ward: 'It talks to other systems, which its maker says it cannot.',
    against: ({ peers }) => (peers > 0 ? `it talks with ${peers} other ${peers === 1 ? 'device' : 'devices'}` : null) },
  { code: 'CONN-4', says: 'no', about: 'talks to systems outside', severity: 'high',
    ward: 'It talks, or tries to talk, to the outside, which its maker says it cannot.', against: goesOut },
  { code: 'CONN-6', says: 'no', about: 'needs the Internet', severity: 'medium', ward: 'Its maker says it needs no Internet, and it tries to reach it.',
    against: goesOut },
  { code: 'CSUP-2.3', says: 'no', about: 'remote installation of updates (system)', severity: 'high', ward: UPDATES, against: update, frames: updateFrames },
  { code: 'CSUP-3.3', says: 'no', about: 'remote installation of updates (firmware)', severity: 'high', ward: UPDATES, against: update, frames: updateFrames },
  { code: 'CSUP-8', says: 'no', about: 'automatic updates', severity: 'high', ward: UPDATES, against: update, frames: updateFrames },
  { code: 'RMOT-1', says: 'no', about: 'remote service', severity: 'high', ward: 'It is reached from outside, which its maker says it does not permit.',
    against: ({ fromOutside }) => (fromOutside.length > 0 ? `${list(fromOutside)} opened connections to it` : null) },
  { code: 'SAHD-9', says: 'yes', about: 'services it does not need are off', severity: 'medium',
    ward: 'An old service answers on it, which its maker says is turned off.',
    against: ({ oldServices }) => (oldServices.length > 0 ? `it answers ${list(oldServices)}` : null) },
]

/** Question codes that traffic is compared with. */
export const COMPARED_CODES: readonly string[] = ROWS.map((row) => row.code)

const SHOWN_MAX = 4
function list(words: readonly string[]): string {
  return words.length <= SHOWN_MAX ? words.join(', ') : `${words.slice(0, SHOWN_MAX).join(', ')} and ${words.length - SHOWN_MAX} more`
}

/** Answers against what was seen, in the form's order of the table. */
export function mds2Contradictions(form: Mds2, seen: SeenDoing): readonly Mds2Contradiction[] {
  return ROWS.flatMap((row) => {
    const answer = form.answers[row.code]
    if (answer?.verdict !== row.says) return []
    const against = row.against(seen)
    if (against === null) return []
    const technical = `MDS2 ${row.code} (${row.about}) is answered "${answer.answer.slice(0, 80)}"; ${against}.`
    return [{ code: row.code, answer: answer.answer, severity: row.severity, ward: row.ward, technical, frames: row.frames?.(seen) ?? [] }]
  })
}
