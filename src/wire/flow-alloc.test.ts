// Proof that a packet of a known flow costs no memory: flow table and in-order TCP, measured in a process of its own.
// Keeps the rule that only a new flow allocates; the control, a flow per packet, shows that the measurement can fail.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FlowTable } from './flow-table.ts'
import { Frame, IpProto, TcpFlag } from './frame.ts'
import { TcpStream } from './reassembly/tcp.ts'

const PACKETS = 200_000
const FLOWS = 50
const PAYLOAD_BYTES = 200
/** One 16-byte object for every hundredth packet would be 32 000 bytes. */
const GROWTH_BYTES_MAX = 32_000
const CHILD_MARK = 'CORDON_FLOW_ALLOC'
/** A new space of 64 MiB so that no collection runs while we measure, and no compiler threads (see src/alloc.test.ts). */
const CHILD_FLAGS = ['--expose-gc', '--single-threaded', '--max-semi-space-size=64', '--min-semi-space-size=64']

type Mode = 'known' | 'new'

class Loop {
  readonly #table = new FlowTable({ flowsMax: 1000 })
  readonly #streams: TcpStream[] = []
  readonly #frame = new Frame()
  readonly #buf = new Uint8Array(54 + PAYLOAD_BYTES)
  readonly #seqs = new Uint32Array(FLOWS)
  #at = 1_700_000_000_000_000
  #turn = 0
  bytes = 0

  constructor() {
    // Close below the wrap, so that the loop crosses it.
    this.#seqs.fill(0xfff00000)
  }

  data(_direction: number, _buf: Uint8Array, off: number, end: number): void {
    this.bytes += end - off
  }

  gap(): void {
    assert.fail('no byte is missing here')
  }

  end(): void {}

  run(packets: number, mode: Mode): void {
    for (let i = 0; i < packets; i++) this.#one(i % FLOWS, mode)
  }

  #one(i: number, mode: Mode): void {
    const f = this.#frame
    f.number = ++this.#turn
    f.at = this.#at++
    f.ipVersion = 4
    f.ipOff = 14
    f.proto = IpProto.tcp
    f.addresses[3] = 0x0a000000 + i
    f.addresses[7] = mode === 'new' ? this.#turn : 0xca720477
    f.srcPort = 40_000
    f.dstPort = 515
    f.tcpFlags = TcpFlag.ack
    f.tcpSeq = this.#seqs[i] as number
    f.payloadOff = 54
    f.payloadEnd = 54 + PAYLOAD_BYTES
    f.payloadWireLength = PAYLOAD_BYTES
    this.#seqs[i] = f.tcpSeq + PAYLOAD_BYTES
    const { flow, direction } = this.#table.observe(f)
    if (mode === 'new') return
    const stream = (this.#streams[flow.id] ??= new TcpStream())
    stream.segment(direction, this.#buf, f, this)
  }
}

function measure(mode: Mode): number {
  const gc = (globalThis as { gc?: () => void }).gc
  assert.ok(gc, 'started without --expose-gc')
  const loop = new Loop()
  loop.run(PACKETS, mode)
  process.memoryUsage()
  gc()
  const before = process.memoryUsage().heapUsed
  loop.run(mode === 'new' ? PACKETS / 100 : PACKETS, mode)
  const growth = process.memoryUsage().heapUsed - before
  if (mode === 'known') assert.equal(loop.bytes, 2 * PACKETS * PAYLOAD_BYTES)
  return growth
}

function growthOf(mode: Mode): number {
  const env: NodeJS.ProcessEnv = { ...process.env, [CHILD_MARK]: mode }
  delete env['NODE_TEST_CONTEXT']
  return Number(execFileSync(process.execPath, [...CHILD_FLAGS, fileURLToPath(import.meta.url)], { env, encoding: 'utf8' }))
}

const mode = process.env[CHILD_MARK] as Mode | undefined
if (mode !== undefined) process.stdout.write(String(measure(mode)))
else {
  test('a packet of a known flow, read in order, allocates nothing', () => {
    const growth = growthOf('known')
    assert.ok(growth < GROWTH_BYTES_MAX, `${growth} bytes over ${PACKETS} packets`)
  })

  test('control: a new flow for every hundredth as many packets is seen', () => {
    assert.ok(growthOf('new') > GROWTH_BYTES_MAX)
  })
}
