// Rule inbound-udp: somebody sends UDP to a monitor that did not ask. The device's two UDP flaws need no more than that.
// Source: CVE-2024-12248 and CVE-2022-38100 (facts on the device, section 7): the baseline is no inbound UDP except DHCP replies.

import { ipScope } from '../../base/ip-scope.ts'
import { IpProto } from '../../wire/frame.ts'
import type { Talk } from '../talks.ts'
import { wardName, type Draft, type Rule } from '../rule.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import type { Asset } from '../../inventory/asset.ts'
import { groupTalks, sumTalks } from './talk-group.ts'

/** DHCP client port: replies of a server reach it unasked by the flow table's view (RFC 2131 section 4.1). */
const DHCP_CLIENT_PORT = 68

export const inboundUdp: Rule = {
  id: 'inbound-udp',
  title: 'Somebody sends UDP to a monitor',
  attack: [{ id: 'T0866', name: 'Exploitation of Remote Services', matrix: 'ics' }, { id: 'T0814', name: 'Denial of Service', matrix: 'ics' }],
  open: () => ({ findings }),
}

function findings(world: World): Draft[] {
  const groups = groupTalks(world, (talk) => {
    if (talk.proto !== IpProto.udp || talk.port === DHCP_CLIENT_PORT || ipScope(talk.dst) === 'multicast') return null
    return world.monitorAt(talk.vlan, talk.dst)
  })
  return groups.map(({ asset, talks }) => toDraft(asset, talks))
}

function toDraft(asset: Asset, talks: readonly Talk[]): Draft {
  const sum = sumTalks(talks)
  const senders = [...new Set(talks.map((t) => t.src))]
  const ports = [...new Set(talks.map((t) => `udp/${t.port}`))]
  return {
    asset, behaviour: 'inbound', severity: 'high',
    ward: `Something sends ${wardName(asset)} network packets it never asked for; packets like these can crash or take over this model.`,
    technical: `${count(talks.reduce((n, t) => n + t.packets, 0), 'UDP packet')} from ${some(senders)} to ${talks[0]?.dst} on ${some(ports)}.`,
    help: 'Block UDP to this device except DHCP replies, and find out what the sender is.',
    inferred: ['The port and shape of the packets that trigger the flaws are not public; any inbound UDP is treated as a try.'],
    ...sum,
    details: [['senders', some(senders)], ['ports', some(ports)]],
  }
}
