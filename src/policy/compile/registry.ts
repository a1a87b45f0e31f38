// The registry of targets: every platform that Cordon writes for, one row each.
// Keeps the rule that registries are arrays of rows, built once; a new platform is a folder and a line here.

import { ciscoAsa } from './cisco-asa/index.ts'
import { ciscoIos } from './cisco-ios/index.ts'
import { fortiOs } from './fortios/index.ts'
import { junosSrx } from './junos-srx/index.ts'
import { mikrotik } from './mikrotik/index.ts'
import { nacDacl } from './nac-dacl/index.ts'
import { nftables } from './nftables/index.ts'
import { panOs } from './pan-os/index.ts'
import { pf } from './pf/index.ts'
import { suricata } from './suricata/index.ts'
import type { Target } from './target.ts'
import { windowsFirewall } from './windows-firewall/index.ts'
import { zeekIntel } from './zeek-intel/index.ts'

/** In the order in which lists show them. */
export const TARGETS: readonly Target[] = [
  nftables, ciscoIos, ciscoAsa, junosSrx, panOs, fortiOs, mikrotik, pf, windowsFirewall, nacDacl, suricata, zeekIntel,
]

/** The row with this id, or null. */
export function targetById(id: string): Target | null {
  return TARGETS.find((target) => target.id === id) ?? null
}
