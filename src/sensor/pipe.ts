// Pipe: a capture that comes through a pipe or socket, read by the event loop into one buffer that is used again for each chunk.
// Keeps the rule that memory does not grow with the stream: a buffer for each chunk is garbage that waits, 70 MB of it, for the next collection.

import { fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'

/** Linux gives a pipe 64 kB of its own; four times that leaves room for one that was made larger. */
const CHUNK_BYTES = 256 * 1024

/** Whether `fd` is what PipeReader reads. */
export function isPipe(fd: number): boolean {
  try {
    const info = fstatSync(fd)
    return info.isFIFO() || info.isSocket()
  } catch {
    return false
  }
}

/** Owns `fd` from here on. A signal that is aborted ends the chunks with an error. */
export class PipeReader {
  readonly #buffer = new Uint8Array(CHUNK_BYTES)
  readonly #socket: Socket
  /** Bytes that came and were not asked for yet: at most one chunk, for the reading stops with each. */
  #filled = 0
  #isOver = false
  #failure: Error | null = null
  #wake: () => void = () => {}

  constructor(fd: number, signal: AbortSignal | undefined) {
    const callback = (bytes: number): boolean => {
      this.#filled = bytes
      this.#wake()
      return false
    }
    this.#socket = new Socket({ fd, readable: true, writable: false, onread: { buffer: this.#buffer, callback } })
    this.#socket.on('error', (error) => (this.#failure = error))
    // `end` with the last byte, `close` after an error or an abort.
    for (const event of ['end', 'close']) this.#socket.on(event, () => this.#end())
    if (signal) addAbortSignal(signal, this.#socket)
  }

  /** Chunks are valid until the next one is asked for. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#filled === 0 && !this.#isOver) await this.#more()
      if (this.#failure !== null) throw this.#failure
      if (this.#filled === 0) return
      const chunk = this.#buffer.subarray(0, this.#filled)
      this.#filled = 0
      yield chunk
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      this.#socket.resume()
    })
  }

  #end(): void {
    this.#isOver = true
    this.#wake()
  }
}
