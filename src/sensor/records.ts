// Records: the sensor's answers as store records. Events (flows, facts) stream in while reading; the rest is replaced at each picture.

import type { Micros } from '../base/time.ts'
import type { Analysis } from '../detect/analysis.ts'
import type { Fact } from '../protocols/facts.ts'
import { transportName } from '../detect/flow-mark.ts'
import type { RecordSet, StoreRecord } from '../store/store.ts'
import type { FlowSlice } from './flow-slices.ts'
import type { Picture } from './picture.ts'

/** Body of a `flow` event, one slice of a flow: ECS-like, no payload. */
export interface FlowBody {
  readonly communityId: string
  readonly vlan: number
  readonly src: string
  readonly srcPort: number
  readonly dst: string
  readonly dstPort: number
  readonly transport: string
  readonly protocol: string | null
  readonly state: string
  readonly packets: number
  readonly bytes: number
  readonly firstFrame: number
  readonly lastAt: number
}

export function flowRecord(analysis: string, slice: FlowSlice): StoreRecord {
  const { flow } = slice
  const body: FlowBody = {
    communityId: flow.communityId(), vlan: flow.vlan, src: flow.src, srcPort: flow.srcPort, dst: flow.dst, dstPort: flow.dstPort,
    transport: transportName(flow.proto), protocol: flow.protocol, state: flow.state,
    packets: slice.packets, bytes: slice.bytes, firstFrame: flow.firstFrame, lastAt: flow.lastAt,
  }
  return { kind: 'flow', analysis, key: `${flow.id}.${slice.part}`, at: slice.at, body }
}

/** `sequence` makes the key unique within the analysis. */
export function factRecord(analysis: string, sequence: number, fact: Fact): StoreRecord {
  return { kind: 'fact', analysis, key: String(sequence), at: fact.at, body: fact }
}

/** What a picture replaces: without it an asset that has become part of another would stay for ever. */
export function pictureSets(analysis: string): RecordSet[] {
  return [{ kind: 'asset', analysis }, { kind: 'conversation', analysis }, { kind: 'finding', analysis }]
}

/** `at` is when it was analysed: the order in which people see their analyses. */
export function pictureRecords(analysis: Analysis, picture: Picture, at: Micros): StoreRecord[] {
  const id = analysis.id
  return [
    ...picture.assets.map((body): StoreRecord => ({ kind: 'asset', analysis: id, key: body.id, at: body.firstAt, body })),
    ...picture.conversations.map((body): StoreRecord => ({ kind: 'conversation', analysis: id, key: body.id, at: body.firstAt, body })),
    ...picture.findings.map((body): StoreRecord => ({ kind: 'finding', analysis: id, key: body.id, at: body.firstAt, body })),
    { kind: 'analysis', analysis: id, key: id, at, body: analysis },
  ]
}
