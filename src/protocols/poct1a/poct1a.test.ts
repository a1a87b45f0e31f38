// Tests of the POCT1-A row: goldens, hostile bytes, the probe, tags in any shape and split, and the canary.
// Keeps the patient-data rule: device texts come from a hello only, of patients the names of elements.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { isMessageName, patientElement, POCT_DEVICES_MAX, POCT_ELEMENTS_MAX, POCT_FAULTS_MAX, POCT_TEXT_MAX } from './codes.ts'
import type { PoctDevice, PoctFact, PoctTotals } from './facts.ts'
import { poct1a } from './index.ts'
import { encodePoct } from './message.ts'
import { HELLO, OBSERVATION, OPERATORS, STATUS, answer, bytes } from './testdata/samples.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, poct1a)

test('hostile bytes: no throw, few and plain facts', () => {
  neverThrows(poct1a, { cases: loadGoldens(TESTDATA), textMax: POCT_TEXT_MAX, factsMax: 200 })
})

test('the canary of the goldens is in no fact', () => {
  for (const c of loadGoldens(TESTDATA)) doesNotMatch(JSON.stringify(runSession(poct1a, 'tcp', c.chunks, { flow: c.flow }).facts), /ZZTEST|CANARY/, c.title)
})

const up = (text: string, lost = 0): Chunk => ({ direction: 0, bytes: bytes(text), lost })
const run = (chunks: readonly Chunk[], late = false): PoctFact[] => (
  runSession(poct1a, 'tcp', chunks, late ? { flow: { state: 'midstream' } } : {}).facts.filter((fact) => fact.protocol === 'poct1a')
)
const words = (facts: readonly PoctFact[]): string[] => facts.map((fact) => (fact.kind === 'malformed' ? `!${fact.reason}` : fact.kind))
const totals = (facts: readonly PoctFact[]): PoctTotals => facts.at(-1) as PoctTotals
const device = (text: string): PoctDevice | undefined => run([up(text)]).find((fact) => fact.kind === 'device')
const probe = (text: string): string => poct1a.probe('tcp', 0, bytes(text), 0, bytes(text).length)

for (const text of [
  '<HEL.R01>', '<DST.R01 ', '<ACK.R01/', '\r\n <OBS.R02\n', '<?xml version="1.0"?>\n<KPA.R01>', '<!-- x --><END.R01>', '<!DOCTYPE HEL.R01>\n\n<HEL.R01>',
  '\ufeff<HEL.R01>',
]) {
  test(`probe: ${JSON.stringify(text)} is a yes, each shorter prefix asks for more, anything behind changes nothing`, () => {
    for (let length = 0; length < text.length; length++) equal(probe(text.slice(0, length)), 'more', String(length))
    equal(probe(text), 'yes')
    equal(probe(`${text}<PT.name V="ZZTEST"/>`), 'yes')
  })
}

for (const text of [
  '<HEL.R0>', '<HEL.R01.x>', '<html>', '<?xml version="1.0"?><s:Envelope>', '<MSH>', 'HEL.R01', '< HEL.R01>', '</HEL.R01>', 'GET /', '<HEL.R03>', 'x<HEL.R01>',
  `<!-- ${'x'.repeat(600)} --><HEL.R01>`, `${' '.repeat(40)}<HEL.R01>`,
]) {
  test(`probe: ${JSON.stringify(text.slice(0, 40))} is a no`, () => equal(probe(text), 'no'))
}

test('in any split, both ways, late or whole', () => {
  const down = (text: string): Chunk => ({ direction: 1, bytes: bytes(text) })
  const talk: Chunk[] = [up(`${HELLO}\r\n`), down(answer('AA', '1')), up(STATUS + OBSERVATION), down(OPERATORS)]
  deepEqual(everySplit(poct1a, 'tcp', talk).map((fact) => fact.kind), ['device', 'patient', 'totals'])
  everySplit(poct1a, 'tcp', [up(OBSERVATION.slice(120) + STATUS)], { flow: { state: 'midstream' } })
})

test('a hello names the device; the vendor id comes before the maker\'s name', () => {
  const said = device(HELLO)
  deepEqual([said?.deviceId, said?.vendor, said?.model, said?.serial, said?.name, said?.hardware, said?.software], [
    '00:00:5E:00:53:01', 'ACME', 'METER-3', 'SN0001', 'Meter', '1.0', '2.3.1',
  ])
  equal(device(encodePoct(['HEL.R01', [['DEV.manufacturer_name', 'MAKER'], ['DEV.vendor_id', 'V1']]]))?.vendor, 'V1')
  equal(device(encodePoct(['HEL.R01', [['DEV.manufacturer_name', 'MAKER']]]))?.vendor, 'MAKER')
})

test('device elements outside a hello say nothing', () => {
  const facts = run([up(STATUS.replace('<DST>', '<DST><DEV.serial_id V="ZZTEST-1"/>'))])
  deepEqual(words(facts), ['totals'])
  doesNotMatch(JSON.stringify(facts), /ZZTEST/)
})

test('patient elements are named when they hold something; local ones under their object', () => {
  const [fact] = run([up(OBSERVATION)])
  ok(fact?.kind === 'patient')
  deepEqual(fact.filled, ['NTE.text', 'OBS.value', 'PT', 'PT.birth_date', 'PT.name', 'PT.patient_id'])
  deepEqual([patientElement('PT.zztest'), patientElement('PTX.name'), patientElement('OBS.method_cd')], ['PT', null, null])
})

