// Styles: how a workbook shows its numbers, as far as it changes what a person reads: days, and numbers with zeros in front (ECMA-376 part 1,
// sections 18.8.30 and 18.8.45). Keeps the rule that a cell is the text a person saw in it: 45413 is no release date, 123 no tag 00123.

import { formatMicros, MICROS_PER_SECOND } from '../../base/time.ts'
import { walkXml } from './xml.ts'

/** `zeros`: least digits of a whole number; 0 for a number as it is. */
export type NumberLook = { readonly kind: 'day' } | { readonly kind: 'number'; readonly zeros: number }

export interface Styles {
  /** By index of the cell's style. */
  readonly looks: readonly NumberLook[]
  /** Days are counted from 1904 (18.2.28, date1904), as old programs on a Macintosh did. */
  readonly is1904: boolean
}

const PLAIN: NumberLook = { kind: 'number', zeros: 0 }
const DAY: NumberLook = { kind: 'day' }
export const NO_STYLES: Styles = { looks: [], is1904: false }

/** Cell formats of one workbook; some thousands in those that were edited for years. */
const LOOKS_MAX = 65_536
/** Longest run of zeros a format may ask for: a tag has some ten digits. */
const ZEROS_MAX = 20

/** Built-in formats of days and times in all languages (18.8.30). */
function isBuiltInDay(id: number): boolean {
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58)
}

/** `styles` is xl/styles.xml, `workbook` xl/workbook.xml; null where a workbook has none. What is no XML has no styles. */
export function stylesOf(styles: string | null, workbook: string | null): Styles {
  const formats = new Map<string, NumberLook>()
  const looks: NumberLook[] = []
  let isCells = false
  const read = styles !== null && walkXml(styles, {
    open(name, attribute) {
      if (name === 'numFmt') formats.set(attribute('numFmtId') ?? '', lookOf(attribute('formatCode') ?? ''))
      else if (name === 'cellXfs') isCells = true
      else if (name === 'xf' && isCells && looks.length < LOOKS_MAX) {
        const id = attribute('numFmtId') ?? '0'
        looks.push(formats.get(id) ?? (isBuiltInDay(Number(id)) ? DAY : PLAIN))
      }
    },
    close(name) {
      if (name === 'cellXfs') isCells = false
    },
    text: () => undefined,
  })
  let is1904 = false
  if (workbook !== null) {
    walkXml(workbook, {
      open(name, attribute) {
        if (name === 'workbookPr') is1904 = ['1', 'true'].includes(attribute('date1904') ?? '')
      },
      close: () => undefined, text: () => undefined,
    })
  }
  return { looks: read ? looks : [], is1904 }
}

/** A format with a letter of a day or time outside quotes and brackets; `00000` pads. Of several parts the first, for positive numbers. */
function lookOf(code: string): NumberLook {
  const [positive = ''] = code.replaceAll(/"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]|_.|\*./giu, '').split(';')
  if (/[ymdhs]/iu.test(positive.replaceAll(/general/giu, ''))) return DAY
  const zeros = /^0+$/.exec(positive)?.[0].length ?? 0
  return zeros > 1 && zeros <= ZEROS_MAX ? { kind: 'number', zeros } : PLAIN
}

const SECONDS_PER_DAY = 86_400
/** 1899-12-30 and 1904-01-01 in days before 1970; the first because Lotus held 1900 for a leap year (18.17.4.1). */
const EPOCH_1900 = 25_569
const EPOCH_1904 = 24_107
/** The last day of the year 9999, the largest there is. */
const DAYS_MAX = 2_958_465

/** `text` is what the file has; what is no number stays as it is. */
export function shownNumber(text: string, style: number, { looks, is1904 }: Styles): string {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value)) return text
  const look = looks[style] ?? PLAIN
  if (look.kind === 'day' && value >= 1 && value <= DAYS_MAX) return dayText(value, is1904)
  // Exponents are how programs write long numbers; a person sees digits.
  const digits = /e/iu.test(text) && Number.isSafeInteger(value) ? value.toFixed(0) : text
  return look.kind === 'number' && /^\d+$/.test(digits) ? digits.padStart(look.zeros, '0') : digits
}

/** ISO: the day, and the time where there is one. */
function dayText(value: number, is1904: boolean): string {
  // Days before March 1900 are one off for the leap year that was none.
  const days = is1904 ? value - EPOCH_1904 : value - EPOCH_1900 + (value < 60 ? 1 : 0)
  const text = formatMicros(Math.round(days * SECONDS_PER_DAY) * MICROS_PER_SECOND)
  return text.slice(11, 19) === '00:00:00' ? text.slice(0, 10) : text.slice(0, 19).replace('T', ' ')
}
