// Captures for tests: the shared files by name, and a loop that decodes, reassembles and files each packet in a flow.
// Keeps the rule that a test whose capture is absent skips by name; nothing below src/testing reads files for the pure folders.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { wholeDatagram } from '../wire/datagram.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { copyFlow } from '../wire/flow-record.ts'
import { FlowTable, type FlowEnd, type FlowStep, type FlowTableOptions } from '../wire/flow-table.ts'
import type { Flow } from '../wire/flow.ts'
import { Frame, FrameFlag, FrameStatus } from '../wire/frame.ts'
import { IpReassembler, type Incomplete } from '../wire/reassembly/ip.ts'

/** The shared captures lie beside the repository. */
const CAPTURES = fileURLToPath(new URL('../../../shared/captures/', import.meta.url))

/** Path of a shared capture such as `frag/x.pcap`, or null when it is not there. */
export function sharedCapture(name: string): string | null {
  const path = CAPTURES + name
  return existsSync(path) ? path : null
}

/** For node:test's `skip`: false, or the reason by name. */
export function skipWithout(...names: readonly string[]): string | false {
  const missing = names.find((name) => sharedCapture(name) === null)
  return missing === undefined ? false : `capture ${missing} is not here`
}

export interface EndedFlow {
  readonly flow: Flow
  readonly why: FlowEnd
}

export interface FlowRun {
  readonly ended: readonly EndedFlow[]
  readonly incomplete: readonly Incomplete[]
  readonly ip: ReturnType<IpReassembler['observations']>
  readonly table: ReturnType<FlowTable['counters']>
  readonly packets: number
}

/** `buf` and `frame` as decodeTransport left them: for a reassembled datagram buf is the whole payload. */
export type OnStep = (step: FlowStep, buf: Uint8Array, frame: Frame) => void

/** Decodes each frame of one capture file (gzip allowed), no more. The frame is valid during the call. */
export function eachFrame(path: string, see: (frame: Frame, status: FrameStatus) => void): void {
  const frame = new Frame()
  let packets = 0
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType): void {
      beginFrame(frame, ++packets, at, wireLength, end - off)
      see(frame, decodeFrame(buf, off, end, linkType, frame))
    },
  })
  reader.push(fileBytes(path))
  reader.end()
}
/** Called once per packet, after onStep. `status` says how far it was read: a fragment that completes nothing stops at its IP header. */
export type OnPacket = (frame: Frame, status: FrameStatus, linkType: number) => void

/** To be kept beyond the call that told it. */
export function copyIncomplete({ why, ipVersion, vlan, innerVlan, addresses, proto, packets, ipBytes, firstAt, firstFrame }: Incomplete): Incomplete {
  return { why, ipVersion, vlan, innerVlan, addresses: addresses.slice(), proto, packets, ipBytes, firstAt, firstFrame }
}

/** Runs one capture file (gzip allowed) through decode, IP reassembly and the flow table. */
export function runFlows(
  path: string, onStep: OnStep = (): void => {}, options: FlowTableOptions & { readonly onPacket?: OnPacket } = {},
): FlowRun {
  const ended: EndedFlow[] = []
  const incomplete: Incomplete[] = []
  const onEnd = (flow: Flow, why: FlowEnd, slot: number): void => {
    ended.push({ flow: copyFlow(flow), why })
    options.onEnd?.(flow, why, slot)
  }
  const flows = new FlowTable({ ...options, onEnd })
  const ip = new IpReassembler({ onIncomplete: (datagram) => incomplete.push(copyIncomplete(datagram)) })
  const frame = new Frame()
  let packets = 0
  const step = (buf: Uint8Array, status: FrameStatus): FrameStatus => {
    if (status < FrameStatus.network) return status
    if ((frame.flags & FrameFlag.fragment) === 0) {
      onStep(flows.observe(frame), buf, frame)
      return status
    }
    const whole = wholeDatagram(ip, buf, frame)
    if (whole === null) return FrameStatus.network
    onStep(flows.observe(frame, whole.packets, whole.ipBytes), whole.buf, frame)
    return frame.payloadOff < 0 ? FrameStatus.network : FrameStatus.transport
  }
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType): void {
      beginFrame(frame, ++packets, at, wireLength, end - off)
      const status = step(buf, decodeFrame(buf, off, end, linkType, frame))
      options.onPacket?.(frame, status, linkType)
    },
  })
  reader.push(fileBytes(path))
  reader.end()
  ip.finish()
  flows.finish()
  return { ended, incomplete, ip: ip.observations(), table: flows.counters(), packets }
}

function fileBytes(path: string): Uint8Array {
  const bytes = readFileSync(path)
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes
}
