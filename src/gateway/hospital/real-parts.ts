// Real parts: the system's clock and timers, the kernel's ARP table, permits and releases on disk, the segment's process, stores and sockets.
// Keeps the rule that what a part says of itself reaches people in its own words, and that none of them is a patient's.

import fs from 'node:fs'
import type { Micros } from '../../base/time.ts'
import type { AdtConfig, GatewayConfig } from '../../config/gateway.ts'
import { parseHl7 } from '../core/intake/hl7-text.ts'
import { startAdtListener } from '../out/adt-listener.ts'
import { machineClock } from '../segment/clock.ts'
import { startSegment } from '../segment/process.ts'
import { grantSource } from './grant-source.ts'
import type { AdtPart, GatewayParts, SegmentEar, SegmentPart } from './parts.ts'
import { openStores } from './stores.ts'

const ARP_TABLE = '/proc/net/arp'
/** The kernel's table of 1,024 entries has 80 kB. */
const ARP_BYTES_MAX = 1024 * 1024

export function realParts(config: GatewayConfig): GatewayParts {
  // One clock in both processes, which never goes back: an admission is compared with what was measured before it (segment/clock.ts).
  const steady = machineClock()
  const now = (): Micros => steady.now()
  return {
    clock: now, every, after, arpTable, loadGrants: grantSource(config, now),
    startSegment: (_config, ear) => segment(config, now, ear),
    openStores: (_config, note) => openStores(config, now, note),
    startAdt: (adt, take, note) => adtPart(adt, config, { clock: now, note }, take),
  }
}

async function segment(config: GatewayConfig, clock: () => Micros, ear: SegmentEar): Promise<SegmentPart> {
  const { segment: own, updates, devicesMax, leads } = config
  const started = await startSegment({
    config: own, clock, nfsVersions: updates.nfsVersions, devicesMax, bench: { leads, isPaced: false },
    onMessage: (message) => ear.onMessage(message), onStart: () => ear.onStart(),
    onState: ({ phase, lastDeath }) => {
      if (phase === 'down') ear.onDown(lastDeath ?? 'no reason is known')
    },
  })
  return {
    tell: (message) => started.send(message), pause: () => started.pause(), resume: () => started.resume(),
    async close() {
      await started.close()
      ear.onDown('closed')
    },
  }
}

/** What is no message of HL7 is refused; what is one is taken, also when it moves nobody that the gateway follows: the audit says so. */
async function adtPart(
  adt: AdtConfig, config: GatewayConfig, deps: { readonly clock: () => Micros; readonly note: (words: string) => void }, take: (bytes: Uint8Array) => void,
): Promise<AdtPart> {
  const listening = await startAdtListener(adt, (bytes) => {
    if (!parseHl7(bytes).ok) return 'unreadable'
    take(bytes)
    return 'applied'
  }, { ...deps, timers: { after }, segment: [config.segment.cms, config.segment.hl7] })
  if (!listening.ok) throw new Error(listening.error)
  const { value } = listening
  return {
    why: () => {
      const { state, why } = value.state()
      return state === 'down' ? why ?? 'no reason is known' : null
    },
    refused: () => value.state().why,
    warnings: () => value.state().warnings,
    close: () => value.close(),
  }
}

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
