// BACnet session: devices and their names once, and totals at the end of the flow.
// Keeps the rule that values other than a device's own names never leave.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { sender } from '../session-tools.ts'
import { namingProperty, PduType, writes } from './codes.ts'
import { decodeBacnet, decodeIAm, type BacnetMessage } from './message.ts'
import { decodeReadAnswer, decodeReadQuestion, type ReadName } from './read.ts'

export function openBacnet(context: SessionContext): Session {
  return new BacnetSession(context)
}

class BacnetSession implements Session {
  readonly #context: SessionContext
  readonly #told = new FirstSeen<string>()
  /** By service choice, of which there are 256. */
  readonly #services = new Map<number, number>()
  #messages = 0
  #writes = 0
  #namesAsked = 0
  #segments = 0
  #malformed = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#messages++
    const message = decodeBacnet(buf, off, end)
    // Registrations, tables and network messages are in order and teach nothing.
    if (!message) return
    if (message.segment >= 0) this.#segments++
    if (message.type === PduType.confirmed) this.#confirmed(buf, message)
    else if (message.type === PduType.unconfirmed) this.#device(direction, buf, message, at)
    else if (message.type === PduType.complexAck && message.segment < 0) this.#answer(direction, buf, message, at)
  }

  #confirmed(buf: Uint8Array, message: BacnetMessage): void {
    const { service, segment } = message
    // The pieces of one request are one request.
    if (segment > 0) return
    this.#services.set(service, (this.#services.get(service) ?? 0) + 1)
    if (writes(service)) this.#writes++
    if (segment === 0) return
    const question = decodeReadQuestion(buf, message)
    if (question === 'names') this.#namesAsked++
    else if (question === 'malformed') this.#malformed++
  }

  #device(direction: Direction, buf: Uint8Array, message: BacnetMessage, at: Micros): void {
    if (message.service !== 0) return
    const told = decodeIAm(buf, message)
    if (!told) {
      this.#malformed++
      return
    }
    const { network } = message
    const device = this.#deviceOf(direction, message)
    if (!this.#told.isNew(`${device} ${network} ${told.instance} ${told.vendor}`)) return
    this.#context.emit({ ...this.#base(at), kind: 'device', device, ...told, network })
  }

  #answer(direction: Direction, buf: Uint8Array, message: BacnetMessage, at: Micros): void {
    const answer = decodeReadAnswer(buf, message)
    if (!answer) return
    if (answer.isMalformed) this.#malformed++
    for (const name of answer.names) this.#name(this.#deviceOf(direction, message), message.network, name, at)
  }

  #name(device: Ip, network: number | null, { instance, property: id, text }: ReadName, at: Micros): void {
    const property = namingProperty(id)
    if (property === null || !this.#told.isNew(`${device} ${network} ${instance} ${property} ${text}`)) return
    this.#context.emit({ ...this.#base(at), kind: 'property', device, instance, property, text, network })
  }

  #deviceOf(direction: Direction, message: BacnetMessage): Ip {
    return message.origin ?? sender(this.#context.flow, direction)
  }

  #base(at: Micros) {
    return { at, frame: this.#context.frame(), protocol: 'bacnet', flowId: this.#context.flow.id } as const
  }

  gap(): void {}

  end(at: Micros): void {
    if (this.#messages === 0) return
    this.#context.emit({
      ...this.#base(at), kind: 'total', messages: this.#messages, writes: this.#writes, namesAsked: this.#namesAsked,
      segments: this.#segments, malformed: this.#malformed,
      services: [...this.#services].sort(([a], [b]) => a - b).map(([service, count]) => ({ service, count })),
    })
  }
}
