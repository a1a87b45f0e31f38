// stored-readings: readings as a test makes them, and a plain code for them; the gateway's own code is core/record.ts.
// Keeps the rule that test patients are ZZTEST^CANARY.

import { patientRef, type PatientRef } from '../gateway/core/assignment/adt.ts'
import type { Trust, VerdictWord } from '../gateway/core/checks/evidence.ts'
import type { OwnedReading } from '../gateway/core/gateway.ts'
import { missing, present, type Channel, type Parameter, type Reading, type Times } from '../gateway/core/intake/reading.ts'
import type { StoredReadings } from '../gateway/core/out/sampler.ts'

export const SECOND = 1_000_000
export const START = Date.UTC(2026, 0, 5, 7) * 1000

export interface Said {
  readonly patient?: PatientRef | null
  readonly trust?: Trust
  readonly dataCheck?: VerdictWord
}

export function testPatient(number: string): PatientRef {
  return patientRef(number, 'H', 'ZZTEST', 'CANARY')
}

export const now = (at: number): Times => ({ device: null, received: at, measured: at })

export function owned(reading: Reading, { patient = null, trust = 'plain', dataCheck = 'OK' }: Said = {}): OwnedReading {
  return { reading, patient, trust, dataCheck }
}

export function numeric(parameter: Parameter, value: number | null, at: number): Reading {
  return value === null ? missing(parameter, 'not-measured', now(at)) : present(parameter, value, now(at))
}

/** Three pressures of one measurement with the monitor's stamp, received at `at`. */
export function cuff(stamp: number, sys: number, at: number): Reading[] {
  const times: Times = { device: { at: stamp, hasZone: false }, received: at, measured: stamp }
  return [present('nibp-sys', sys, times), present('nibp-dia', sys - 40, times), present('nibp-mean', sys - 27, times)]
}

export function wave(channel: Channel, samples: readonly number[] | Uint8Array, at: number, rate = 256): Reading {
  return { kind: 'wave', channel, samples: Uint8Array.from(samples), rate, times: now(at) }
}

export function stored(device: string, at: number, readings: readonly Reading[], said: Said = {}, bed: string | null = 'ICU^1^7'): StoredReadings {
  return { device, bed, at, items: readings.map((reading) => owned(reading, said)) }
}

/** For tests alone: patients by number, samples by hex. */
export function encodeStored(value: StoredReadings): Uint8Array {
  return Buffer.from(JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? { hex: Buffer.from(part).toString('hex') } : part)))
}

export function decodeStored(bytes: Uint8Array): StoredReadings | null {
  try {
    return JSON.parse(Buffer.from(bytes).toString(), revive) as StoredReadings
  } catch {
    return null
  }
}

function revive(_key: string, part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part
  if ('hex' in part) return new Uint8Array(Buffer.from(String(part.hex), 'hex'))
  return 'number' in part ? testPatient(String(part.number)) : part
}
