// reader: the program that reads one ring: it waits for a block, writes the block as it is into a pipe, and gives it back to the kernel.
// Keeps S1: it looks at no packet, and of the calls it is left with none can send; a block is given back only when all of it was written.

import fs from 'node:fs'
import { getsockopt, mapShared, pollOne } from '../../kernel/libc.ts'
import { closeCalls } from '../../kernel/sandbox.ts'
import { RingBlock, RingStatus } from '../../wire/capture/ring-block.ts'
import { BLOCKS_FD, RING_FD, type ReaderPlan, type ReaderReady } from './reader-plan.ts'
import { readerRules } from './reader-rules.ts'

/** poll.h */
const POLLIN = 1
const POLLERR = 8
/** A wake-up that is lost costs this, no more. */
const WAIT_MS = 200
/** An interface that is down says so again and again. */
const REST_MS = 200
/** asm-generic/socket.h: asking for the error takes it away. */
const SOL_SOCKET = 1
const SO_ERROR = 4
/** sysexits.h EX_OSERR: the ring cannot be had; EX_IOERR: nobody reads any more. */
const EXIT_OS_ERROR = 71
const EXIT_NOBODY = 74

class BlockRing {
  readonly #bytes: Uint8Array
  readonly #words: Int32Array
  readonly #blocks: number
  readonly #blockBytes: number

  constructor(memory: ArrayBuffer, { blocks, blockBytes }: ReaderPlan) {
    this.#bytes = new Uint8Array(memory)
    this.#words = new Int32Array(memory)
    this.#blocks = blocks
    this.#blockBytes = blockBytes
  }

  isReady(block: number): boolean {
    return (Atomics.load(this.#words, this.#wordAt(block, RingBlock.statusAt)) & RingStatus.user) !== 0
  }

  /** The oldest block that waits: where a reader goes on that was started while packets came; -1 when none does. */
  oldest(): number {
    let [found, lowest] = [-1, 0]
    for (let block = 0; block < this.#blocks; block++) {
      const sequence = this.#words[this.#wordAt(block, RingBlock.sequenceAt)] ?? 0
      // Numbers of waiting blocks are near each other, so their difference tells the order past 2^31 too.
      if (this.isReady(block) && (found < 0 || ((sequence - lowest) | 0) < 0)) [found, lowest] = [block, sequence]
    }
    return found
  }

  /** Into the pipe, all of it, then back to the kernel. */
  handOver(block: number): void {
    const start = block * this.#blockBytes
    const end = start + (this.#words[this.#wordAt(block, RingBlock.lengthAt)] ?? 0)
    for (let pos = start; pos < end;) pos += fs.writeSync(BLOCKS_FD, this.#bytes, pos, end - pos)
    Atomics.store(this.#words, this.#wordAt(block, RingBlock.statusAt), RingStatus.kernel)
  }

  next(block: number): number {
    return (block + 1) % this.#blocks
  }

  #wordAt(block: number, byte: number): number {
    return (block * this.#blockBytes + byte) >>> 2
  }
}

function run(ring: BlockRing): never {
  let block = -1
  for (;;) {
    if (block >= 0 && ring.isReady(block)) {
      ring.handOver(block)
      block = ring.next(block)
      continue
    }
    const { value } = pollOne(RING_FD, POLLIN, WAIT_MS)
    if ((value & POLLERR) !== 0) rest()
    if (block < 0) block = ring.oldest()
  }
}

/** The interface went down: its error is taken away, and we do not ask again at once. */
function rest(): void {
  getsockopt(RING_FD, SOL_SOCKET, SO_ERROR, 4)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REST_MS)
}

const plan = JSON.parse(process.argv[2] ?? '{}') as ReaderPlan
const { memory, errno } = mapShared(RING_FD, plan.blocks * plan.blockBytes)
if (memory === null) {
  process.stderr.write(`the ring cannot be shared (errno ${errno})\n`)
  process.exit(EXIT_OS_ERROR)
}
// Ctrl-C at a terminal goes to all; when the reader ends its parent says.
process.on('SIGINT', () => undefined)
const ready: ReaderReady = { holds: [...plan.holds, ...closeCalls((pid) => readerRules(pid, RING_FD))] }
fs.writeSync(2, `${JSON.stringify(ready)}\n`)
try {
  run(new BlockRing(memory, plan))
} catch (cause) {
  process.exit((cause as NodeJS.ErrnoException).code === 'EPIPE' ? EXIT_NOBODY : EXIT_OS_ERROR)
}
