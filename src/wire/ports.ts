// What every transport decoder ends with: where the application bytes stand, and a header that could not be used.
// Keeps the rule that every offset set on a frame lies inside [off, end] of the bytes handed in.

import { type Frame, FrameFlag, FrameStatus } from './frame.ts'

/** Application bytes from `payloadOff`: present up to `end`, promised by the lengths up to `promised`. `payloadOff` may not pass `end`. */
export function setPayload(frame: Frame, payloadOff: number, end: number, promised: number): void {
  frame.payloadOff = payloadOff
  frame.payloadEnd = end
  frame.payloadWireLength = promised > payloadOff ? promised - payloadOff : 0
}

/** The fixed header is not all there: no ports. */
export function transportCut(frame: Frame): FrameStatus {
  frame.flags |= FrameFlag.transportTruncated
  return FrameStatus.network
}

/** The fixed header was read but `flag` says why no payload can be told from it: ports stand, payload is empty. */
export function transportWithoutPayload(frame: Frame, end: number, flag: number): FrameStatus {
  frame.flags |= flag
  setPayload(frame, end, end, end)
  return FrameStatus.transport
}
