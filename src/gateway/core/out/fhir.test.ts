// Tests of the FHIR encoder: a golden, the PoCD profiles by structure, sameness when sent twice, and that nobody's data name nobody.
// Keeps the checker honest: the guide's own examples pass it, and broken ones do not.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { checkShape, instanceFromXml, readProfile } from '../../../testing/fhir-shape.ts'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { missing, present, type Reading } from '../intake/reading.ts'
import { encodeBundle, type Bundle, type Resource } from './fhir.ts'
import type { Outbound, Sender } from './message.ts'
import { AT, OUTBOUND, SENDER } from './testdata/outbound.ts'

const STATED: Sender = { ...SENDER, areLeadsStated: true }

function bundle(out: Outbound = OUTBOUND, sender: Sender = SENDER): Bundle {
  const made = encodeBundle(out, sender)
  ok(made !== null)
  return made
}

const profileOf = (resource: Resource): string => String((resource['meta'] as { profile: readonly string[] }).profile[0]).split('/').at(-1) ?? ''
const byProfile = (b: Bundle, name: string): Resource[] => b.entry.map((e) => e.resource).filter((r) => profileOf(r) === name)
const rules = (name: string) => readProfile(sharedClinical('fhir-pocd', 'profiles', `StructureDefinition-${name}.xml`))

/** Faults of every entry against its profile; a reference is judged by the entry it names. */
function faults(b: Bundle): string[] {
  const kinds = new Map(b.entry.map((e) => [e.fullUrl, profileOf(e.resource)]))
  const resolve = (reference: string): string => kinds.get(reference) ?? `nothing (${reference})`
  return b.entry.flatMap(({ resource }) => {
    const name = profileOf(resource)
    return checkShape(resource, rules(name), resolve).map((fault) => `${name}: ${fault}`)
  })
}

test('golden: a heart rate with its limits', () => {
  const [hr] = byProfile(bundle(), 'NumericObservation')
  const { entry } = bundle()
  const url = (kind: string): string => entry.find((e) => profileOf(e.resource) === kind)?.fullUrl ?? ''
  const unit = { unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' }
  deepEqual(hr, {
    resourceType: 'Observation',
    identifier: [{ system: 'https://hospital.example/devices/observation', value: 'G000001-hr' }],
    meta: {
      profile: ['http://hl7.org/fhir/uv/pocd/StructureDefinition/NumericObservation'],
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'RELIABLE' }],
    },
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs', display: 'Vital Signs' }] }],
    code: {
      coding: [
        { system: 'urn:iso:std:iso:11073:10101', code: '147842', display: 'MDC_ECG_HEART_RATE' },
        { system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' },
      ],
    },
    subject: { reference: url('Patient') },
    effectiveDateTime: '2026-01-05T07:00:00.500Z',
    valueQuantity: { value: 61, ...unit },
    referenceRange: [{ low: { value: 50, ...unit }, high: { value: 120, ...unit }, text: 'alarm limits set at the monitor' }],
    device: { reference: url('NumericDeviceMetric') },
  })
})

test('golden: the shape of the whole bundle', () => {
  deepEqual(bundle(OUTBOUND, STATED).entry.map((e) => `${e.request.method} ${profileOf(e.resource)}`), [
    'POST Patient', 'PUT MdsDevice',
    ...['ecg', 'spo2', 'resp', 'nibp', 'temp'].map(() => 'PUT VmdDevice'),
    ...['heart', 'oximeter', 'breath', 'cuff', 'probe1', 'probe2', 'probes', 'ecgWave'].map(() => 'PUT ChannelDevice'),
    ...['hr', 'pr', 'rr', 'spo2', 'nibp', 't1', 't2', 'td', 'st1'].map(() => 'PUT NumericDeviceMetric'),
    'PUT SampleArrayDeviceMetric', 'PUT SampleArrayDeviceMetric',
    ...['hr', 'pr', 'rr', 'spo2', 't1', 't2', 'td', 'st1'].map(() => 'POST NumericObservation'), 'POST CompoundNumericObservation',
    'POST SampleArrayObservation', 'POST SampleArrayObservation',
  ])
})

test('every resource fits its PoCD profile: plain, suspected, proved, nobody\'s, missing, undated', { skip: clinicalMissing }, () => {
  const times = { device: null, received: AT, measured: AT }
  const undated = { device: { at: AT, hasZone: false }, received: AT, measured: null }
  const absent: Reading[] = [missing('hr', 'sensor-off', times), missing('nibp-sys', 'not-measured', undated), present('nibp-dia', 80, undated)]
  const cases: readonly Outbound[] = [
    OUTBOUND, { ...OUTBOUND, trust: 'suspected' }, { ...OUTBOUND, trust: 'proved-altered' }, { ...OUTBOUND, patient: null, model: '', bed: null },
    { ...OUTBOUND, readings: absent },
  ]
  for (const out of cases) deepEqual(faults(bundle(out, STATED)), [])
})

test('pocd-obs-1: a numeric without a value says why, and never has both', () => {
  for (const trust of ['plain', 'suspected', 'proved-altered'] as const) {
    for (const o of byProfile(bundle({ ...OUTBOUND, trust }, STATED), 'NumericObservation')) {
      equal((o['valueQuantity'] !== undefined), (o['dataAbsentReason'] === undefined))
    }
  }
  const [, , rr] = byProfile(bundle(), 'NumericObservation')
  deepEqual(rr?.['dataAbsentReason'], { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'temp-unknown' }] })
})

