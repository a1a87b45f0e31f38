// IntelliVue session: datagrams of one UDP flow to facts: first-seen values once, totals at the end.
// Keeps the rule that facts are few: a monitor sends several messages a second, and a client polls as often.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { POLLED } from './codes.ts'
import type { IntellivueFact } from './facts.ts'
import { decodeIntellivue, type DeviceWords } from './message.ts'

/** [I] Distinct object classes told; five are known, private ones are not told apart beyond this. */
const OBJECTS_TOLD_MAX = 16
/** Changes of a monitor's words told per flow: a room is renamed now and then; more is an attacker's. */
const WORDS_TOLD_MAX = 16

type Unshared<F> = F extends IntellivueFact ? Omit<F, keyof FactBase | 'protocol' | 'flowId' | 'direction'> : never

export class IntellivueSession implements Session {
  readonly #context: SessionContext
  readonly #objects = new Set<string>()
  /** Events, words and patient attributes told so far. */
  readonly #told = new Set<string>()
  #wordsTold = 0
  #messages = 0
  #foreign = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const message = decodeIntellivue(buf, off, end)
    if (message === null) {
      this.#foreign++
      return
    }
    this.#messages++
    if (message.kind === 'association') this.#once(message.event, direction, at, { kind: 'association', event: message.event })
    else if ('words' in message) this.#words(message.kind, message.words, direction, at)
    else if ('object' in message) this.#object(message.object, message.patient, direction, at)
  }

  #object(object: number, patient: readonly string[], direction: Direction, at: Micros): void {
    if (this.#objects.size < OBJECTS_TOLD_MAX) this.#objects.add(POLLED.get(object) ?? `class-${object}`)
    if (patient.length > 0) this.#once(`patient ${patient.join(' ')}`, direction, at, { kind: 'patient', filled: patient })
  }

  gap(): void {}

  end(at: Micros): void {
    this.#teach(0, at, { kind: 'totals', messages: this.#messages, objects: [...this.#objects].sort(), foreign: this.#foreign })
  }

  #words(kind: 'connect-indication' | 'system', words: DeviceWords, direction: Direction, at: Micros): void {
    this.#once(`${kind} ${Object.values(words).join(' ')}`, direction, at, { kind, ...words })
  }

  #once(key: string, direction: Direction, at: Micros, fact: Unshared<IntellivueFact>): void {
    if (this.#told.has(key) || this.#wordsTold >= WORDS_TOLD_MAX) return
    this.#told.add(key)
    this.#wordsTold++
    this.#teach(direction, at, fact)
  }

  #teach(direction: Direction, at: Micros, fact: Unshared<IntellivueFact>): void {
    const shared = { at, frame: this.#context.frame(), protocol: 'intellivue', flowId: this.#context.flow.id, direction } as const
    this.#context.emit({ ...shared, ...fact })
  }
}
