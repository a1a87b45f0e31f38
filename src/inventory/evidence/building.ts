// building: what Modbus, BACnet and NTP prove of an address, as claims.
// Keeps the rule that make and model come only in the device's own words; a maker's number stays a number.

import type { Ip } from '../../base/ip.ts'
import type { BacnetFact } from '../../protocols/bacnet/facts.ts'
import type { ModbusFact } from '../../protocols/modbus/facts.ts'
import type { NtpFact } from '../../protocols/ntp/facts.ts'
import type { NewClaim } from '../claims.ts'
import type { ClaimTarget, TargetedClaim } from '../evidence.ts'

function of(target: ClaimTarget, what: NewClaim['what'], value: string, evidence: string): TargetedClaim {
  return { target, claim: { what, value, level: 'C', evidence, inferred: false } }
}

const MODBUS_SUBJECTS: Readonly<Record<string, NewClaim['what']>> = {
  vendor: 'vendor', 'product-code': 'product', product: 'product', model: 'product', revision: 'software',
}

export function modbusClaims(fact: ModbusFact, server: ClaimTarget): TargetedClaim[] {
  if (fact.kind === 'total') return fact.answers > 0 ? [of(server, 'role', 'building-controller', 'answers Modbus requests')] : []
  const subject = fact.kind === 'device' ? MODBUS_SUBJECTS[fact.object] : undefined
  return fact.kind === 'device' && subject ? [of(server, subject, fact.text, `Modbus device identification, ${fact.object}, unit ${fact.unit}`)] : []
}

const BACNET_SUBJECTS: Readonly<Record<string, NewClaim['what']>> = {
  vendor: 'vendor', model: 'product', firmware: 'software', 'application-software': 'software', 'object-name': 'host-name', 'serial-number': 'serial-number',
}

/** Of a device behind a BACnet router nothing is claimed of the router's address but that it leads there. */
export function bacnetClaims(fact: BacnetFact, vlan: number): TargetedClaim[] {
  if (fact.kind === 'total') return []
  const target = targetOf(vlan, fact.device)
  if (fact.network !== null) return [of(target, 'service', `BACnet router to network ${fact.network}`, 'passes on BACnet messages')]
  if (fact.kind === 'device') {
    return [
      of(target, 'role', 'building-controller', 'BACnet I-Am'),
      of(target, 'service', `BACnet device ${fact.instance}, maker number ${fact.vendor}`, 'BACnet I-Am'),
    ]
  }
  const subject = BACNET_SUBJECTS[fact.property]
  return subject ? [of(target, subject, fact.text, `BACnet property ${fact.property} of device ${fact.instance}`)] : []
}

/** A clock that is synchronised, and what it says of its software when it is asked. */
export function ntpClaims(fact: NtpFact, vlan: number): TargetedClaim[] {
  if (fact.kind === 'software') {
    const target = targetOf(vlan, fact.server)
    const claim = (value: string | null, variable: string): TargetedClaim[] =>
      value === null ? [] : [of(target, 'software', value, `NTP variable ${variable}`)]
    return [...claim(fact.version, 'version'), ...claim(fact.system, 'system')]
  }
  if (fact.kind !== 'server' || fact.stratum < 1 || fact.stratum > 15) return []
  return [of(targetOf(vlan, fact.server), 'role', 'time-server', 'answers NTP')]
}

function targetOf(vlan: number, ip: Ip): ClaimTarget {
  return { vlan, ip }
}
