// The state of a TCP flow as a table that can be printed: what a passive ear may say of it, no more.
// Keeps house habit 7: rows are states, columns are events, and every cell is filled.

import type { Direction, FlowState } from './flow.ts'
import { TcpFlag } from './frame.ts'

/** What one segment says, by its flags and its side. `bothFins`: with this segment each side has sent a FIN. */
export type TcpEvent = 'syn' | 'synAck' | 'rstFromInitiator' | 'rstFromResponder' | 'fromInitiator' | 'fromResponder' | 'bothFins'
export type TcpState = Exclude<FlowState, 'datagram'>

type Row = { readonly [E in TcpEvent]: TcpState }

export const TCP_EVENTS: readonly TcpEvent[] =
  ['syn', 'synAck', 'rstFromInitiator', 'rstFromResponder', 'fromInitiator', 'fromResponder', 'bothFins']

/** The first segment of a flow. A lone RST is the end of something we did not see. */
export const FIRST: Row = {
  syn: 'attempt', synAck: 'established', rstFromInitiator: 'closed', rstFromResponder: 'closed',
  fromInitiator: 'midstream', fromResponder: 'midstream', bothFins: 'midstream',
}

/**
 * RFC 9293 section 3.3.2, seen from outside.
 * attempt + fromInitiator: an ACK without a SYN says that the answer came, though this tap did not see it.
 * refused + synAck: an endpoint may ignore a RST (frag/sv__bug-3286-03: RST, FIN, then SYN+ACK, and the connection lives).
 */
export const NEXT: { readonly [S in TcpState]: Row } = {
  attempt: {
    syn: 'attempt', synAck: 'established', rstFromInitiator: 'attempt', rstFromResponder: 'refused',
    fromInitiator: 'established', fromResponder: 'established', bothFins: 'closed',
  },
  refused: {
    syn: 'refused', synAck: 'established', rstFromInitiator: 'refused', rstFromResponder: 'refused',
    fromInitiator: 'refused', fromResponder: 'refused', bothFins: 'refused',
  },
  established: {
    syn: 'established', synAck: 'established', rstFromInitiator: 'closed', rstFromResponder: 'closed',
    fromInitiator: 'established', fromResponder: 'established', bothFins: 'closed',
  },
  midstream: {
    syn: 'established', synAck: 'established', rstFromInitiator: 'closed', rstFromResponder: 'closed',
    fromInitiator: 'midstream', fromResponder: 'midstream', bothFins: 'closed',
  },
  closed: {
    syn: 'closed', synAck: 'closed', rstFromInitiator: 'closed', rstFromResponder: 'closed',
    fromInitiator: 'closed', fromResponder: 'closed', bothFins: 'closed',
  },
}

/** Codes of the states, for tables of numbers. */
export const FLOW_STATES: readonly FlowState[] = ['attempt', 'refused', 'established', 'midstream', 'closed', 'datagram']
export const DATAGRAM_CODE = FLOW_STATES.indexOf('datagram')
export const MIDSTREAM_CODE = FLOW_STATES.indexOf('midstream')
/** The state before the first segment. */
export const FIRST_CODE = FLOW_STATES.length

/** The machine as numbers: row by state code (FIRST_CODE last), column by event. Made from the rows above, so that both say the same. */
const NEXT_CODES = Uint8Array.from([...FLOW_STATES, null].flatMap((state) => {
  const row: Row = state === null || state === 'datagram' ? FIRST : NEXT[state]
  return TCP_EVENTS.map((event) => FLOW_STATES.indexOf(row[event]))
}))

const EventCode = Object.fromEntries(TCP_EVENTS.map((event, code) => [event, code])) as { readonly [E in TcpEvent]: number }
const { syn: SYN, synAck: SYN_ACK, rstFromInitiator: RST, fromInitiator: FROM, bothFins: BOTH_FINS } = EventCode

/** The code after one segment. `otherSideFinished`: the other side has sent its FIN. For the frame path; its test compares it with the rows. */
export function nextStateCode(state: number, flags: number, direction: Direction, otherSideFinished: boolean): number {
  let event = FROM + direction
  if ((flags & TcpFlag.rst) !== 0) event = RST + direction
  else if ((flags & TcpFlag.syn) !== 0) event = (flags & TcpFlag.ack) !== 0 ? SYN_ACK : SYN
  else if ((flags & TcpFlag.fin) !== 0 && otherSideFinished) event = BOTH_FINS
  return NEXT_CODES[state * TCP_EVENTS.length + event] as number
}

/** The whole machine, one line per state, columns in TCP_EVENTS order: for docs and for the golden in the test. */
export function formatTcpStates(): string {
  const rows: [string, Row][] = [['(first segment)', FIRST], ...Object.entries(NEXT)]
  const lines = rows.map(([state, row]) => [state, ...TCP_EVENTS.map((event) => row[event])])
  return [['state', ...TCP_EVENTS], ...lines].map((cells) => cells.map((cell) => cell.padEnd(16)).join(' ').trimEnd()).join('\n')
}
