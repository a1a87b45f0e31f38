// The shell around the capture reader: opens a path or standard input, unpacks by content, hashes, and pumps.
// Keeps the rules that a path that cannot be read is a value with advice, and that memory does not grow with the file.

import { createHash, type Hash } from 'node:crypto'
import { open as openWithCallback } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { promisify } from 'node:util'
import { err, ok, type Result } from '../base/result.ts'
import type { CaptureProblem, CaptureReader, CaptureSummary } from '../wire/capture/capture.ts'
import { type Compression, compressionOf, Inflater, MAGIC_BYTES } from './decompress.ts'
import { isPipe, PipeReader } from './pipe.ts'

/** One reused read buffer: measured as fast as any larger one (facts/stack.md section 4). */
const CHUNK_BYTES = 1024 * 1024
/** Compressed bytes per step: 4 MiB plain at gzip's best ratio, and on a pipe damage costs few packets. */
const PIECE_BYTES = 4 * 1024
/** The path that means standard input, as tcpdump -r has it. */
const STANDARD_INPUT = '-'
const STANDARD_INPUT_FD = 0

const openFd = promisify(openWithCallback)

export interface ReadOptions {
  /** Stops the reading; the result is then an error with code `interrupted`. */
  readonly signal?: AbortSignal | undefined
  /** Bytes of the file as stored, so compressed ones for a compressed file; total null when it cannot be known. */
  readonly onProgress?: ((bytesRead: number, bytesTotal: number | null) => void) | undefined
  /** Awaited between steps of at most 1 MiB plain or 4 KiB compressed: where a slow consumer holds the reading back. */
  readonly afterChunk?: (() => void | Promise<void>) | undefined
  /** False: the bytes are not hashed, and `sha256` is null. Hashing takes as long as a sensor's whole work on some captures. */
  readonly hash?: boolean | undefined
  /** Stands in for process.stdin in tests. */
  readonly stdin?: Readable | undefined
}

/** Why nothing could be read: `unusable` path (`reason` says how), or `interrupted` by the caller's signal. */
export interface SourceError {
  readonly code: 'unusable' | 'interrupted'
  readonly reason: 'missing' | 'directory' | 'forbidden' | 'failed' | 'signal'
  readonly message: string
  /** What a person can do about it. */
  readonly help: string
}

/** What the reader says, plus the hash of the bytes as stored (so of the compressed file), in lower-case hex; null when none was asked for. */
export type ReadSummary = CaptureSummary & { readonly sha256: string | null }

/** Raw bytes as stored. Chunks are valid until the next one is asked for. */
interface RawSource {
  readonly chunks: () => AsyncIterable<Uint8Array>
  readonly total: number | null
  /** Whether `chunks` may be called again from the start. */
  readonly isRepeatable: boolean
  readonly close: () => Promise<void>
}

/**
 * Pumps `path` (or `-`) through `reader` to its end and ends it. Damage is a problem in the summary, never an error;
 * an error means that nothing could be opened, or that the caller stopped it.
 */
export async function readCapture(
  path: string, reader: CaptureReader, options: ReadOptions = {},
): Promise<Result<ReadSummary, SourceError>> {
  const { signal } = options
  const source = path === STANDARD_INPUT ? ok(standardInput(options)) : await openPath(path, signal)
  if (!source.ok) return source
  try {
    return await new Pump(source.value, reader, options).run()
  } finally {
    await source.value.close()
  }
}

async function openPath(path: string, signal: AbortSignal | undefined): Promise<Result<RawSource, SourceError>> {
  try {
    const info = await stat(path)
    if (info.isDirectory()) return err(unusable(path, 'EISDIR'))
    if (info.isFIFO()) return ok(pipeSource(await openFd(path, 'r'), signal))
    return ok(fileSource(await open(path), info.isFile() ? info.size : null))
  } catch (error) {
    return err(unusable(path, errorCode(error)))
  }
}

type Unusable = Pick<SourceError, 'reason' | 'message' | 'help'>

