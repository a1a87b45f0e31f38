// beds-door: the only way a frame of beds leaves by HTTP. Copies the fields of BedsFrame and BedsSetup by name and nothing else.
// Keeps the rule "minimal by construction": a name or number of a patient that a feed carries by mistake stays behind.

import type { BedsFrame, BedsSetup } from './api.ts'
import { copy, type Shape } from './door.ts'

const TIMES = { device: { at: true, hasZone: true }, received: true, measured: true } as const

const FRAME: Shape<BedsFrame> = {
  at: true, page: true, pages: true, beds: true,
  tiles: {
    device: true, bed: true, connections: true, unknown: true,
    assignment: { state: true, since: true, why: true },
    numerics: {
      numeric: { kind: true, parameter: true, value: true, absent: true, quality: true, limits: { low: true, high: true }, times: TIMES },
      ageMicros: true,
    },
    waves: { channel: true, rate: true, from: true, samples: true },
    feed: { state: true, framesPerSecond: true, gaps: true, clockOffsetMicros: true },
    dataCheck: { word: true, reasons: true },
  },
  targets: {
    target: true, kind: true, state: true, why: true, isProtected: true, clearReason: true, waiting: true, ambiguous: true,
    refused: true, delivered: true, given: true, lagMicros: true,
  },
  segment: { state: true, since: true, sandbox: true },
  notices: true,
}

const AGE = { staleMicros: true, goneMicros: true } as const

const SETUP: Shape<BedsSetup> = {
  freshness: { stream: AGE, temperature: AGE, nibp: AGE, wave: AGE, linkSilentMicros: true, clockSlackMicros: true },
  mmPerSecond: true, cssPixelsPerMm: true, intendedUse: true, pages: true,
}

export const bedsFrameOf = (frame: unknown): BedsFrame => copy(frame, FRAME) as BedsFrame
export const bedsSetupOf = (setup: unknown): BedsSetup => copy(setup, SETUP) as BedsSetup
