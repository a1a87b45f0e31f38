// SDC session: datagrams of WS-Discovery, or SOAP inside HTTP on TCP, through the scanner to facts.
// Keeps the rule that facts are few: each saying once per flow, counts at the end; HTTP's own lines pass as text around the elements.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { ACTIONS_MAX, TARGETS, TARGETS_TOLD_MAX, type ElementName } from './codes.ts'
import type { SdcFact } from './facts.ts'
import { actionName, changesDevice, targetWords } from './message.ts'
import { XmlScanner } from './scanner.ts'

type Unshared<F> = F extends SdcFact ? Omit<F, keyof FactBase | 'protocol' | 'flowId' | 'direction'> : never

export class SdcSession implements Session {
  readonly #context: SessionContext
  readonly #sides: readonly [Side, Side]
  readonly #told = new Set<string>()
  readonly #actions = new Map<string, number>()
  #at: Micros = 0

  constructor(context: SessionContext) {
    this.#context = context
    const side = (direction: Direction): Side => new Side((key, fact) => this.#teach(direction, key, fact), (name) => this.#count(name))
    this.#sides = [side(0), side(1)]
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    const side = this.#sides[direction]
    if (this.#context.transport === 'udp') side.scanner.reset(true)
    side.scanner.feed(buf, off, end)
  }

  gap(direction: Direction): void {
    this.#sides[direction].lose()
  }

  end(at: Micros): void {
    this.#at = at
    this.#teach(0, null, { kind: 'totals', actions: [...this.#actions].sort(([a], [b]) => (a < b ? -1 : 1)) })
  }

  #count(name: string): void {
    const before = this.#actions.get(name)
    if (before !== undefined || this.#actions.size < ACTIONS_MAX) this.#actions.set(name, (before ?? 0) + 1)
  }

  /** `key` is what was said: once per flow and side. Null is told always. */
  #teach(direction: Direction, key: string | null, fact: Unshared<SdcFact>): void {
    const said = `${direction} ${key}`
    if (key !== null && (this.#told.has(said) || this.#told.size >= TARGETS_TOLD_MAX + ACTIONS_MAX)) return
    if (key !== null) this.#told.add(said)
    const shared = { at: this.#at, frame: this.#context.frame(), protocol: 'sdc', flowId: this.#context.flow.id, direction } as const
    this.#context.emit({ ...shared, ...fact })
  }
}

/** One direction: what the scanner brings, put together. */
class Side {
  readonly scanner: XmlScanner
  readonly #tell: (key: string, fact: Unshared<SdcFact>) => void
  readonly #count: (name: string) => void
  #endpoint: string | null = null
  #types = ''
  #scopes = ''
  #addresses = ''
  readonly #filled = new Set<string>()

  constructor(tell: (key: string, fact: Unshared<SdcFact>) => void, count: (name: string) => void) {
    this.#tell = tell
    this.#count = count
    this.scanner = new XmlScanner({
      begin: (name) => this.#begin(name),
      leaf: (name, text, parent) => this.#leaf(name, text, parent),
      finish: (name) => this.#finish(name),
      doctype: () => this.#tell('document-type', { kind: 'malformed', reason: 'document-type' }),
    })
  }

  lose(): void {
    this.scanner.reset(false)
    this.#forget()
  }

  #begin(name: ElementName): void {
    if (TARGETS.has(name) || name === 'Envelope') this.#forget()
  }

  #leaf(name: ElementName, text: string, parent: ElementName | null): void {
    if (name === 'Action') this.#action(text)
    else if (name === 'Address' && parent === 'EndpointReference') this.#endpoint = text
    else if (name === 'Types') this.#types = text
    else if (name === 'Scopes') this.#scopes = text
    else if (name === 'XAddrs') this.#addresses = text
    else if (text === '*') this.#filled.add(name)
  }

  #action(text: string): void {
    const action = actionName(text)
    if (action === '') return
    this.#count(action)
    this.#tell(`action ${action}`, { kind: 'action', action, changesDevice: changesDevice(action) })
  }

  #finish(name: ElementName): void {
    const message = TARGETS.get(name)
    if (message !== undefined) this.#target(message)
    if (name === 'Envelope') this.#patient()
  }

  #target(message: 'hello' | 'bye' | 'probe' | 'resolve' | 'probe-match' | 'resolve-match'): void {
    const words = targetWords(this.#endpoint, this.#types, this.#scopes, this.#addresses)
    if (message === 'probe' || message === 'resolve') {
      this.#tell(`search ${message} ${words.isMedical}`, { kind: 'search', message, isMedical: words.isMedical })
    } else this.#tell(`target ${message} ${JSON.stringify(words)}`, { kind: 'target', message, ...words })
    for (const person of words.people) this.#filled.add(`scope-${person}`)
  }

  #patient(): void {
    const filled = [...this.#filled].sort()
    if (filled.length > 0) this.#tell(`patient ${filled.join(' ')}`, { kind: 'patient', filled })
    this.#filled.clear()
  }

  #forget(): void {
    this.#endpoint = null
    this.#types = ''
    this.#scopes = ''
    this.#addresses = ''
  }
}
