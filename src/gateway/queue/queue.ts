// Queue: what the queues of all targets are together: one file, one share of the disk, one transaction for messages and what they were made of.
// Keeps the rule that what is given up, refused or not yet known is a figure somebody sees.

import type { Micros } from '../../base/time.ts'
import type { DeviceMark } from '../core/out/sampler.ts'
import type { TargetQueue } from './delivery.ts'

/** A message before it has its number. `encode` is called once; null: nothing of it may leave, and no number is used up. */
export interface NewMessage {
  readonly target: string
  readonly device: string
  readonly at: Micros
  readonly encode: (controlId: string) => Uint8Array | null
}

/** How far the stored readings are in messages of one target. */
export interface FeedCursor {
  readonly target: string
  /** Which readings file the numbers are of: a new file counts from one again. */
  readonly store: string
  readonly done: number
  /** Of the devices that changed. */
  readonly marks: readonly DeviceMark[]
}

export interface RefusedMessage {
  readonly controlId: string
  readonly device: string
  readonly enqueuedAt: Micros
  readonly refusedAt: Micros
  readonly why: string
}

/** The disk's share of all targets. `high` from 80 %: somebody should look; `full`: the oldest are being given up. */
export interface QueueShare {
  readonly bytes: number
  readonly bytesMax: number
  readonly level: 'plain' | 'high' | 'full'
}

export interface GatewayQueue {
  /** The queue of a target; made when it is new. */
  target(name: string): TargetQueue
  /** Every target that the file knows, also those that the configuration no longer names: their messages wait on. */
  names(): readonly string[]
  /** Messages and cursors in one transaction, durable when it returns. Throws StorageError, and then nothing of it was done. */
  enqueue(messages: readonly NewMessage[], cursors?: readonly FeedCursor[]): void
  /** Null for a target that was never fed. With the marks of all its devices. */
  cursor(target: string): FeedCursor | null
  /** Newest first. */
  refused(target: string, countMax: number): readonly RefusedMessage[]
  share(): QueueShare
  /** Gives free pages back to the disk, a few at a time. */
  tidy(): void
  close(): void
}

export interface QueueOptions {
  /** One to four capital letters or digits: begins every control id, so that two gateways never share one. */
  readonly tag: string
  readonly bytesMax: number
  /** When the file is made, if it is: part of the control ids, so that a new file after a damaged one repeats none. */
  readonly bornAt: Micros
}

/** Beside the body: columns, index and the page's slack, per message. */
export const MESSAGE_OVERHEAD_BYTES = 128
/** Refused messages kept whole per target: more are counted, and the oldest go. A receiver that refuses a thousand is misconfigured. */
export const REFUSED_MAX = 1000
/** Stretches kept per target; beyond, the two oldest become one, so that no count is lost. */
export const STRETCHES_MAX = 100
/** Characters kept of a reason. */
export const WHY_MAX = 200
/** Targets a file can number: two digits of base 36. */
export const TARGETS_MAX = 36 ** 2 - 1
/** Of the disk share: from here on somebody should look. */
export const HIGH_SHARE = 0.8

export function shareOf(bytes: number, bytesMax: number, isFull: boolean): QueueShare {
  const level = isFull ? 'full' : bytes >= HIGH_SHARE * bytesMax ? 'high' : 'plain'
  return { bytes, bytesMax, level }
}

/** Twelve characters before the counter: MSH-10 has 20 in HL7 v2.6, so the counter has eight, which no gateway will see the end of. */
export function controlPrefix(tag: string, bornAt: Micros, target: number): string {
  const born = Math.floor(bornAt / 1_000_000) % 36 ** 6
  return `${tag}${base36(born, 6)}${base36(target, 2)}`
}

export function controlId(prefix: string, count: number): string {
  return prefix + base36(count, 6)
}

function base36(value: number, digits: number): string {
  return value.toString(36).toUpperCase().padStart(digits, '0')
}
