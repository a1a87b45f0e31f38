// The golden list of devices as assets: one claim for the model, one for the maker, one for the version, as a list of the hospital gives them.

import fs from 'node:fs'
import path from 'node:path'
import type { Asset, Claim, EvidenceLevel } from '../../asset.ts'

export interface GoldenDevice {
  readonly why: string
  readonly asset: Asset
  /** `ICSMA-22-244-01=a ICSMA-25-030-01=a` or `none`. */
  readonly expected: string
}

const EVIDENCE: Readonly<Record<string, string>> = { A: 'label on the device', B: 'CMMS list', C: 'protocol', D: 'behaviour', E: 'IEEE registry' }

function claim(what: string, value: string, level: EvidenceLevel): Claim[] {
  if (value === '') return []
  return [{ what: what as Claim['what'], value, level, evidence: EVIDENCE[level] ?? '', inferred: false, firstAt: 0, lastAt: 0, frame: 1, count: 1 }]
}

export function goldenAsset(id: string, vendor: string, model: string, version: string, level: EvidenceLevel): Asset {
  return {
    id, label: id, profile: null, vendor: vendor || null, model: model || null, role: 'unknown', level, bed: null, outside: false, zone: null, interfaces: [],
    claims: [...claim('model', model, level), ...claim('vendor', vendor, level), ...claim('version', version, level === 'E' ? 'B' : level)],
    firstAt: 0, lastAt: 0,
  }
}

export function goldenDevices(): GoldenDevice[] {
  const lines = fs.readFileSync(path.join(import.meta.dirname, 'devices.tsv'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line, i) => {
    const [why = '', vendor = '', model = '', version = '', level = 'B', expected = ''] = line.split('\t').map((cell) => cell.trim())
    return { why, expected, asset: goldenAsset(`a-${i}`, vendor, model, version, level as EvidenceLevel) }
  })
}
