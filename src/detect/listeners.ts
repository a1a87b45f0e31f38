// Listeners: which detectors hear which facts, worked out once. An ARP storm has a fact per frame, and most rules heed none of them.
// Keeps the rule that detectors hear facts in the order of the rules.

import type { ProtocolId } from '../protocols/facts.ts'
import type { Detector } from './rule.ts'

export type Listeners = (protocol: ProtocolId) => readonly Detector[]

/** Detectors with a `fact` by the protocols they name; one that names none hears all. */
export function listenersOf(detectors: readonly Detector[]): Listeners {
  const known = new Map<ProtocolId, readonly Detector[]>()
  return (protocol) => {
    const listeners = known.get(protocol) ?? detectors.filter((d) => d.fact && (d.hears?.includes(protocol) ?? true))
    known.set(protocol, listeners)
    return listeners
  }
}
