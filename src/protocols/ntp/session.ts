// NTP session: who is the clock and who asks; what a clock says of itself, when that is new; who manages it; and totals.
// Keeps the rule that clients and servers follow from the mode in the message, not from ports.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { receiver, sender } from '../session-tools.ts'
import { NtpMode, operationName } from './codes.ts'
import type { NtpOperation } from './facts.ts'
import { asksForClients, decodeManagement, softwareWords, type NtpManagement } from './management.ts'
import { decodeNtp, type NtpMessage } from './message.ts'

/** A clock changes its stratum and reference now and then, not more often than this many times in a flow. */
const CHANGES_MAX = 64
/** Kinds of management messages that are counted apart: of the two modes together there are some 60; tools use a handful. */
const OPERATIONS_MAX = 32

export function openNtp(context: SessionContext): Session {
  return new NtpSession(context)
}

class NtpSession implements Session {
  readonly #context: SessionContext
  readonly #told = new FirstSeen<string>(CHANGES_MAX)
  readonly #operations = new Map<number, { -readonly [K in keyof NtpOperation]: NtpOperation[K] }>()
  #requests = 0
  #replies = 0
  #clientLists = 0
  /** Who asks for the time, and who asks about the clock: the first of this flow. */
  #asker: Direction | null = null
  #manager: Direction | null = null
  #version = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (off < end && ((buf[off] as number) & 7) >= NtpMode.control) return this.#manage(direction, buf, off, end, at)
    const message = decodeNtp(buf, off, end)
    if (!message) return
    if (message.mode === NtpMode.client || message.mode === NtpMode.active) {
      this.#asker ??= direction
      this.#version ||= message.version
      this.#requests++
    } else if (message.mode === NtpMode.server || message.mode === NtpMode.passive || message.mode === NtpMode.broadcast) {
      if (message.mode !== NtpMode.broadcast) this.#asker ??= direction === 0 ? 1 : 0
      this.#version ||= message.version
      this.#replies++
      this.#tell(direction, message, at)
    }
  }

  #tell(direction: Direction, message: NtpMessage, at: Micros): void {
    const { stratum, reference } = message
    if (!this.#told.isNew(`${direction} ${message.version} ${stratum} ${reference}`)) return
    const { flow } = this.#context
    const client = message.mode === NtpMode.broadcast ? null : receiver(flow, direction)
    this.#context.emit({ ...this.#base(at), kind: 'server', server: sender(flow, direction), client, version: message.version, stratum, reference })
  }

  #manage(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const message = decodeManagement(buf, off, end)
    if (!message) return
    this.#manager ??= message.isResponse === (direction === 1) ? 0 : 1
    this.#count(message, end - off)
    if (message.isResponse && !message.isError && asksForClients(message)) this.#clientLists++
    const words = softwareWords(buf, message)
    if (!words || !this.#told.isNew(`${direction} ${words.version} ${words.system} ${words.processor}`)) return
    this.#context.emit({ ...this.#base(at), kind: 'software', server: sender(this.#context.flow, direction), ...words })
  }

  #count({ mode, operation, isResponse, isError }: NtpManagement, bytes: number): void {
    const key = mode * 256 + operation
    let counted = this.#operations.get(key)
    if (!counted) {
      if (this.#operations.size >= OPERATIONS_MAX) return
      const name = operationName(mode, operation) ?? `request-${operation}`
      counted = { mode, operation: name, questions: 0, answers: 0, refused: 0, questionBytes: 0, answerBytes: 0 }
      this.#operations.set(key, counted)
    }
    counted[isResponse ? 'answers' : 'questions']++
    counted[isResponse ? 'answerBytes' : 'questionBytes'] += bytes
    if (isError) counted.refused++
  }

  gap(): void {}

  end(at: Micros): void {
    const { flow } = this.#context
    if (this.#manager !== null) {
      this.#context.emit({
        ...this.#base(at), kind: 'management', client: sender(flow, this.#manager), server: receiver(flow, this.#manager),
        operations: [...this.#operations.values()], clientLists: this.#clientLists,
      })
    }
    if (this.#asker === null) return
    this.#context.emit({
      ...this.#base(at), kind: 'total', client: sender(flow, this.#asker), server: receiver(flow, this.#asker), version: this.#version,
      requests: this.#requests, replies: this.#replies,
    })
  }

  #base(at: Micros) {
    return { at, frame: this.#context.frame(), protocol: 'ntp', flowId: this.#context.flow.id } as const
  }
}
