// Wfdb: reads PhysioNet records: headers, signal formats 212, 16 and 80, and MIT annotation files. For tests that validate on real signals.
// Keeps the format's own checks: a record whose samples do not add up to the header's checksum is not used (WFDB header(5), signal(5), annot(5)).

import fs from 'node:fs'
import path from 'node:path'

export interface WfdbSignal {
  readonly description: string
  /** ADC units per physical unit, and the ADC value of physical zero. */
  readonly gain: number
  readonly baseline: number
  readonly unit: string
  readonly samples: Float64Array
  /** Signed 16-bit sum of all samples, as read and as the header says. */
  readonly checksum: number
  readonly headerChecksum: number
}

export interface WfdbRecord {
  readonly name: string
  /** Samples per second. */
  readonly rate: number
  readonly signals: readonly WfdbSignal[]
}

export interface Annotation {
  /** Sample number. */
  readonly at: number
  /** Type code of the annotation (ecgcodes.h). */
  readonly code: number
}

interface SignalLine {
  readonly file: string
  readonly format: number
  readonly offset: number
  readonly gain: number
  readonly baseline: number
  readonly unit: string
  readonly checksum: number
  readonly description: string
}

/** `folder/name` without extension. Signals whose file is absent are left out. */
export function readWfdb(record: string): WfdbRecord {
  const lines = fs.readFileSync(`${record}.hea`, 'utf8').split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const [name = '', count = '0', rate = '250', length = '0'] = lines[0]?.trim().split(/\s+/) ?? []
  const rows = lines.slice(1, 1 + Number(count)).map(signalLine)
  const files = [...new Set(rows.map((row) => row.file))]
  const signals = files.flatMap((file) => readFile(path.join(path.dirname(record), file), rows.filter((row) => row.file === file), Number(length)))
  return { name, rate: Number(rate.split('/')[0]), signals }
}

/** `100.dat 212 200(1024)/mV 11 1024 995 -22131 0 MLII` (header(5)). */
function signalLine(line: string): SignalLine {
  const [file = '', format = '', gainText = '200', , zero = '0', , checksum = '0', , ...description] = line.trim().split(/\s+/)
  const [, code = '0', offset = '0'] = /^(\d+)(?:x\d+)?(?::\d+)?(?:\+(\d+))?/.exec(format) ?? []
  const [, gain = '200', baseline, unit = 'mV'] = /^([\d.eE+-]+)(?:\((-?\d+)\))?(?:\/(\S+))?$/.exec(gainText) ?? []
  return {
    file, format: Number(code), offset: Number(offset), gain: Number(gain), baseline: Number(baseline ?? zero), unit, checksum: Number(checksum),
    description: description.join(' '),
  }
}

function readFile(file: string, rows: readonly SignalLine[], length: number): WfdbSignal[] {
  const [first] = rows
  if (first === undefined || !fs.existsSync(file)) return []
  const bytes = fs.readFileSync(file).subarray(first.offset)
  const samples = DECODERS[first.format]?.(bytes, rows.length * length)
  if (samples === undefined) throw new Error(`${file}: signal format ${first.format} is not read`)
  return rows.map((row, i) => {
    const own = Float64Array.from({ length: Math.floor(samples.length / rows.length) }, (_, n) => samples[n * rows.length + i] as number)
    const sum = own.reduce((total, x) => total + x, 0)
    const { gain, baseline, unit, description, checksum } = row
    return { gain, baseline, unit, description, samples: own, checksum: signed16(sum), headerChecksum: checksum }
  })
}

function signed16(value: number): number {
  const low = ((value % 0x1_0000) + 0x1_0000) % 0x1_0000
  return low >= 0x8000 ? low - 0x1_0000 : low
}

const DECODERS: Readonly<Record<number, (bytes: Uint8Array, most: number) => Int32Array>> = {
  16: (bytes, most) => Int32Array.from({ length: Math.min(most, bytes.length >> 1) }, (_, i) => ((byte(bytes, 2 * i + 1) << 24) >> 16) | byte(bytes, 2 * i)),
  80: (bytes, most) => Int32Array.from({ length: Math.min(most, bytes.length) }, (_, i) => byte(bytes, i) - 128),
  // Two 12-bit samples in three bytes: low byte, both high nibbles, low byte of the second (signal(5)).
  212: (bytes, most) => Int32Array.from({ length: Math.min(most, Math.floor((bytes.length * 2) / 3)) }, (_, i) => {
    const at = 3 * (i >> 1)
    const nibbles = byte(bytes, at + 1)
    const value = i % 2 === 0 ? ((nibbles & 0x0f) << 8) | byte(bytes, at) : ((nibbles & 0xf0) << 4) | byte(bytes, at + 2)
    return (value << 20) >> 20
  }),
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] as number

/** Special types of annot(5). */
const Annot = { skip: 59, num: 60, sub: 61, chn: 62, aux: 63 } as const

/** Reads a MIT annotation file: a 16-bit word has the type in its upper 6 bits, the interval in the lower 10. */
export function readAnnotations(file: string): Annotation[] {
  const bytes = fs.readFileSync(file)
  const found: Annotation[] = []
  let at = 0
  for (let i = 0; i + 1 < bytes.length;) {
    const word = bytes.readUInt16LE(i)
    i += 2
    const [code, interval] = [word >> 10, word & 0x3ff]
    if (word === 0) break
    if (code === Annot.skip) {
      // PDP-11 long: high word first.
      at += (bytes.readInt16LE(i) << 16) | bytes.readUInt16LE(i + 2)
      i += 4
    } else if (code === Annot.aux) i += interval + (interval & 1)
    else if (code !== Annot.num && code !== Annot.sub && code !== Annot.chn) {
      at += interval
      found.push({ at, code })
    }
  }
  return found
}

/** Annotation types that mark a QRS complex (isqrs of ecgmap.h). */
const BEAT_CODES: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25, 30, 34, 35, 38, 41])

export function beatsOf(annotations: readonly Annotation[]): number[] {
  return annotations.filter((a) => BEAT_CODES.has(a.code)).map((a) => a.at)
}
