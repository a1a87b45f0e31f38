// StreamIntake: what the sessions of both ports share: admit a segment, hand it to the framer, judge the peer; end; figures.
// Keeps the rule that a session only listens: nothing here or below returns bytes for the peer.

import type { Micros } from '../../../base/time.ts'
import type { Door, DoorFigures } from './door.ts'

/** One connection of a device. `end` is called once, by whoever ends it. */
export interface IntakeSession {
  feed(buf: Uint8Array, off: number, end: number, at: Micros): void
  end(at: Micros): void
  figures(): DoorFigures
}

/** A framer of one direction. */
interface Framer {
  feed(buf: Uint8Array, off: number, end: number): void
  end(): void
}

export abstract class StreamIntake implements IntakeSession {
  protected readonly door: Door
  /** When the segment that is being read was received. */
  protected at: Micros = 0
  protected abstract readonly stream: Framer

  constructor(door: Door) {
    this.door = door
  }

  feed(buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (!this.door.admit(end - off, at)) return
    this.at = at
    this.stream.feed(buf, off, end)
    this.door.judge(at)
  }

  end(at: Micros): void {
    this.at = at
    this.stream.end()
    this.door.close(at, 'connection-over', 'the connection ended')
  }

  figures(): DoorFigures {
    return this.door.figures()
  }
}
