// LPD session: the client's commands to facts; job files are skipped by their count and never kept.
// Keeps house habit 7 (a state table that can be printed) and the rule that a line in pieces needs one bounded buffer.

import type { Micros } from '../../base/time.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { CarryBuffer } from '../session-tools.ts'
import { LpdCommandCode, lpdCommandName, LpdSubcommandCode } from './codes.ts'
import { LPD_LINE_BYTES_MAX, readLpdCommand, readLpdSubcommand, type LpdLine } from './message.ts'

/**
 * `command`: a daemon command must come. `job`: inside receive-job, a subcommand must come. `file`: a file's bytes pass.
 * `file-end`: the zero behind a file must come. `stream`: a file without count passes until the connection closes.
 * `done`: the command had its line, the rest is the server's. `lost`: this direction spoke something else, or bytes are missing.
 */
export type LpdState = 'command' | 'job' | 'file' | 'file-end' | 'stream' | 'done' | 'lost'

/** What happens in each state; printed in the README. */
export const LPD_STATES: readonly { readonly state: LpdState; readonly event: string; readonly next: LpdState }[] = [
  { state: 'command', event: 'receive-job', next: 'job' },
  { state: 'command', event: 'another command', next: 'done' },
  { state: 'command', event: 'no command, or a gap', next: 'lost' },
  { state: 'job', event: 'abort', next: 'job' },
  { state: 'job', event: 'file with a count', next: 'file' },
  { state: 'job', event: 'data file with count 0', next: 'stream' },
  { state: 'job', event: 'receive-job', next: 'job' },
  { state: 'job', event: 'another command', next: 'done' },
  { state: 'job', event: 'neither subcommand nor command, or a gap', next: 'lost' },
  { state: 'file', event: 'all bytes passed, or lost in a gap', next: 'file-end' },
  { state: 'file', event: 'a gap beyond the file', next: 'lost' },
  { state: 'file-end', event: 'zero', next: 'job' },
  { state: 'file-end', event: 'another byte, or a gap', next: 'lost' },
]

/** One TCP flow. Both directions are read as a client's until one of them sends a command. */
export class LpdSession implements Session {
  readonly #context: SessionContext
  readonly #sides: readonly [LpdClient, LpdClient]

  constructor(context: SessionContext) {
    this.#context = context
    this.#sides = [new LpdClient(), new LpdClient()]
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#sides[direction].feed(buf, off, end, (code, queue) => {
      this.#sides[direction === 0 ? 1 : 0].leave()
      this.#context.emit({
        at, frame: this.#context.frame(), protocol: 'lpd', kind: 'command', flowId: this.#context.flow.id,
        command: lpdCommandName(code) ?? '', queue,
      })
    })
  }

  gap(direction: Direction, bytes: number): void {
    this.#sides[direction].gap(bytes)
  }

  end(): void {}
}

/** One direction, read as a client's. */
class LpdClient {
  readonly #line = new CarryBuffer(LPD_LINE_BYTES_MAX)
  #state: LpdState = 'command'
  /** Bytes of the current file still to come. */
  #fileBytes = 0

  /** The other side turned out to be the client. */
  leave(): void {
    this.#become('lost')
  }

  gap(bytes: number): void {
    if (this.#state === 'stream' || this.#state === 'done') return
    if (this.#state === 'file' && bytes <= this.#fileBytes) this.#passed(bytes)
    else this.#become('lost')
  }

  feed(buf: Uint8Array, off: number, end: number, command: (code: number, queue: string) => void): void {
    let at = off
    while (at < end) {
      if (this.#state === 'command' || this.#state === 'job') at = this.#readLine(buf, at, end, command)
      else if (this.#state === 'file') at = this.#skipFile(at, end)
      else if (this.#state === 'file-end') this.#become(u8(buf, at++) === 0 ? 'job' : 'lost')
      else return
    }
  }

  #skipFile(off: number, end: number): number {
    const count = Math.min(end - off, this.#fileBytes)
    this.#passed(count)
    return off + count
  }

  #passed(count: number): void {
    this.#fileBytes -= count
    if (this.#fileBytes === 0) this.#become('file-end')
  }

  /** In place when the line is whole in the segment, else by way of the carry buffer. */
  #readLine(buf: Uint8Array, off: number, end: number, command: (code: number, queue: string) => void): number {
    const held = this.#line.length
    if (held === 0) {
      const next = this.#take(buf, off, end, command)
      return next >= 0 ? next : off + this.#line.fill(buf, off, end, LPD_LINE_BYTES_MAX)
    }
    const taken = this.#line.fill(buf, off, end, LPD_LINE_BYTES_MAX)
    const next = this.#take(this.#line.bytes, 0, this.#line.length, command)
    if (next < 0) return off + taken
    this.#line.clear()
    return off + next - held
  }

  /** Reads one line and moves on; returns where it ended, or -1 when its LF has not come. */
  #take(buf: Uint8Array, off: number, end: number, command: (code: number, queue: string) => void): number {
    const line = this.#state === 'command' ? this.#takeCommand(buf, off, end, command) : this.#takeSubcommand(buf, off, end, command)
    if (line.status === 'yes') return line.next
    if (line.status === 'more') return -1
    this.#become('lost')
    return end
  }

  #takeCommand(buf: Uint8Array, off: number, end: number, command: (code: number, queue: string) => void): LpdLine<unknown> {
    const line = readLpdCommand(buf, off, end)
    if (line.status !== 'yes') return line
    command(line.value.code, line.value.queue)
    this.#become(line.value.code === LpdCommandCode.receiveJob ? 'job' : 'done')
    return line
  }

  /** A line that is no subcommand may be the next command: RFC 1179 gives a connection one, spoolers that keep it open send more. */
  #takeSubcommand(buf: Uint8Array, off: number, end: number, command: (code: number, queue: string) => void): LpdLine<unknown> {
    const line = readLpdSubcommand(buf, off, end)
    if (line.status === 'no') return isCounted(buf, off) ? line : this.#takeCommand(buf, off, end, command)
    if (line.status !== 'yes' || line.value.code === LpdSubcommandCode.abortJob) return line
    this.#fileBytes = line.value.bytes
    const endless = line.value.bytes === 0 && line.value.code === LpdSubcommandCode.dataFile
    this.#become(endless ? 'stream' : line.value.bytes === 0 ? 'file-end' : 'file')
    return line
  }

  #become(state: LpdState): void {
    this.#state = state
    if (state === 'lost') this.#line.clear()
  }
}

/** A refused subcommand that begins with a digit was meant as one: its count is out of bounds, not a queue's name. */
function isCounted(buf: Uint8Array, off: number): boolean {
  if (u8(buf, off) > LpdSubcommandCode.dataFile) return false
  const byte = u8(buf, off + 1)
  return byte >= 0x30 && byte <= 0x39
}
