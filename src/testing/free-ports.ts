// free-ports: ports of loopback that nobody has, by TCP and UDP, for what must be told its ports before it binds them.
// Keeps tests apart: the ports lie below those that the kernel gives to connections by itself, which would take one at any moment.

import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'

const LOOPBACK = '127.0.0.1'
/** Below 32,768, where net.ipv4.ip_local_port_range begins unless somebody changed it; above what services usually have. */
const [FIRST, LAST] = [12_000, 32_000]

/** `count` different ports. Two processes that ask at the same moment meet by a chance of one in twenty thousand a port. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (!ports.has(port) && await isFree(port)) ports.add(port)
  }
  return [...ports]
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

async function isFree(port: number): Promise<boolean> {
  const tcp = net.createServer()
  const udp = dgram.createSocket('udp4')
  try {
    await once(tcp.listen(port, LOOPBACK), 'listening')
    udp.bind(port, LOOPBACK)
    await once(udp, 'listening')
    return true
  } catch {
    return false
  } finally {
    tcp.close()
    udp.close()
  }
}
