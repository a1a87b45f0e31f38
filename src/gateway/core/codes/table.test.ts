// Tests of the code table: code = partition * 65536 + term, units, families, marks, and what public code gets wrong.
// Keeps the table executable (facts gateway B, rule 3), and equal to the page.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { CHANNELS, PARAMETERS } from '../intake/reading.ts'
import {
  ALARM_EVENT, CHANNEL_TYPES, CODES, ECG_GROUP, MDS, NIBP_GROUP, PARTITION_SIZE, PLACES, Partition, UNITS, VMDS, WAVE_CODES, isRefIdOf,
  parameterOfMdc, type MdcCode,
} from './table.ts'

const METRICS: readonly MdcCode[] = [
  ...PARAMETERS.flatMap((p) => [CODES[p].mdc, ...CODES[p].alsoRead]), ...CHANNELS.map((c) => WAVE_CODES[c].mdc), NIBP_GROUP, ECG_GROUP,
]
const OBJECTS: readonly MdcCode[] = [MDS, ...Object.values(VMDS).flatMap((v) => v.mdc ?? []), ...Object.values(CHANNEL_TYPES)]
const DIMENSIONS: readonly MdcCode[] = Object.values(UNITS).map((u) => u.mdc)

test('every code is partition * 65536 + term, and stands in the partition of its kind', () => {
  for (const { code, refId, partition, term } of [...METRICS, ...OBJECTS, ...DIMENSIONS, ALARM_EVENT]) {
    equal(code, partition * PARTITION_SIZE + term, refId)
    ok(/^MDC_[A-Z0-9_]+$/.test(refId), refId)
  }
  ok(METRICS.every((m) => m.partition === Partition.metric))
  ok(DIMENSIONS.every((m) => m.partition === Partition.dimension && m.refId.startsWith('MDC_DIM_')))
  ok(OBJECTS.every((m) => m.partition === Partition.object && m.refId.startsWith('MDC_DEV_')))
  equal(ALARM_EVENT.partition, Partition.event)
})

test('the arithmetic can fail: MDC_EVT_INOP in the wrong partition is caught', () => {
  equal(Partition.event * PARTITION_SIZE + 52, 196660)
  ok(262196 !== Partition.event * PARTITION_SIZE + 52)
})

test('the rows of the facts, one by one', () => {
  const rows = PARAMETERS.map((p) => {
    const row = CODES[p]
    const { mdc, ucum } = UNITS[row.unit]
    return [p, row.mdc.code, mdc.code, ucum, row.loinc?.code ?? '-', row.specific?.code ?? '-', row.specific?.confirm ? 'confirm' : '']
  })
  deepEqual(rows, [
    ['hr', 147842, 264864, '/min', '8867-4', '76282-3', 'confirm'],
    ['pr', 149530, 264864, '/min', '8867-4', '8889-8', 'confirm'],
    ['rr', 151578, 264928, '/min', '9279-1', '76270-8', 'confirm'],
    ['spo2', 150456, 262688, '%', '2708-6', '59408-5', ''],
    ['nibp-sys', 150021, 266016, 'mm[Hg]', '8480-6', '76534-7', 'confirm'],
    ['nibp-dia', 150022, 266016, 'mm[Hg]', '8462-4', '76535-4', 'confirm'],
    ['nibp-mean', 150023, 266016, 'mm[Hg]', '8478-0', '76536-2', 'confirm'],
    ['t1', 150344, 268192, 'Cel', '-', '-', ''],
    ['t2', 150344, 268192, 'Cel', '-', '-', ''],
    ['td', 188440, 268192, 'Cel', '-', '-', ''],
    ['st1', 131841, 266418, 'mV', '-', '-', ''],
    ['st2', 131842, 266418, 'mV', '-', '-', ''],
    ['st3', 131901, 266418, 'mV', '-', '-', ''],
    ['pvc', 148066, 264864, '/min', '-', '-', ''],
  ])
  deepEqual(CHANNELS.map((c) => WAVE_CODES[c].mdc.code), [131329, 131330, 131389, 151780, 150452])
})

test('traps: lead III is not V1, a difference is no body temperature, ST and PVC carry no LOINC', () => {
  ok(WAVE_CODES.ecg3.mdc.code !== 131331 && WAVE_CODES.ecg1.mdc.code !== 131073)
  for (const p of ['td', 't1', 't2', 'st1', 'pvc'] as const) deepEqual([CODES[p].loinc, CODES[p].isVitalSign], [null, false])
})

test('the CUFF family and the generic respiration rate are read; NONINV and the impedance one are written', () => {
  deepEqual([150301, 150302, 150303, 151562, 150021].map(parameterOfMdc), ['nibp-sys', 'nibp-dia', 'nibp-mean', 'rr', 'nibp-sys'])
  ok(isRefIdOf('nibp-sys', 150301, 'MDC_PRESS_CUFF_SYS') && !isRefIdOf('nibp-sys', 150301, 'MDC_PRESS_BLD_NONINV_SYS'))
  ok(isRefIdOf('hr', 147842, 'MDC_ECG_CARD_BEAT_RATE'))
  deepEqual([149522, 150017, 188740, 131331].map(parameterOfMdc), [null, null, null, null])
})

test('a LOINC that nobody could confirm says who must, and every place exists', () => {
  for (const p of PARAMETERS) {
    const { specific, place, source } = CODES[p]
    ok(specific === null || specific.confirm === null || specific.confirm.startsWith('confirm at loinc.org'))
    ok(PLACES[place].vmd in VMDS && source.length > 0)
  }
})

test('the codes agree with the PoCD examples', { skip: clinicalMissing }, () => {
  const folder = sharedClinical('fhir-pocd')
  const text = fs.readdirSync(folder).filter((f) => f.endsWith('.xml')).map((f) => fs.readFileSync(path.join(folder, f), 'utf8')).join('\n')
  const pairs = new Map([...text.matchAll(/<code value="(\d+)"\/>\s*<display value="(MDC_[A-Z0-9_]+)"/g)].map((m) => [Number(m[1]), m[2] ?? '']))
  let compared = 0
  for (const { code, refId } of [...METRICS.filter((m) => m.refId !== 'MDC_ECG_CARD_BEAT_RATE'), ...OBJECTS, ...DIMENSIONS]) {
    const theirs = pairs.get(code)
    if (theirs === undefined) continue
    compared += 1
    equal(refId, theirs, String(code))
  }
  ok(compared >= 12, `${compared} codes compared`)
})
