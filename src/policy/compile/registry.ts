// The registry of platforms: those that Cordon writes for, and those whose text it reads, one row each.
// Keeps the rule that registries are arrays of rows, built once; a new platform is a folder and a line here.

import { ciscoAsa } from './cisco-asa/index.ts'
import { ciscoIos } from './cisco-ios/index.ts'
import { fortiOs } from './fortios/index.ts'
import { iptables } from './iptables/index.ts'
import { junosSrx } from './junos-srx/index.ts'
import { mikrotik } from './mikrotik/index.ts'
import { nacDacl } from './nac-dacl/index.ts'
import { nftables } from './nftables/index.ts'
import { panOs } from './pan-os/index.ts'
import { pf } from './pf/index.ts'
import { readLinuxDump } from './routes/index.ts'
import { suricata } from './suricata/index.ts'
import type { Target } from './target.ts'
import { windowsFirewall } from './windows-firewall/index.ts'
import { zeekIntel } from './zeek-intel/index.ts'

/** In the order in which lists show them. */
export const TARGETS: readonly Target[] = [
  nftables, iptables, ciscoIos, ciscoAsa, junosSrx, panOs, fortiOs, mikrotik, pf, windowsFirewall, nacDacl, suricata, zeekIntel,
]

/** A platform whose text is read; `name` is said to people. */
export interface Reader {
  readonly id: string
  readonly name: string
  readonly read: NonNullable<Target['read']>
}

/** Every platform that can be read: the targets that read back, and those that are only read. */
export const READERS: readonly Reader[] = [
  ...TARGETS.flatMap(({ id, name, read }): Reader[] => (read === null ? [] : [{ id, name, read }])),
  { id: 'routes-linux', name: 'Linux routes (ip route, ip rule, with and without -j)', read: readLinuxDump },
]

/** The row with this id, or null. */
export function targetById(id: string): Target | null {
  return TARGETS.find((target) => target.id === id) ?? null
}