test('a canary in any element and any attribute of any message but a hello\'s device reaches no fact', () => {
  const name = fc.constantFrom('PT.name', 'OBS.value', 'DEV.serial_id', 'OPR.name', 'ACK.type_cd', 'ACK.note', 'ZZTEST.CANARY', 'HDR.control_id')
  const root = fc.constantFrom('OBS.R01', 'PTL.R01', 'ACK.R01', 'DST.R01', 'ZZT.R01')
  fc.assert(fc.property(root, fc.array(name, { maxLength: 5 }), fc.nat({ max: 300 }), (message, names, cut) => {
    const text = encodePoct([message, names.map((n) => [n, 'ZZTEST^CANARY'])])
    doesNotMatch(JSON.stringify(run([up(text.slice(0, cut)), up(text.slice(cut)), up('ZZTEST<ZZTEST V="ZZTEST">')])), /ZZTEST|CANARY/)
  }))
})

test('whatever is lost, no patient becomes a device', () => {
  const text = HELLO + OBSERVATION
  for (let from = 0; from < text.length; from += 9) {
    for (const lost of [1, 60, 250, 500]) doesNotMatch(JSON.stringify(run([up(text.slice(0, from)), up(text.slice(from + lost), lost)])), /ZZTEST|CANARY/)
  }
})

for (const [what, text] of [
  ['blanks and both quotes', `<HEL.R01><DEV.serial_id  SN = "a>b<c"  V\n=\t'S1' /></HEL.R01>`],
  ['an end tag', '<HEL.R01><DEV.serial_id V="S1"></DEV.serial_id></HEL.R01>'],
  ['a comment with tags in it', '<HEL.R01><!-- <DEV.serial_id V="NO"/> - -> --><DEV.serial_id V="S1"/></HEL.R01>'],
  ['a self-closing root before', '<KPA.R01/><HEL.R01><DEV.serial_id V="S1"/></HEL.R01>'],
  ['other attributes', '<HEL.R01><DEV.serial_id VV="NO" v="NO" XV="NO" V="S1"/></HEL.R01>'],
  ['an attribute without quotes', '<HEL.R01><DEV.x V=NO><DEV.serial_id V="S1"/></HEL.R01>'],
] as const) {
  test(`tags: ${what}`, () => {
    equal(device(text)?.serial, 'S1')
    everySplit(poct1a, 'tcp', [up(text)])
  })
}

test('texts are bounded and printable', () => {
  equal(device(encodePoct(['HEL.R01', [['DEV.serial_id', 'S'.repeat(500)]]]))?.serial.length, POCT_TEXT_MAX)
  equal(device(encodePoct(['HEL.R01', [['DEV.serial_id', ' \u00e9\x01x ']]]))?.serial, '???x')
})

test('counts of messages and answers', () => {
  const end = totals(run([up(HELLO), { direction: 1, bytes: bytes(answer('AA', '1') + answer('AE', '1') + answer('zz', '1')) }, up(STATUS), up(STATUS)]))
  deepEqual([end.messages, end.answers], [[[0, 'HEL.R01', 1], [1, 'ACK.R01', 3], [0, 'DST.R01', 2]], [['AA', 1], ['AE', 1], ['??', 1]]])
})

test('the same hello is told once, another one again, to a bound', () => {
  const many = Array.from({ length: 50 }, (_, i) => encodePoct(['HEL.R01', [['DEV.serial_id', `S${i}`]]])).join('')
  const facts = run([up(many), up(many)])
  equal(facts.filter((fact) => fact.kind === 'device').length, POCT_DEVICES_MAX)
  equal(totals(facts).untold, 2 * (50 - POCT_DEVICES_MAX))
})

test('a message without an end, foreign roots and a loss are faults in fixed words', () => {
  deepEqual(words(run([up(STATUS.slice(0, -3)), up(STATUS)])), ['!no-message-end', 'totals'])
  deepEqual(words(run([up('<a><b/></a><c/>'), up(STATUS), up('<d/>')])), ['!other-root', '!other-root', 'totals'])
  deepEqual(words(run([up(STATUS.slice(0, 40)), up(STATUS, 99)])), ['!lost-bytes', 'totals'])
  equal(run([up('<KPA.R01>'.repeat(100))]).filter((fact) => fact.kind === 'malformed').length, POCT_FAULTS_MAX)
})

test('a message of too many elements is given up, and the next one is read', () => {
  const facts = run([up(`<PTL.R01>${'<a/>'.repeat(POCT_ELEMENTS_MAX + 1)}</PTL.R01>`), up(STATUS)])
  deepEqual([words(facts), totals(facts).messages], [['!too-long', 'totals'], [[0, 'DST.R01', 1]]])
})

test('what is written is read: any message with any texts', () => {
  const text = fc.stringMatching(/^[A-Za-z0-9.: -]{1,20}$/).map((t) => t.trim())
  fc.assert(fc.property(text, text, (vendor, serial) => {
    const found = device(encodePoct(['HEL.R01', [['DEV', [['DEV.vendor_id', vendor], ['DEV.serial_id', serial]]]]]))
    deepEqual([found?.vendor, found?.serial], [vendor, serial])
  }))
  ok(isMessageName('HEL.R01') && !isMessageName('ZZT.R01'))
})
