// bind: the sockets of the segment, bound by the parent before anything else and handed on: the process that reads them can bind none itself.
// Keeps the rules: all or none, never every address of the machine, and only over the interface that owns the address.

import koffi from 'koffi'
import { parseIp } from '../../base/ip.ts'
import { err, ok, type Result } from '../../base/result.ts'
import type { SegmentConfig } from '../../config/gateway.ts'
import { addressFault } from '../nfs-server.ts'
import { AF_INET, bind, close, errnoName, listen, setsockopt, socket, socketAddress, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_STREAM } from '../../kernel/libc.ts'
import type { SocketPlan } from './plan.ts'

export interface BoundSocket extends SocketPlan {
  readonly fd: number
}

/** Connections that wait while the segment's process starts again: a ward of 1,024 monitors, one data port each at the same moment. */
const BACKLOG = 1024
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_BINDTODEVICE = 25
const ONE = new Uint8Array(new Uint32Array([1]).buffer)

/** Every socket that the configuration asks for, in the order in which they are handed on. */
export function socketPlans(config: SegmentConfig): readonly SocketPlan[] {
  const { cms, hl7, updatePorts } = config
  return [
    ...config.cmsPorts.map((port): SocketPlan => ({ service: 'cms', transport: 'tcp', address: cms, port })),
    { service: 'hl7', transport: 'tcp', address: hl7, port: config.hl7Port },
    ...(['portmap', 'mount', 'nfs'] as const).flatMap((service) =>
      (['udp', 'tcp'] as const).map((transport): SocketPlan => ({ service, transport, address: cms, port: updatePorts[service] }))),
  ]
}

/** Binds all of them, and listens where that is the way, or none. The error is for the operator: which address and port, and what to do. */
export function bindSockets(plans: readonly SocketPlan[]): Result<readonly BoundSocket[]> {
  const bound: BoundSocket[] = []
  for (const plan of plans) {
    const found = bindOne(plan)
    if (found.ok) {
      bound.push({ ...plan, fd: found.value })
      continue
    }
    closeSockets(bound)
    return found
  }
  return ok(bound)
}

export function closeSockets(sockets: readonly BoundSocket[]): void {
  for (const { fd } of sockets) close(fd)
}

function bindOne(plan: SocketPlan): Result<number> {
  const { address, port, transport, service } = plan
  const fault = addressFault(address)
  if (fault !== null) return err(`the ${service} socket cannot stand on this address: ${fault}`)
  const ip = parseIp(address)
  if (!ip.ok || address.includes(':')) return err(`${address} is not an IPv4 address; monitors speak nothing else`)
  const made = socket(AF_INET, (transport === 'tcp' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC)
  if (made.errno !== 0) return err(`no ${transport} socket can be made (${errnoName(made.errno)})`)
  const errno = setUp(made.value, plan)
  if (errno === 0) return ok(made.value)
  close(made.value)
  return err(`${transport} ${address}:${port} (${service}) cannot be bound: ${advice(errnoName(errno), plan)}`)
}

/** The errno of the first step that failed, or 0. UDP without REUSEADDR: with it another program could take the port's datagrams. */
function setUp(fd: number, { transport, address, port }: SocketPlan): number {
  const device = interfaceOf(address)
  const steps = [
    () => (transport === 'tcp' ? setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ONE) : null),
    () => (device === null ? null : setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${device}\0`))),
    () => bind(fd, socketAddress(address, port)),
    () => (transport === 'tcp' ? listen(fd, BACKLOG) : null),
  ]
  for (const step of steps) {
    const errno = step()?.errno ?? 0
    if (errno !== 0) return errno
  }
  return 0
}

function advice(name: string, { port }: SocketPlan): string {
  switch (name) {
    case 'EADDRINUSE':
      return port === 111
        ? 'another program has it (EADDRINUSE), usually the machine\'s own rpcbind: stop it (systemctl disable --now rpcbind.socket rpcbind)'
        : 'another program has it (EADDRINUSE): find it with "ss -lntup" and stop it, or is a gateway running already?'
    case 'EACCES':
      return 'ports below 1024 need CAP_NET_BIND_SERVICE (EACCES): start as root, or give the service AmbientCapabilities=CAP_NET_BIND_SERVICE'
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address (EADDRNOTAVAIL): give it to the interface of the isolated segment first'
    default:
      return name
  }
}

/** net/if.h */
const IFF_LOOPBACK = 8
/** struct ifaddrs of glibc and musl. */
const InterfaceAddress = koffi.struct('cordon_ifaddrs', {
  next: 'void *', name: 'const char *', flags: 'unsigned int', address: 'void *', netmask: 'void *', broadcast: 'void *', data: 'void *',
})
const libc = koffi.load(null)
const cGetifaddrs = libc.func('int getifaddrs(_Out_ void **)')
const cFreeifaddrs = libc.func('void freeifaddrs(void *)')

/**
 * Which interface owns an address, up or down. A machine answers for each of its addresses on all interfaces unless it is told not to.
 * null: none, or the loopback, where an address stands that is to be reached over several.
 */
export function interfaceOf(address: string): string | null {
  const head: unknown[] = [null]
  if (Number(cGetifaddrs(head)) !== 0) return null
  const wanted = [...socketAddress(address, 0).subarray(4, 8)]
  try {
    for (let at = head[0]; at !== null && at !== undefined;) {
      const entry = koffi.decode(at, InterfaceAddress) as { next: unknown; name: string; flags: number; address: unknown }
      if (entry.address !== null && koffi.decode(entry.address, 'uint16_t') === AF_INET) {
        const bytes = koffi.decode(entry.address, koffi.array('uint8_t', 8)) as Uint8Array
        if (wanted.every((byte, i) => bytes[4 + i] === byte)) return (entry.flags & IFF_LOOPBACK) === 0 ? entry.name : null
      }
      at = entry.next
    }
    return null
  } finally {
    cFreeifaddrs(head[0])
  }
}
