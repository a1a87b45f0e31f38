// fuzz-shared-seeds: real captures of ../shared as seeds: files for the readers, frames for the decoder, payloads for the protocols.
// Keeps the rule that real data is read where it lies and never copied; without the folder there are none.

import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createRegistry } from '../protocols/registry.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { FlowTable } from '../wire/flow-table.ts'
import { Frame, FrameStatus, IpProto } from '../wire/frame.ts'
import type { Transport } from '../protocols/protocol.ts'
import type { Chunk } from './everysplit.ts'
import { encodeConversation } from './fuzz-conversation.ts'
import { joinBytes } from './fuzz-mutate.ts'
import { encodeInput } from './fuzz-protocol-targets.ts'
import { LINK_TYPES } from './fuzz-wire-targets.ts'
import { capturesMissing, manifest, sharedCapture } from './shared.ts'

/** Of larger files the engine has no use: it edits small ones. */
const FILE_BYTES_MAX = 2_000_000
/** Conversations and frames per protocol: enough kinds, quick to run through. */
const SEEDS_MAX = 300
const CHUNKS_PER_TALK_MAX = 24

function fileBytes(name: string): Uint8Array {
  const bytes = fs.readFileSync(sharedCapture(name))
  return new Uint8Array(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes)
}

/** Names of captures small enough to be whole inputs, for tests that cut them at every byte. */
export function smallCaptures(bytesMax: number): { readonly name: string; readonly bytes: Uint8Array }[] {
  if (capturesMissing !== false) return []
  return manifest().map((row) => row.file).filter((name) => /\.(?:pcap|pcapng|cap|trace)$/.test(name))
    .filter((name) => fs.statSync(sharedCapture(name)).size <= bytesMax).map((name) => ({ name, bytes: fileBytes(name) }))
}

interface Talk {
  readonly transport: Transport
  readonly chunks: Chunk[]
}

interface Harvest {
  readonly talks: Talk[]
  readonly frames: Uint8Array[]
  readonly fragments: Uint8Array[]
}

/** Every capture once: what its flows carried, in capture order. */
function harvest(): Harvest {
  const found: Harvest = { talks: [], frames: [], fragments: [] }
  const names = manifest().map((row) => row.file).filter((name) => path.extname(name) !== '.zip')
  for (const name of names) if (fs.statSync(sharedCapture(name)).size <= FILE_BYTES_MAX) harvestFile(fileBytes(name), found)
  return found
}

function harvestFile(bytes: Uint8Array, found: Harvest): void {
  const flows = new FlowTable()
  const byFlow = new Map<number, Talk>()
  const frame = new Frame()
  const fragments: Chunk[] = []
  let packets = 0
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType): void {
      beginFrame(frame, ++packets, at, wireLength, end - off)
      const status = decodeFrame(buf, off, end, linkType, frame)
      if (packets <= 3 && end - off < 600 && LINK_TYPES.includes(linkType)) {
        found.frames.push(joinBytes(Uint8Array.of(LINK_TYPES.indexOf(linkType), 0), buf.slice(off, end)))
      }
      if (status < FrameStatus.network) return
      const isFragment = frame.fragmentOffset > 0 || frame.moreFragments
      if (isFragment && fragments.length < CHUNKS_PER_TALK_MAX) fragments.push({ direction: 0, bytes: buf.slice(frame.ipOff, end) })
      const { flow, direction } = flows.observe(frame)
      if (frame.payloadEnd <= frame.payloadOff || (frame.proto !== IpProto.tcp && frame.proto !== IpProto.udp)) return
      const talk = byFlow.get(flow.id) ?? { transport: frame.proto === IpProto.tcp ? 'tcp' as const : 'udp' as const, chunks: [] }
      byFlow.set(flow.id, talk)
      if (talk.chunks.length < CHUNKS_PER_TALK_MAX) talk.chunks.push({ direction, bytes: buf.slice(frame.payloadOff, frame.payloadEnd) })
    },
  })
  reader.push(bytes)
  reader.end()
  found.talks.push(...byFlow.values())
  if (fragments.length > 0) found.fragments.push(encodeConversation(fragments))
}

let harvested: Harvest | null = null

function talksOf(id: string): Uint8Array[] {
  harvested ??= harvest()
  const row = createRegistry().find((r) => r.id === id)
  const talks = harvested.talks.filter(({ transport, chunks }) => row === undefined || (row.transports.includes(transport)
    && chunks.some(({ direction, bytes }) => row.probe(transport, direction, bytes, 0, bytes.length) === 'yes')))
  return talks.slice(0, SEEDS_MAX).map(({ transport, chunks }) => encodeInput(transport, false, chunks))
}

/** Seeds for a target out of ../shared/captures; none for a target they say nothing about, or when the folder is absent. */
export function sharedSeeds(id: string): Uint8Array[] {
  if (capturesMissing !== false) return []
  if (id === 'capture' || id === 'sensor') return smallCaptures(id === 'sensor' ? 12_000 : 4096).map(({ bytes }) => bytes)
  harvested ??= harvest()
  if (id === 'frame') return harvested.frames.slice(0, SEEDS_MAX)
  if (id === 'fragments') return harvested.fragments.slice(0, SEEDS_MAX)
  return id === 'identify' || createRegistry().some((row) => row.id === id) ? talksOf(id) : []
}
