// Conversations: talks joined per pair and service, with zones and the policy's word on each. Pure; the evaluators are handed in.

import { isGroupIp } from '../base/ip-scope.ts'
import type { Ip } from '../base/ip.ts'
import { shortId } from '../base/short-id.ts'
import type { AssetId } from '../inventory/asset.ts'
import type { Conversation, Endpoint } from './conversation.ts'
import { transportName } from './flow-mark.ts'
import { TalkGroups } from './talk-groups.ts'
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
  return [...eachConversation(world, eyes)]
}

/** The same one by one, for those who do not keep them. */
export function* eachConversation(world: World, eyes: PolicyEyes): Generator<Conversation> {
  for (const { talks, leaves } of new TalkGroups(world).each()) {
    const [talk] = talks
    if (talk) yield toConversation(world, talks, leaves, answerOf(eyes, talk, leaves))
  }
}

/** What a page shows of conversations without having them all. */
export interface Outgoing {
  /** Conversations that leave the hospital or that the policy denies. */
  readonly total: number
  /** The first of them, in order. */
  readonly first: readonly Conversation[]
  /** Assets with a conversation that leaves. */
  readonly talking: ReadonlySet<AssetId | null>
}

export function outgoingOf(world: World, eyes: PolicyEyes, shownMax: number): Outgoing {
  const first: Conversation[] = []
  const talking = new Set<AssetId | null>()
  let total = 0
  for (const { talks, leaves } of new TalkGroups(world).each()) {
    const [talk] = talks
    if (!talk) continue
    if (leaves) talking.add(endpoint(world, talk.vlan, talk.src, '', false).assetId)
    // What leaves is shown whatever the policy says, so it is not asked for more of them than are shown.
    if (leaves && total >= shownMax) total++
    else {
      const answer = answerOf(eyes, talk, leaves)
      if (!leaves && answer.action !== 'deny') continue
      total++
      if (first.length < shownMax) first.push(toConversation(world, talks, leaves, answer))
    }
  }
  return { total, first, talking }
}

/** The same of conversations that are there already. */
export function outgoingAmong(conversations: readonly Conversation[], shownMax: number): Outgoing {
  const out = conversations.filter((c) => c.leaves || c.verdict === 'deny')
  return { total: out.length, first: out.slice(0, shownMax), talking: new Set(out.filter((c) => c.leaves).map((c) => c.from.assetId)) }
}

function answerOf(eyes: PolicyEyes, talk: Talk, leaves: boolean): PolicyAnswer {
  return (leaves ? eyes.leaving : eyes.local)(talk.src, talk.dst, talk.proto, 0, talk.port)
}

function toConversation(world: World, talks: readonly Talk[], leaves: boolean, answer: PolicyAnswer): Conversation {
  const talk = talks[0] as Talk
  const { vlan, src, dst, proto, port, protocol } = talk
  return {
    id: shortId('c', `${vlan}|${src}|${dst}|${proto}|${port}|${protocol ?? ''}|${leaves}`),
    from: endpoint(world, vlan, src, answer.from, false),
    to: endpoint(world, vlan, dst, talk.toGroup ? 'group' : answer.to, leaves),
    transport: transportName(proto),
    port,
    protocol,
    ...sumOf(talks),
    leaves,
    verdict: answer.action, rule: answer.rule, reason: answer.reason,
  }
}

function sumOf(talks: readonly Talk[]): Pick<Conversation, 'flows' | 'attempts' | 'packets' | 'bytes' | 'firstAt' | 'lastAt'> {
  const sum = { flows: 0, attempts: 0, packets: 0, bytes: 0, firstAt: Number.POSITIVE_INFINITY, lastAt: Number.NEGATIVE_INFINITY }
  for (const t of talks) {
    sum.flows += t.flows
    sum.attempts += t.unanswered + t.refused
    sum.packets += t.packets + t.packetsBack
    sum.bytes += t.bytes + t.bytesBack
    sum.firstAt = Math.min(sum.firstAt, t.firstAt)
    sum.lastAt = Math.max(sum.lastAt, t.lastAt)
  }
  return sum
}

/** An address beyond the hospital is no asset, even when a neighbour here uses the same number. */
function endpoint(world: World, vlan: number, ip: Ip, zone: string, outside: boolean): Endpoint {
  const asset = outside || isGroupIp(ip) ? null : world.assetAt(vlan, ip)
  // A machine of the segment that uses a global number is no Internet host, whatever its address says.
  return { assetId: asset?.id ?? null, ip, label: asset?.label ?? ip, zone: asset && zone === 'internet' ? 'unzoned' : zone }
}
