// Address options: `10.20.3.7,2001:db8::7` or blocks, as targets for one host or one zone take them from the command line.
// Keeps "parse, don't validate": what comes out is sorted ranges per IP version, what is wrong is a sentence.

import { IP_BITS, parsePrefix, type IpVersion } from '../../base/ip.ts'
import type { ValueRange } from '../rules/model.ts'
import { safeText } from './plan.ts'
import { blockToRange, mergeRanges } from './ranges.ts'

/** Enough for a zone of single devices; a longer list is a mistake of a script. */
export const ADDRESS_ITEMS_MAX = 4096

export interface AddressesOption {
  readonly ranges: Readonly<Record<IpVersion, readonly ValueRange[]>>
  readonly problems: readonly string[]
}

/** Comma-separated addresses, or blocks when `blocks`. A missing or empty option is a problem that says what the option is for. */
export function addressesOption(key: string, text: string | undefined, purpose: string, blocks: boolean): AddressesOption {
  const items = (text ?? '').split(',').map((item) => item.trim()).filter((item) => item !== '')
  const found: Record<IpVersion, ValueRange[]> = { 4: [], 6: [] }
  const problems: string[] = []
  if (items.length === 0) problems.push(`option ${key} is missing: ${purpose}`)
  if (items.length > ADDRESS_ITEMS_MAX) problems.push(`option ${key} has more than ${ADDRESS_ITEMS_MAX} items`)
  for (const item of items.slice(0, ADDRESS_ITEMS_MAX)) {
    const parsed = parsePrefix(item)
    const named = `option ${key}: ${safeText(item)}`
    if (!parsed.ok) problems.push(`${named} is no address${blocks ? ' or block' : ''}`)
    else if (!blocks && parsed.value.length !== IP_BITS[parsed.value.version]) problems.push(`${named} is a block, not a host`)
    else found[parsed.value.version].push(blockToRange(parsed.value.version, parsed.value))
  }
  return { ranges: { 4: mergeRanges(found[4]), 6: mergeRanges(found[6]) }, problems }
}
