// Rule old-file-sharing: a monitor speaks SMB version 1, as client or as server.
// Source: CVE-2017-0144 and its siblings (WannaCry, NotPetya) spread by SMB 1; Microsoft took it out of service in 2014 and out of Windows in 2017.

import type { Ip } from '../../base/ip.ts'
import { subjectAt, wardNameFirst, type Detector, type Draft, type Rule } from '../rule.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count } from '../words.ts'
import type { World } from '../world.ts'

/** One client and one server on a segment. */
interface Sharing {
  readonly vlan: number
  readonly client: Ip
  readonly server: Ip
  readonly seen: Sightings
}

/** Pairs remembered. */
const SHARINGS_MAX = 4096

export const oldFileSharing: Rule = {
  id: 'old-file-sharing',
  title: 'A monitor shares files by a protocol that worms use',
  attack: [
    { id: 'T0866', name: 'Exploitation of Remote Services', matrix: 'ics' },
    { id: 'T1210', name: 'Exploitation of Remote Services', matrix: 'enterprise' },
  ],
  open,
}

function open(): Detector {
  const sharings = new Map<string, Sharing>()
  return {
    hears: ['smb'],
    fact(fact, flow) {
      if (fact.protocol !== 'smb' || fact.kind !== 'dialect' || !fact.isVersion1 || !flow) return
      const key = `${flow.vlan}|${fact.client}|${fact.server}`
      const sharing = sharings.get(key) ?? { vlan: flow.vlan, client: fact.client, server: fact.server, seen: noSightings(fact.at) }
      if (!sharings.has(key) && sharings.size >= SHARINGS_MAX) return
      sharings.set(key, sharing)
      sight(sharing.seen, fact, flow)
    },
    findings: (world) => [...sharings.values()].flatMap((sharing) => draftsOf(world, sharing)),
  }
}

/** Either end may be the monitor; an office that still does this is another team's list. */
function draftsOf(world: World, sharing: Sharing): Draft[] {
  const { vlan, client, server } = sharing
  return [client, server].filter((ip) => world.isMonitor(world.assetAt(vlan, ip))).map((ip) => toDraft(world, sharing, ip))
}

function toDraft(world: World, sharing: Sharing, ip: Ip): Draft {
  const { vlan, client, server, seen } = sharing
  const subject = subjectAt(world, vlan, ip)
  const other = ip === client ? server : client
  return {
    asset: subject, behaviour: `smb1 ${other}`, severity: 'medium',
    ward: `${wardNameFirst(subject)} shares files in a way that worms use to spread; a sick computer can reach it by it.`,
    technical: `SMB version 1 was agreed on ${count(seen.count, 'connection')} between ${client} and ${server}.`,
    help: 'Ask the maker for a setting or a version without SMB 1; until then allow file sharing to the one server it needs.',
    inferred: [], ...shown(seen),
    details: [['client', client], ['server', server]],
  }
}
