// record-bytes: the two ends of a growing buffer that record.ts is written in: numbers in as few bytes as keep them exact, texts, CRC-32.
// Keeps the rules that a reader never looks past its end and never throws, and that a writer has one buffer that grows and is used again.

/** First size of a writer's buffer: the readings of one CMS cycle with waveforms are about 1.4 kB. */
const FIRST_BYTES = 4096
/** Lengths from here on take five bytes. */
const LONG_TEXT = 255

/** How a number is written: as few bytes as give exactly the same number back. */
const NumberTag = { i16: 0, f32: 1, f64: 2 } as const

const utf8 = new TextEncoder()
const utf8Reader = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class RecordWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #end = 0

  get end(): number {
    return this.#end
  }

  /** Starts over in the same buffer. */
  clear(): void {
    this.#end = 0
  }

  /** What was written, borrowed until `clear`. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#end)
  }

  u8(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  u16(value: number): void {
    const at = this.#room(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    const at = this.#room(4)
    this.#view.setUint32(at, value, true)
  }

  f64(value: number): void {
    const at = this.#room(8)
    this.#view.setFloat64(at, value, true)
  }

  putU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  /** Tag and two, four or eight bytes. Minus zero and NaN come back as they went in. */
  number(value: number): void {
    if (value >= -32768 && value <= 32767 && Object.is(value, Math.trunc(value)) && !Object.is(value, -0)) {
      this.u8(NumberTag.i16)
      const at = this.#room(2)
      this.#view.setInt16(at, value, true)
    } else if (Object.is(Math.fround(value), value)) {
      this.u8(NumberTag.f32)
      const at = this.#room(4)
      this.#view.setFloat32(at, value, true)
    } else {
      this.u8(NumberTag.f64)
      this.f64(value)
    }
  }

  /** Length in one byte, or 255 and four, then UTF-8. */
  text(value: string): void {
    if (value.length < LONG_TEXT && this.#ascii(value)) return
    const encoded = utf8.encode(value)
    if (encoded.length < LONG_TEXT) {
      this.u8(encoded.length)
    } else {
      this.u8(LONG_TEXT)
      this.u32(encoded.length)
    }
    const at = this.#room(encoded.length)
    this.#bytes.set(encoded, at)
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length)
    const at = this.#room(value.length)
    this.#bytes.set(value, at)
  }

  /** Short texts are nearly always ASCII; false, and nothing written, when this one is not. */
  #ascii(value: string): boolean {
    const start = this.#room(1 + value.length)
    this.#bytes[start] = value.length
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 127) {
        this.#end = start
        return false
      }
      this.#bytes[start + 1 + i] = code
    }
    return true
  }

  /** Where to write; called before the buffer is looked at, because it may put a wider one in its place. */
  #room(bytes: number): number {
    const at = this.#end
    this.#end += bytes
    if (this.#end > this.#bytes.length) this.#grow()
    return at
  }

  #grow(): void {
    const wider = new Uint8Array(Math.max(this.#end, this.#bytes.length * 2))
    wider.set(this.#bytes)
    this.#bytes = wider
    this.#view = new DataView(wider.buffer)
  }
}

/** Reads in order. Past the end, or on nonsense, `fault` is set once and every value from then on is empty. */
export class RecordReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #at: number
  fault: string | null = null

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
    this.#end = end
  }

  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.#end - this.#at
  }

  fail(why: string): void {
    this.fault ??= `${why} at byte ${this.#at}`
    this.#at = this.#end
  }

  u8(): number {
    return this.#has(1) ? this.#view.getUint8(this.#take(1)) : 0
  }

  u16(): number {
    return this.#has(2) ? this.#view.getUint16(this.#take(2), true) : 0
  }

  u32(): number {
    return this.#has(4) ? this.#view.getUint32(this.#take(4), true) : 0
  }

  f64(): number {
    return this.#has(8) ? this.#view.getFloat64(this.#take(8), true) : 0
  }

  number(): number {
    const tag = this.u8()
    if (tag === NumberTag.i16) return this.#has(2) ? this.#view.getInt16(this.#take(2), true) : 0
    if (tag === NumberTag.f32) return this.#has(4) ? this.#view.getFloat32(this.#take(4), true) : 0
    if (tag === NumberTag.f64) return this.f64()
    this.fail('a number of an unknown kind')
    return 0
  }

  text(): string {
    const short = this.u8()
    const length = short === LONG_TEXT ? this.u32() : short
    if (!this.#has(length)) return ''
    const start = this.#take(length)
    try {
      return utf8Reader.decode(this.#bytes.subarray(start, start + length))
    } catch {
      this.fail('a text that is not UTF-8')
      return ''
    }
  }

  /** A copy: what was read does not keep the buffer it came in. */
  bytes(): Uint8Array {
    const length = this.u32()
    return this.#has(length) ? new Uint8Array(this.#bytes.subarray(this.#take(length), this.#at)) : new Uint8Array(0)
  }

  #has(bytes: number): boolean {
    if (this.#at + bytes <= this.#end) return true
    this.fail('the record ends in the middle of a value')
    return false
  }

  #take(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }
}

/** CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320), four bytes a step: tables for a byte at each of four distances. */
const CRC_TABLES: readonly Int32Array[] = crcTables()

function crcTables(): Int32Array[] {
  const tables = [0, 1, 2, 3].map(() => new Int32Array(256))
  const [first] = tables as [Int32Array]
  for (let n = 0; n < 256; n++) {
    let value = n
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    first[n] = value
  }
  for (let t = 1; t < 4; t++) {
    const [before, table] = [tables[t - 1], tables[t]] as [Int32Array, Int32Array]
    for (let n = 0; n < 256; n++) table[n] = ((before[n] as number) >>> 8) ^ (first[(before[n] as number) & 255] as number)
  }
  return tables
}

/** Over `bytes[off, end)`; unsigned. */
export function crc32(bytes: Uint8Array, off: number, end: number): number {
  const [t0, t1, t2, t3] = CRC_TABLES as [Int32Array, Int32Array, Int32Array, Int32Array]
  let crc = -1
  let at = off
  for (; at + 4 <= end; at += 4) {
    crc ^= (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
    crc = (t3[crc & 255] as number) ^ (t2[(crc >>> 8) & 255] as number) ^ (t1[(crc >>> 16) & 255] as number) ^ (t0[crc >>> 24] as number)
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 255] as number)
  return ~crc >>> 0
}
