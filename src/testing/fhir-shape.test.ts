// Tests of the structural checker on a profile made here: what it finds, and that it finds nothing where nothing is wrong.
// Keeps the tool usable where the real profiles are absent.

import { deepEqual, equal } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { scratch } from './command.ts'
import { checkShape, instanceFromXml, parseXml, readProfile } from './fhir-shape.ts'

const PROFILE = `<?xml version="1.0"?><StructureDefinition xmlns="http://hl7.org/fhir"><!-- <element id="no"/> --><differential>
  <element id="Observation.subject"><path value="Observation.subject"/><min value="1"/><type><code value="Reference"/>
    <targetProfile value="http://hl7.org/fhir/StructureDefinition/Patient"/></type></element>
  <element id="Observation.component"><path value="Observation.component"/><max value="1"/></element>
  <element id="Observation.value[x]"><path value="Observation.value[x]"/><type><code value="Quantity"/></type></element>
  <element id="Observation.value[x].system"><path value="Observation.value[x].system"/><fixedUri value="http://unitsofmeasure.org"/></element>
</differential></StructureDefinition>`

test('cardinality, type, fixed value, reference, unknown and missing elements', (t) => {
  const file = path.join(scratch(t), 'p.xml')
  fs.writeFileSync(file, PROFILE)
  const rules = readProfile(file)
  equal(rules.length, 4)
  const good = {
    resourceType: 'Observation', status: 'final', code: {}, subject: { reference: 'p' }, valueQuantity: { value: 1, system: 'http://unitsofmeasure.org' },
  }
  const judge = (change: object): readonly string[] => checkShape({ ...good, ...change }, rules, (reference) => (reference === 'p' ? 'Patient' : 'Group'))
  deepEqual(judge({}), [])
  deepEqual(judge({ subject: undefined }), ['Observation.subject is there 0 times, at least 1 wanted'])
  deepEqual(judge({ subject: { reference: 'q' } }), ['Observation.subject refers to a Group, allowed Patient'])
  deepEqual(judge({ component: [{}, {}] }), ['Observation.component is there 2 times, at most 1'])
  deepEqual(judge({ valueQuantity: { system: 'x' } }), ['Observation.value[x].system is "x", fixed http://unitsofmeasure.org'])
  deepEqual(judge({ valueQuantity: undefined, valueString: 'a' }), ['Observation.value[x] is a String, allowed Quantity'])
  deepEqual(judge({ colour: 1, status: undefined }), ['Observation.colour does not exist in R4', 'Observation.status is required by R4'])
  deepEqual(checkShape({ resourceType: 'Group' }, rules, () => ''), ['Group is not known here'])
})

test('an instance in XML becomes plain values', (t) => {
  const file = path.join(scratch(t), 'i.xml')
  fs.writeFileSync(file, '<Device xmlns="http://hl7.org/fhir"><id value="x"/><note><text value="a"/></note><note><text value="b"/></note></Device>')
  deepEqual(instanceFromXml(file), { resourceType: 'Device', id: 'x', note: [{ text: 'a' }, { text: 'b' }] })
  equal(parseXml('<a><b value="1"/></a>').children[0]?.value, '1')
})
