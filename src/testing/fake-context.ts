// fake-context: a SessionContext with a Flow and a list of facts, so that a protocol session runs without a sensor.
// Keeps the rule that protocols see only the seam: nothing here knows any protocol.

import { ipFromV4, type Ip } from '../base/ip.ts'
import type { Fact } from '../protocols/facts.ts'
import type { SessionContext, Transport } from '../protocols/protocol.ts'
import { IpProto } from '../wire/frame.ts'
import type { Flow } from '../wire/flow.ts'

/** 2026-01-05T07:30:00Z in microseconds: packet time zero of every fake flow. */
export const FAKE_EPOCH = 1_767_598_200_000_000

/** Micros between two frame numbers, so that `at` follows from `frame` alone. */
export const FAKE_FRAME_MICROS = 1_000

/** Packet time of a frame number: the same in goldens, splits and property tests. */
export function fakeTime(frame: number): number {
  return FAKE_EPOCH + frame * FAKE_FRAME_MICROS
}

/** 192.0.2.10 (RFC 5737), who speaks first. */
export const FAKE_INITIATOR: Ip = ipFromV4(0xc000020a)
/** 192.0.2.53 (RFC 5737), who is spoken to. */
export const FAKE_RESPONDER: Ip = ipFromV4(0xc0000235)

/** A flow 192.0.2.10:40000 -> 192.0.2.53:9 with empty counters; `overrides` replaces any field. */
export function fakeFlow(transport: Transport, overrides: Partial<Flow> = {}): Flow {
  return {
    id: 1,
    vlan: 0,
    innerVlan: 0,
    src: FAKE_INITIATOR,
    dst: FAKE_RESPONDER,
    proto: transport === 'tcp' ? IpProto.tcp : IpProto.udp,
    srcPort: 40000,
    dstPort: 9,
    firstAt: FAKE_EPOCH,
    firstFrame: 1,
    lastAt: FAKE_EPOCH,
    macs: [0x02005e000001, 0x02005e000002],
    packets: [0, 0],
    bytes: [0, 0],
    payloadBytes: [0, 0],
    tcpFlags: [0, 0],
    state: transport === 'tcp' ? 'established' : 'datagram',
    protocol: null,
    gapBytes: 0,
    communityId: () => '1:fake',
    ...overrides,
  }
}

/** A context whose facts can be read, and whose frame number the test sets. */
export interface FakeContext extends SessionContext {
  readonly facts: Fact[]
  setFrame(frame: number): void
}

/** Collects what a session emits. Starts at frame 1. */
export function fakeContext(transport: Transport, overrides: Partial<Flow> = {}): FakeContext {
  const facts: Fact[] = []
  let current = 1
  return {
    flow: fakeFlow(transport, overrides),
    transport,
    facts,
    frame: () => current,
    setFrame(frame: number): void {
      current = frame
    },
    emit(fact: Fact): void {
      facts.push(fact)
    },
  }
}
