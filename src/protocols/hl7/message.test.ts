// Tests of the HL7 message reader and writer: which text is kept, which is only a number, in any split and with any delimiters.
// Keeps the patient-data rule: a canary in every field of every segment must not reach a summary.

import { deepEqual, doesNotMatch, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../../base/assert.ts'
import { HL7_DEVICES_MAX, HL7_DEVICE_TEXT_MAX, HL7_HEADER_TEXT_MAX, HL7_SEGMENT_NAMES_MAX } from './codes.ts'
import {
  HL7_USUAL_ENCODING, encodeHl7, encodeMllp, escapeHl7, readHl7, type Hl7Reading, type Hl7Segment, type Hl7Summary,
} from './message.ts'
import { Hl7Scanner } from './scanner.ts'
import { ADMISSION, CANARY_FIELDS, CANARY_SEGMENTS, RESULT, bytes, header } from './testdata/samples.ts'

const read = (message: Uint8Array | string): Hl7Reading => {
  const buf = typeof message === 'string' ? bytes(message) : message
  return readHl7(buf, 0, buf.length)
}

function summary(message: Uint8Array | string | readonly Hl7Segment[]): Hl7Summary {
  const reading = read(Array.isArray(message) ? encodeHl7(message, 'bare') : message as Uint8Array | string)
  if (!reading.ok) throw new Error(reading.fault)
  return reading.summary
}

const MSH = 'MSH|^~\\&|APP|FAC|RAPP|RFAC|2001||ORU^R01^ORU_R01|1|T|2.6^USA\r'

test('an admission: header texts, filled fields, segments, no device', () => {
  deepEqual(summary(ADMISSION), {
    sendingApplication: 'MONITOR^00A0370000000001^EUI-64',
    sendingFacility: 'ICU',
    receivingApplication: 'GATEWAY',
    receivingFacility: 'HOSPITAL',
    messageType: 'ADT^A01',
    version: '2.6',
    profile: '',
    content: 'patient-administration',
    devices: [],
    filledPatientFields: ['AL1-2', 'AL1-3', 'NK1-2', 'NK1-3', 'PID-11', 'PID-3', 'PID-5', 'PID-7', 'PID-8', 'PV1-3'],
    segments: [['MSH', 1], ['EVN', 1], ['PID', 1], ['NK1', 1], ['PV1', 1], ['AL1', 1]],
  })
})

test('a result without an admitted patient: the reading is filled, the patient is not', () => {
  const { filledPatientFields, devices } = summary(RESULT)
  deepEqual(filledPatientFields, ['OBX-5'])
  deepEqual(devices, [{ source: 'OBX-18', text: '00A0370000000001' }])
})

test('a canary in every field of every patient segment is named by number and appears nowhere', () => {
  const found = summary([header('ADT^A01'), ...CANARY_SEGMENTS])
  deepEqual(found.filledPatientFields, CANARY_FIELDS)
  doesNotMatch(JSON.stringify(found), /ZZTEST|CANARY/)
})

test('a canary in segments of other kinds, in local ones and in free lines appears nowhere', () => {
  const free = ['EVN|ZZTEST^CANARY', 'MSA|AA|1|ZZTEST^CANARY', 'ZPI|ZZTEST^CANARY', 'ZZTEST^CANARY']
  free.push('LEE|ZZTEST', 'ZZT', 'OBX ZZTEST', '|ZZTEST')
  const found = summary(`${MSH}${free.join('\r')}\r`)
  doesNotMatch(JSON.stringify(found), /ZZT|CANARY|LEE/)
  deepEqual(found.segments, [['MSH', 1], ['EVN', 1], ['MSA', 1], ['ZPI', 1], ['???', 1]])
})

test('CR, LF and CRLF end a segment; blank lines count nothing; the last end may be missing', () => {
  const lines = [MSH.trim(), 'PID|||1||ZZTEST', 'OBX|||||5']
  const expected = summary(lines.join('\r'))
  for (const end of ['\n', '\r\n', '\r\r', '\n\n\r']) deepEqual(summary(lines.join(end) + end), expected)
})

test('any delimiters of MSH-1 and MSH-2 do, and texts come out the same', () => {
  const usual = summary('MSH|^~\\&|A^B|F||R|2001||ADT^A24|1|T|2.4\rPID|||1^^^X~2||D^J\rOBX||||||||||||||||||S1^M~S2\r')
  const odd = summary('MSH^~|\\&^A~B^F^^R^2001^^ADT~A24^1^T^2.4\rPID^^^1~~~X|2^^D~J\rOBX^^^^^^^^^^^^^^^^^^S1~M|S2\r')
  deepEqual(odd, usual)
  equal(usual.sendingApplication, 'A^B')
  deepEqual(usual.devices.map((device) => device.text), ['S1', 'S2'])
})

test('encoding characters: two or more than four are read, letters are a fault', () => {
  equal(summary('MSH|^~}|A|||||| ACK|1|T|2.4\r').messageType, 'ACK')
  equal(summary('MSH|^~\\&#|A||||||ACK^|1|T|2.4\r').messageType, 'ACK')
  equal(summary('MSH|^~\\\\&|A||||||ACK|1|T|2.4\r').messageType, 'ACK')
  for (const wrong of ['MSH||A||||||ACK', 'MSH|ABCD|A||||||ACK', 'MSH|^~ &|A||||||ACK', `MSH|${'^~'.repeat(5)}|A||||||ACK`]) {
    deepEqual(read(wrong), { ok: false, fault: 'encoding-characters' }, wrong)
  }
})

test('no header, an unusable one, or one without a type is a fault', () => {
  for (const wrong of ['', '\r\r', 'PID|||1', 'MSHX^~\\&|A', 'MSH', 'MSH\rPID|||1']) {
    deepEqual(read(wrong), { ok: false, fault: 'no-header' }, wrong)
  }
  for (const wrong of ['MSH|^~\\&', 'MSH|^~\\&|', 'MSH|^~\\&|A|B|C|D|2001||', 'MSH|^~\\&|A|B|C|D|2001||""|1', 'MSH|^~\\&|A\rPID|||1']) {
    deepEqual(read(wrong), { ok: false, fault: 'no-message-type' }, wrong)
  }
})

test('the type keeps message and trigger, the version its first component', () => {
  const { messageType, version } = summary(MSH)
  deepEqual([messageType, version], ['ORU^R01', '2.6'])
  equal(summary('MSH|^~\\&|||||||ACK').messageType, 'ACK')
})

test('header texts are printable, bounded, trimmed, first repetition only, and "" is nothing', () => {
  const found = summary(`MSH|^~\\&|${'A'.repeat(500)}| \u00e9\x01x ^^|""|one~two|2001||ACK`)
  equal(found.sendingApplication, 'A'.repeat(HL7_HEADER_TEXT_MAX))
  equal(found.sendingFacility, '???x')
  equal(found.receivingApplication, '')
  equal(found.receivingFacility, 'one')
})

test('a type no version knows is told as such, and the header texts are withheld with it', () => {
  const found = summary(`${MSH.replace('ORU^R01', 'ZZTEST^CANARY')}PID|||1\r`)
  deepEqual([found.messageType, found.sendingApplication, found.receivingFacility, found.version], ['???', '', '', ''])
  deepEqual(found.filledPatientFields, ['PID-3'])
})

test('a second MSH, standing where none may, changes nothing but the count', () => {
  const found = summary(`${MSH}MSH|#~\\&|ZZTEST^CANARY||||||ADT^A01|1|T|2.1\rPID|||1||ZZTEST^CANARY\r`)
  equal(found.sendingApplication, 'APP')
  equal(found.messageType, 'ORU^R01')
  deepEqual(found.segments, [['MSH', 2], ['PID', 1]])
  deepEqual(found.filledPatientFields, ['PID-3', 'PID-5'])
})

test('a field of blanks, quotes or delimiters is not filled; an escape is', () => {
  equal(summary(`${MSH}PID|||""||""^""||  |^^^|~&~\r`).filledPatientFields.length, 0)
  deepEqual(summary(`${MSH}PID|||\\E\\||^ZZ\r`).filledPatientFields, ['PID-3', 'PID-5'])
})

test('components that only describe a number or a name do not fill it', () => {
  deepEqual(summary(`${MSH}PID|1||^^^HOSP^MR~^^^OTHER||^^^^^^L\r`).filledPatientFields, [])
  deepEqual(summary(`${MSH}PID|1||^^^HOSP^MR~2^^^OTHER||&&SUB^^^^^^L\r`).filledPatientFields, ['PID-3', 'PID-5'])
  deepEqual(summary(`${MSH}PV1|1|I|^^&10||||^^^^^^^^HOSP\r`).filledPatientFields, ['PV1-3'])
})

test('PRT-16 and OBX-18: each repetition once, its first component that holds anything, bounded', () => {
  const prt = (text: string): string => `PRT|${'|'.repeat(15)}${text}\r`
  const obx = (text: string): string => `OBX|${'|'.repeat(17)}${text}\r`
  const devices = (text: string): unknown => summary(MSH + text).devices
  deepEqual(devices(prt('Hospira Plum A+||||')), [{ source: 'PRT-16', text: 'Hospira Plum A+' }])
  deepEqual(devices(obx('SERIAL^MODEL^00A0^EUI-64')), [{ source: 'OBX-18', text: 'SERIAL' }])
  deepEqual(devices(obx('^^00A0^EUI-64')), [{ source: 'OBX-18', text: '00A0' }])
  deepEqual(devices(obx('S1^M~S2~S1') + obx('S1')), [{ source: 'OBX-18', text: 'S1' }, { source: 'OBX-18', text: 'S2' }])
  deepEqual(devices(obx('""') + obx(' ') + prt('')), [])
  deepEqual(devices(obx('Z'.repeat(999))), [{ source: 'OBX-18', text: 'Z'.repeat(HL7_DEVICE_TEXT_MAX) }])
})

test('of one PRT the UDI comes before the device, and the device before its serial number; each PRT is one device', () => {
  const prt = (device: string, udi: string, serial: string): string => `PRT|${'|'.repeat(9)}${device}${'|'.repeat(6)}${udi}||||${serial}\r`
  const devices = (text: string): string[] => summary(MSH + text).devices.map((device) => `${device.source} ${device.text}`)
  deepEqual(devices(prt('D1^NS', '(01)U1', 'S1')), ['PRT-16 (01)U1'])
  deepEqual(devices(prt('D1^NS', '', 'S1')), ['PRT-10 D1'])
  deepEqual(devices(prt('', '', 'S1')), ['PRT-20 S1'])
  deepEqual(devices(prt('', 'U1', 'S1') + prt('D2', '', 'S2') + prt('', 'U3~U4', '')), ['PRT-16 U1', 'PRT-10 D2', 'PRT-16 U3', 'PRT-16 U4'])
})

test('many devices and many segment names stay bounded', () => {
  const obx = Array.from({ length: 100 }, (_, i) => `OBX|${'|'.repeat(17)}S${i}\r`).join('')
  equal(summary(MSH + obx).devices.length, HL7_DEVICES_MAX)
  const letter = (i: number): string => String.fromCharCode(65 + (i % 26))
  const local = Array.from({ length: 676 }, (_, i) => `Z${letter(i)}${letter(Math.floor(i / 26))}|\r`)
  equal(summary(MSH + local.join('')).segments.length, HL7_SEGMENT_NAMES_MAX)
})

test('a segment may have no field at all', () => {
  deepEqual(summary(`${MSH}DSC\rPID\r`).segments, [['MSH', 1], ['DSC', 1], ['PID', 1]])
})

test('read in any split, the reading is the same; reset forgets everything', () => {
  const message = encodeHl7([header('ORU^R01'), ...CANARY_SEGMENTS.slice(0, 3), ...RESULT.slice(1)], 'bare')
  const expected = read(message)
  const scanner = new Hl7Scanner()
  fc.assert(fc.property(fc.array(fc.nat({ max: message.length }), { maxLength: 8 }), (cuts) => {
    scanner.reset()
    const places = [0, ...cuts.sort((a, b) => a - b), message.length]
    for (let i = 1; i < places.length; i++) scanner.scan(message, places[i - 1] ?? 0, places[i] ?? 0)
    deepEqual(scanner.finish(), expected)
  }))
})

test('cut at any byte, a message is read or refused, and never shows the canary', () => {
  const message = encodeHl7([header('ADT^A01'), ...CANARY_SEGMENTS], 'bare')
  for (let end = 0; end < message.length; end += 7) doesNotMatch(JSON.stringify(readHl7(message, 0, end)), /ZZTEST|CANARY/)
})

test('random bytes and random changes never throw', () => {
  const message = encodeHl7(ADMISSION, 'bare')
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat({ max: message.length - 1 }), fc.nat({ max: 255 })), { maxLength: 9 }), (edits) => {
    const copy = Uint8Array.from(message)
    for (const [at, value] of edits) copy[at] = value
    equal(typeof read(copy).ok, 'boolean')
  }))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
    const reading = read(Uint8Array.from([...bytes(MSH), ...tail]))
    ok(JSON.stringify(reading).length < 5000)
  }))
})

