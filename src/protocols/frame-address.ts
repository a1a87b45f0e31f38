// frame-address: source and destination of a decoded frame as values, for protocols that have no flow.
// Keeps the rule that a text is made only when something is told.

import { ipAt, type Ip } from '../base/ip.ts'
import { mix } from '../base/mix.ts'
import type { Frame } from '../wire/frame.ts'

export function frameSource(frame: Frame): Ip {
  return ipAt(frame.addresses, 0, frame.ipVersion)
}

export function frameDestination(frame: Frame): Ip {
  return ipAt(frame.addresses, 4, frame.ipVersion)
}

/** Who sent it on which segment, as a seed: the same bytes of another sender are another thing. */
export function senderSeed({ addresses, srcMac, vlan }: Frame): number {
  let hash = mix(vlan, srcMac % 0x1_0000_0000)
  for (let i = 0; i < 4; i++) hash = mix(hash, addresses[i] as number)
  return mix(hash, Math.floor(srcMac / 0x1_0000_0000))
}
