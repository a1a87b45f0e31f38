// segment-process: the process that faces the segment, started for a test on loopback with ports the system chooses, and what it said.
// Keeps the rule that everything a test starts here is ended by it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Ip } from '../base/ip.ts'
import type { FromSegment, ToSegment } from '../gateway/channel.ts'
import { startSegment, type Segment, type SegmentOptions, type SegmentState } from '../gateway/segment/process.ts'
import { freePorts } from './free-ports.ts'

export const LOOPBACK = '127.0.0.1'

export interface TestSegment {
  readonly segment: Segment
  readonly cms: number
  readonly hl7: number
  readonly portmap: number
  readonly messages: FromSegment[]
  readonly states: SegmentState[]
}

/** Waits for something that a process will do, and says what it waited for when it does not. No time is asserted. */
export async function until<T>(what: string, look: () => T | null | undefined | false, timeoutMs = 60_000): Promise<T> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(20)) {
    const found = look()
    if (found !== null && found !== undefined && found !== false) return found
  }
  throw new Error(`nothing came of waiting for: ${what}`)
}

export async function loopbackSegment(change: Partial<SegmentOptions> = {}, onStart: () => readonly ToSegment[] = () => []): Promise<TestSegment> {
  const [cms = 0, hl7 = 0, portmap = 0, mount = 0, nfs = 0] = await freePorts(5)
  const [messages, states]: [FromSegment[], SegmentState[]] = [[], []]
  const segment = await startSegment({
    config: { cms: LOOPBACK as Ip, hl7: LOOPBACK as Ip, cmsPorts: [cms], hl7Port: hl7, updatePorts: { portmap, mount, nfs }, user: null },
    bench: { leads: 'inferred', isPaced: false }, nfsVersions: [2, 3], reservedPortsOnly: false, devicesMax: 64,
    onMessage: (message) => messages.push(message), onState: (state) => states.push(state), onStart, ...change,
  })
  return { segment, cms, hl7, portmap, messages, states }
}
