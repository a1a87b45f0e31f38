// The PacketSet seam: sets of packets of one IP version over the fields of rules/model.ts. Three engines implement it; one suite judges them.
// Keeps "limits answer unknown, never hang": an engine that runs out says so in the value.

import type { IpVersion } from '../../base/ip.ts'
import type { Field, Match, ValueRange } from '../rules/model.ts'

/** One packet: every field that its protocol has. Absent fields are 0. */
export type PacketPoint = Readonly<Record<Field, bigint>>

/** Opaque to callers; belongs to the space that made it. */
export interface PacketSet {
  readonly space: PacketSpace
}

export interface PacketSpace {
  readonly version: IpVersion
  readonly empty: PacketSet
  /** Every packet that can exist: ports only where the protocol has them, and so on. */
  readonly all: PacketSet
  /** The packets a match covers. Unknown matches are ignored here: the caller decides whether they count as true or false. */
  of(match: Match): PacketSet
  and(a: PacketSet, b: PacketSet): PacketSet
  or(a: PacketSet, b: PacketSet): PacketSet
  minus(a: PacketSet, b: PacketSet): PacketSet
  not(a: PacketSet): PacketSet
  /**
   * What becomes of the packets when `field` is overwritten with any value of `ranges` and nothing else changes: address translation on
   * sets. Packets whose protocol does not have the field stay as they are.
   */
  assign(a: PacketSet, field: Field, ranges: readonly ValueRange[]): PacketSet
  isEmpty(a: PacketSet): boolean
  equals(a: PacketSet, b: PacketSet): boolean
  /** The most human member (small, well-known ports and addresses first where the engine can choose), or null when empty. Same set, same member. */
  pick(a: PacketSet): PacketPoint | null
  contains(a: PacketSet, point: PacketPoint): boolean
  /** Whether every packet of `a` is in one of `parts`; engines that can answer without making their union do. */
  isCovered?(a: PacketSet, parts: readonly PacketSet[]): boolean
  /** Number of packets, exactly. */
  count(a: PacketSet): bigint
  /** Nodes or boxes held: for bounds and benchmarks. */
  size(): number
}

/** Thrown inside an engine when its bound is reached; the prover turns it into the answer `unknown`. */
export class SetLimitError extends Error {
  override name = 'SetLimitError'
}
