// Rule patient-data-in-clear: a patient record crosses the wire unencrypted. Names the fields that are filled, never their text.
// Source: CVE-2025-0683 (facts on the device, sections 2.2 and 7); HL7 v2 patient segments.

import type { Ip } from '../../base/ip.ts'
import type { Fact } from '../../protocols/facts.ts'
import type { Direction, Flow } from '../../wire/flow.ts'
import { subjectAt, wardNameFirst, type Detector, type Draft, type Rule } from '../rule.ts'
import { noSightings, shown, sight, type Sightings } from '../sightings.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'

/** Records of one sender in one protocol. */
interface Leak {
  readonly vlan: number
  readonly sender: Ip
  receivers: readonly Receiver[]
  readonly protocol: string
  /** Fields of its first record, as the fact has them; most senders fill the same ones each time. */
  readonly fields: readonly string[]
  /** All its fields, once a record had others. */
  allFields: Set<string> | null
  readonly seen: Sightings
}

interface Receiver {
  readonly ip: Ip
  /** The card the newest record to it was sent to. */
  nextHop: number
}

/** Senders remembered: every asset of a large hospital. */
const LEAKS_MAX = 16_384
const RECEIVERS_MAX = 64

export const patientDataInClear: Rule = {
  id: 'patient-data-in-clear',
  title: 'Patient data crosses the network in clear text',
  attack: [{ id: 'T1040', name: 'Network Sniffing', matrix: 'enterprise' }],
  open,
}

function open(): Detector {
  const leaks = new Map<string, Leak>()
  return {
    hears: ['astm', 'carescape', 'cms8000', 'hl7', 'intellivue', 'poct1a', 'sdc', 'vista120'],
    fact(fact, flow) {
      const record = recordOf(fact)
      if (record && flow) note(leaks, record, fact, flow)
    },
    findings: (world) => [...leaks.values()].map((leak) => toDraft(world, leak)),
  }
}

interface PatientRecord {
  /** How many such records; left out: one. */
  readonly times?: number
  readonly fields: readonly string[]
  readonly direction: Direction
}

function recordOf(fact: Fact): PatientRecord | null {
  if (fact.protocol === 'cms8000' && fact.kind === 'patient' && fact.filled.length > 0) return { fields: fact.filled, direction: fact.monitorSide }
  if (fact.protocol === 'hl7' && fact.kind === 'message' && fact.filledPatientFields.some(isPersonal)) {
    return { fields: fact.filledPatientFields, direction: fact.direction, times: fact.times }
  }
  if (fact.protocol === 'astm' && fact.kind === 'patient') return { fields: fact.filled, direction: fact.direction }
  if (fact.protocol === 'poct1a' && fact.kind === 'patient' && fact.filled.some(isPersonal)) {
    return { fields: fact.filled, direction: fact.direction }
  }
  const bedside = fact.protocol === 'intellivue' || fact.protocol === 'carescape' || fact.protocol === 'sdc'
  if (bedside && fact.kind === 'patient') return { fields: fact.filled, direction: fact.direction }
  if (fact.protocol === 'vista120' && fact.kind === 'patient') return { fields: fact.filled, direction: fact.monitorSide }
  return null
}

/** Protocols whose record is known by its size only (the decoder's README). */
const INFERRED: Readonly<Record<string, readonly string[]>> = {
  vista120: ['a message of this size carries the patient\'s identifier; its type is not published'],
}

/** An observation value alone belongs to nobody; it becomes patient data beside a field that says whose it is. */
function isPersonal(field: string): boolean {
  return !field.startsWith('OBX-') && !field.startsWith('OBS.')
}

function note(leaks: Map<string, Leak>, record: PatientRecord, fact: Fact, flow: Flow): void {
  const sender = record.direction === 0 ? flow.src : flow.dst
  const receiver = record.direction === 0 ? flow.dst : flow.src
  const key = `${flow.vlan}|${sender}|${fact.protocol}`
  const leak: Leak = leaks.get(key) ?? {
    vlan: flow.vlan, sender, receivers: [], protocol: fact.protocol, fields: record.fields, allFields: null, seen: noSightings(fact.at),
  }
  if (!leaks.has(key) && leaks.size >= LEAKS_MAX) return
  leaks.set(key, leak)
  sight(leak.seen, fact, flow, record.times)
  noteFields(leak, record.fields)
  noteReceiver(leak, receiver, flow.macs[record.direction === 0 ? 1 : 0])
}

function noteFields(leak: Leak, fields: readonly string[]): void {
  if (fields === leak.fields || (fields.length === leak.fields.length && fields.every((field, i) => field === leak.fields[i]))) return
  leak.allFields ??= new Set(leak.fields)
  for (const field of fields) leak.allFields.add(field)
}

function noteReceiver(leak: Leak, ip: Ip, nextHop: number): void {
  if (leak.receivers.length >= RECEIVERS_MAX) return
  const known = leak.receivers.find((receiver) => receiver.ip === ip)
  if (known) known.nextHop = nextHop
  else leak.receivers = leak.receivers.concat({ ip, nextHop })
}

function toDraft(world: World, leak: Leak): Draft {
  const subject = subjectAt(world, leak.vlan, leak.sender)
  const leaving = leak.receivers.some(({ ip, nextHop }) => world.leaves({ vlan: leak.vlan, src: leak.sender, dst: ip, nextHop }))
  const fields = [...new Set(leak.allFields ?? leak.fields)].sort()
  const receivers = leak.receivers.map(({ ip }) => ip)
  return {
    asset: subject, behaviour: leak.protocol, severity: leaving ? 'critical' : 'medium',
    ward: `${wardNameFirst(subject)} sends patient records that anyone on the network${leaving ? ', and outside the hospital,' : ''} can read.`,
    technical:
      `${count(leak.seen.count, `unencrypted ${leak.protocol} record`)} from ${leak.sender} to ${some(receivers)}; ` +
      `filled fields: ${fields.join(', ')}.`,
    help: leaving
      ? 'Stop the path out of the hospital first; then clear the patient record on the device or put its traffic on an isolated segment.'
      : 'Keep this traffic on an isolated segment, or move it behind a gateway that encrypts it.',
    inferred: INFERRED[leak.protocol] ?? [],
    ...shown(leak.seen),
    details: [
      ['protocol', leak.protocol], ['filled fields', fields.join(', ')], ['receivers', some(receivers)],
      ['leaves the hospital', leaving ? 'yes' : 'no'],
    ],
  }
}