test('what is written is read: header texts, filled fields and segment counts', () => {
  const text = fc.stringMatching(/^[A-Za-z0-9]{1,20}$/)
  const field = fc.option(text, { nil: '' })
  const versions = fc.constantFrom('2.1', '2.3', '2.5.1', '')
  const fields = fc.array(field, { minLength: 6, maxLength: 6 })
  fc.assert(fc.property(text, text, versions, fields, fc.nat({ max: 9 }), (app, fac, version, pid, n) => {
    const msh = ['MSH', '|', HL7_USUAL_ENCODING, app, fac, '', '', '', '', 'ADT^A08', '1', 'T', version]
    const found = summary([msh, ['PID', '1', ...pid], ...Array.from({ length: n }, () => ['OBX', '1'])])
    deepEqual([found.sendingApplication, found.sendingFacility, found.version], [app, fac, version])
    deepEqual(found.filledPatientFields, pid.flatMap((value, i) => (value === '' ? [] : [`PID-${i + 2}`])).sort())
    deepEqual(found.segments, [['MSH', 1], ['PID', 1], ...(n > 0 ? [['OBX', n]] : [])])
  }))
})

test('segments are written with CR, the separator of a header only once, and framed on demand', () => {
  const bare = 'MSH|^~\\&|A||||||ACK\rMSA|AA|1\r'
  const segments = [['MSH', '|', '^~\\&', 'A', '', '', '', '', '', 'ACK'], ['MSA', 'AA', '1']]
  deepEqual(encodeHl7(segments, 'bare'), bytes(bare))
  deepEqual(encodeHl7(segments), bytes(`\x0b${bare}\x1c\r`))
  deepEqual(encodeMllp(bare), encodeHl7(segments, 'mllp'))
  deepEqual(encodeHl7([['FHS', '#', '^~\\&', 'A'], ['BHS', '#', '^~\\&']], 'bare'), bytes('FHS#^~\\&#A\rBHS#^~\\&\r'))
  throws(() => encodeHl7([]), InvariantError)
  throws(() => encodeHl7([['PID', '1x']]), InvariantError)
})

test('escaped text has no delimiter left and fills one component', () => {
  equal(escapeHl7('A|B^C~D\\E&F\r\n'), 'A\\F\\B\\S\\C\\R\\D\\E\\E\\T\\F\\X0D\\\\X0A\\')
  fc.assert(fc.property(fc.string(), (text) => !/[|^~&\r\n]/.test(escapeHl7(text))))
})
