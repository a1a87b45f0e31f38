// One TFTP transfer: blocks become places in a file, over all flows that carry it.
// Keeps the rule that a repeated block counts once and that the short block is the end (RFC 1350 section 6).

import type { Ip } from '../../base/ip.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { FileSeen, type FileMeasure } from '../file-transfer/seen.ts'
import { BLOCK_BYTES_DEFAULT, BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, TftpOp } from './codes.ts'
import { optionValue, type TftpOption, type TftpRequest } from './message.ts'

/** A block further ahead than this is a repeated old one: half of the 16-bit circle. */
const AHEAD_MAX = 0x7fff
const LAST_BLOCK_NUMBER = 0xffff

export class TftpTransfer {
  readonly request: TftpRequest
  readonly client: Ip
  readonly server: Ip
  readonly #seen: FileSeen
  #blockBytes = BLOCK_BYTES_DEFAULT
  /** Stated by tsize (RFC 2349), else known from the short block. */
  #size: number | null = null
  #ended = false
  /** Number of the newest block, and how many there were up to it: numbers wrap. */
  #lastNumber = 0
  #lastIndex = 0
  /** Data, an option acknowledgement or an error came. */
  answered = false
  /** A flow of its own carries the data: that flow's end is the transfer's. */
  hasFlow = false
  told = false

  constructor(request: TftpRequest, client: Ip, server: Ip, budget: HeldBudget) {
    this.request = request
    this.client = client
    this.server = server
    this.#seen = new FileSeen(budget)
    if (request.op === TftpOp.write) this.#size = optionValue(request.options, 'tsize')
  }

  get way(): FileTransfer['kind'] {
    return this.request.op === TftpOp.read ? 'read' : 'write'
  }

  /** True when a repetition of this request would be no news. */
  isSame(request: TftpRequest): boolean {
    const { op, name, mode } = this.request
    return !this.answered && op === request.op && name === request.name && mode === request.mode
  }

  accepted(options: readonly TftpOption[]): void {
    const block = optionValue(options, 'blksize')
    if (block !== null && block >= BLOCK_BYTES_MIN && block <= BLOCK_BYTES_MAX) this.#blockBytes = block
    this.#size = optionValue(options, 'tsize') ?? this.#size
  }

  /** True when the file is now whole. */
  block(number: number, buf: Uint8Array, off: number, end: number): boolean {
    const index = this.#indexOf(number)
    if (index < 1) return false
    const offset = (index - 1) * this.#blockBytes
    this.#seen.add(offset, buf, off, end)
    if (end - off < this.#blockBytes) {
      this.#size = offset + end - off
      this.#ended = true
    }
    return this.#ended && this.#size !== null && this.#seen.isWhole(this.#size)
  }

  /** Blocks count on behind 65535, from 0 or from 1: RFC 1350 does not say, implementations differ. */
  #indexOf(number: number): number {
    const wrapsToOne = this.#lastNumber === LAST_BLOCK_NUMBER && number === 1
    const ahead = wrapsToOne ? 1 : (number - this.#lastNumber) & LAST_BLOCK_NUMBER
    if (ahead > AHEAD_MAX) return this.#lastIndex - ((this.#lastNumber - number) & LAST_BLOCK_NUMBER)
    this.#lastIndex += ahead
    this.#lastNumber = number
    return this.#lastIndex
  }

  get covered(): number {
    return this.#seen.covered
  }

  finish(): FileMeasure {
    this.told = true
    return this.#seen.finish(this.#size)
  }
}
