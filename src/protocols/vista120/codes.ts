// Vista 120 numbers: block types with their exact lengths, where readings stand, the announcement's offsets, and how sure we are of each.
// Source: facts cms8000 section 9. D: worked out from real bytes; C1: one implementation; I: our inference. Nothing is shared with cms8000.

/** Bytes of a block before its body: u16 length, number, kind, u16 type [D]. */
export const VISTA_HEAD_BYTES = 6
/** The length field counts all but itself: kind, number, type and body [D]. */
export const VISTA_LENGTH_MIN = 4
/** [I] The longest block seen has 686 bytes; three times that leaves room for other options of the monitor, and bounds every buffer here. */
export const VISTA_BLOCK_MAX = 2048
/** [I] Distinct types kept in the totals: eight are known, the rest is room, closed to an attacker. */
export const VISTA_TOTAL_KEYS_MAX = 32

/** Fourth byte of a block [D]: 12 carries measurements, 1F and 21 were seen and are not understood. */
export const VISTA_KINDS = { measurement: 0x12, other1f: 0x1f, other21: 0x21 } as const

export function isVistaKind(kind: number): boolean {
  return kind === VISTA_KINDS.measurement || kind === VISTA_KINDS.other1f || kind === VISTA_KINDS.other21
}

/** A reading inside a body: i16 below zero, or a float of -1000, is "none" [D]. */
export interface VistaReading {
  readonly name: string
  /** Body offset. */
  readonly at: number
  readonly form: 'i16' | 'f32'
}

/** A measurement block: its length L is exact, which is what tells a block from noise [D]. */
export interface VistaBlockRow {
  readonly type: number
  readonly name: string
  readonly length: number
  readonly readings: readonly VistaReading[]
}

const i16 = (name: string, at: number): VistaReading => ({ name, at, form: 'i16' })
const f32 = (name: string, at: number): VistaReading => ({ name, at, form: 'f32' })

export const VISTA_BLOCKS: readonly VistaBlockRow[] = [
  {
    type: 0x0a, name: 'ECG and respiration', length: 684,
    readings: [i16('heart-rate', 640), i16('respiration-rate', 642), f32('st', 644), f32('st', 648)],
  },
  // MAP, SYS, DIA, in this order; the CMS8000 has another one, and a time before it.
  { type: 0x0c, name: 'NIBP', length: 28, readings: [i16('pressure', 0), i16('pressure', 2), i16('pressure', 4)] },
  { type: 0x0d, name: 'SpO2 and pleth', length: 276, readings: [i16('spo2', 256), i16('pulse-rate', 258)] },
  { type: 0x0e, name: 'temperature', length: 34, readings: [f32('temperature', 0), f32('temperature', 4)] },
  // Twelve u16 of settings, unclear, then a wave.
  { type: 0x1f, name: 'wave with settings', length: 284, readings: [] },
  // Layout behind the wave is unclear.
  { type: 0x20, name: 'CO2', length: 316, readings: [] },
  { type: 0x2b, name: 'ST of twelve leads', length: 176, readings: [] },
]

/** The measurement block of this type and exactly its length. */
export function vistaBlockRow(kind: number, type: number, length: number): VistaBlockRow | undefined {
  if (kind !== VISTA_KINDS.measurement) return undefined
  return VISTA_BLOCKS.find((row) => row.type === type && row.length === length)
}

/**
 * Whole messages of these sizes carry an identifier of the patient near their middle [C1]; their type is not published, so that
 * taking one for a patient record is inferred.
 */
export const VISTA_RECORD_SIZES: ReadonlySet<number> = new Set([242, 252, 268])
/** Where two implementations look for it: bytes 40 to 70 of the message [C1]. */
export const VISTA_IDENTIFIER = { from: 40, to: 70 } as const

/** Central to monitor on accept: 16 bytes with the time, the length field counting all of them [C1]. */
export const VISTA_TIME_BYTES = 16
export const VISTA_TIME_HEAD: readonly number[] = [0x10, 0x00, 0x02, 0x00, 0x00, 0x00]

/** Central's announcement by UDP broadcast to port 9610 [D]; here the length field counts the whole datagram. */
export const VISTA_ANNOUNCEMENT_BYTES = 126
export const AnnouncementAt = {
  mark: 2, year: 8, month: 10, day: 11, hour: 12, minute: 13, second: 14, name: 16, institution: 24, port: 0x59, address: 0x5f, second4: 0x63,
} as const
export const ANNOUNCEMENT_MARK = 0x0230
export const NAME_BYTES = 8
export const INSTITUTION_BYTES = 16

/** Vista 120S, TCP 9600: magic, sequence, u16 whole length, then a head hidden by A5 and a payload that looks encrypted [D]. */
export const VISTA_S_MAGIC: readonly number[] = [0xf8, 0x8f]
export const VISTA_S_HEAD_BYTES = 11
export const VISTA_S_MASK = 0xa5
export const VISTA_S_LENGTH_MIN = 13
/** [I] Messages of 13 to 152 bytes were seen. */
export const VISTA_S_LENGTH_MAX = 4096

/** A calendar that a monitor's clock may show. */
const YEAR_MIN = 2000
const YEAR_MAX = 2099

/** u16 year, then month, day, hour, minute and second as bytes. */
export function isVistaTime(year: number, month: number, day: number, hour: number, minute: number, second: number): boolean {
  return year >= YEAR_MIN && year <= YEAR_MAX && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 60
}
