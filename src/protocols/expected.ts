// Expected: flows that another flow announced (TFTP and FTP data), known by their ends before a byte of them is judged.
// Keeps the rule that protocols do not look at ports: this file matches them for those that must, within named bounds.

import type { Ip } from '../base/ip.ts'
import type { Micros } from '../base/time.ts'
import type { Direction, Flow } from '../wire/flow.ts'

/** Announcements remembered per row; the oldest goes first. A ward has far fewer transfers at a time; a flood of requests ends here. */
const EXPECTED_MAX = 4096
/** How long an announcement holds: TFTP gives up after some retries of seconds, an FTP client may wait for a person between two commands. */
const EXPECTED_MICROS = 10 * 60 * 1_000_000

interface Entry<T> {
  readonly peer: Ip
  readonly what: T
  readonly at: Micros
}

/** The port that the sender of a direction uses. */
export function senderPort(flow: Flow, direction: Direction): number {
  return direction === 0 ? flow.srcPort : flow.dstPort
}

/** One row's announcements: deterministic, same packets, same answers. */
export class ExpectedFlows<T> {
  readonly #entries = new Map<string, Entry<T>>()
  /** Announcements by port, so that a flow of another costs one look. */
  readonly #ports = new Map<number, number>()

  /** A flow between `ip`:`port` and any port of `peer` is expected, in the VLAN of `flow`. A newer announcement replaces an older one. */
  announce(flow: Flow, ip: Ip, port: number, peer: Ip, what: T, at: Micros): void {
    const key = keyOf(flow, ip, port)
    if (!this.#entries.delete(key)) this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1)
    this.#entries.set(key, { peer, what, at })
    if (this.#entries.size > EXPECTED_MAX) this.#forgetOldest()
  }

  /** Is a flow with one of these ports expected? Cheaper to ask than of the flow, which need not be there yet. */
  has(port: number, other: number): boolean {
    return this.#ports.size > 0 && (this.#ports.has(port) || this.#ports.has(other))
  }

  /** What was announced of this flow; null when nothing was, or too long ago. */
  of(flow: Flow): T | null {
    if (this.#ports.size === 0) return null
    return this.#at(flow, flow.dst, flow.dstPort, flow.src) ?? this.#at(flow, flow.src, flow.srcPort, flow.dst)
  }

  #at(flow: Flow, ip: Ip, port: number, peer: Ip): T | null {
    if (!this.#ports.has(port)) return null
    const entry = this.#entries.get(keyOf(flow, ip, port))
    if (!entry || entry.peer !== peer || flow.firstAt > entry.at + EXPECTED_MICROS) return null
    return entry.what
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key)
      const port = Number(key.slice(key.lastIndexOf(' ') + 1))
      const left = (this.#ports.get(port) ?? 1) - 1
      if (left > 0) this.#ports.set(port, left)
      else this.#ports.delete(port)
      return
    }
  }
}

function keyOf(flow: Flow, ip: Ip, port: number): string {
  return `${flow.vlan}.${flow.innerVlan} ${ip} ${port}`
}
