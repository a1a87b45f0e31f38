// replay: a capture file through the real wire layer into the protocol rows under test, and out as facts. No inventory, no rules.
// Keeps the rule that tests see what the sensor sees: fragments whole, streams in order, flows identified by content.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Fact } from '../protocols/facts.ts'
import { compileRegistry, IdentifyingSession, type CompiledRegistry } from '../protocols/identify.ts'
import type { ProtocolRow, SessionContext } from '../protocols/protocol.ts'
import type { CaptureSummary, PacketSink } from '../wire/capture/capture.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { wholeDatagram } from '../wire/datagram.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { copyFlow } from '../wire/flow-record.ts'
import { FlowTable } from '../wire/flow-table.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import { Frame, FrameFlag, FrameStatus, IpProto } from '../wire/frame.ts'
import { IpReassembler } from '../wire/reassembly/ip.ts'
import { TcpBudget, TcpStream, type TcpSink } from '../wire/reassembly/tcp.ts'

export interface Replay {
  /** In the order they were emitted. */
  readonly facts: readonly Fact[]
  /** Every flow, by first packet, with `protocol` set where a row recognised it. */
  readonly flows: readonly Flow[]
  readonly summary: CaptureSummary
}

const GZIP_MAGIC = [0x1f, 0x8b] as const

/** Facts of a capture (any format the reader knows), with only these rows to choose from. */
export function replayCapture(source: string | URL | Uint8Array, rows: readonly ProtocolRow[]): readonly Fact[] {
  return replay(source, rows).facts
}

/** The bytes of a capture file, unpacked when it is gzip. Throws when it cannot be read: a test's own mistake. */
export function captureBytes(path: string | URL): Uint8Array {
  const file = readFileSync(path)
  // A copy: slice() of a Buffer would be a view of shared memory, of a Uint8Array it is what tests expect.
  return new Uint8Array(GZIP_MAGIC.every((byte, i) => file[i] === byte) ? gunzipSync(file) : file)
}

/** Like replayCapture, with the flows and the reader's summary. `source` is a path, or the bytes of a capture. */
export function replay(source: string | URL | Uint8Array, rows: readonly ProtocolRow[]): Replay {
  const pipeline = new Pipeline(rows)
  const reader = createCaptureReader(pipeline)
  reader.push(source instanceof Uint8Array ? source : captureBytes(source))
  const summary = reader.end()
  pipeline.finish()
  return { facts: pipeline.facts, flows: pipeline.flows, summary }
}

interface Live {
  readonly session: IdentifyingSession
  readonly stream: TcpStream | null
  readonly sink: TcpSink
}

class Pipeline implements PacketSink {
  readonly facts: Fact[] = []
  readonly #flows: Flow[] = []
  readonly #registry: CompiledRegistry
  readonly #frame = new Frame()
  readonly #fragments = new IpReassembler()
  readonly #budget = new TcpBudget()
  readonly #live = new Map<number, Live>()
  readonly #table = new FlowTable({ onEnd: (flow) => this.#ended(flow) })
  #packets = 0

  constructor(rows: readonly ProtocolRow[]) {
    this.#registry = compileRegistry(rows)
  }

  packet(buf: Uint8Array, off: number, end: number, at: number, wireLength: number, linkType: number): void {
    const frame = this.#frame
    beginFrame(frame, ++this.#packets, at, wireLength, end - off)
    if (decodeFrame(buf, off, end, linkType, frame) < FrameStatus.network) return
    if ((frame.flags & FrameFlag.fragment) === 0) return this.#flow(buf, frame, 1, undefined)
    const whole = wholeDatagram(this.#fragments, buf, frame)
    if (whole) this.#flow(whole.buf, frame, whole.packets, whole.ipBytes)
  }

  finish(): void {
    this.#table.finish()
  }

  #flow(buf: Uint8Array, frame: Frame, packets: number, ipBytes: number | undefined): void {
    const { flow, direction, isNew } = this.#table.observe(frame, packets, ipBytes)
    if (isNew) this.#open(flow)
    const live = this.#live.get(flow.id)
    if (!live || frame.payloadOff < 0) return
    if (live.stream) live.stream.segment(direction, buf, frame, live.sink)
    else live.session.feed(direction, buf, frame.payloadOff, frame.payloadEnd, frame.at)
  }

  /** Ended flows by first packet. */
  get flows(): Flow[] {
    return this.#flows.toSorted((a, b) => a.id - b.id)
  }

  #open(flow: Flow): void {
    if (flow.proto !== IpProto.tcp && flow.proto !== IpProto.udp) return
    const context: SessionContext = {
      flow,
      transport: flow.proto === IpProto.tcp ? 'tcp' : 'udp',
      frame: () => this.#frame.number,
      emit: (fact) => void this.facts.push(fact),
    }
    const session = new IdentifyingSession(this.#registry, context)
    const sink: TcpSink = {
      data: (direction: Direction, buf, off, end, at) => session.feed(direction, buf, off, end, at),
      gap: (direction: Direction, bytes, at) => session.gap(direction, bytes, at),
      end: () => {},
    }
    this.#live.set(flow.id, { session, sink, stream: context.transport === 'tcp' ? new TcpStream(this.#budget) : null })
  }

  #ended(flow: Flow): void {
    const live = this.#live.get(flow.id)
    this.#live.delete(flow.id)
    live?.stream?.finish(flow.lastAt, live.sink)
    live?.session.end(flow.lastAt)
    this.#flows.push(copyFlow(flow))
  }
}
