// Lease: a client gets its address by DHCP: discover, offer, request, acknowledge (RFC 2131 section 3.1), then announces itself.
// Keeps the rule that the only UDP a monitor ever receives in a quiet ward is the answer it asked for.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { MAC_BROADCAST } from '../../base/mac.ts'
import { randomInt, type Rng } from '../../base/rng.ts'
import type { Micros } from '../../base/time.ts'
import { DhcpOption, DhcpType } from '../../protocols/dhcp/codes.ts'
import {
  dhcpReply, dhcpRequest, encodeDhcp, optionAddress, optionByte, optionText, type DhcpOptionValue, type DhcpValue,
} from '../../protocols/dhcp/message.ts'
import { u32be } from './build.ts'
import type { LocalHost } from './cast.ts'
import { arpAnnouncement } from './neighbours.ts'
import type { WardFrame } from './packets.ts'
import { local } from './places.ts'
import type { Standpoint } from './tcp-talk.ts'
import { UdpLine } from './udp-line.ts'

export interface LeaseSetup {
  readonly client: LocalHost
  /** What the client calls itself (option 12), or null for a client that sends no name. */
  readonly hostName: string | null
  /** Option 60, or null. */
  readonly vendorClass: string | null
  /** Option 55: which options it asks for, in its own order. */
  readonly asksFor: readonly number[]
  readonly server: LocalHost
  readonly router: Ip
  readonly rng: Rng
}

const CLIENT_PORT = 68
const SERVER_PORT = 67
const NOWHERE = ipFromV4(0)
const EVERYWHERE = ipFromV4(0xffffffff)
const MASK = ipFromV4(0xffffff00)
/** Option 51 (RFC 2132 section 9.2): eight hours, a shift. */
const LEASE_TIME_OPTION = 51
const LEASE_SECONDS = 28_800
const SERVER_MICROS = 4_000
const CLIENT_MICROS = 9_000
const ANNOUNCE_MICROS = 20_000

/** The four messages and the announcement; returns when the address can be used. */
export function* getLease(setup: LeaseSetup, at: Micros): Generator<WardFrame, Micros, undefined> {
  const { client, server, rng } = setup
  const transaction = randomInt(rng, 1, 2 ** 32 - 1)
  const asking = new UdpLine({ client: unaddressed(client), clientPort: CLIENT_PORT, server: everyone(), serverPort: SERVER_PORT }, rng)
  const answering = new UdpLine({ client: local(server), clientPort: SERVER_PORT, server: local(client), serverPort: CLIENT_PORT }, rng)
  const discover = dhcpRequest(client.mac, transaction, [optionByte(DhcpOption.messageType, DhcpType.discover), ...clientOptions(setup)])
  const request = dhcpRequest(client.mac, transaction, [
    optionByte(DhcpOption.messageType, DhcpType.request),
    optionAddress(DhcpOption.requestedAddress, client.ip),
    optionAddress(DhcpOption.server, server.ip),
    ...clientOptions(setup),
  ])
  yield* asking.tell(encodeDhcp(discover), at)
  yield* answering.tell(encodeDhcp(answer(setup, discover, DhcpType.offer)), asking.freeAt + SERVER_MICROS)
  yield* asking.tell(encodeDhcp(request), answering.freeAt + CLIENT_MICROS)
  yield* answering.tell(encodeDhcp(answer(setup, request, DhcpType.ack)), asking.freeAt + SERVER_MICROS)
  const ready = answering.freeAt + ANNOUNCE_MICROS
  yield* arpAnnouncement(client, ready)
  return ready + CLIENT_MICROS
}

function unaddressed(client: LocalHost): Standpoint {
  return { ...local(client), ip: NOWHERE }
}

function everyone(): Standpoint {
  return { mac: MAC_BROADCAST, ip: EVERYWHERE, ttl: 64, turnMicros: 0 }
}

function clientOptions({ hostName, vendorClass, asksFor }: LeaseSetup): DhcpOptionValue[] {
  return [
    ...(hostName === null ? [] : [optionText(DhcpOption.hostName, hostName)]),
    ...(vendorClass === null ? [] : [optionText(DhcpOption.vendorClass, vendorClass)]),
    { code: DhcpOption.parameterList, data: Uint8Array.from(asksFor) },
  ]
}

function answer({ client, server, router }: LeaseSetup, request: DhcpValue, type: number): DhcpValue {
  return dhcpReply(request, client.ip, [
    optionByte(DhcpOption.messageType, type),
    optionAddress(DhcpOption.server, server.ip),
    { code: LEASE_TIME_OPTION, data: u32be(LEASE_SECONDS) },
    optionAddress(DhcpOption.subnetMask, MASK),
    optionAddress(DhcpOption.router, router),
  ])
}
