// ring: a packet socket of the kernel on one interface, with its ring of blocks, opened, closed in by a filter, and never written to.
// Keeps the rule S1: it receives before it is bound nothing, and nothing here sends; an error says what to do about it.

import fs from 'node:fs'
import { err, ok, type Result } from '../../base/result.ts'
import {
  bind, close, errnoName, getsockname, getsockopt, interfaceIndex, setsockopt, setsockoptFilter, socket, SOCK_CLOEXEC, type Outcome,
} from '../../kernel/libc.ts'
import { u16le } from '../../wire/bytes.ts'
import { ACCEPT_NOTHING, encodeBpf, type BpfInstruction } from '../../wire/bpf/program.ts'
import { LinkType } from '../../wire/capture/capture.ts'
import { VLAN_TAG_BYTES } from '../../wire/capture/ring-block.ts'

export interface RingOptions {
  readonly device: string
  /** Its last instruction says how many bytes are kept of a packet. */
  readonly filter: readonly BpfInstruction[]
  readonly isPromiscuous: boolean
  /** Rings that share the interface's packets by flow. */
  readonly rings: number
  /** Bytes of all rings together. */
  readonly bytes: number
}

/** One block: many packets, one hand-over; the longest packet fits. */
export const BLOCK_BYTES = 1024 * 1024
/** What `-B` does not say: a tenth of a second at 5 Gbit/s. */
export const RING_BYTES = 64 * 1024 * 1024
/** A block that is not full is handed over after this: what a person sees is never older. */
export const RETIRE_MS = 50

export interface Ring {
  readonly fd: number
  readonly blocks: number
  readonly linkType: number
}

/** linux/if_packet.h and linux/if_ether.h */
const AF_PACKET = 17
const SOCK_RAW = 3
const SOL_PACKET = 263
const PACKET = { addMembership: 1, rxRing: 5, statistics: 6, version: 10, reserve: 12, fanout: 18, ignoreOutgoing: 23 } as const
const TPACKET_V3 = 2
const MEMBERSHIP_PROMISCUOUS = 1
const FANOUT_HASH = 0
const FANOUT_IGNORE_OUTGOING = 0x4000
const ETH_P_ALL = 3
/** asm-generic/socket.h */
const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
const SO_LOCK_FILTER = 44
/** Frames are of any size in version 3; the kernel only wants a number that divides. */
const FRAME_BYTES = 2048

const words = (...values: readonly number[]): Uint8Array => new Uint8Array(new Uint32Array(values).buffer)

/** ARPHRD_* of linux/if_arp.h: what frames of such an interface begin with. */
const LINK_OF_HARDWARE: ReadonlyMap<number, number> = new Map([[1, LinkType.ethernet], [772, LinkType.ethernet], [65534, LinkType.raw]])

/** Of the socket's own address (struct sockaddr_ll): what kind of hardware it is bound to. */
function linkTypeOf(fd: number, device: string): Result<number> {
  const { bytes } = getsockname(fd)
  const kind = u16le(bytes, 8)
  const link = LINK_OF_HARDWARE.get(kind)
  return link === undefined ? err(`${device} is of a kind (ARPHRD ${kind}) whose frames a ring cannot give; try --via tcpdump`) : ok(link)
}

export function noInterface(device: string): string {
  // Per line of /proc/net/dev, after two of headings: name, colon, counts.
  const names = fs.readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2).map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).trim())
  return `there is no interface "${device}" here.\n  help: these are here: ${names.filter((name) => name !== '').join(', ')}`
}

/** All rings or none. The error is for the operator. */
export function openRings(options: RingOptions): Result<readonly Ring[]> {
  const index = interfaceIndex(options.device)
  if (index === 0) return err(noInterface(options.device))
  const rings: Ring[] = []
  for (let i = 0; i < options.rings; i++) {
    const ring = openRing(options, index)
    if (ring.ok) {
      rings.push(ring.value)
      continue
    }
    closeRings(rings)
    return ring
  }
  // Only now packets come: until then each ring would have had all of them.
  for (const { fd } of rings) {
    const fault = takeFilter(fd, options.filter)
    if (fault === null) continue
    closeRings(rings)
    return err(fault)
  }
  return ok(rings)
}

export function closeRings(rings: readonly Ring[]): void {
  for (const { fd } of rings) close(fd)
}

