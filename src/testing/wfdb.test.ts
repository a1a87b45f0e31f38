// Tests of the WFDB reader on records made here byte by byte, so that it is tested where no real record is.
// Keeps the formats honest: expected values are written out by hand from signal(5), header(5) and annot(5).

import { deepEqual, equal, throws } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { scratch } from './command.ts'
import { beatsOf, readAnnotations, readWfdb } from './wfdb.ts'

function record(t: TestContext, header: string, data: readonly number[]): string {
  const folder = scratch(t)
  fs.writeFileSync(path.join(folder, 'r.hea'), header)
  fs.writeFileSync(path.join(folder, 'r.dat'), Uint8Array.from(data))
  return path.join(folder, 'r')
}

test('format 212: two samples in three bytes, twelve bits, signed', (t) => {
  const read = readWfdb(record(t, 'r 2 360 2\nr.dat 212 200 11 1024 0 0 0 MLII\nr.dat 212 200(5)/uV 11 0 0 0 0 V5\n', [0xff, 0x7f, 0xff, 0x01, 0x80, 0x00]))
  deepEqual(read.signals.map((s) => [...s.samples]), [[-1, 1], [0x7ff, -2048]])
  deepEqual(read.signals.map((s) => [s.description, s.baseline, s.unit, s.gain]), [['MLII', 1024, 'mV', 200], ['V5', 5, 'uV', 200]])
  deepEqual([read.rate, read.signals[0]?.checksum], [360, 0])
})

test('format 16 with a byte offset, and format 80', (t) => {
  const sixteen = readWfdb(record(t, '# comment\nr 1 250 2\nr.dat 16+4 100/mV 16 0 0 -3 0 II\n', [9, 9, 9, 9, 0xfe, 0xff, 0xff, 0xff]))
  deepEqual([...sixteen.signals[0]?.samples ?? []], [-2, -1])
  equal(sixteen.signals[0]?.checksum, sixteen.signals[0]?.headerChecksum)
  const eighty = readWfdb(record(t, 'r 2 125 2\nr.dat 80 29/mV 8 0 0 0 0 II\nr.dat 80 24/mV 8 0 0 0 0 V\n', [0, 255, 128, 129]))
  deepEqual(eighty.signals.map((s) => [...s.samples]), [[-128, 0], [127, 1]])
})

test('a signal whose file is absent is left out; a format nobody reads is refused', (t) => {
  equal(readWfdb(record(t, 'r 1 250 2\nother.dat 16 100/mV 16 0 0 0 0 II\n', [])).signals.length, 0)
  const odd = record(t, 'r 1 250 2\nr.dat 310 100/mV 16 0 0 0 0 II\n', [1, 2, 3, 4])
  throws(() => readWfdb(odd), /signal format 310 is not read/)
})

test('annotations: intervals add up, skips are long, notes and modifiers are no beats', (t) => {
  const file = path.join(scratch(t), 'r.atr')
  const word = (code: number, interval: number): number[] => [interval & 0xff, (code << 2) | (interval >> 8)]
  fs.writeFileSync(file, Uint8Array.from([
    ...word(1, 18), ...word(63, 3), 65, 66, 67, 0, ...word(59, 0), 0x01, 0x00, 0x00, 0x00, ...word(5, 2), ...word(61, 1), ...word(28, 7), ...word(8, 1000),
    0, 0, 1, 1,
  ]))
  deepEqual(readAnnotations(file), [{ at: 18, code: 1 }, { at: 65_556, code: 5 }, { at: 65_563, code: 28 }, { at: 66_563, code: 8 }])
  deepEqual(beatsOf(readAnnotations(file)), [18, 65_556, 66_563])
})
