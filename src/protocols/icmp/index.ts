// ICMP: packets to facts. No registry row: the sensor hands over each packet of protocol 1 or 58 (packets.ts).
// Keeps the rules of neighbour discovery: only from this link (hop limit 255), a probe states nothing, and a repeat is no fact.

import type { Ip } from '../../base/ip.ts'
import { formatMac, isGroupMac, type Mac, type MacNumber } from '../../base/mac.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Frame } from '../../wire/frame.ts'
import { bytesKey, type FirstSeen } from '../first-seen.ts'
import { frameDestination, frameSource, senderSeed } from '../frame-address.ts'
import { Icmp4, Icmp6, unreachableReason } from './codes.ts'
import type { IcmpFact } from './facts.ts'
import {
  decodeAdvertisement, decodeRedirect4, decodeRedirect6, decodeRouterAdvertisement, decodeRouters4, decodeSolicitation, type NdOptions,
} from './message.ts'

type Emit = (fact: IcmpFact) => void

/** RFC 4861 section 7.1.1: a router would have counted it down. */
const HOP_LIMIT_ON_LINK = 255

/** Emits what the message at [frame.l4Off, frame.l4End) teaches, when it was not told before. Echo and the rest teach nothing here. */
export function icmpFacts(buf: Uint8Array, frame: Frame, seen: FirstSeen<number>, emit: Emit): void {
  if (frame.payloadOff < 0) return
  const type = u8(buf, frame.l4Off)
  if (isUnreachable(frame.ipVersion, type)) unreachable(buf, frame, seen, emit)
  else if (teaches(frame.ipVersion, type) && seen.isNew(bytesKey(buf, frame.l4Off, frame.l4End, senderSeed(frame)))) {
    if (frame.ipVersion === 4) told4(buf, frame, type, emit)
    else if (frame.ttl === HOP_LIMIT_ON_LINK) told6(buf, frame, type, emit)
    else malformed(frame, 'hop-limit', emit)
  }
}

function isUnreachable(version: number, type: number): boolean {
  return type === (version === 4 ? Icmp4.unreachable : Icmp6.unreachable)
}

function teaches(version: number, type: number): boolean {
  if (version === 4) return type === Icmp4.redirect || type === Icmp4.routerAdvertisement
  return type >= Icmp6.routerAdvertisement && type <= Icmp6.redirect
}

/** Not by its bytes: it quotes the packet that did not arrive, and each is another. */
function unreachable(buf: Uint8Array, frame: Frame, seen: FirstSeen<number>, emit: Emit): void {
  if (!seen.isNew(bytesKey(buf, frame.l4Off, frame.l4Off + 2, senderSeed(frame)))) return
  const reason = unreachableReason(frame.ipVersion, u8(buf, frame.l4Off + 1))
  emit({ ...baseOf(frame), kind: 'unreachable', to: frameDestination(frame), reason })
}

function baseOf(frame: Frame) {
  return {
    at: frame.at, frame: frame.number, protocol: 'icmp', vlan: frame.vlan, version: frame.ipVersion === 4 ? 4 : 6, from: frameSource(frame),
  } as const
}

function cardOf(frame: Frame): Mac | null {
  return frame.srcMac < 0 ? null : formatMac(frame.srcMac)
}

function malformed(frame: Frame, reason: string, emit: Emit): void {
  emit({ ...baseOf(frame), kind: 'malformed', reason })
}

function told4(buf: Uint8Array, frame: Frame, type: number, emit: Emit): void {
  const { l4Off, l4End } = frame
  if (type === Icmp4.redirect) {
    const told = decodeRedirect4(buf, l4Off, l4End)
    if (told) emit({ ...baseOf(frame), kind: 'redirect', frameMac: cardOf(frame), to: frameDestination(frame), ...told })
    else malformed(frame, 'truncated', emit)
    return
  }
  const told = decodeRouters4(buf, l4Off, l4End)
  if (told) emit({ ...baseOf(frame), kind: 'router', frameMac: cardOf(frame), ...told, prefixes: [], managed: false, otherConfig: false, dnsServers: [] })
  else malformed(frame, 'truncated', emit)
}

function told6(buf: Uint8Array, frame: Frame, type: number, emit: Emit): void {
  const { l4Off, l4End } = frame
  switch (type) {
    case Icmp6.neighbourSolicitation: {
      const told = decodeSolicitation(buf, l4Off, l4End)
      if (told) solicited(frame, told.target, told.options, emit)
      else malformed(frame, 'truncated', emit)
      return
    }
    case Icmp6.neighbourAdvertisement: {
      const told = decodeAdvertisement(buf, l4Off, l4End)
      if (!told) return malformed(frame, 'truncated', emit)
      claim(frame, 'advertisement', told.target, told.options.targetLink, told, emit)
      if (told.options.problem) malformed(frame, told.options.problem, emit)
      return
    }
    case Icmp6.routerAdvertisement: return routerTold(buf, frame, emit)
    default: {
      const told = decodeRedirect6(buf, l4Off, l4End)
      if (told) emit({ ...baseOf(frame), kind: 'redirect', frameMac: cardOf(frame), to: frameDestination(frame), ...told })
      else malformed(frame, 'truncated', emit)
    }
  }
}

/** Who asks says where it is itself, unless it asks whether the address is free (source ::). */
function solicited(frame: Frame, target: Ip, options: NdOptions, emit: Emit): void {
  const isProbe = isUnspecified(frame)
  if (!isProbe && options.sourceLink !== null) {
    claim(frame, 'solicitation', frameSource(frame), options.sourceLink, { isRouter: false, solicited: false }, emit)
  }
  emit({ ...baseOf(frame), kind: 'ask', mac: cardOf(frame), ip: isProbe ? null : frameSource(frame), target })
  if (options.problem) malformed(frame, options.problem, emit)
}

interface ClaimFlags {
  readonly isRouter: boolean
  readonly solicited: boolean
}

/** Without the option the frame's sender is meant (RFC 4861 section 4.4: it may be left out in answers to one asker). */
function claim(frame: Frame, by: 'advertisement' | 'solicitation', ip: Ip, link: MacNumber | null, flags: ClaimFlags, emit: Emit): void {
  const mac = link ?? frame.srcMac
  if (mac <= 0 || isGroupMac(mac)) return
  emit({
    ...baseOf(frame), kind: 'claim', by, ip, mac: formatMac(mac), frameMac: cardOf(frame),
    solicited: flags.solicited, isRouter: flags.isRouter,
  })
}

function routerTold(buf: Uint8Array, frame: Frame, emit: Emit): void {
  const told = decodeRouterAdvertisement(buf, frame.l4Off, frame.l4End)
  if (!told) return malformed(frame, 'truncated', emit)
  const { lifetimeSeconds, managed, otherConfig, options } = told
  const { prefixes, dnsServers } = options
  if (options.sourceLink !== null) claim(frame, 'solicitation', frameSource(frame), options.sourceLink, { isRouter: true, solicited: false }, emit)
  const router = { frameMac: cardOf(frame), routers: [frameSource(frame)], lifetimeSeconds, prefixes, managed, otherConfig, dnsServers }
  emit({ ...baseOf(frame), kind: 'router', ...router })
  if (options.problem) malformed(frame, options.problem, emit)
}

function isUnspecified({ addresses }: Frame): boolean {
  return addresses[0] === 0 && addresses[1] === 0 && addresses[2] === 0 && addresses[3] === 0
}
