// Unpacking gzip and zstd while reading: compressed pieces in, plain bytes out, memory flat whatever the ratio.
// Keeps the rule that damage is told, not thrown, and that what was unpacked before it is kept.

import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'

export type Compression = 'gzip' | 'zstd'

/** First bytes needed to tell a compression from a capture. */
export const MAGIC_BYTES = 4

/** Output comes in buffers of this size: large against a packet, small against memory. A bomb costs time, never space. */
const OUTPUT_BYTES = 256 * 1024

const ZSTD_MAGIC = 0xfd2fb528
/** Skippable frames 0x184D2A50 to 0x184D2A5F may come first (RFC 8878 section 3.1.2); pzstd writes one. */
const ZSTD_SKIPPABLE = 0x184d2a5

/** By content: gzip (RFC 1952 section 2.3.1), zstd (RFC 8878 section 3.1.1), or null for anything else. */
export function compressionOf(head: Uint8Array): Compression | null {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head.length < MAGIC_BYTES) return null
  const magic = new DataView(head.buffer, head.byteOffset, MAGIC_BYTES).getUint32(0, true)
  return magic === ZSTD_MAGIC || magic >>> 4 === ZSTD_SKIPPABLE ? 'zstd' : null
}

/** One zlib stream: a gzip file with all its members, or one zstd frame. Settles each call by callback, end or error. */
class Stage {
  readonly #stream: Gunzip | ZstdDecompress
  #wake: () => void = () => undefined
  ended = false
  failure: string | null = null

  constructor(kind: Compression, onBytes: (bytes: Uint8Array) => void) {
    const options = { chunkSize: OUTPUT_BYTES }
    this.#stream = kind === 'gzip' ? createGunzip(options) : createZstdDecompress(options)
    this.#stream.on('data', onBytes)
    this.#stream.on('end', () => this.#settle(null))
    this.#stream.on('error', (error) => this.#settle(error.message))
  }

  #settle(failure: string | null): void {
    this.ended = true
    this.failure = failure
    this.#wake()
  }

  /** Resolves when the output of `piece` has been handed on; returns how many of its bytes belonged to this stage. */
  async write(piece: Uint8Array): Promise<number> {
    const before = this.#stream.bytesWritten
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      // Bytes after the end of a frame make zlib end the stream and forget this callback: then `end` wakes us.
      this.#stream.write(piece, () => resolve())
    })
    return this.ended ? this.#stream.bytesWritten - before : piece.length
  }

  async end(): Promise<void> {
    if (this.ended) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#stream.end()
    })
  }

  destroy(): void {
    this.#stream.destroy()
  }
}

/** Unpacks one compressed stream of any number of members or frames. Write pieces in order, one at a time. */
export class Inflater {
  readonly #kind: Compression
  readonly #onBytes: (bytes: Uint8Array) => void
  #stage: Stage | null = null
  #failure: string | null = null
  /** What `onBytes` threw: an exception inside a stream's event would end the process, so it waits for the caller of write. */
  #thrown: { readonly error: unknown } | null = null
  /** Plain bytes handed on so far. */
  delivered = 0

  constructor(kind: Compression, onBytes: (bytes: Uint8Array) => void) {
    this.#kind = kind
    this.#onBytes = (bytes) => {
      this.delivered += bytes.length
      if (this.#thrown) return
      try {
        onBytes(bytes)
      } catch (error) {
        this.#thrown = { error }
      }
    }
  }

  /** Why nothing more comes out; null while all is well. */
  get failure(): string | null {
    return this.#failure
  }

  /** Resolves when all that `piece` holds has been handed on. After a failure pieces are ignored. `piece` may be reused afterwards. */
  async write(piece: Uint8Array): Promise<void> {
    let rest = piece
    while (rest.length > 0 && this.#failure === null) {
      this.#stage ??= new Stage(this.#kind, this.#onBytes)
      const used = await this.#stage.write(rest)
      this.#rethrow()
      rest = rest.subarray(used)
      if (!this.#stage.ended) continue
      this.#failure = this.#stage.failure ?? this.#trailing(rest)
      if (this.#kind === 'gzip') return
      this.#stage = null
    }
  }

  /** A frame may follow a zstd frame at once. After gzip only padding with zeros ends the stream without an error of its own. */
  #trailing(rest: Uint8Array): string | null {
    if (this.#kind === 'zstd' || rest.every((byte) => byte === 0)) return null
    return 'bytes after the end'
  }

  /** No more pieces. A stream cut short shows here as a failure. */
  async end(): Promise<void> {
    const stage = this.#stage
    if (!stage) return
    if (this.#failure === null) {
      await stage.end()
      this.#failure = stage.failure
    }
    stage.destroy()
    this.#rethrow()
  }

  #rethrow(): void {
    if (this.#thrown) throw this.#thrown.error
  }
}
