// Asked: the packets a policy's assertions speak of, as matches, so that every assertion has probes of its own.
// Keeps the rule that an assertion nobody tried is not held: chance alone leaves narrow ones out.

import type { IpVersion } from '../../base/ip.ts'
import { flowMatches, zoneRanges, type NameMap, type WrittenPolicy } from '../../policy/index.ts'
import { rangesOf } from '../../policy/prove/assertions.ts'
import type { Match, ValueRange } from '../../policy/rules/model.ts'

/** Matches by IP version; those of `only` are all between its ends, because other services must not pass there. */
export function assertionMatches({ assertions, services }: WrittenPolicy, names: NameMap): Readonly<Record<IpVersion, readonly Match[]>> {
  const matches = (version: IpVersion): readonly Match[] => {
    const zones = zoneRanges(names, version)
    return assertions.flatMap((assertion) => {
      const [src, dst] = [rangesOf(assertion.from, zones, version), rangesOf(assertion.to, zones, version)]
      const named = services.filter(({ name }) => assertion.kind !== 'only' && assertion.services.includes(name))
      return named.length > 0 ? flowMatches(src, dst, named, version) : between(src, dst)
    })
  }
  return { 4: matches(4), 6: matches(6) }
}

function between(src: readonly ValueRange[], dst: readonly ValueRange[]): readonly Match[] {
  if (src.length === 0 || dst.length === 0) return []
  return [{ fields: [['src', { kind: 'ranges', ranges: src, not: false }], ['dst', { kind: 'ranges', ranges: dst, not: false }]], unknown: [] }]
}
