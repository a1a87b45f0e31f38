// Listeners: which detectors hear which facts, worked out once. An ARP storm has a fact per frame, and most rules heed none of them.
// Keeps the rule that detectors hear facts in the order of the rules.

import type { ProtocolId } from '../protocols/facts.ts'
import type { Detector } from './rule.ts'

export type Listeners = Readonly<Record<ProtocolId, readonly Detector[]>>

/** Detectors with a `fact` by the protocols they name; one that names none hears all. */
export function listenersOf(detectors: readonly Detector[]): Listeners {
  const hearing = (protocol: ProtocolId): Detector[] => detectors.filter((d) => d.fact && (d.hears?.includes(protocol) ?? true))
  return {
    arp: hearing('arp'), cms8000: hearing('cms8000'), dhcp: hearing('dhcp'), dns: hearing('dns'), 'file-transfer': hearing('file-transfer'),
    ftp: hearing('ftp'),
    hl7: hearing('hl7'), http: hearing('http'), lpd: hearing('lpd'),
    rpc: hearing('rpc'), smb: hearing('smb'), tftp: hearing('tftp'),
  }
}
