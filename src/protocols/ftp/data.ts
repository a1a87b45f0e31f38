// FTP data: the connection a file goes by, announced on the control connection, and what passes on it.
// Keeps the rule that a listing is no file, and that the end of the connection is the end of the file (RFC 959 section 3.4.1).

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { FileSeen } from '../file-transfer/seen.ts'
import type { Session, SessionContext } from '../protocol.ts'

/** What was asked for over the control connection. */
export interface FtpJob {
  readonly way: FileTransfer['kind']
  readonly name: string | null
  /** REST: where in the file it begins. */
  readonly from: number
  /** As the server stated it. */
  size: number | null
}

/** One announced data connection; the command that uses it may come before or after its first packet. */
export interface DataLink {
  readonly client: Ip
  readonly server: Ip
  readonly held: HeldBudget
  job: FtpJob | null
  transfers: number
}

/** Bytes kept in hand until the command is known are none: a data connection without a command before its first byte is a listing's. */
export class FtpDataSession implements Session {
  readonly #context: SessionContext
  readonly #link: DataLink
  #job: FtpJob | null = null
  #seen: FileSeen | null = null
  #next = 0
  #isBegun = false

  constructor(context: SessionContext, link: DataLink) {
    this.#context = context
    this.#link = link
  }

  feed(_direction: Direction, buf: Uint8Array, off: number, end: number): void {
    this.#begin()
    this.#seen?.add(this.#next, buf, off, end)
    this.#next += end - off
  }

  gap(_direction: Direction, bytes: number): void {
    this.#begin()
    this.#next += bytes
  }

  #begin(): void {
    if (this.#isBegun) return
    this.#isBegun = true
    this.#job = this.#link.job
    this.#link.job = null
    if (this.#job === null) return
    this.#seen = new FileSeen(this.#link.held)
    this.#next = this.#job.from
  }

  end(at: Micros): void {
    const job = this.#job
    if (job === null || this.#seen === null) return
    const { flow } = this.#context
    const { client, server } = this.#link
    // A torn connection is no end: then only a size that the server stated is one.
    const size = job.size ?? (flow.state === 'closed' ? this.#next : null)
    this.#link.transfers++
    this.#context.emit({
      at, frame: this.#context.frame(), protocol: 'file-transfer', kind: job.way, over: 'ftp', flowId: flow.id, client, server, transport: 'tcp',
      place: null, name: job.name, ...this.#seen.finish(size),
    })
  }
}