function openRing(options: RingOptions, index: number): Result<Ring> {
  const made = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)
  if (made.errno !== 0) return err(advice('no packet socket can be opened', errnoName(made.errno)))
  const fd = made.value
  const blocks = Math.max(2, Math.floor(options.bytes / options.rings / BLOCK_BYTES))
  const geometry = words(BLOCK_BYTES, blocks, FRAME_BYTES, (BLOCK_BYTES / FRAME_BYTES) * blocks, RETIRE_MS, 0, 0)
  const membership = new Uint8Array(16)
  new DataView(membership.buffer).setUint32(0, index, true)
  new DataView(membership.buffer).setUint16(4, MEMBERSHIP_PROMISCUOUS, true)
  const steps: readonly (readonly [string, () => Outcome | null])[] = [
    ['its version', () => setsockopt(fd, SOL_PACKET, PACKET.version, words(TPACKET_V3))],
    ['room for tags', () => setsockopt(fd, SOL_PACKET, PACKET.reserve, words(VLAN_TAG_BYTES))],
    ['own packets left out', () => setsockopt(fd, SOL_PACKET, PACKET.ignoreOutgoing, words(1))],
    ['the first filter', () => setsockoptFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, encodeBpf(ACCEPT_NOTHING))],
    [`a ring of ${blocks} MiB`, () => setsockopt(fd, SOL_PACKET, PACKET.rxRing, geometry)],
    ['the interface', () => bind(fd, linkAddress(index))],
    ['promiscuous mode', () => (options.isPromiscuous ? setsockopt(fd, SOL_PACKET, PACKET.addMembership, membership) : null)],
    ['sharing by flow', () => (options.rings > 1 ? setsockopt(fd, SOL_PACKET, PACKET.fanout, words(fanoutArgument())) : null)],
  ]
  for (const [what, step] of steps) {
    const errno = step()?.errno ?? 0
    if (errno === 0) continue
    close(fd)
    return err(advice(`the packet socket on ${options.device} did not take ${what}`, errnoName(errno)))
  }
  const link = linkTypeOf(fd, options.device)
  if (link.ok) return ok({ fd, blocks, linkType: link.value })
  close(fd)
  return link
}

/** Group of this process (its number, 16 bits) in the low half; in the high one how packets are shared, and that the group leaves out own ones too. */
function fanoutArgument(): number {
  return ((FANOUT_HASH | FANOUT_IGNORE_OUTGOING) << 16) | (process.pid & 0xffff)
}

/** struct sockaddr_ll: family, protocol in the network's order, interface. */
function linkAddress(index: number): Uint8Array {
  const bytes = new Uint8Array(20)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_PACKET, true)
  view.setUint16(2, ETH_P_ALL)
  view.setInt32(4, index, true)
  return bytes
}

/** The last filter: nobody can take another one afterwards. */
function takeFilter(fd: number, filter: readonly BpfInstruction[]): string | null {
  const taken = setsockoptFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, encodeBpf(filter))
  const done = taken.errno === 0 ? setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, words(1)) : taken
  return done.errno === 0 ? null : advice(`the kernel did not take the filter of ${filter.length} instructions`, errnoName(done.errno))
}

const PERMISSION = [
  'Start as root (every privilege is given up once the ring is open), or with CAP_NET_RAW alone:',
  'setpriv --reuid=USER --regid=GROUP --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw --bounding-set=-all,+net_raw ./cordon watch -i IF',
  '(a service: AmbientCapabilities=CAP_NET_RAW; or let tcpdump have it, setcap cap_net_raw+ep $(command -v tcpdump), and say --via tcpdump)',
].join('\n        ')

function advice(what: string, name: string): string {
  switch (name) {
    case 'EPERM':
    case 'EACCES':
      return `${what}: permission was denied (${name}).\n  help: ${PERMISSION}`
    case 'ENOMEM':
      return `${what}: there is not enough memory (ENOMEM).\n  help: ask for a smaller ring with -B KIB`
    case 'ENETDOWN':
      return `${what}: it is down (ENETDOWN).\n  help: ip link set IF up arp off`
    default:
      return `${what} (${name})`
  }
}

/** What the kernel counted since it was last asked: packets that passed the filter, and of these those that found the ring full. */
export function ringStatistics(fd: number): { readonly packets: number; readonly drops: number } {
  const { errno, bytes } = getsockopt(fd, SOL_PACKET, PACKET.statistics, 12)
  if (errno !== 0 || bytes.length < 8) return { packets: 0, drops: 0 }
  const view = new DataView(bytes.buffer)
  return { packets: view.getUint32(0, true), drops: view.getUint32(4, true) }
}
