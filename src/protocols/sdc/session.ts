// SDC session: datagrams of WS-Discovery, or SOAP inside HTTP on TCP, through the scanner to facts.
// Keeps the rule that facts are few: each saying once per flow, counts at the end; HTTP's own lines pass as text around the elements.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { ACTIONS_MAX, TARGETS, TARGETS_TOLD_MAX, type ElementName } from './codes.ts'
import type { SdcFact } from './facts.ts'
import { actionName, changesDevice, isReport, targetWords } from './message.ts'
import { XmlScanner } from './scanner.ts'

type Unshared<F> = F extends SdcFact ? Omit<F, keyof FactBase | 'protocol' | 'flowId' | 'direction'> : never

export class SdcSession implements Session {
  readonly #context: SessionContext
  readonly #sides: readonly [Side, Side]
  readonly #told = new Set<string>()
  readonly #actions = new Map<string, number>()
  readonly #values = new Map<string, number>()
  #at: Micros = 0

  constructor(context: SessionContext) {
    this.#context = context
    const side = (direction: Direction): Side => new Side({
      tell: (key, fact) => this.#teach(direction, key, fact), action: (name) => count(this.#actions, name), value: (report) => count(this.#values, report),
    })
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
    this.#teach(0, null, { kind: 'totals', actions: inOrder(this.#actions), values: inOrder(this.#values) })
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

function count(counts: Map<string, number>, name: string): void {
  const before = counts.get(name)
  if (before !== undefined || counts.size < ACTIONS_MAX) counts.set(name, (before ?? 0) + 1)
}

function inOrder(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What a side tells, and what it has counted. */
interface SideOwner {
  tell(key: string, fact: Unshared<SdcFact>): void
  action(name: string): void
  value(report: string): void
}

/** One direction: what the scanner brings, put together. */
class Side {
  readonly scanner: XmlScanner
  readonly #owner: SideOwner
  /** The report that is being read; null inside anything else. */
  #report: string | null = null
  #endpoint: string | null = null
  #types = ''
  #scopes = ''
  #addresses = ''
  readonly #filled = new Set<string>()

  constructor(owner: SideOwner) {
    this.#owner = owner
    this.scanner = new XmlScanner({
      begin: (name) => this.#begin(name),
      leaf: (name, text, parent) => this.#leaf(name, text, parent),
      finish: (name) => this.#finish(name),
      doctype: () => owner.tell('document-type', { kind: 'malformed', reason: 'document-type' }),
    })
  }

  lose(): void {
    this.#report = null
    this.scanner.reset(false)
    this.#forget()
  }

  #begin(name: ElementName): void {
    if ((name === 'MetricValue' || name === 'AlertState') && this.#report !== null) this.#owner.value(this.#report)
    if (name === 'Envelope') this.#report = null
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
    this.#report = isReport(action) ? action : null
    this.#owner.action(action)
    this.#owner.tell(`action ${action}`, { kind: 'action', action, changesDevice: changesDevice(action) })
  }

  #finish(name: ElementName): void {
    const message = TARGETS.get(name)
    if (message !== undefined) this.#target(message)
    if (name === 'Envelope') this.#patient()
  }

  #target(message: 'hello' | 'bye' | 'probe' | 'resolve' | 'probe-match' | 'resolve-match'): void {
    const words = targetWords(this.#endpoint, this.#types, this.#scopes, this.#addresses)
    if (message === 'probe' || message === 'resolve') {
      this.#owner.tell(`search ${message} ${words.isMedical}`, { kind: 'search', message, isMedical: words.isMedical })
    } else this.#owner.tell(`target ${message} ${JSON.stringify(words)}`, { kind: 'target', message, ...words })
    for (const person of words.people) this.#filled.add(`scope-${person}`)
  }

  #patient(): void {
    const filled = [...this.#filled].sort()
    if (filled.length > 0) this.#owner.tell(`patient ${filled.join(' ')}`, { kind: 'patient', filled })
    this.#filled.clear()
  }

  #forget(): void {
    this.#endpoint = null
    this.#types = ''
    this.#scopes = ''
    this.#addresses = ''
  }
}
