// BACnet session: devices and their names once, and totals at the end of the flow.
// Keeps the rule that values other than a device's own names never leave.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { sender } from '../session-tools.ts'
import { namingProperty, PduType, writes } from './codes.ts'
import { decodeBacnet, decodeIAm, decodeReadProperty, type BacnetMessage } from './message.ts'

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
  #malformed = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#messages++
    const message = decodeBacnet(buf, off, end)
    // Registrations, tables and network messages are in order and teach nothing.
    if (!message) return
    if (message.type === PduType.confirmed) this.#confirmed(message.service)
    else if (message.type === PduType.unconfirmed) this.#device(direction, buf, message, at)
    else if (message.type === PduType.complexAck) this.#property(direction, buf, message, at)
  }

  #confirmed(service: number): void {
    this.#services.set(service, (this.#services.get(service) ?? 0) + 1)
    if (writes(service)) this.#writes++
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

  #property(direction: Direction, buf: Uint8Array, message: BacnetMessage, at: Micros): void {
    const told = decodeReadProperty(buf, message)
    const property = told && namingProperty(told.property)
    if (!told || !property) return
    const { network } = message
    const device = this.#deviceOf(direction, message)
    if (!this.#told.isNew(`${device} ${network} ${told.instance} ${property} ${told.text}`)) return
    this.#context.emit({ ...this.#base(at), kind: 'property', device, instance: told.instance, property, text: told.text, network })
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
      ...this.#base(at), kind: 'total', messages: this.#messages, writes: this.#writes, malformed: this.#malformed,
      services: [...this.#services].sort(([a], [b]) => a - b).map(([service, count]) => ({ service, count })),
    })
  }
}
