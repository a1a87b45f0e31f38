// lab: what laboratory and point-of-care messages prove about their two ends.
// Keeps "wrong labels cost more than missing ones": who sends results is an analyser or what speaks for one, so it is inferred.

import type { AstmFact } from '../../protocols/astm/facts.ts'
import type { PoctFact } from '../../protocols/poct1a/facts.ts'
import { claimAbout, inferredAbout, type FlowEnds } from './claim-about.ts'
import type { TargetedClaim } from '../evidence.ts'

export function astmClaims(fact: AstmFact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind === 'header') return fact.sender === '' ? [] : [claimAbout(ends[fact.direction], 'software', fact.sender, 'ASTM H-5, sender name')]
  if (fact.kind !== 'sends') return []
  const evidence = fact.record === 'result' ? 'sends ASTM results' : 'asks for orders by ASTM'
  return [
    inferredAbout(ends[fact.direction], 'role', 'lab-analyser', evidence),
    inferredAbout(ends[fact.direction === 0 ? 1 : 0], 'role', 'laboratory-system', `is the peer of what ${evidence}`),
  ]
}

/** A hello is the device's own words: vendor and model are level C; with its serial number or id it is level A. */
export function poctClaims(fact: PoctFact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind !== 'device') return []
  const who = ends[fact.direction]
  const claims = [
    claimAbout(who, 'role', 'point-of-care-device', 'says hello by POCT1-A (HEL.R01)'),
    inferredAbout(ends[fact.direction === 0 ? 1 : 0], 'role', 'point-of-care-manager', 'is said hello to by POCT1-A (HEL.R01)'),
  ]
  if (fact.vendor !== '') claims.push(claimAbout(who, 'vendor', fact.vendor, 'POCT1-A DEV.vendor_id or manufacturer_name'))
  const identifier = [fact.serial, fact.deviceId].find((text) => text !== '')
  const name = [fact.model, fact.name].find((text) => text !== '')
  if (identifier !== undefined) claims.push(claimAbout(who, 'device-identifier', identifier, 'POCT1-A DEV.serial_id or device_id in a message it sent', 'A'))
  if (name !== undefined) claims.push(claimAbout(who, 'model', name, 'POCT1-A DEV.model_id or device_name'))
  if (fact.software !== '') claims.push(claimAbout(who, 'software', fact.software, 'POCT1-A DEV.sw_version'))
  return claims
}
