// Names: the last part of a path; and which names are told as their extension alone.
// Keeps the patient-data rule: the canary's name is in no answer.

import { deepStrictEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { baseName, extensionOf, FILE_NAME_CHARS_MAX, shownName, shownNameAt } from './names.ts'

test('the last part, with either slash', () => {
  deepStrictEqual(['a/b/c.bin', 'C:\\pm\\run.sh', 'x', '/pm/', ''].map(baseName), ['c.bin', 'run.sh', 'x', null, null])
  equal(baseName('n'.repeat(9999))?.length, FILE_NAME_CHARS_MAX)
})

test('extensions in lower case; a dot at the end, none, a long one or an odd one is none', () => {
  deepStrictEqual(['a.BIN', 'a.tar.gz', 'a.', 'a', '.profile', 'a.verylongword', 'a.b-c'].map(extensionOf), ['bin', 'gz', '', '', 'profile', '', ''])
})

test('firmware keeps its name', () => {
  for (const name of ['monitor', 'update.bin', 'run.sh', 'pm.tar.gz', 'startup-config', 'eicar.com', 'rfc1350.txt']) equal(shownName(name), name)
})

test('what may be named after a patient is an extension', () => {
  deepStrictEqual(['ZZTEST^CANARY', 'ZZTEST^CANARY.bin', 'zztest_canary.pdf', 'ZZTEST.DCM', 'ZZTEST%5ECANARY.zip', 'report.hl7'].map(shownName),
    ['*', '*.bin', '*.pdf', '*.dcm', '*.zip', '*.hl7'])
})

test('out of bytes: control and high bytes become question marks', () => {
  const bytes = Uint8Array.from('xx/pm/mo\x01n\xff.bin', (c) => c.charCodeAt(0))
  equal(shownNameAt(bytes, 2, bytes.length), 'mo?n?.bin')
  equal(shownNameAt(bytes, 0, 6), null)
})
