// What a row of the hospital's list claims about the asset it was matched with.
// Keeps the ladder: with a serial number level A, without B; a match by name or address alone is an inference and says so.

import type { Micros } from '../../base/time.ts'
import type { Claim, ClaimSubject } from '../asset.ts'
import { namesModel, type ModelNames } from './names.ts'
import type { ListMatch } from './match.ts'

/** `at`: when the list was read. */
export function listClaims(match: ListMatch, names: readonly ModelNames[], at: Micros): Claim[] {
  const { device, by, value } = match
  const isSure = by === 'mac' || by === 'serial'
  const level = device.serial !== null && isSure ? 'A' : 'B'
  const evidence = `${device.where}, matched by ${by.replace('-', ' ')} ${value}`
  const claim = (what: ClaimSubject, text: string | null): Claim[] => (text === null ? [] : [{
    what, value: text, level, evidence, inferred: !isSure, source: 'list', firstAt: at, lastAt: at, frame: 0, count: 1,
  }])
  const profile = namesModel(names, device.vendor, device.model)
  return [
    ...claim('model', profile), ...(profile === null ? claim('listed-model', device.model) : []), ...(profile === null ? claim('vendor', device.vendor) : []),
    ...claim('serial-number', device.serial), ...claim('asset-tag', device.tag), ...claim('location', device.location),
  ]
}
