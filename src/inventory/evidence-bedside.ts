// Evidence of what bedside devices themselves speak: which monitor, of which family, on which side of a flow.
// Keeps "wrong labels cost more than missing ones": a family is named by its framing, a model only by the device's own words.

import type { IntellivueFact } from '../protocols/intellivue/facts.ts'
import type { Vista120Fact } from '../protocols/vista120/facts.ts'
import type { NewClaim } from './claims.ts'
import type { ClaimTarget, TargetedClaim } from './evidence.ts'

export const VISTA120_PROFILE = 'draeger-vista-120'
export const INTELLIVUE_PROFILE = 'philips-intellivue'

type Ends = readonly [ClaimTarget, ClaimTarget]

const NONE: readonly TargetedClaim[] = []

function claim(target: ClaimTarget, what: NewClaim['what'], value: string, evidence: string, inferred = false): TargetedClaim {
  return { target, claim: { what, value, level: 'C', evidence, inferred } }
}

/** A Vista 120 stream names the monitor; a central is whoever takes it, by inference, or whoever announces itself. */
export function vistaClaims(fact: Vista120Fact, ends: Ends): readonly TargetedClaim[] {
  if (fact.kind === 'announce') return [claim(ends[0], 'role', 'central-station', 'announces itself to Vista 120 monitors')]
  if (fact.kind !== 'stream') return NONE
  const monitor = ends[fact.monitorSide]
  const central = ends[fact.monitorSide === 0 ? 1 : 0]
  const evidence = fact.model === 'vista-120s' ? 'Vista 120S message heads' : 'Vista 120 framing (length that its type fixes)'
  return [
    claim(monitor, 'model', VISTA120_PROFILE, evidence), claim(monitor, 'role', 'patient-monitor', evidence),
    claim(central, 'role', 'central-station', 'receives Vista 120 telemetry', true),
  ]
}

/** The monitor's own words: family by the message, vendor, serial and label by what it says; a serial is level A like one in HL7. */
export function intellivueClaims(fact: IntellivueFact, ends: Ends): readonly TargetedClaim[] {
  if (fact.kind !== 'connect-indication' && fact.kind !== 'system') return NONE
  const monitor = ends[fact.direction]
  const evidence = fact.kind === 'system' ? 'IntelliVue system message' : 'IntelliVue connect indication'
  const name = [fact.manufacturer, fact.model].filter((word) => word !== null).join(' ')
  const claims = [claim(monitor, 'model', INTELLIVUE_PROFILE, evidence), claim(monitor, 'role', 'patient-monitor', evidence)]
  if (fact.manufacturer !== null) claims.push(claim(monitor, 'vendor', fact.manufacturer, evidence))
  if (fact.software !== null) claims.push(claim(monitor, 'software', `${name} ${fact.software}`.trim(), evidence))
  if (fact.label !== null) claims.push(claim(monitor, 'host-name', fact.label, `${evidence}, label`, true))
  if (fact.serial !== null) {
    const value = `${name}, serial ${fact.serial}`.replace(/^, /, '')
    claims.push({ target: monitor, claim: { what: 'device-identifier', value, level: 'A', evidence: `${evidence} it sent`, inferred: false } })
  }
  return claims
}
