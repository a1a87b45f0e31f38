// Tests of what is asked of HL7 segments: the plans against the tables they are made of, for every segment and field.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { HL7_PATIENT_SEGMENTS, isPatientField, patientSegmentRow } from './codes.ts'
import { COLLECTED, HEADER_FIELDS } from './fields.ts'
import { segmentLetters } from './names.ts'
import { Ask, HEADER_PLAN, countedText, fieldKey, fieldText, isLocal, segmentPlan, tableField } from './segments.ts'

const NAMES = [...new Set([...HL7_PATIENT_SEGMENTS.map(({ segment }) => segment), ...COLLECTED.keys(), 'EVN', 'ZPI', 'QQQ'])]
/** Beyond the highest number any table names, where fields differ no more. */
const FIELDS = [...Array.from({ length: 130 }, (_, i) => i + 1), 4000]

for (const name of NAMES.filter((text) => text !== 'MSH')) {
  test(`${name}: a field is asked what the tables ask of it, and the last that is asked is known`, () => {
    const plan = segmentPlan(segmentLetters(name))
    const row = patientSegmentRow(name)
    for (const field of FIELDS) {
      const what = plan.whats[tableField(field)]
      equal(what === Ask.content, row !== undefined && isPatientField(row, field))
      equal(what === Ask.nothing, what !== Ask.content && COLLECTED.get(name)?.get(field) === undefined)
      if (what !== Ask.nothing) equal(field <= plan.last, true)
      if (what === Ask.content) deepEqual(plan.asks[tableField(field)]?.components, row?.components?.[field] ?? null)
      else deepEqual(plan.asks[tableField(field)]?.collected ?? undefined, COLLECTED.get(name)?.get(field))
    }
    equal(plan.asksAny, row !== undefined || COLLECTED.has(name))
    equal(segmentPlan(segmentLetters(name)), plan)
  })
}

test('the header: its encoding characters and each listed field; a header further down is asked nothing', () => {
  equal(HEADER_PLAN.whats[2], Ask.encoding)
  for (const [field, collected] of COLLECTED.get('MSH') ?? []) {
    const ask = HEADER_PLAN.asks[field]
    equal(ask?.collected, collected)
    if (collected.header !== undefined) equal(HEADER_FIELDS[ask?.slot ?? -1], collected.header)
  }
  equal(segmentPlan(segmentLetters('MSH')).asksAny, false)
})

test('segments are counted under their name, unknown ones under one, local ones under their own', () => {
  const counted = (name: string): string => countedText(segmentPlan(segmentLetters(name)).counted)
  deepEqual(['PID', 'EVN', 'ZPI', 'QQQ', 'LEE', 'MSH'].map(counted), ['PID', 'EVN', 'ZPI', '???', '???', 'MSH'])
  deepEqual(['ZPI', 'PID'].map((name) => isLocal(segmentLetters(name))), [true, false])
})

test('names beyond what is remembered are planned all the same', () => {
  for (let i = 0; i < 3000; i++) {
    const letters = ((65 + (i % 26)) << 16) | ((65 + (Math.floor(i / 26) % 26)) << 8) | (65 + (Math.floor(i / 676) % 26))
    equal(segmentPlan(letters).letters, letters)
  }
  equal(segmentPlan(segmentLetters('PID')).asksAny, true)
})

test('a key is one field of one segment', () => {
  const keys = HL7_PATIENT_SEGMENTS.flatMap(({ segment }, row) => FIELDS.map((field) => [fieldKey(row, field), `${segment}-${field}`] as const))
  equal(new Set(keys.map(([key]) => key)).size, keys.length)
  for (const [key, text] of keys) equal(fieldText(key), text)
})
