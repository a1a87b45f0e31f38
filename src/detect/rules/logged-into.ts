// LoggedInto: one device and who logs in to it, for the rules on log-ins in clear.
// Keeps the cards of both ends, without which nobody can say whether a way leaves the hospital.

import type { Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import { opposite, type Direction, type Flow } from '../../wire/flow.ts'
import type { World } from '../world.ts'

export interface LoggedInto {
  readonly vlan: number
  readonly device: Ip
  /** With the cards through which client and device are reached. */
  readonly clients: Map<Ip, { readonly client: MacNumber; readonly device: MacNumber }>
}

/** Clients remembered of one device: more than a person reads. */
const CLIENTS_MAX = 64

/** `deviceSide` is the end of the flow that is logged in to. */
export function noteClient({ clients }: LoggedInto, flow: Flow, deviceSide: Direction): void {
  const client = deviceSide === 0 ? flow.dst : flow.src
  if (clients.size < CLIENTS_MAX) clients.set(client, { client: flow.macs[opposite(deviceSide)], device: flow.macs[deviceSide] })
}

/** Packets of at least one client's log-in leave the hospital, one way or the other. */
export function crossesBorder(world: World, { vlan, device, clients }: LoggedInto): boolean {
  return [...clients].some(([client, cards]) =>
    world.leaves({ vlan, src: device, dst: client, nextHop: cards.client }) || world.leaves({ vlan, src: client, dst: device, nextHop: cards.device }))
}
