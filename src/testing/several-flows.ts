// several-flows: flows of one sensor, one after the other or interleaved, through identification into one row and its memory.
// Keeps the rule that tests of what flows share see what the sensor does: a data flow is found by what was announced.

import type { Fact } from '../protocols/facts.ts'
import { compileRegistry, IdentifyingSession, type CompiledRegistry } from '../protocols/identify.ts'
import type { ProtocolRow, Transport } from '../protocols/protocol.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import { fakeContext, fakeTime, type FakeContext } from './fake-context.ts'

export interface OpenFlow {
  readonly context: FakeContext
  say(direction: Direction, bytes: Uint8Array | string): void
  lose(direction: Direction, bytes: number): void
  end(): void
}

/** Each thing said is a frame of its own. Text is Latin-1. */
export class SeveralFlows {
  readonly facts: Fact[] = []
  readonly #registry: CompiledRegistry
  #frame = 0
  #flows = 0

  constructor(row: ProtocolRow) {
    this.#registry = compileRegistry([row])
  }

  open(transport: Transport, flow: Partial<Flow>): OpenFlow {
    const context = fakeContext(transport, { id: ++this.#flows, firstAt: fakeTime(this.#frame), ...flow })
    const session = new IdentifyingSession(this.#registry, context)
    const done = (): void => void this.facts.push(...context.facts.splice(0))
    return {
      context,
      say: (direction, said) => {
        const bytes = typeof said === 'string' ? Uint8Array.from(said, (c) => c.charCodeAt(0)) : said
        context.setFrame(++this.#frame)
        session.feed(direction, bytes, 0, bytes.length, fakeTime(this.#frame))
        done()
      },
      lose: (direction, bytes) => session.gap(direction, bytes, fakeTime(this.#frame)),
      end: () => {
        session.end(fakeTime(this.#frame))
        done()
      },
    }
  }
}
