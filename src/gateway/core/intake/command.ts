// Command: everything an intake session may ask of the shell. Even a log line is a command, with a verdict that says why.
// Keeps the rule that nothing is ever written to a monitor: no command carries bytes for a socket, and command.test.ts pins the list.

import type { Micros } from '../../../base/time.ts'
import type { DeviceId, Reading } from './reading.ts'

/** What was decided about some bytes, in words. `rule` names the rule of this folder's table (`RULES`). */
export interface Verdict {
  readonly action: 'accept' | 'note' | 'drop' | 'close'
  readonly why: string
  readonly rule: Rule
}

/** Rules by name, each with its reason; printed by the documentation's test. */
export const RULES = {
  'frame-known': 'a whole frame of a known type was decoded',
  'frame-unknown': 'a frame of a type nobody has described was skipped by its length and counted',
  'frame-malformed': 'a frame is shorter than its fields; it was skipped by its length and counted',
  'field-unknown': 'an observation whose code, unit or value the gateway does not know was counted and not shown as a number',
  'text-unreadable': 'an HL7 message cannot be read as one',
  resync: 'bytes fitted no frame; the next frame start was searched and found',
  'bed-changed': 'the monitor announced another bed number',
  'record-seen': 'the monitor sent its patient record; its fields are counted, its text goes nowhere',
  'status-text': 'the monitor sent a technical status',
  'demo-mode': 'the monitor says that its values are a demonstration',
  'feed-silent': 'nothing was received for a while',
  'feed-lost': 'nothing was received for long',
  'feed-back': 'frames are received again',
  'clock-offset': 'the monitor clock was compared with the gateway clock',
  'not-a-monitor': 'too many bytes without one frame: the peer is no monitor',
  'too-fast': 'more bytes per second than any monitor sends',
  'too-many': 'more connections or devices than a ward can have',
  'log-quota': 'more is to be told than may be told in a minute; the rest is counted',
  'connection-over': 'the peer or the shell ended the connection',
} as const
export type Rule = keyof typeof RULES

/** A line for people and for the audit: counts, names of fields, verdicts. Never a value, never a patient's text. */
export interface LogCommand {
  readonly kind: 'log'
  readonly device: DeviceId
  readonly at: Micros
  readonly verdict: Verdict
}

/** Readings of one frame or message, to be made durable and then to be shown: one command, so that no shell can do the second alone. */
export interface ReadingsCommand {
  readonly kind: 'store' | 'publish'
  readonly device: DeviceId
  readonly at: Micros
  readonly readings: readonly Reading[]
}

export interface CloseCommand {
  readonly kind: 'close'
  readonly device: DeviceId
  readonly at: Micros
  readonly verdict: Verdict
}

export type IntakeCommand = ReadingsCommand | LogCommand | CloseCommand

/** Where a session puts its commands, in order. */
export type CommandSink = (command: IntakeCommand) => void

export function verdict(action: Verdict['action'], rule: Rule, why: string): Verdict {
  return { action, why, rule }
}
