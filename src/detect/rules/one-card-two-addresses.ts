// Rule one-card-two-addresses: one card answers for two hosts of a segment, as someone does who stands in the middle.
// Routers with several addresses are no finding: they claim addresses of different segments, or answer only when asked.

import { greatestOf, leastOf } from '../../base/extent.ts'
import { sameUsualSegment } from '../../base/ip-scope.ts'
import type { Ip } from '../../base/ip.ts'
import { formatMac, type MacNumber } from '../../base/mac.ts'
import { shortId } from '../../base/short-id.ts'
import type { Asset } from '../../inventory/asset.ts'
import { claimedByArp, type Binding } from '../../inventory/bindings.ts'
import type { Draft, Rule } from '../rule.ts'
import { some } from '../words.ts'
import type { World } from '../world.ts'

export const oneCardTwoAddresses: Rule = {
  id: 'one-card-two-addresses',
  title: 'One card answers for two addresses',
  attack: [{ id: 'T1557.002', name: 'ARP Cache Poisoning', matrix: 'enterprise' }],
  open: () => ({ findings }),
}

function findings(world: World): Draft[] {
  const byCard = new Map<string, Binding[]>()
  for (const b of world.bindings.all()) {
    if (!claimedByArp(b)) continue
    const key = `${b.vlan}|${b.mac}`
    const known = byCard.get(key)
    if (known) known.push(b)
    else byCard.set(key, [b])
  }
  const byMac = assetsByMac(world)
  return [...byCard.values()].flatMap((bindings) => {
    const suspects = suspectPair(world, bindings)
    return suspects ? [toDraft(byMac, suspects)] : []
  })
}

/** Addresses of one segment, at least one announced unasked, and another card stands behind at least one of them. */
function suspectPair(world: World, bindings: readonly Binding[]): readonly Binding[] | null {
  const announced = bindings.find((b) => b.unsolicitedReplies > 0)
  if (!announced) return null
  const neighbours = bindings.filter((b) => b === announced || sameUsualSegment(b.ip, announced.ip))
  if (neighbours.length < 2) return null
  return neighbours.some((b) => hasRival(world, b)) ? neighbours : null
}

/** Another card claims the address, or sends packets from it. */
function hasRival(world: World, b: Binding): boolean {
  return world.bindings.claimants(b.vlan, b.ip).some((other) => other.mac !== b.mac)
}

/** The first asset of each card, in the assets' order. */
function assetsByMac(world: World): Map<string, Asset> {
  const byMac = new Map<string, Asset>()
  for (const asset of world.assets) {
    for (const { mac } of asset.interfaces) if (mac && !byMac.has(mac)) byMac.set(mac, asset)
  }
  return byMac
}

function toDraft(byMac: ReadonlyMap<string, Asset>, bindings: readonly Binding[]): Draft {
  const mac: MacNumber = bindings[0]?.mac ?? 0
  const ips: Ip[] = bindings.map((b) => b.ip)
  const asset = byMac.get(formatMac(mac))
  return {
    asset: asset ?? { id: shortId('a', 'mac', mac), label: formatMac(mac) },
    behaviour: `answers for ${mac}`, severity: 'high',
    ward: `One device stands between others on this segment and can read and change what they say to each other.`,
    technical: `${formatMac(mac)} answers ARP for ${some(ips)}, and other cards use at least one of these addresses.`,
    help: `Find the switch port of ${formatMac(mac)} and unplug it.`,
    inferred: ['That it relays is inferred from claiming both ends; a clustered host can look alike.'],
    firstAt: leastOf(bindings, (b) => b.firstAt), lastAt: greatestOf(bindings, (b) => b.lastAt),
    count: bindings.reduce((n, b) => n + b.unsolicitedReplies + b.solicitedReplies, 0),
    frames: bindings.flatMap((b) => b.frames), flows: [],
    details: [['card', formatMac(mac)], ['addresses', some(ips)]],
  }
}
