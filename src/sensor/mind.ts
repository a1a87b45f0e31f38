// Mind: what is made of what is heard: the inventory and the detectors, told of events in the order of packets.
// Keeps the rule that it hears the same whether one engine speaks to it or several whose events were put in order.

import type { Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import { listenersOf } from '../detect/listeners.ts'
import type { Detector } from '../detect/rule.ts'
import { RULES } from '../detect/rules.ts'
import type { SynSeen } from '../inventory/hints/syn.ts'
import { Inventory, type Behaviour } from '../inventory/inventory.ts'
import type { SenderTold } from '../inventory/senders.ts'
import type { Fact } from '../protocols/facts.ts'
import type { Flow } from '../wire/flow.ts'

export class Mind {
  readonly inventory: Inventory
  readonly detectors: readonly Detector[] = RULES.map((rule) => rule.open())
  readonly #listeners = listenersOf(this.detectors)
  readonly #onFact: ((fact: Fact) => void) | undefined
  facts = 0

  constructor(behaviours: readonly Behaviour[], onFact: ((fact: Fact) => void) | undefined) {
    this.inventory = new Inventory(behaviours)
    this.#onFact = onFact
  }

  /** `flow` is null for what the link says; it is valid during the call. */
  fact(fact: Fact, flow: Flow | null): void {
    this.facts++
    this.inventory.fact(fact, flow)
    for (const detector of this.#listeners(fact.protocol)) detector.fact?.(fact, flow)
    this.#onFact?.(fact)
  }

  sender(vlan: number, mac: MacNumber, ip: Ip, at: Micros, frame: number): void {
    this.inventory.sender(vlan, mac, ip, at, frame)
  }

  started(flow: Flow, at: Micros, frame: number): void {
    this.inventory.started(flow, at, frame)
  }

  opened(vlan: number, ip: Ip, syn: SynSeen): void {
    this.inventory.opened(vlan, ip, syn)
  }

  broadcast(flow: Flow, at: Micros, frame: number): void {
    for (const detector of this.detectors) detector.broadcast?.(flow, at, frame)
  }

  heardMore(told: SenderTold): void {
    this.inventory.heardMore(told)
  }
}
