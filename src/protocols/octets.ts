// octets: addresses as bytes in network order, for encoders.
// Keeps the rule that encoders are for tests, goldens and the twin: nothing here is on the frame path.

import { ipVersion, putIp, V4_BYTES, V6_BYTES, type Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'

export function ipBytes(ip: Ip): number[] {
  const bytes = new Uint8Array(ipVersion(ip) === 4 ? V4_BYTES : V6_BYTES)
  putIp(ip, bytes, 0)
  return [...bytes]
}

export function macBytes(mac: MacNumber): number[] {
  return [40, 32, 24, 16, 8, 0].map((shift) => Math.floor(mac / 2 ** shift) % 256)
}
