// Text: tables, colours and progress bars for people at a terminal. Every colour has its word beside it.

import type { Severity } from '../detect/finding.ts'
import type { Io } from './io.ts'

const ESC = '\u001b['
const COLOURS = { red: '31', yellow: '33', blue: '34', grey: '90', bold: '1', green: '32' } as const
export type Colour = keyof typeof COLOURS

export function paint(io: Pick<Io, 'color'>, colour: Colour, text: string): string {
  return io.color ? `${ESC}${COLOURS[colour]}m${text}${ESC}0m` : text
}

export const SEVERITY_COLOURS: Readonly<Record<Severity, Colour>> = { critical: 'red', high: 'red', medium: 'yellow', low: 'blue', info: 'grey' }

/** Left-aligned columns, two spaces apart. The last column is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)))
  const line = (row: readonly string[]): string => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ').trimEnd()
  return [line(head), widths.map((w) => '-'.repeat(w)).join('  '), ...rows.map(line)].map((l) => `${l}\n`).join('')
}

/** RFC 4180. A leading = + - @ gets a quote in front, so that no spreadsheet runs it. */
export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value !== 'number' ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** `1.4 MB`; powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

const BAR_WIDTH = 30

/** Redraws one line on stderr; silent when stderr is no terminal. `done` clears it. */
export function progressBar(io: Io, label: string): { update: (read: number, total: number | null) => void; done: () => void } {
  if (!io.isTty) return { update: () => {}, done: () => {} }
  let shown = ''
  return {
    update(read, total) {
      const share = total ? Math.min(1, read / total) : 0
      const full = Math.round(share * BAR_WIDTH)
      const text = total ? `${label} [${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${Math.floor(share * 100)} %` : `${label} ${formatBytes(read)}`
      if (text === shown) return
      shown = text
      io.err(`\r${text}`)
    },
    done() {
      if (shown !== '') io.err(`\r${' '.repeat(shown.length)}\r`)
    },
  }
}
