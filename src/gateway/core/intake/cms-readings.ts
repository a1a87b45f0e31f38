// CmsReadings: one decoded CMS8000 message as readings. The only place where a vital value leaves its Tainted wrapper.
// Keeps two rules: each field becomes a reading even when it holds no value, and a pressure always has the monitor's own time.

import { MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import type { CmsEcg, CmsLimits, CmsMessage, CmsNibp, CmsSpo2, CmsTemperature, CmsTime } from '../../../protocols/cms8000/message.ts'
import type { DeviceWatch } from './device-watch.ts'
import { missing, present, type Channel, type DeviceTime, type Limits, type Numeric, type Parameter, type Reading, type Times, type Wave } from './reading.ts'

/** Samples per second when a cycle is one second (facts cms8000 3: inferred). */
export const ECG_RATE = 256
export const RESP_RATE = 128

/** Readings of one message; empty for messages without any. */
export function cmsReadings(message: CmsMessage, received: Micros, watch: DeviceWatch): Reading[] {
  const now: Times = { device: null, received, measured: received }
  switch (message.kind) {
    case 'ecg':
      return ecgReadings(message.block.reveal(), now)
    case 'spo2':
      return spo2Readings(message.block.reveal(), now)
    case 'nibp':
      return nibpReadings(message.block.reveal(), received, watch)
    case 'temperature':
      return temperatureReadings(message.block.reveal(), now)
    default:
      return []
  }
}

function numeric(parameter: Parameter, value: number | null, times: Times, limits: CmsLimits | null): Numeric {
  const shown = limits === null ? null : plainLimits(limits)
  return value === null ? missing(parameter, 'not-measured', times, shown) : present(parameter, value, times, shown)
}

/** Zero both ways is "no limits"; the order of the two is not trusted (facts cms8000 2.3). */
function plainLimits({ high, low }: CmsLimits): Limits | null {
  if (!Number.isFinite(high) || !Number.isFinite(low) || (high === 0 && low === 0)) return null
  return { low: Math.min(low, high), high: Math.max(low, high) }
}

function wave(channel: Channel, samples: Uint8Array, rate: number, times: Times): Wave {
  return { kind: 'wave', channel, samples, rate, times }
}

function ecgReadings(block: CmsEcg, times: Times): Reading[] {
  return [
    wave('ecg1', block.ecg[0], ECG_RATE, times),
    wave('ecg2', block.ecg[1], ECG_RATE, times),
    wave('ecg3', block.ecg[2], ECG_RATE, times),
    wave('resp', block.resp, RESP_RATE, times),
    numeric('hr', block.heartRate, times, block.heartRateLimits),
    numeric('rr', block.respRate, times, block.respRateLimits),
    numeric('st1', block.st[0], times, block.stLimits[0]),
    numeric('st2', block.st[1], times, block.stLimits[1]),
    numeric('st3', block.st[2], times, block.stLimits[2]),
  ]
}

function spo2Readings(block: CmsSpo2, times: Times): Reading[] {
  return [
    wave('pleth', block.pleth, ECG_RATE, times),
    numeric('spo2', block.spo2, times, block.spo2Limits),
    numeric('pr', block.pulse, times, block.pulseLimits),
  ]
}

function nibpReadings(block: CmsNibp, received: Micros, watch: DeviceWatch): Reading[] {
  const device = block.measuredAt === null ? null : wallClock(block.measuredAt)
  const times = device === null ? { device, received, measured: null } : watch.date(device, received)
  return [
    numeric('nibp-sys', block.systolic, times, block.systolicLimits),
    numeric('nibp-dia', block.diastolic, times, block.diastolicLimits),
    numeric('nibp-mean', block.mean, times, block.meanLimits),
  ]
}

function temperatureReadings(block: CmsTemperature, times: Times): Reading[] {
  return [
    numeric('t1', block.t1, times, block.t1Limits),
    numeric('t2', block.t2, times, block.t2Limits),
    numeric('td', block.difference, times, block.differenceLimits),
  ]
}

/** The monitor's wall clock has no zone: read as if it were UTC, the difference is part of the clock offset. */
export function wallClock(time: CmsTime): DeviceTime {
  const at = Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second) * (MICROS_PER_SECOND / 1000)
  return { at, hasZone: false }
}
