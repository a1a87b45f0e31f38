// Evidence of what bedside devices themselves speak: which monitor, of which family, on which side of a flow.
// Keeps "wrong labels cost more than missing ones": a family is named by its framing, a model only by the device's own words.

import type { CarescapeFact } from '../../protocols/carescape/facts.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { IntellivueFact } from '../../protocols/intellivue/facts.ts'
import type { SdcFact } from '../../protocols/sdc/facts.ts'
import type { Vista120Fact } from '../../protocols/vista120/facts.ts'
import type { FlowKey } from '../../wire/flow.ts'
import { IpProto } from '../../wire/frame.ts'
import type { TargetedClaim } from '../evidence.ts'
import { claimAbout, inferredAbout, type FlowEnds } from './claim-about.ts'

export const VISTA120_PROFILE = 'draeger-vista-120'
export const INTELLIVUE_PROFILE = 'philips-intellivue'

const NONE: readonly TargetedClaim[] = []

/** A Vista 120 stream names the monitor; a central is whoever takes it, by inference, or whoever announces itself. */
export function vistaClaims(fact: Vista120Fact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind === 'announce') return [claimAbout(ends[0], 'role', 'central-station', 'announces itself to Vista 120 monitors')]
  if (fact.kind !== 'stream') return NONE
  const monitor = ends[fact.monitorSide]
  const central = ends[fact.monitorSide === 0 ? 1 : 0]
  const evidence = fact.model === 'vista-120s' ? 'Vista 120S message heads' : 'Vista 120 framing (length that its type fixes)'
  return [
    claimAbout(monitor, 'model', VISTA120_PROFILE, evidence), claimAbout(monitor, 'role', 'patient-monitor', evidence),
    inferredAbout(central, 'role', 'central-station', 'receives Vista 120 telemetry'),
  ]
}

/** The monitor's own words: family by the message, vendor, serial and label by what it says; a serial is level A like one in HL7. */
export function intellivueClaims(fact: IntellivueFact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind !== 'connect-indication' && fact.kind !== 'system') return NONE
  const monitor = ends[fact.direction]
  const evidence = fact.kind === 'system' ? 'IntelliVue system message' : 'IntelliVue connect indication'
  const name = [fact.manufacturer, fact.model].filter((word) => word !== null).join(' ')
  const claims = [claimAbout(monitor, 'model', INTELLIVUE_PROFILE, evidence), claimAbout(monitor, 'role', 'patient-monitor', evidence)]
  if (fact.manufacturer !== null) claims.push(claimAbout(monitor, 'vendor', fact.manufacturer, evidence))
  if (fact.software !== null) claims.push(claimAbout(monitor, 'software', `${name} ${fact.software}`.trim(), evidence))
  if (fact.label !== null) claims.push(inferredAbout(monitor, 'host-name', fact.label, `${evidence}, label`))
  if (fact.serial !== null) {
    const value = `${name}, serial ${fact.serial}`.replace(/^, /, '')
    claims.push({ target: monitor, claim: { what: 'device-identifier', value, level: 'A', evidence: `${evidence} it sent`, inferred: false } })
  }
  return claims
}

/** A node of GE's network; monitor, central and telemetry server announce themselves alike, so only the family and the place are claimed. */
export function carescapeClaims(fact: CarescapeFact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind !== 'node') return NONE
  const evidence = 'CARESCAPE discovery broadcast'
  const node = ends[fact.direction]
  const place = [fact.unit, fact.bed].filter((word) => word !== null).join(' ')
  const claims = [claimAbout(node, 'software', 'GE Unity or CARESCAPE network node', evidence)]
  if (place !== '') claims.push(claimAbout(node, 'host-name', place, `${evidence}, unit and bed`))
  return claims
}

/** UDP port of Mindray's announcements (two published programs; the maker's guide names the port for its data, TCP 4601). */
const MINDRAY_ANNOUNCEMENT_PORT = 4600

/**
 * Mindray monitors announce themselves with an HL7 admission of no sender by UDP broadcast to port 4600. The port is part of the evidence,
 * because the message itself names nobody: the vendor is inferred, and no model is claimed.
 */
export function mindrayClaims(fact: Extract<Fact, { protocol: 'hl7'; kind: 'message' }>, flow: FlowKey | null, ends: FlowEnds): readonly TargetedClaim[] {
  if (flow === null || flow.proto !== IpProto.udp || flow.dstPort !== MINDRAY_ANNOUNCEMENT_PORT) return NONE
  if (fact.messageType !== 'ADT^A01' || fact.sendingApplication) return NONE
  const evidence = 'HL7 ADT^A01 without a sender by UDP to port 4600'
  const monitor = ends[fact.direction]
  return [inferredAbout(monitor, 'vendor', 'Mindray', evidence), inferredAbout(monitor, 'role', 'patient-monitor', evidence)]
}

/** A device that takes part in SDC, by its type or scopes; what it is (monitor, pump, ventilator) stands in codes, and no role is guessed. */
export function sdcClaims(fact: SdcFact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind === 'search') {
    if (!fact.isMedical) return NONE
    return [claimAbout(ends[fact.direction], 'software', 'IEEE 11073 SDC consumer', 'WS-Discovery probe for medical devices')]
  }
  if (fact.kind !== 'target' || !fact.isMedical || fact.message === 'bye') return NONE
  const evidence = `WS-Discovery ${fact.message}`
  const device = ends[fact.direction]
  const codes = fact.deviceTypes.length === 0 ? '' : `, type MDC ${fact.deviceTypes.join(' ')}`
  const claims = [claimAbout(device, 'software', `IEEE 11073 SDC device${codes}`, evidence)]
  if (fact.location !== null) claims.push(claimAbout(device, 'host-name', fact.location, `${evidence}, location scope`))
  return claims
}
