// Conversations: talks joined per pair and service, with zones and the policy's word on each. Pure; the evaluators are handed in.

import { greatestOf, leastOf } from '../base/extent.ts'
import { isGroupIp } from '../base/ip-scope.ts'
import type { Ip } from '../base/ip.ts'
import { shortId } from '../base/short-id.ts'
import type { Conversation, Endpoint } from './conversation.ts'
import { transportName } from './flow-mark.ts'
import type { Talk } from './talks.ts'
import type { World } from './world.ts'

/** What the policy says of one 5-tuple (policy/eval). */
export interface PolicyAnswer {
  readonly action: 'allow' | 'deny'
  readonly rule: string
  readonly reason: string
  readonly from: string
  readonly to: string
}

/** `leaving` is asked for packets that go to a router: there an address that also exists on the segment is not that neighbour. */
export interface PolicyEyes {
  readonly local: (src: Ip, dst: Ip, proto: number, srcPort: number, dstPort: number) => PolicyAnswer
  readonly leaving: (src: Ip, dst: Ip, proto: number, srcPort: number, dstPort: number) => PolicyAnswer
}

export function conversationsOf(world: World, eyes: PolicyEyes): Conversation[] {
  const groups = new Map<string, { talks: Talk[]; leaves: boolean }>()
  for (const talk of world.talks) {
    const leaves = world.leaves(talk)
    const key = `${talk.vlan}|${talk.src}|${talk.dst}|${talk.proto}|${talk.port}|${talk.protocol ?? ''}|${leaves}`
    const group = groups.get(key)
    if (group) group.talks.push(talk)
    else groups.set(key, { talks: [talk], leaves })
  }
  return [...groups].map(([key, { talks, leaves }]) => toConversation(world, eyes, key, talks, leaves))
}

function toConversation(world: World, eyes: PolicyEyes, key: string, talks: readonly Talk[], leaves: boolean): Conversation {
  const talk = talks[0] as Talk
  const sum = (pick: (t: Talk) => number): number => talks.reduce((n, t) => n + pick(t), 0)
  const answer = (leaves ? eyes.leaving : eyes.local)(talk.src, talk.dst, talk.proto, 0, talk.port)
  return {
    id: shortId('c', key),
    from: endpoint(world, talk.vlan, talk.src, answer.from, false),
    to: endpoint(world, talk.vlan, talk.dst, talk.toGroup ? 'group' : answer.to, leaves),
    transport: transportName(talk.proto),
    port: talk.port,
    protocol: talk.protocol,
    flows: sum((t) => t.flows),
    attempts: sum((t) => t.unanswered + t.refused),
    packets: sum((t) => t.packets + t.packetsBack),
    bytes: sum((t) => t.bytes + t.bytesBack),
    firstAt: leastOf(talks, (t) => t.firstAt),
    lastAt: greatestOf(talks, (t) => t.lastAt),
    leaves,
    verdict: answer.action, rule: answer.rule, reason: answer.reason,
  }
}

/** An address beyond the hospital is no asset, even when a neighbour here uses the same number. */
function endpoint(world: World, vlan: number, ip: Ip, zone: string, outside: boolean): Endpoint {
  const asset = outside || isGroupIp(ip) ? null : world.assetAt(vlan, ip)
  // A machine of the segment that uses a global number is no Internet host, whatever its address says.
  return { assetId: asset?.id ?? null, ip, label: asset?.label ?? ip, zone: asset && zone === 'internet' ? 'unzoned' : zone }
}
