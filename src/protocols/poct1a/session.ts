// POCT1-A session: one flow -> facts: devices that are new, patient elements that are filled, totals at the end.
// Keeps the patient-data rule: facts come from PoctReader only.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { POCT_DEVICES_MAX, POCT_FAULTS_MAX, type PoctFault } from './codes.ts'
import type { PoctFact } from './facts.ts'
import { PoctReader, type PoctDeviceTexts, type PoctMessage } from './message.ts'

type Unshared<F> = F extends PoctFact ? Omit<F, keyof FactBase | 'protocol' | 'flowId'> : never
type Teaching = Unshared<PoctFact>

export class PoctSession implements Session {
  readonly #context: SessionContext
  readonly #readers: readonly [PoctReader, PoctReader]
  #at: Micros = 0
  readonly #messages = new Map<string, [Direction, string, number]>()
  readonly #answers = new Map<string, number>()
  readonly #devices = new Set<string>()
  readonly #filled: readonly [Set<string>, Set<string>] = [new Set(), new Set()]
  #faults = 0
  #untold = 0

  constructor(context: SessionContext) {
    this.#context = context
    const midstream = context.flow.state === 'midstream'
    this.#readers = [this.#makeReader(0, midstream), this.#makeReader(1, midstream)]
  }

  #makeReader(direction: Direction, midstream: boolean): PoctReader {
    return new PoctReader({ message: (message) => this.#onMessage(direction, message), fault: (fault) => this.#tellFault(fault) }, midstream)
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    this.#readers[direction].feed(buf, off, end)
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.#at = at
    this.#readers[direction].gap()
  }

  end(at: Micros): void {
    this.#at = at
    for (const reader of this.#readers) reader.end()
    this.#teach({ kind: 'totals', messages: [...this.#messages.values()], answers: [...this.#answers], untold: this.#untold })
  }

  #onMessage(direction: Direction, message: PoctMessage): void {
    const key = `${direction} ${message.name}`
    const known = this.#messages.get(key)
    if (known) known[2] += 1
    else this.#messages.set(key, [direction, message.name, 1])
    if (message.answer !== null) this.#answers.set(message.answer, (this.#answers.get(message.answer) ?? 0) + 1)
    if (message.device !== null) this.#tellDevice(direction, message.device)
    if (message.filled.length > 0) this.#tellPatient(direction, message.filled)
  }

  #tellDevice(direction: Direction, device: PoctDeviceTexts): void {
    const key = `${direction} ${Object.values(device).join('|')}`
    if (this.#devices.has(key)) return
    if (this.#devices.size >= POCT_DEVICES_MAX) {
      this.#untold += 1
      return
    }
    this.#devices.add(key)
    this.#teach({ kind: 'device', direction, ...device })
  }

  #tellPatient(direction: Direction, filled: readonly string[]): void {
    const known = this.#filled[direction]
    const before = known.size
    for (const element of filled) known.add(element)
    if (known.size > before) this.#teach({ kind: 'patient', direction, filled: [...known].sort() })
  }

  #tellFault(reason: PoctFault): void {
    this.#faults += 1
    if (this.#faults <= POCT_FAULTS_MAX) this.#teach({ kind: 'malformed', reason })
    else this.#untold += 1
  }

  #teach(teaching: Teaching): void {
    this.#context.emit({ at: this.#at, frame: this.#context.frame(), protocol: 'poct1a', flowId: this.#context.flow.id, ...teaching })
  }
}
