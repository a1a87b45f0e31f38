// Real parts: the system's clock and timers, the kernel's ARP table, permits and releases on disk, processes and sockets.
// Keeps the rule that a part which is not there is an error with its name when the gateway starts, never a silent nothing.

import fs from 'node:fs'
import type { GatewayConfig } from '../../config/gateway.ts'
import { grantSource } from './grant-source.ts'
import type { GatewayParts } from './parts.ts'

const ARP_TABLE = '/proc/net/arp'
/** The kernel's table of 1,024 entries has 80 kB. */
const ARP_BYTES_MAX = 1024 * 1024

export function realParts(config: GatewayConfig): GatewayParts {
  return {
    clock: wallMicros, every, after, arpTable, loadGrants: grantSource(config, wallMicros),
    startSegment: () => missing('the process that faces the monitors'),
    openStores: () => missing('the readings store, the queue or its senders'),
    startAdt: () => missing('the ADT listener'),
  }
}

const missing = (what: string): Promise<never> => Promise.reject(new Error(`${what} is not part of this build`))

/** The clock of both processes of the gateway. Who compares ages on it looks out for one that was set back (tile.ts). */
const wallMicros = (): number => Date.now() * 1000

function every(ms: number, call: () => void): () => void {
  const timer = setInterval(call, ms)
  return () => clearInterval(timer)
}

function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

function arpTable(): string | null {
  try {
    return fs.readFileSync(ARP_TABLE, 'utf8').slice(0, ARP_BYTES_MAX)
  } catch {
    return null
  }
}
