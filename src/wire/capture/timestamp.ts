// Timestamps of pcapng interfaces: 64-bit counts of any unit (if_tsresol) and origin (if_tsoffset) to integer microseconds.
// Keeps the rule that packet time is exact and floored; BigInt only for units nobody's capture card uses by default.

import type { Micros } from '../../base/time.ts'
import { u32 } from './endian.ts'

const WORD = 0x1_0000_0000
const MICROS_EXPONENT = 6
/** Default of if_tsresol when the option is absent (draft-ietf-opsawg-pcapng section 4.2): microseconds. */
export const DEFAULT_RESOLUTION = 6
/** 10^12 units per second still divides exactly in a double: remainder (< 10^6) times 2^32 stays below 2^53. */
const PLAIN_EXPONENT_MAX = 12

/** How one interface counts time. `resolution` is the if_tsresol byte: bit 7 set means a power of two, else of ten. */
export interface TimeUnits {
  readonly resolution: number
  /** if_tsoffset in microseconds. */
  readonly offsetMicros: number
}

export const DEFAULT_UNITS: TimeUnits = { resolution: DEFAULT_RESOLUTION, offsetMicros: 0 }

/** Keeps a time that a forged header put beyond 2^53 an exact integer. */
function clampMicros(at: number): Micros {
  if (at > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
  return at < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : at
}

/** The 64-bit timestamp high:low as microseconds since 1970, floored (draft-ietf-opsawg-pcapng section 4.3). Clamped to +-2^53-1. */
export function timestampMicros(high: number, low: number, units: TimeUnits): Micros {
  const { resolution, offsetMicros } = units
  if (resolution > PLAIN_EXPONENT_MAX) return clampMicros(rareMicros(high, low, resolution) + offsetMicros)
  if (resolution > MICROS_EXPONENT) return clampMicros(dividedMicros(high, low, 10 ** (resolution - MICROS_EXPONENT)) + offsetMicros)
  return clampMicros(clampMicros((high * WORD + low) * 10 ** (MICROS_EXPONENT - resolution)) + offsetMicros)
}

/** Long division in two digits of 32 bits; each step is exact in a double. */
function dividedMicros(high: number, low: number, divisor: number): number {
  const highRest = high % divisor
  const rest = highRest * WORD + low
  return clampMicros(((high - highRest) / divisor) * WORD + (rest - (rest % divisor)) / divisor)
}

function rareMicros(high: number, low: number, resolution: number): number {
  const count = ((BigInt(high) << 32n) | BigInt(low)) * 1_000_000n
  const exponent = BigInt(resolution & 0x7f)
  const micros = (resolution & 0x80) === 0 ? count / 10n ** exponent : count >> exponent
  return clampMicros(Number(micros))
}

/** Reads if_tsoffset: signed 64-bit seconds at `off`, as microseconds, clamped. */
export function offsetMicrosAt(buf: Uint8Array, off: number, little: boolean): number {
  const first = u32(buf, off, little)
  const second = u32(buf, off + 4, little)
  const seconds = BigInt.asIntN(64, little ? (BigInt(second) << 32n) | BigInt(first) : (BigInt(first) << 32n) | BigInt(second))
  return clampMicros(Number(seconds * 1_000_000n))
}
