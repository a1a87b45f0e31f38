// TwoTap: the same stream hashed in blocks at two points of its path: the device's port and the gateway's own card.
// Keeps the rule that only equal bytes at equal places count: the comparison names the first block that differs.

import { Sha256 } from '../../../base/sha256.ts'
import { cannotTell, differs, fits, type Evidence } from './evidence.ts'

/** Bytes per block: about three seconds of a bed, so a difference is told within seconds and located within three. */
export const TAP_BLOCK_BYTES = 4096
/** Blocks kept per stream: one hour. A tap that lags more than that is compared from where both still know. */
export const TAP_BLOCKS_MAX = 1300

/** What one tap knows of one direction of one connection, from its first payload byte on. */
export interface TapReport {
  /** Number of the first block in `hashes`: blocks before it were dropped. */
  readonly firstBlock: number
  readonly hashes: readonly string[]
  /** Bytes lost at the tap (not on the path): nothing behind them can be compared. */
  readonly lostBytes: number
}

/** Hashes in-order payload; chunk boundaries do not matter. */
export class StreamTap {
  #hash = new Sha256()
  #filled = 0
  #firstBlock = 0
  #lostBytes = 0
  readonly #hashes: string[] = []

  feed(buf: Uint8Array, off: number, end: number): void {
    if (this.#lostBytes > 0) return
    for (let at = off; at < end;) {
      const take = Math.min(end - at, TAP_BLOCK_BYTES - this.#filled)
      this.#hash.update(buf, at, at + take)
      this.#filled += take
      at += take
      if (this.#filled === TAP_BLOCK_BYTES) this.#close()
    }
  }

  /** The tap itself missed bytes: from here on it can vouch for nothing. */
  lost(bytes: number): void {
    this.#lostBytes += bytes
  }

  report(): TapReport {
    return { firstBlock: this.#firstBlock, hashes: [...this.#hashes], lostBytes: this.#lostBytes }
  }

  #close(): void {
    this.#hashes.push(this.#hash.hex())
    this.#hash = new Sha256()
    this.#filled = 0
    if (this.#hashes.length > TAP_BLOCKS_MAX) {
      this.#hashes.shift()
      this.#firstBlock += 1
    }
  }
}

/** A difference is proof that bytes were changed between the taps; equal blocks are proof that those were not. */
export function compareTaps(atDevice: TapReport | null, atGateway: TapReport | null): Evidence {
  if (atDevice === null || atGateway === null) return cannotTell('two-tap', 'there is no second tap')
  const from = Math.max(atDevice.firstBlock, atGateway.firstBlock)
  const to = Math.min(atDevice.firstBlock + atDevice.hashes.length, atGateway.firstBlock + atGateway.hashes.length)
  if (to <= from) return cannotTell('two-tap', 'the two taps have no whole block in common')
  for (let block = from; block < to; block++) {
    if (atDevice.hashes[block - atDevice.firstBlock] !== atGateway.hashes[block - atGateway.firstBlock]) {
      const offset = block * TAP_BLOCK_BYTES
      return differs('two-tap', `the bytes at the device and at the gateway differ between offset ${offset} and ${offset + TAP_BLOCK_BYTES}`)
    }
  }
  return fits('two-tap', `${to - from} blocks of ${TAP_BLOCK_BYTES} bytes are equal at both taps`)
}
