// Rule talks-outside: a bedside device exchanges packets with an address beyond the hospital.
// Source: CISA ICSMA-25-030-01 and Claroty Team82 (facts on the device, section 8): no Internet for these devices.

import type { Talk } from '../talks.ts'
import { transportName } from '../flow-mark.ts'
import { wardNameFirst, type Draft, type Rule } from '../rule.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import type { Asset } from '../../inventory/asset.ts'
import { IpProto } from '../../wire/frame.ts'
import { groupTalks, sumTalks } from './talk-group.ts'

export const talksOutside: Rule = {
  id: 'talks-outside',
  title: 'A bedside device talks to an address outside the hospital',
  attack: [{ id: 'T1048.003', name: 'Exfiltration Over Unencrypted Non-C2 Protocol', matrix: 'enterprise' }],
  open: () => ({ findings }),
}

function findings(world: World): Draft[] {
  const groups = groupTalks(world, (talk) => {
    const asset = world.monitorAt(talk.vlan, talk.src)
    return asset && carries(world, talk) && world.leaves(talk) ? asset : null
  })
  return groups.map(({ asset, talks }) => toDraft(asset, talks))
}

/** A connection try carries nothing out, and unanswered packets to an advisory's address are indicator-contact's business. */
function carries(world: World, talk: Talk): boolean {
  if (talk.answered + talk.oneSided > 0) return true
  return talk.proto !== IpProto.tcp && talk.packets > 0 && world.indicatorOf(talk.dst) === null
}

function toDraft(asset: Asset, talks: readonly Talk[]): Draft {
  const sum = sumTalks(talks)
  const targets = [...new Set(talks.map((t) => `${t.dst} ${transportName(t.proto)}/${t.port}`))]
  return {
    asset, behaviour: 'outside', severity: 'critical',
    ward: `${wardNameFirst(asset)} sends its data out of the hospital.`,
    technical:
      `${count(sum.count, 'flow')} from ${talks[0]?.src} to ${some(targets)}: ${sum.bytes} bytes out, ${sum.bytesBack} bytes back; ` +
      'the packets go to a router, not to a neighbour that owns the address.',
    help:
      'Take the default gateway out of this device\'s network settings or block it at the firewall; ' +
      'first check with the ward whether the central station depends on it.',
    inferred: [], ...sum,
    details: [['destinations', some(targets)], ['bytes out', String(sum.bytes)], ['bytes back', String(sum.bytesBack)]],
  }
}