const UNUSABLE: ReadonlyMap<string, Unusable> = new Map<string, Unusable>([
  ['ENOENT', { reason: 'missing', message: 'there is no such file', help: 'Check the name; relative paths start here.' }],
  ['ENOTDIR', { reason: 'missing', message: 'part of the path is no directory', help: 'Check the name of each directory in the path.' }],
  ['EISDIR', { reason: 'directory', message: 'it is a directory', help: 'Name one capture file in it.' }],
  ['EACCES', { reason: 'forbidden', message: 'permission was denied', help: 'Ask its owner for read access, or copy the file.' }],
  ['EPERM', { reason: 'forbidden', message: 'permission was denied', help: 'Ask its owner for read access, or copy the file.' }],
])

function unusable(path: string, code: string): SourceError {
  const failed: Unusable = { reason: 'failed', message: `the system says ${code}`, help: 'Copy the file to a local disk and try again.' }
  const row = UNUSABLE.get(code) ?? failed
  return { code: 'unusable', reason: row.reason, message: `${path} cannot be read: ${row.message}.`, help: row.help }
}

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' ? code : 'an unknown error'
}

function fileSource(handle: FileHandle, total: number | null): RawSource {
  return { chunks: () => fileChunks(handle), total, isRepeatable: total !== null, close: () => handle.close() }
}

async function* fileChunks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES)
  let position = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function standardInput({ stdin, signal }: ReadOptions): RawSource {
  return stdin === undefined && isPipe(STANDARD_INPUT_FD) ? pipeSource(STANDARD_INPUT_FD, signal) : streamSource(stdin ?? process.stdin, signal)
}

/** A pipe read by the event loop: a read in a thread could not be stopped and would hold up the exit. */
function pipeSource(fd: number, signal: AbortSignal | undefined): RawSource {
  const pipe = new PipeReader(fd, signal)
  const close = (): Promise<void> => {
    pipe.close()
    return Promise.resolve()
  }
  return { chunks: () => pipe.chunks(), total: null, isRepeatable: false, close }
}

/** Standard input that is a terminal or a file, or what stands in for it. */
function streamSource(stream: Readable, signal: AbortSignal | undefined): RawSource {
  if (signal) addAbortSignal(signal, stream)
  const close = (): Promise<void> => {
    stream.destroy()
    return Promise.resolve()
  }
  return { chunks: () => stream, total: null, isRepeatable: false, close }
}

/** One run of a source through a reader. */
class Pump {
  readonly #source: RawSource
  readonly #reader: CaptureReader
  readonly #options: ReadOptions
  readonly #hash: Hash | null
  readonly #problems: CaptureProblem[] = []
  #compression: Compression | null = null
  #inflater: Inflater | null = null
  #bytesRead = 0
  /** Compressed bytes before the piece at work. */
  #pieceFrom = 0

  constructor(source: RawSource, reader: CaptureReader, options: ReadOptions) {
    this.#source = source
    this.#reader = reader
    this.#options = options
    this.#hash = options.hash === false ? null : createHash('sha256')
  }

