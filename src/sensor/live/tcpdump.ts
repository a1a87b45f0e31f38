// tcpdump: the way without a ring of our own: a tcpdump writes into a wide pipe, and says what it lost.
// Keeps the rule that it is started before privileges are given up and told to end through a pipe, because afterwards no signal reaches it.

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { err, ok, type Result } from '../../base/result.ts'
import type { MissingHold } from '../../kernel/sandbox.ts'
import type { PacketSink } from '../../wire/capture/capture.ts'
import { createCaptureReader } from '../../wire/capture/reader.ts'
import type { Gap } from './gap.ts'
import type { HeldTcpdump } from './give-up.ts'
import { pump, widePipe, PIPE_BYTES } from './pump.ts'
import type { LiveCounters, LiveSource } from './source.ts'

export interface TcpdumpOptions {
  readonly device: string
  readonly filter: string
  readonly snaplen: number
  readonly isPromiscuous: boolean
  readonly ringKib: number
}

/**
 * Each line on standard input asks for the counts, its end ends tcpdump. TERM, because a shell's background has INT ignored.
 * -U: a packet is seen when it comes, not when a buffer is full.
 */
const KEEP = '"$@" & pid=$!; while read -r _; do kill -USR1 $pid; done; kill -TERM $pid; wait $pid'
const LISTENING = /listening on \S+, link-type (\S+)/
const START_MS = 10_000
const WORDS_MAX = 64 * 1024
const COUNTS_MS = 100

/** First stage. The error is tcpdump's own, with what to do. */
export async function startTcpdump(options: TcpdumpOptions): Promise<Result<HeldTcpdump>> {
  const [data, words, control] = [widePipe(), widePipe(), widePipe()]
  if (data === null || words === null || control === null) return err('no pipe can be made')
  const argv = [
    'tcpdump', '-i', options.device, '-n', '-w', '-', '-U', '-s', String(options.snaplen), '-B', String(options.ringKib), '-Q', 'in',
    ...(options.isPromiscuous ? [] : ['-p']), ...(options.filter === '' ? [] : [options.filter]),
  ]
  // A group of its own: Ctrl-C at the terminal is not for it.
  const child = spawn('sh', ['-c', KEEP, 'sh', ...argv], { stdio: [control[0], data[1], words[1]], detached: true })
  child.unref()
  for (const fd of [control[0], data[1], words[1]]) fs.closeSync(fd)
  const said = await firstWords(words[0])
  if (!LISTENING.test(said)) {
    for (const fd of [control[1], data[0], words[0]]) fs.closeSync(fd)
    const help = 'install it (apt-get install tcpdump), start as root, or give it the right: setcap cap_net_raw+ep $(command -v tcpdump)'
    return err(`tcpdump does not read ${options.device}: ${said.trim() || 'it said nothing'}\n  help: ${help}`)
  }
  return ok({ pid: child.pid ?? 0, dataFd: data[0], wordsFd: words[0], controlFd: control[1] })
}

/** Until it listens, or until it is gone. */
async function firstWords(fd: number): Promise<string> {
  const buffer = Buffer.alloc(WORDS_MAX)
  let said = ''
  const deadline = performance.now() + START_MS
  while (!LISTENING.test(said) && performance.now() < deadline) {
    const bytesRead = await new Promise<number>((resolve) => fs.read(fd, buffer, 0, buffer.length, null, (cause, n) => resolve(cause === null ? n : 0)))
    said += buffer.toString('latin1', 0, bytesRead)
    // The shell stays until it is told; "no such" and "permission" are all that tcpdump says then.
    if (bytesRead === 0 || /^(?:sh|tcpdump): .*(?:not found|permission|No such|syntax|error|unknown|illegal)/im.test(said)) break
  }
  return said.replaceAll(/[^ -~\n]/g, '?')
}

/** What tcpdump said last of each count. */
export function tcpdumpCounts(words: string): { readonly captured: number; readonly received: number; readonly dropped: number; readonly byInterface: number } {
  const last = (pattern: RegExp): number => Number([...words.matchAll(pattern)].at(-1)?.[1] ?? 0)
  return {
    captured: last(/(\d+) packets? captured/g), received: last(/(\d+) packets? received by filter/g),
    dropped: last(/(\d+) packets? dropped by kernel/g), byInterface: last(/(\d+) packets? dropped by interface/g),
  }
}

/** Second stage: what it writes, into a sink. It cannot be started again: that would take a privilege. */
export class TcpdumpSource implements LiveSource {
  readonly gaps: Gap[] = []
  readonly gapsNotKept = 0
  readonly #held: HeldTcpdump
  readonly #afterRead: () => void | Promise<void>
  readonly #onEnd: (why: string) => void
  readonly #reader: ReturnType<typeof createCaptureReader>
  #delivered = 0
  #lastAt: number | null = null
  #words = ''
  #isStopping = false
  #done: Promise<unknown> = Promise.resolve()

  constructor(held: HeldTcpdump, sink: PacketSink, afterRead: () => void | Promise<void>, onEnd: (why: string) => void) {
    this.#held = held
    this.#afterRead = afterRead
    this.#onEnd = onEnd
    this.#reader = createCaptureReader({
      packet: (buf, off, end, at, wireLength, linkType) => {
        this.#delivered++
        this.#lastAt = at
        sink.packet(buf, off, end, at, wireLength, linkType)
      },
    })
  }

  async start(): Promise<readonly MissingHold[]> {
    const { dataFd, wordsFd } = this.#held
    const buffer = new Uint8Array(PIPE_BYTES)
    const data = pump(dataFd, buffer, (end) => {
      this.#reader.push(buffer.subarray(0, end))
      return end
    }, this.#afterRead).then(() => this.#ended())
    const text = Buffer.alloc(WORDS_MAX)
    const words = pump(wordsFd, text, (end) => {
      this.#words = (this.#words + text.toString('latin1', 0, end)).slice(-WORDS_MAX)
      return end
    }, () => undefined)
    this.#done = Promise.all([data, words])
    await sleep(0)
    return []
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    fs.closeSync(this.#held.controlFd)
    await this.#done
  }

  /** As of its last answer; the next is asked for. */
  async ask(): Promise<void> {
    if (this.#isStopping) return
    fs.writeSync(this.#held.controlFd, '\n')
    await sleep(COUNTS_MS)
  }

  counters(): LiveCounters {
    const { received, dropped } = tcpdumpCounts(this.#words)
    return { kernelPackets: received, kernelDrops: dropped, delivered: this.#delivered, ours: 0, vlanRestored: 0 }
  }

  #ended(): void {
    if (this.#isStopping) return
    this.gaps.push({ from: this.#lastAt, to: null, lost: 0, why: 'tcpdump ended by itself', isOver: true })
    this.#onEnd('tcpdump ended by itself')
  }
}
