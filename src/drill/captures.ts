// Captures of the drill read back: which probes and which talks arrived on a side.
// Keeps the rule that a packet counts only with every header field as sent; a number alone is not an identity.

import fs from 'node:fs'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { pcapFileHeader, putPcapRecord, PCAP_RECORD_HEADER_BYTES } from '../wire/capture/writer.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { Frame } from '../wire/frame.ts'
import type { Sightings } from './core/compare.ts'
import type { Side } from './core/layout.ts'
import { addressOf, isSamePacket, probeNumber, PROBE_BYTES_MAX, putProbe } from './core/probe-frame.ts'
import type { Probe } from './core/probes.ts'
import { talkPacket, type Talk } from './core/talks.ts'

function forEachFrame(file: string, look: (frame: Frame, buf: Uint8Array) => void): void {
  const frame = new Frame()
  let number = 0
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType) {
      beginFrame(frame, ++number, at, wireLength, end - off)
      decodeFrame(buf, off, end, linkType, frame)
      if (frame.ipVersion !== 0) look(frame, buf)
    },
  })
  reader.push(fs.readFileSync(file))
  reader.end()
}

/** Notes the probes that a capture of one side holds. */
export function sightProbes(file: string, side: number, probes: readonly Probe[], seen: Sightings): void {
  forEachFrame(file, (frame, buf) => {
    const number = probeNumber(buf, frame)
    const probe = number === null ? undefined : probes[number]
    if (number !== null && probe !== undefined && isSamePacket(frame, probe)) seen[number] = (seen[number] as number) | (1 << side)
  })
}

const PROTO = { tcp: 6, udp: 17 } as const

/** Ids of the talks whose first direction a capture holds, and how many packets come from addresses that `isMedical` knows. */
export function sightTalks(
  file: string, talks: readonly Talk[], isMedical: (version: 4 | 6, address: bigint) => boolean,
): { readonly ids: ReadonlySet<number>; readonly fromMedical: number } {
  const ids = new Set<number>()
  const wanted = new Map<string, number[]>()
  for (const talk of talks) {
    const { src, dst } = talkPacket(talk)
    const key = `${src} ${dst} ${PROTO[talk.proto]} ${talk.port}`
    wanted.set(key, [...(wanted.get(key) ?? []), talk.id])
  }
  let fromMedical = 0
  forEachFrame(file, (frame) => {
    const src = addressOf(frame, 0)
    if (isMedical(frame.ipVersion === 4 ? 4 : 6, src)) fromMedical++
    for (const id of wanted.get(`${src} ${addressOf(frame, 4)} ${frame.proto} ${frame.dstPort}`) ?? []) ids.add(id)
  })
  return { ids, fromMedical }
}

/** Any time will do: replay has its own pace. */
const AT = 1_767_598_200_000_000

/** Writes the probes of one side that `wanted` names as frames from it to the router; returns how many. */
export function writeProbes(file: string, side: Side, probes: readonly Probe[], wanted: (number: number) => boolean): number {
  const [dst, src] = [side.routerMac, side.mac].map((mac) => Uint8Array.from(mac.split(':'), (hex) => Number.parseInt(hex, 16)))
  const chunks: Uint8Array[] = [pcapFileHeader(LinkType.ethernet)]
  const bytes = new Uint8Array(PROBE_BYTES_MAX)
  let count = 0
  for (const [number, probe] of probes.entries()) {
    if (probe.side !== side.index || !wanted(number)) continue
    const length = putProbe(bytes, 0, probe, number, dst as Uint8Array, src as Uint8Array)
    const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + length)
    putPcapRecord(record, 0, AT, length, bytes, 0, length)
    chunks.push(record)
    count++
  }
  fs.writeFileSync(file, Buffer.concat(chunks))
  return count
}
