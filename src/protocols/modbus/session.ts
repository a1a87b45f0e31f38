// Modbus session: both directions to whole messages, counted by unit and function; names of units told once.
// Keeps the rule of few facts: a first write, each name once, and totals at the end.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { CarryBuffer } from '../session-tools.ts'
import { ModbusFunction, objectName, writes } from './codes.ts'
import { decodeHead, deviceObjects, fitsFunction, MODBUS_BYTES_MAX, MODBUS_HEAD_BYTES, type ModbusHead } from './message.ts'

/** Names of units told in one flow: 247 units, seven objects each, is what a gateway could have. */
const NAMES_MAX = 2048

/** `framed`: at a message's first byte or in it. `lost`: no boundary is known; this direction is given up until a gap gives another chance. */
type StreamState = 'framed' | 'lost'

export function openModbus(context: SessionContext): Session {
  return new ModbusSession(context)
}

class ModbusSession implements Session {
  readonly #context: SessionContext
  readonly #carry = [new CarryBuffer(MODBUS_BYTES_MAX), new CarryBuffer(MODBUS_BYTES_MAX)] as const
  readonly #state: [StreamState, StreamState] = ['framed', 'framed']
  readonly #afterGap: [boolean, boolean] = [false, false]
  readonly #names = new FirstSeen<string>(NAMES_MAX)
  readonly #units = new Set<number>()
  /** By function: requests. */
  readonly #functions = new Map<number, number>()
  readonly #messages: [number, number] = [0, 0]
  #exceptions = 0
  #writes = 0
  #at: Micros = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    const carry = this.#carry[direction]
    let pos = off
    while (pos < end && this.#state[direction] === 'framed') {
      if (carry.length === 0 && end - pos >= MODBUS_HEAD_BYTES) {
        const head = this.#head(direction, buf, pos, end)
        if (!head) return
        if (pos + head.bytes <= end) {
          this.#message(direction, head, buf, pos, pos + head.bytes)
          pos += head.bytes
          continue
        }
      }
      pos += this.#collect(direction, buf, pos, end)
    }
  }

  /** Head first, then the rest of its message. */
  #collect(direction: Direction, buf: Uint8Array, off: number, end: number): number {
    const carry = this.#carry[direction]
    const taken = carry.fill(buf, off, end, MODBUS_HEAD_BYTES)
    if (carry.length < MODBUS_HEAD_BYTES) return taken
    const head = this.#head(direction, carry.bytes, 0, carry.length)
    if (!head) return end - off
    const more = carry.fill(buf, off + taken, end, head.bytes)
    if (carry.length === head.bytes) {
      this.#message(direction, head, carry.bytes, 0, head.bytes)
      carry.clear()
    }
    return taken + more
  }

  #head(direction: Direction, buf: Uint8Array, off: number, _end: number): ModbusHead | null {
    const head = decodeHead(buf, off)
    if (head) return head
    this.#state[direction] = 'lost'
    this.#carry[direction].clear()
    this.#emitMalformed(this.#afterGap[direction] ? 'gap' : 'length')
    return null
  }

  #emitMalformed(reason: string): void {
    this.#context.emit({ ...this.#base(this.#at), kind: 'malformed', reason })
  }

  #base(at: Micros) {
    return { at, frame: this.#context.frame(), protocol: 'modbus', flowId: this.#context.flow.id } as const
  }

  /** The initiator asks (MODBUS on TCP/IP section 4.2); answers are what the other side says. */
  #message(direction: Direction, head: ModbusHead, buf: Uint8Array, off: number, end: number): void {
    this.#messages[direction]++
    this.#units.add(head.unit)
    if (direction === 1) {
      if (head.isException) this.#exceptions++
      else if (head.function === ModbusFunction.encapsulated) this.#named(head.unit, buf, off, end)
      return
    }
    this.#functions.set(head.function, (this.#functions.get(head.function) ?? 0) + 1)
    if (!writes(head.function) || !fitsFunction(buf, off, head, end)) return
    this.#writes++
    if (this.#writes === 1) this.#context.emit({ ...this.#base(this.#at), kind: 'write', unit: head.unit, function: head.function, serverSide: 1 })
  }

  #named(unit: number, buf: Uint8Array, off: number, end: number): void {
    for (const { id, text } of deviceObjects(buf, off, end)) {
      if (this.#names.isNew(`${unit} ${id} ${text}`)) {
        this.#context.emit({ ...this.#base(this.#at), kind: 'device', unit, serverSide: 1, object: objectName(id), text })
      }
    }
  }

  gap(direction: Direction): void {
    this.#carry[direction].clear()
    this.#state[direction] = 'framed'
    this.#afterGap[direction] = true
  }

  end(at: Micros): void {
    const [requests, answers] = this.#messages
    if (requests + answers === 0) return
    this.#context.emit({
      ...this.#base(at), kind: 'total', serverSide: 1, units: [...this.#units].sort((a, b) => a - b),
      functions: [...this.#functions].sort(([a], [b]) => a - b).map(([code, count]) => ({ function: code, count })),
      requests, answers, exceptions: this.#exceptions, writes: this.#writes,
    })
  }
}
