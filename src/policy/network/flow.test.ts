// The set engine and the slow interpreter on random small networks: every random packet ends the same ways in both, certain or not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { networkArbitrary, type NetworkShape } from '../../testing/network-arbitraries.ts'
import { pointArbitrary } from '../../testing/packet-arbitraries.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { isWellFormed, packetPoint } from '../sets/fields.ts'
import type { PacketPoint, PacketSet, PacketSpace } from '../sets/packet-set.ts'
import { followSets, type Branch } from './flow.ts'
import { ARRIVED, endingKey, type Ending, type Network, type Origin } from './model.ts'
import { preimage, startNode, within, type PathNode } from './path-node.ts'
import { walkNetwork, walkReply } from './walk.ts'

const zero = [{ low: 0n, high: 0n }]

/** Everything a host may send, of state new. */
function sentSet(space: PacketSpace): PathNode {
  return startNode((['iif', 'oif', 'state'] as const).reduce((set, field) => space.and(set, space.of(within(field, zero))), space.all))
}

const named = (ending: Ending, certain: boolean): string => `${endingKey(ending)} ${certain ? 'certain' : 'uncertain'}`

function unions(space: PacketSpace, branches: readonly Branch[], origins: (branch: Branch) => PacketSet): Map<string, PacketSet> {
  const found = new Map<string, PacketSet>()
  for (const branch of branches) {
    const key = named(branch.ending, branch.because.length === 0)
    found.set(key, space.or(found.get(key) ?? space.empty, origins(branch)))
  }
  return found
}

const origin = fc.constantFrom<Origin>({ link: 0 }, { link: 0 }, { link: 2 }, { device: 0 })
const points = fc.array(pointArbitrary(4), { minLength: 30, maxLength: 30 })

function sendable(list: readonly PacketPoint[]): PacketPoint[] {
  return list.map((p) => packetPoint({ ...p, iif: 0n, oif: 0n, state: 0n })).filter((p) => isWellFormed(p, 4))
}

test('each packet ends where the slow interpreter says, by every way it may take, and certainly when that is certain', () => {
  const seen = new Map<string, number>()
  fc.assert(fc.property(networkArbitrary(), origin, points, (network, from, list) => {
    const space = bddSpace(4)
    const start = sentSet(space)
    const sets = unions(space, followSets(space, network, from, start), (b) => preimage(space, b.node, b.node.set))
    for (const point of sendable(list)) {
      const traces = walkNetwork(network, from, point, 4)
      const walked = new Set(traces.map((t) => named(t.ending, t.because.length === 0)))
      const inSets = new Set([...sets].filter(([, set]) => space.contains(set, point)).map(([key]) => key))
      // The device's own redirect goes to an address that no text gives: any of 2^32, of which the interpreter tries a few.
      const wide = 'device' in from
      assert.deepEqual([...inSets].filter((key) => !wide || walked.has(key) || !key.endsWith('uncertain')).sort(), [...walked].sort())
      for (const { ending } of traces) seen.set(ending.disposition, (seen.get(ending.disposition) ?? 0) + 1)
    }
  }), { numRuns: 250, seed: 41 })
  for (const word of ['accepted', 'delivered-to-segment', 'exits-network', 'denied-in', 'denied-forward', 'denied-out', 'no-route', 'null-route',
    'loop', 'neighbor-unreachable', 'insufficient-info']) assert.ok((seen.get(word) ?? 0) > 20, `${word}: ${seen.get(word) ?? 0}`)
})

/** Ways of the replies to what certainly arrived, as sets of the packets that were sent. */
function replySets(space: PacketSpace, network: Network, from: Origin): Map<string, PacketSet> {
  const all = new Map<string, PacketSet>()
  for (const branch of followSets(space, network, from, sentSet(space))) {
    if (!ARRIVED.has(branch.ending.disposition) || branch.because.length > 0) continue
    const { ending, node } = branch
    const back: Origin | null = ending.disposition === 'accepted' ? { device: ending.device as number } : ending.link === null ? null : { link: ending.link }
    if (back === null) continue
    const start = replyStart(space, node.set)
    const found = unions(space, followSets(space, network, back, start, { replyTo: branch.passages }), (reply) => {
      const answered = preimage(space, reply.node, reply.node.set)
      return preimage(space, node, bareOf(space, answered))
    })
    for (const [key, set] of found) all.set(key, space.or(all.get(key) ?? space.empty, set))
  }
  return all
}

const FREE = ['iif', 'oif', 'state', 'flags', 'icmpType'] as const
function bareOf(space: PacketSpace, set: PacketSet): PacketSet {
  return FREE.reduce((s, field) => space.assign(s, field, [{ low: 0n, high: 65_535n }]), set)
}
function replyStart(space: PacketSpace, set: PacketSet): PathNode {
  const values = { iif: 0n, oif: 0n, state: 1n, flags: 18n, icmpType: 0n }
  return startNode(FREE.reduce((s, field) => space.assign(s, field, [{ low: values[field], high: values[field] }]), set))
}

function compareReplies(shape: NetworkShape, exact: boolean, seed: number): number {
  let compared = 0
  fc.assert(fc.property(networkArbitrary(shape), origin, points, (network, from, list) => {
    const space = bddSpace(4)
    const sets = replySets(space, network, from)
    for (const point of sendable(list)) {
      const arrived = walkNetwork(network, from, point, 4).filter((t) => ARRIVED.has(t.ending.disposition) && t.because.length === 0)
      const walked = new Set(arrived.flatMap((trace) => walkReply(network, trace, 4)).map((t) => named(t.ending, t.because.length === 0)))
      const inSets = new Set([...sets].filter(([, set]) => space.contains(set, point)).map(([key]) => key))
      if (exact) assert.deepEqual([...inSets].sort(), [...walked].sort())
      else for (const key of walked) assert.ok(inSets.has(key), `${key} is missing among ${[...inSets].join()}`)
      compared += walked.size
    }
  }), { numRuns: 250, seed })
  return compared
}

test('replies: without translation both engines agree on every way back', () => {
  const compared = compareReplies({ nat: false }, true, 42)
  assert.ok(compared > 150, String(compared))
})

test('replies through translation: no way of the slow interpreter is missing from the sets', () => {
  const compared = compareReplies({ nat: true }, false, 43)
  assert.ok(compared > 150, String(compared))
})