  async run(): Promise<Result<ReadSummary, SourceError>> {
    const chunks = withWholeMagic(this.#source.chunks())
    for (let chunk = await this.#next(chunks); chunk !== null; chunk = await this.#next(chunks)) await this.#take(chunk)
    if (!this.#isInterrupted()) await this.#finishInflating()
    return this.#isInterrupted() ? err(INTERRUPTED) : ok(this.#summary())
  }

  /** null at the end, on an interrupt, and when the system fails to read on: that is a problem of the file, not ours. */
  async #next(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
    if (this.#isInterrupted()) return null
    try {
      const next = await chunks.next()
      return next.done === true || this.#isInterrupted() ? null : next.value
    } catch (error) {
      if (!this.#isInterrupted()) this.#noteReadFailure(error)
      return null
    }
  }

  #isInterrupted(): boolean {
    return this.#options.signal?.aborted === true
  }

  async #take(chunk: Uint8Array): Promise<void> {
    if (this.#bytesRead === 0) this.#begin(chunk)
    this.#hash?.update(chunk)
    this.#bytesRead += chunk.length
    if (this.#inflater) await this.#inflate(this.#inflater, chunk)
    else {
      this.#reader.push(chunk)
      await this.#options.afterChunk?.()
    }
    this.#options.onProgress?.(this.#bytesRead, this.#source.total)
  }

  #begin(head: Uint8Array): void {
    this.#compression = compressionOf(head)
    if (this.#compression) this.#inflater = new Inflater(this.#compression, (bytes) => this.#reader.push(bytes))
  }

  async #inflate(inflater: Inflater, chunk: Uint8Array): Promise<void> {
    for (let off = 0; off < chunk.length && inflater.failure === null && !this.#isInterrupted(); off += PIECE_BYTES) {
      const piece = chunk.subarray(off, off + PIECE_BYTES)
      await inflater.write(piece)
      if (inflater.failure === null) this.#pieceFrom += piece.length
      await this.#options.afterChunk?.()
    }
  }

  async #finishInflating(): Promise<void> {
    const inflater = this.#inflater
    if (!inflater) return
    const hasLostOutput = inflater.failure !== null
    await inflater.end()
    if (inflater.failure === null) return
    const plainBytes = hasLostOutput && this.#source.isRepeatable ? await this.#recover(inflater.delivered) : inflater.delivered
    const what = `The ${this.#compression} stream is damaged near its byte ${this.#pieceFrom} (${inflater.failure})`
    this.#problems.push({
      code: `${this.#compression}-damaged`, message: `${what}; the ${plainBytes} bytes unpacked before were kept.`, offset: plainBytes,
    })
  }

  /**
   * zlib drops what it unpacked in the very call that fails. So the file is unpacked again, `delivered` bytes are passed over, and the
   * piece that failed is fed byte by byte: then nothing before the fault is lost. Only damaged files pay for it.
   * Returns the plain bytes unpacked in all.
   */
  async #recover(delivered: number): Promise<number> {
    if (!this.#compression) return delivered
    let toSkip = delivered
    const again = new Inflater(this.#compression, (bytes) => {
      const skipped = Math.min(toSkip, bytes.length)
      toSkip -= skipped
      if (skipped < bytes.length) this.#reader.push(bytes.subarray(skipped))
    })
    const chunks = this.#source.chunks()[Symbol.asyncIterator]()
    const stop = this.#pieceFrom + PIECE_BYTES
    let pos = 0
    for (let chunk = await this.#next(chunks); chunk !== null && pos < stop && again.failure === null; chunk = await this.#next(chunks)) {
      for (let off = 0; off < chunk.length && pos < stop && again.failure === null; ) {
        const count = pos < this.#pieceFrom ? Math.min(PIECE_BYTES, this.#pieceFrom - pos, chunk.length - off) : 1
        await again.write(chunk.subarray(off, off + count))
        off += count
        pos += count
      }
    }
    await again.end()
    return again.delivered
  }

  #noteReadFailure(error: unknown): void {
    const message = `Reading stopped after ${this.#bytesRead} bytes: the system says ${errorCode(error)}; what came before was kept.`
    this.#problems.push({ code: 'read-failed', message, offset: this.#bytesRead })
  }

  #summary(): ReadSummary {
    const summary = this.#reader.end()
    return {
      ...summary,
      compressed: this.#compression !== null,
      problems: [...summary.problems, ...this.#problems],
      sha256: this.#hash?.digest('hex') ?? null,
    }
  }
}

const INTERRUPTED: SourceError = {
  code: 'interrupted',
  reason: 'signal',
  message: 'Reading was stopped before the end of the capture.',
  help: 'Start it again to read the whole capture.',
}

/** The same bytes, but the first chunk holds at least the magic number, if there are that many. */
async function* withWholeMagic(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array(0)
  for await (const chunk of chunks) {
    if (head === null || (head.length === 0 && chunk.length >= MAGIC_BYTES)) {
      head = null
      yield chunk
      continue
    }
    const joined: Uint8Array = Buffer.concat([head, chunk])
    head = joined.length >= MAGIC_BYTES ? null : joined
    if (head === null) yield joined
  }
  if (head !== null && head.length > 0) yield head
}