test('the checker passes the guide\'s own examples', { skip: clinicalMissing }, () => {
  const folder = sharedClinical('fhir-pocd')
  const files = fs.readdirSync(folder).filter((f) => /^(?:Observation|Device|DeviceMetric)-.*\.xml$/.test(f))
  const instances = new Map(files.map((f) => [f.replace('-', '/').replace('.xml', ''), instanceFromXml(`${folder}/${f}`)]))
  const kind = (i: ReturnType<typeof instanceFromXml> | undefined): string => String((i?.['meta'] as { profile?: string })?.profile).split('/').at(-1) ?? ''
  const resolve = (reference: string): string => (reference.startsWith('Patient/') ? 'Patient' : kind(instances.get(reference)))
  let checked = 0
  for (const [name, instance] of instances) {
    const wrong = checkShape(instance, rules(kind(instance)), resolve)
    deepEqual(wrong, [], name)
    checked += 1
  }
  ok(checked >= 15)
})

test('the checker finds what is broken', { skip: clinicalMissing }, () => {
  const [hr] = byProfile(bundle(), 'NumericObservation')
  ok(hr !== undefined)
  const broken = (change: object, without: string[] = []): readonly string[] => {
    const copy: Record<string, unknown> = { ...hr, ...change }
    for (const name of without) delete copy[name]
    return checkShape(copy, rules('NumericObservation'), () => 'NumericDeviceMetric').filter((f) => !f.startsWith('Observation.subject refers'))
  }
  deepEqual(broken({}), [])
  deepEqual(broken({}, ['device']), ['Observation.device is there 0 times, at least 1 wanted'])
  deepEqual(broken({}, ['subject']), ['Observation.subject is there 0 times, at least 1 wanted'])
  deepEqual(broken({}, ['status']), ['Observation.status is required by R4'])
  deepEqual(broken({ colour: 'red' }), ['Observation.colour does not exist in R4'])
  ok(broken({ valueQuantity: { value: 1, system: 'urn:x' } }).some((f) => f.includes('fixed http://unitsofmeasure.org')))
  ok(broken({ valueQuantity: { system: 'http://unitsofmeasure.org' } }).some((f) => f.includes('value[x].value is there 0 times')))
  ok(broken({ valueSampledData: {} }, ['valueQuantity']).some((f) => f.includes('is a SampledData')))
  const [vmd] = byProfile(bundle(), 'VmdDevice')
  ok(checkShape({ ...vmd, patient: { reference: 'x' } }, rules('VmdDevice'), () => 'MdsDevice').some((f) => f.includes('Device.patient is there 1 times')))
})

test('sent twice it is the same, byte for byte, and every entry has a condition', () => {
  equal(JSON.stringify(bundle()), JSON.stringify(bundle()))
  for (const { request, resource } of bundle().entry) {
    ok(request.method === 'PUT' ? request.url.includes('?identifier=') : request.ifNoneExist?.startsWith('identifier=') === true)
    ok(Array.isArray(resource['identifier']))
  }
  const urls = bundle().entry.map((e) => e.fullUrl)
  equal(new Set(urls).size, urls.length)
  ok(urls.every((u) => /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(u)))
})

test('nobody: no Patient, no name; the subject is the monitor', () => {
  const b = bundle({ ...OUTBOUND, patient: null }, STATED)
  ok(!/Patient\/|CANARY|ZZTEST/.test(JSON.stringify(b)))
  const mds = b.entry.find((e) => profileOf(e.resource) === 'MdsDevice')?.fullUrl
  for (const { resource } of b.entry.filter((e) => e.resource.resourceType === 'Observation')) deepEqual(resource['subject'], { reference: mds })
})

test('a difference of temperatures is no vital sign; a probe of unknown site has no LOINC', () => {
  const numerics = byProfile(bundle(), 'NumericObservation')
  for (const mdc of ['188440', '150344']) {
    const found = numerics.filter((o) => JSON.stringify(o['code']).includes(`"${mdc}"`))
    ok(found.length > 0 && found.every((o) => o['category'] === undefined && !JSON.stringify(o['code']).includes('loinc')))
  }
})

test('LOINC codes that nobody confirmed are not sent', () => {
  const text = JSON.stringify(bundle(OUTBOUND, STATED))
  for (const code of ['76282-3', '8889-8', '76270-8', '76534-7', '76535-4', '76536-2']) ok(!text.includes(code), code)
  for (const code of ['8867-4', '9279-1', '2708-6', '59408-5', '85354-9', '8480-6', '8462-4', '8478-0']) ok(text.includes(code), code)
})

test('a proved alteration hands on no number; a suspected one is labelled', () => {
  const proved = bundle({ ...OUTBOUND, trust: 'proved-altered' })
  ok(!/valueQuantity|valueSampledData/.test(JSON.stringify(proved.entry)))
  ok(byProfile(bundle({ ...OUTBOUND, trust: 'suspected' }), 'NumericObservation').filter((o) => o['valueQuantity'] !== undefined)
    .every((o) => JSON.stringify(o['meta']).includes('UNCERTREL') && JSON.stringify(o['interpretation']).includes('questionable')))
})
