// waves: the traces of all beds of a page, filled from frames and read by whoever sweeps.
// Keeps nothing over a silence: with the station gone, traces are gone too, so that no old wave sweeps again.

import type { BedsFrame } from '../../../src/console/api.ts'
import type { Channel } from '../../../src/gateway/core/intake/reading.ts'
import type { Arrival } from './clock.ts'
import { createTrace, type Trace } from './trace.ts'

export interface Wave {
  readonly trace: Trace
  /** By the judge's clock, less the delay on the way. */
  readonly lastSampleAt: number
}

export interface Waves {
  /** `nowSeconds`: the clock that sweeps. */
  add(frame: BedsFrame, arrival: Arrival, nowSeconds: number): void
  get(device: string, channel: Channel): Wave | null
  clear(): void
}

export function createWaves(): Waves {
  const devices = new Map<string, Map<Channel, Wave>>()
  return {
    add(frame, arrival, nowSeconds) {
      // Bounded by the page: a device that left it takes its traces along.
      const shown = new Set(frame.tiles.map((tile) => tile.device))
      for (const device of devices.keys()) if (!shown.has(device)) devices.delete(device)
      for (const { device, waves } of frame.tiles) {
        const channels = devices.get(device) ?? new Map<Channel, Wave>()
        devices.set(device, channels)
        for (const { channel, rate, from, samples } of waves) {
          if (samples.length === 0 || !(rate > 0)) continue
          const known = channels.get(channel)?.trace
          const trace = known?.rate === rate ? known : createTrace(rate)
          trace.add(from, samples, nowSeconds)
          channels.set(channel, { trace, lastSampleAt: arrival.at - arrival.lateMicros })
        }
      }
    },
    get: (device, channel) => devices.get(device)?.get(channel) ?? null,
    clear: () => devices.clear(),
  }
}
