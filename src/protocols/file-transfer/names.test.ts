// Names: the last part of a path; and which names are told whole, which as their extension alone.
// Keeps the patient-data rule: the canary's name is in no answer, however it is written.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { baseName, extensionOf, FILE_NAME_CHARS_MAX, shownName, shownNameAt } from './names.ts'
import { SOFTWARE_EXTENSIONS, SOFTWARE_WORDS } from './software-words.ts'

test('the last part, with either slash', () => {
  deepStrictEqual(['a/b/c.bin', 'C:\\pm\\run.sh', 'x', '/pm/', ''].map(baseName), ['c.bin', 'run.sh', 'x', null, null])
  equal(baseName('n'.repeat(9999))?.length, FILE_NAME_CHARS_MAX)
})

test('extensions in lower case; a dot at the end, none, a long one or an odd one is none', () => {
  deepStrictEqual(['a.BIN', 'a.tar.gz', 'a.', 'a', '.profile', 'a.verylongword', 'a.b-c'].map(extensionOf), ['bin', 'gz', '', '', 'profile', '', ''])
})

test('firmware and software keep their names', () => {
  for (const name of [
    'monitor', 'update.bin', 'run.sh', 'pm.tar.gz', 'startup-config', 'eicar.com', 'rfc1350.txt', 'rootfs.squashfs', 'u-boot.bin', 'firmwareUpdate_v2.10.img',
    'vmlinuz-2.6.27', 'CMS8000_V1.2.bin', 'a.out', 'empty100KB', 'config (old).xml', 'x86.exe', 'MONITOR.BIN',
  ]) equal(shownName(name), name)
})

test('a name that is not made of such words is an extension, whatever the kind of file', () => {
  deepStrictEqual(['DOE.bin', 'doe_john.tar.gz', 'Doe-update.bin', 'JohnDoe.exe', 'updateDoe.zip', 'mueller', 'li.sh', 'Wu.bin'].map(shownName),
    ['*.bin', '*.gz', '*.bin', '*.exe', '*.zip', '*', '*.sh', '*.bin'])
})

test('an extension that is none of software or of clinics may be a surname', () => {
  deepStrictEqual(['john.doe', 'update.doe', 'config.mueller', 'x.y'].map(shownName), ['*', '*', '*', 'x.y'])
})

test('long numbers, encoded and foreign letters, and spelt names are not told', () => {
  deepStrictEqual(['19281118.bin', '12345.dat', '%4A%4F%48%4E.bin', 'M\u00fcller.bin', '\u674e.bin', 'J.O.H.N.bin', 'v-1.2-x.bin', '1234.bin'].map(shownName),
    ['*.bin', '*.dat', '*.bin', '*.bin', '*.bin', '*.bin', 'v-1.2-x.bin', '1234.bin'])
})

test('dates of birth and numbers of people are not told, however they are divided', () => {
  const names = [
    '1950-05-12.txt', '12.05.1950.bin', '1.2.1950.txt', '12.5.50.bin', '123-45-6789.txt', '555-1234.txt', 'bed 12 1950 05 12.dat', 'Ward 5 0123 4567 89.csv',
  ]
  for (const name of names) ok(shownName(name).startsWith('*.'), name)
})

test('what may be named after a patient is an extension', () => {
  deepStrictEqual(
    ['ZZTEST^CANARY', 'ZZTEST^CANARY.bin', 'zztest_canary.pdf', 'ZZTEST_CANARY.bin', 'ZZTEST.DCM', 'ZZTEST%5ECANARY.zip', 'report.hl7'].map(shownName),
    ['*', '*.bin', '*.pdf', '*.bin', '*.dcm', '*.zip', '*.hl7'],
  )
})

test('no word that is told is longer than a run that is looked at, and a run of any length ends quickly', () => {
  equal(shownName(`${'update'.repeat(40)}.bin`), '*.bin')
  for (const word of SOFTWARE_WORDS) ok(word.length <= 13 && word === word.toLowerCase(), word)
  for (const extension of SOFTWARE_EXTENSIONS) equal(extensionOf(`x.${extension}`), extension)
})

test('out of bytes: control and high bytes become question marks', () => {
  const bytes = Uint8Array.from('xx/pm/mo\x01n\xff.bin', (c) => c.charCodeAt(0))
  equal(shownNameAt(bytes, 2, bytes.length), '*.bin')
  equal(shownNameAt(bytes, 0, 6), null)
})
