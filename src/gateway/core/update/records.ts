// records: TCP record marking (RFC 5531 section 11) for a server that only answers small questions.
// Keeps the rule of named bounds: at most RECORD_KEPT_MAX bytes of a record are kept, however long it says it is.

import { copyBytes } from '../../../protocols/session-tools.ts'

/**
 * Kept of one record. The longest call that is not refused unread: header 24, credential 408, verifier 408, a handle of 68, a name of 260,
 * and the attributes of SYMLINK with a path of 1,028.
 */
export const RECORD_KEPT_MAX = 4096
/** Longest record heard out. A WRITE, refused, carries what the client believes it may send: 64 KiB here, 1 MiB on other servers. */
export const RECORD_BYTES_MAX = 1024 * 1024 + RECORD_KEPT_MAX
/** Fragments of one record; real clients send one to a few. Empty fragments count too, so that marks alone cannot keep us busy. */
export const FRAGMENTS_MAX = 64

export interface RpcRecord {
  readonly bytes: Uint8Array
  /** False when the record was longer than what is kept. */
  readonly whole: boolean
}

/** Why a connection is given up. */
export type RecordFault = 'record-too-long' | 'too-many-fragments'

/** One direction of one connection. Feed it bytes in any split; take the records. After a fault it takes nothing more. */
export class RecordReader {
  readonly #kept = new Uint8Array(RECORD_KEPT_MAX)
  #keptBytes = 0
  #recordBytes = 0
  #fragments = 0
  #mark = 0
  #markBytes = 0
  #left = 0
  #isLast = false
  #fault: RecordFault | null = null

  get fault(): RecordFault | null {
    return this.#fault
  }

  /** True between records: a connection that ends here ended well. */
  get isIdle(): boolean {
    return this.#recordBytes === 0 && this.#fragments === 0 && this.#markBytes === 0
  }

  /** The records that end in these bytes, in order. */
  feed(buf: Uint8Array, off = 0, end = buf.length): RpcRecord[] {
    const records: RpcRecord[] = []
    for (let at = off; at < end && this.#fault === null;) {
      const step = this.next(buf, at, end)
      at = step.at
      if (step.record) records.push(step.record)
    }
    return records
  }

  /** Reads up to the end of the first record in [off, end); gives it, or null for "more", and where to go on. */
  next(buf: Uint8Array, off: number, end: number): { readonly record: RpcRecord | null; readonly at: number } {
    let at = off
    while (at < end && this.#fault === null) {
      at = this.#left > 0 ? this.#readBody(buf, at, end) : this.#readMark(buf, at)
      if (this.#fault === null && this.#isLast && this.#left === 0 && this.#markBytes === 0) return { record: this.#finish(), at }
    }
    return { record: null, at }
  }

  #readMark(buf: Uint8Array, off: number): number {
    this.#mark = ((this.#mark << 8) | (buf[off] as number)) >>> 0
    this.#markBytes++
    if (this.#markBytes < 4) return off + 1
    this.#isLast = this.#mark > 0x7fff_ffff
    this.#left = this.#mark & 0x7fff_ffff
    this.#mark = 0
    this.#markBytes = 0
    this.#fragments++
    this.#recordBytes += this.#left
    if (this.#recordBytes > RECORD_BYTES_MAX) this.#fault = 'record-too-long'
    else if (this.#fragments > FRAGMENTS_MAX) this.#fault = 'too-many-fragments'
    return off + 1
  }

  #readBody(buf: Uint8Array, off: number, end: number): number {
    const stop = Math.min(end, off + this.#left)
    const keep = Math.min(stop - off, RECORD_KEPT_MAX - this.#keptBytes)
    if (keep > 0) copyBytes(buf, off, off + keep, this.#kept, this.#keptBytes)
    this.#keptBytes += keep
    this.#left -= stop - off
    return stop
  }

  #finish(): RpcRecord {
    const record = { bytes: this.#kept.slice(0, this.#keptBytes), whole: this.#keptBytes === this.#recordBytes }
    this.#keptBytes = 0
    this.#recordBytes = 0
    this.#fragments = 0
    this.#isLast = false
    return record
  }
}
