// shared: real captures that every developer and CI have beside the checkout. Tests that need them skip by name when they are absent.

import fs from 'node:fs'
import path from 'node:path'

const CAPTURES = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'captures')

/** A reason to skip, or false: for node:test's `skip` option. */
export const capturesMissing: string | false = fs.existsSync(path.join(CAPTURES, 'MANIFEST.tsv')) ? false : '../shared/captures is not here'

export function sharedCapture(name: string): string {
  return path.join(CAPTURES, name)
}

const CLINICAL = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'clinical')

/** As `capturesMissing`, for waveform records, sample messages and profiles. */
export const clinicalMissing: string | false = fs.existsSync(path.join(CLINICAL, 'MANIFEST.tsv')) ? false : '../shared/clinical is not here'

export function sharedClinical(...parts: readonly string[]): string {
  return path.join(CLINICAL, ...parts)
}

export interface ManifestRow {
  /** Relative to the captures folder. */
  readonly file: string
  /** Packets as capinfos counts them; null when it cannot read the file. */
  readonly packets: number | null
  readonly proves: string
  readonly expected: string
}

/** One row per capture; empty when the folder is absent. */
export function manifest(): ManifestRow[] {
  if (capturesMissing) return []
  const rows = fs.readFileSync(path.join(CAPTURES, 'MANIFEST.tsv'), 'utf8').trim().split('\n').slice(1)
  return rows.map((row) => {
    const cells = row.split('\t')
    return {
      file: cells[0] ?? '', packets: /^\d+$/.test(cells[6] ?? '') ? Number(cells[6]) : null, proves: cells[7] ?? '', expected: cells[8] ?? '',
    }
  })
}

const ADVISORIES = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'advisories', 'csaf')

/** As `capturesMissing`, for the CSAF files. */
export const advisoriesMissing: string | false = fs.existsSync(ADVISORIES) ? false : '../shared/advisories is not here'

export function sharedAdvisories(): string {
  return ADVISORIES
}
