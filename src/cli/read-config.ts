// readConfigFile: one device's text, read by the platform that recognises it, or by the one that is named.
// Keeps "same text, other mask" in mind: a platform's own words decide before any score does.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { quote } from '../base/tree-reader.ts'
import { CONFIG_BYTES_MAX, readTextFile } from '../config/index.ts'
import { READERS, type Reader } from '../policy/compile/registry.ts'
import type { ReadResult } from '../policy/compile/target.ts'
import type { Config } from '../policy/rules/model.ts'

export interface Understood {
  readonly reader: Reader
  readonly result: ReadResult & { readonly config: Config }
}

/** `usage`: no such platform. `unreadable`: no such file, or no text of a platform we know. */
export interface ReadConfigProblem {
  readonly kind: 'usage' | 'unreadable'
  readonly message: string
}

/** Reads a file as the platform `targetId`, or as the one that understands it best. */
export function readConfigFile(file: string, targetId: string | undefined): Result<Understood, ReadConfigProblem> {
  const wanted = READERS.filter((reader) => targetId === undefined || reader.id === targetId)
  if (wanted.length === 0) {
    const message = `error: no target ${quote(targetId ?? '')} can be read\n  help: These can: ${READERS.map(({ id }) => id).join(', ')}.`
    return err({ kind: 'usage', message })
  }
  const text = readTextFile(file, file, CONFIG_BYTES_MAX)
  if (!text.ok) return err({ kind: 'unreadable', message: formatDiagnostic(text.error) })
  const best = understand(wanted, text.value, file)
  if (best) return ok(best)
  return err({ kind: 'unreadable', message: `${file}: no text that ${wanted.map(({ name }) => name).join(', ')} would print` })
}

/**
 * Words that one platform's text has and no other's. They go before any score, because one platform may read another's text and mistake
 * its meaning: `255.255.255.0` is a subnet on ASA and a wildcard on IOS (facts on segmentation, section 6).
 */
const SIGNS: Readonly<Record<string, RegExp>> = {
  nftables: /^\s*(?:table (?:inet|ip|ip6|bridge|arp|netdev) |add (?:table|chain|rule) )|"nftables"\s*:/m,
  iptables: /^\*(?:filter|nat|mangle|raw|security)\s*$|^-A \S+ |^\s*(?:sudo\s+)?(?:\/\S*\/)?ip6?tables(?:-legacy|-nft)?\s+-/m,
  'cisco-asa': /^\s*(?:ASA Version |access-list \S+ (?:line \d+ )?(?:extended|standard) |access-group \S+ (?:in|out|global)\b|nameif )/m,
  'cisco-ios': /^\s*(?:ip access-list (?:standard|extended) |ipv6 access-list |ip access-group |access-list \d+ (?:permit|deny|remark) )/m,
  'routes-linux': /^\[\s*\{[^\n]*"(?:dst|priority)"|^(?:default|[\d.]+(?:\/\d+)?|[\da-f:]+\/\d+) (?:via|dev) \S|^\d{1,10}:\s+(?:not )?from /m,
  fortios: /^\s*config (?:firewall|system|router|vdom)\b/m,
}

/** The platform that understands most: rules without unknown matches, bindings and routes count for it, unknowns against it. */
function understand(readers: readonly Reader[], text: string, file: string): Understood | null {
  const signed = readers.filter(({ id }) => SIGNS[id]?.test(text) ?? false)
  let best: { readonly found: Understood; readonly score: number } | null = null
  for (const reader of signed.length > 0 ? signed : readers) {
    const { config, diagnostics } = reader.read(text, file)
    if (config === null || !saysSomething(config)) continue
    const score = scoreOf(config)
    if (best === null || score > best.score) best = { found: { reader, result: { config, diagnostics } }, score }
  }
  return best?.found ?? null
}

/** A reader that found no chain and no route has recognised nothing, however politely it took the text. */
function saysSomething({ chains, routes, routeRules }: Config): boolean {
  return chains.size + routes.length + routeRules.length > 0
}

function scoreOf(config: Config): number {
  const rules = [...config.chains.values()].flatMap((chain) => chain.rules)
  const clear = rules.filter((rule) => rule.action.kind !== 'unknown' && rule.matches.every((match) => match.unknown.length === 0))
  return clear.length + config.bindings.length + config.routes.length - config.unknowns.length
}
