// interface: what the kernel says of the captured interface: packets lost before any ring, packets sent, and whether it can send by itself.
// Keeps S1 honest: Cordon's processes cannot send, but a kernel whose interface has IPv6, ARP or an address can, and the operator is told.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { AF_INET, close, ioctl, socket, SOCK_CLOEXEC, SOCK_DGRAM } from '../../kernel/libc.ts'

export interface InterfaceCounts {
  /** Lost by the card or its driver: no ring ever saw them. */
  readonly lost: number
  /** By whomever on this machine. */
  readonly sent: number
}

/**
 * Files of /sys/class/net/IF/statistics (Documentation/ABI/testing/sysfs-class-net-statistics) that count what no ring saw, as libpcap takes
 * them. Not rx_dropped: it counts frames that no protocol of this machine wanted, such as tagged ones, and rings have had those.
 */
const LOST = ['rx_missed_errors', 'rx_fifo_errors', 'rx_over_errors'] as const

/** Since the interface was made, by name and number; null when it is gone. */
export function interfaceCounts(device: string, index: number, sys = '/sys/class/net'): InterfaceCounts | null {
  const folder = path.join(sys, device)
  // In another network namespace than the one /sys was mounted in, the names there are another machine's.
  if (Number(readText(path.join(folder, 'ifindex'))) !== index) return countsOfTable(device, readText('/proc/net/dev') ?? '')
  const number = (name: string): number => Number(readText(path.join(folder, 'statistics', name)) ?? 0)
  return { lost: LOST.reduce((n, name) => n + number(name), 0), sent: number('tx_packets') }
}

/** Of /proc/net/dev, whose received side has bytes, packets, errs, drop, fifo, frame, compressed, multicast; then the sent one. */
export function countsOfTable(device: string, text: string): InterfaceCounts | null {
  const line = text.split('\n').find((l) => l.trim().startsWith(`${device}:`))
  if (line === undefined) return null
  const cells = line.slice(line.indexOf(':') + 1).trim().split(/\s+/).map(Number)
  return { lost: cells[4] ?? 0, sent: cells[9] ?? 0 }
}

function readText(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8').trim()
  } catch {
    return null
  }
}

/** linux/if.h and linux/sockios.h */
const SIOCGIFFLAGS = 0x8913
const IFF = { up: 1, noArp: 0x80 } as const
const NAME_BYTES = 16

function interfaceFlags(device: string): number | null {
  const made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)
  if (made.errno !== 0) return null
  const request = new Uint8Array(40)
  request.set(Buffer.from(device).subarray(0, NAME_BYTES - 1))
  const { errno } = ioctl(made.value, SIOCGIFFLAGS, request)
  close(made.value)
  return errno === 0 ? new DataView(request.buffer).getUint16(NAME_BYTES, true) : null
}

/** Each way in which the kernel can send from it without anybody asking, with the command that ends it. */
export function sendingWays(device: string): readonly string[] {
  if (device === 'lo') return []
  const flags = interfaceFlags(device) ?? 0
  const v6 = readText(`/proc/sys/net/ipv6/conf/${device}/disable_ipv6`)
  const addresses = (os.networkInterfaces()[device] ?? []).map((a) => a.address)
  const rows: readonly (readonly [boolean, string])[] = [
    [v6 === '0', `IPv6 is on, and the kernel announces itself by it: sysctl -w net.ipv6.conf.${device}.disable_ipv6=1`],
    [(flags & IFF.noArp) === 0, `ARP is on, and the kernel answers and asks: ip link set ${device} arp off`],
    [addresses.length > 0, `it has an address (${addresses.join(', ')}), to which the kernel answers: ip addr flush dev ${device}`],
  ]
  return rows.filter(([holds]) => holds).map(([, words]) => words)
}

export function isUp(device: string): boolean {
  return ((interfaceFlags(device) ?? 0) & IFF.up) !== 0
}
