// Stamp of a cycle: which bed, which cycle and when it was written, inside samples that nobody checks, so that it comes out wherever samples do.
// Keeps the rule that a latency is taken on one clock: CLOCK_MONOTONIC, the same for all processes of the machine.

/** Bytes of the RESP wave of an ECG block: frame header 4, then the block (facts cms8000 section 2.3). */
const RESP_OFF = 4 + 0x304
const MAGIC = [0xc0, 0x2d, 0x0e, 0x55] as const
/** Magic, bed (u16), cycle (u32), time (f64). */
export const STAMP_BYTES = 18

/** Milliseconds of CLOCK_MONOTONIC. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export interface Stamp {
  readonly bed: number
  readonly cycle: number
  readonly atMs: number
}

/** Into the bytes of a cycle, which begin with its ECG frame. */
export function putStamp(bytes: Buffer, { bed, cycle, atMs }: Stamp): void {
  for (const [i, value] of MAGIC.entries()) bytes[RESP_OFF + i] = value
  bytes.writeUInt16LE(bed, RESP_OFF + 4)
  bytes.writeUInt32LE(cycle, RESP_OFF + 6)
  bytes.writeDoubleLE(atMs, RESP_OFF + 10)
}

/** Every stamp in samples of RESP. */
export function stampsIn(samples: Uint8Array): Stamp[] {
  const found: Stamp[] = []
  const view = Buffer.from(samples.buffer, samples.byteOffset, samples.length)
  for (let at = 0; at + STAMP_BYTES <= view.length; at++) {
    if (view[at] !== MAGIC[0] || view[at + 1] !== MAGIC[1] || view[at + 2] !== MAGIC[2] || view[at + 3] !== MAGIC[3]) continue
    found.push({ bed: view.readUInt16LE(at + 4), cycle: view.readUInt32LE(at + 6), atMs: view.readDoubleLE(at + 10) })
  }
  return found
}

/** The value that `share` of the values do not exceed; NaN for none. Sorts. */
export function percentile(values: number[], share: number): number {
  values.sort((a, b) => a - b)
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}
