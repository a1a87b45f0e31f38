// packet-sender: frames onto a wire of a network namespace that a test made: one packet socket, one call per frame.
// Keeps the rule that packets of tests go nowhere else: it refuses to open in a network that has any interface but those it is told.

import fs from 'node:fs'
import { bind, close, errnoName, interfaceIndex, sendto, socket } from '../kernel/libc.ts'

const AF_PACKET = 17
const SOCK_RAW = 3

/** Interfaces of this network beside loopback and the tunnel ends that some kernels put into every new one. */
export function otherInterfaces(): readonly string[] {
  const lines = fs.readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2)
  const names = lines.map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).trim())
  return names.filter((name) => name !== '' && !/^(?:lo|ifb\d|(?:tunl|gre|gretap|erspan|ip_vti|ip6_vti|sit|ip6tnl|ip6gre|dummy|teql)\d)$/.test(name))
}

export class PacketSender {
  readonly #fd: number
  /** Frames the kernel took. */
  sent = 0

  /** `made` are all the interfaces that the test made. */
  constructor(device: string, made: readonly string[]) {
    const strange = otherInterfaces().filter((name) => !made.includes(name))
    if (strange.length > 0) throw new Error(`this is no namespace of a test: it has ${strange.join(', ')}`)
    const { value, errno } = socket(AF_PACKET, SOCK_RAW)
    if (errno !== 0) throw new Error(`no packet socket: ${errnoName(errno)}`)
    this.#fd = value
    const address = new Uint8Array(20)
    new DataView(address.buffer).setUint16(0, AF_PACKET, true)
    new DataView(address.buffer).setInt32(4, interfaceIndex(device), true)
    const bound = bind(value, address)
    if (bound.errno !== 0) throw new Error(`${device} cannot be sent on: ${errnoName(bound.errno)}`)
  }

  /** A full queue is waited for; another refusal is the test's mistake. */
  send(frame: Uint8Array): void {
    for (;;) {
      const { errno } = sendto(this.#fd, frame, null)
      if (errno === 0) {
        this.sent++
        return
      }
      if (errnoName(errno) !== 'ENOBUFS') throw new Error(`a frame of ${frame.length} bytes was not sent: ${errnoName(errno)}`)
    }
  }

  close(): void {
    close(this.#fd)
  }
}
