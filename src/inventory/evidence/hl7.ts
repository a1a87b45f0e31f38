// hl7: what an HL7 v2 message proves about its two ends: names, devices, and the part each plays.
// Keeps "wrong labels cost more than missing ones": a device reporter may be a gateway, so it is not called a monitor.

import type { Hl7Content } from '../../protocols/hl7/content.ts'
import type { Hl7Message } from '../../protocols/hl7/facts.ts'
import type { AssetRole } from '../asset.ts'
import { claimAbout, inferredAbout, type FlowEnds } from './claim-about.ts'
import type { TargetedClaim } from '../evidence.ts'

/** What who sends such a message is, in the words of IHE PCD and of HL7 chapter 3. */
const SENDERS: ReadonlyMap<Hl7Content, readonly [part: AssetRole, does: string]> = new Map([
  ['device-observations', ['device-reporter', 'sends device observations']],
  ['device-alarm', ['alarm-reporter', 'sends device alarms']],
  ['patient-administration', ['adt-source', 'sends ADT messages']],
])

export function hl7Claims(fact: Hl7Message, ends: FlowEnds): TargetedClaim[] {
  const sender = ends[fact.direction]
  const receiver = ends[fact.direction === 0 ? 1 : 0]
  const claims: TargetedClaim[] = []
  if (fact.content !== 'acknowledgement') claims.push(claimAbout(receiver, 'role', 'hl7-server', 'receives HL7 v2 messages'))
  else claims.push(claimAbout(sender, 'role', 'hl7-server', 'acknowledges HL7 v2 messages'))
  if (fact.sendingApplication) claims.push(claimAbout(sender, 'software', fact.sendingApplication, 'HL7 MSH-3, sending application'))
  const part = SENDERS.get(fact.content)
  if (part) claims.push(partClaim(fact, sender, part))
  for (const device of fact.devices) {
    claims.push(claimAbout(sender, 'device-identifier', device.text, `HL7 ${device.source} in a message it sent`, 'A'))
  }
  return claims
}

/** With MSH-21 the message says itself what it is; by its codes and tree alone it is inferred. ADT is its own type. */
function partClaim(fact: Hl7Message, sender: FlowEnds[0], [value, does]: readonly [AssetRole, string]): TargetedClaim {
  if (fact.profile !== '') return claimAbout(sender, 'role', value, `${does} (${fact.profile})`)
  return fact.content === 'device-observations' ? inferredAbout(sender, 'role', value, `${does} (by MDC codes)`) : claimAbout(sender, 'role', value, does)
}
