// Zeek: indicators of the device profiles as an Intel file. It says what to look for; it is no form of the policy's rules.
// Keeps "never wider, in silence": what Zeek's Intel types cannot hold is named in the notes, line by line.

import { formatPrefix, parsePrefix } from '../../../base/ip.ts'
import { makePlan, objectName, overBudget, safeText, unknownOptions } from '../plan.ts'
import type { Capabilities, CompileInput, EmitResult } from '../target.ts'

export const CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: false, portRanges: false, wildcardMasks: false, logging: true, ruleBudget: null, canRead: false,
}

/** CISA's medical advisories name about 400 products; ten indicators each is far above what profiles hold. */
export const INDICATORS_MAX = 4000

/** Columns of option `indicators`: kind of the profile's indicator, value, profile, meaning. */
const COLUMNS = 4

/** Kinds of profile indicators (docs/profiles.md) by Intel type; `address` and `prefix` are told apart by their length. */
const HASH_KIND = 'sha256'
const ADDRESS_KINDS: readonly string[] = ['address', 'prefix']

interface Item {
  readonly kind: string
  readonly value: string
  readonly profile: string
  readonly meaning: string
}

/** Value, Intel type, description. */
type Row = readonly [string, string, string]

/** A tab-separated file for Intel::read_files. Option `indicators`: one per line, tabs between kind, value, profile and meaning. */
export function emitZeekIntel(input: CompileInput): EmitResult {
  const planned = makePlan(input)
  if (!planned.ok) return planned
  const lines = (input.options['indicators'] ?? '').split('\n').filter((line) => line !== '')
  const refused = [...unknownOptions(input, ['indicators']), ...problems(lines)]
  const items = lines.map(itemOf)
  const rows = rowsOf(items)
  if (refused.length === 0 && rows.length === 0) refused.push('no indicator is an address, a block or a hash, so there is nothing to write')
  const tooMany = overBudget(rows.length, input, CAPABILITIES)
  if (tooMany !== null) refused.push(tooMany)
  if (refused.length > 0) return { ok: false, refused }
  const head = `# Cordon policy ${planned.value.title}, sha256 ${planned.value.hash}`
  const fields = `#fields\t${['indicator', 'indicator_type', 'meta.source', 'meta.desc', 'meta.do_notice'].join('\t')}`
  const source = objectName(input.name)
  const text = `${[head, fields, ...rows.map(([value, type, words]) => [value, type, source, words, 'T'].join('\t'))].join('\n')}\n`
  return { ok: true, value: { text, rollback: `${fields}\n`, rules: rows.length, notes: notes(items) } }
}

function itemOf(line: string): Item {
  const [kind = '', value = '', profile = '', meaning = ''] = line.split('\t')
  return { kind, value, profile, meaning }
}

function problems(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return ['option indicators is missing: the indicators of the profiles (cordon compile fills it)']
  if (lines.length > INDICATORS_MAX) return [`more than ${INDICATORS_MAX} indicators`]
  return lines.flatMap((line, i) => {
    const item = itemOf(line)
    if (line.split('\t').length !== COLUMNS) return [`indicator ${i + 1} has not ${COLUMNS} columns`]
    const named = `indicator ${i + 1}: ${safeText(item.value)}`
    if (ADDRESS_KINDS.includes(item.kind) && !parsePrefix(item.value).ok) return [`${named} is no address`]
    if (item.kind === HASH_KIND && !/^[0-9a-f]{64}$/.test(item.value)) return [`${named} is no SHA-256`]
    return []
  })
}

/** One row for each value: relabels share the indicators of their original, and the first to name one describes it. */
function rowsOf(items: readonly Item[]): readonly Row[] {
  const byValue = new Map<string, Row>()
  for (const row of items.map(rowOf)) if (row !== null && !byValue.has(row[0])) byValue.set(row[0], row)
  return [...byValue.values()]
}

/** Value, Intel type and description, or null for a kind that Intel has no type for. A block of one address is an address. */
function rowOf({ kind, value, profile, meaning }: Item): Row | null {
  const words = safeText(`${profile}, ${meaning}`)
  if (kind === HASH_KIND) return [value, 'Intel::FILE_HASH', words]
  const parsed = parsePrefix(value)
  if (!ADDRESS_KINDS.includes(kind) || !parsed.ok) return null
  const block = formatPrefix(parsed.value)
  const [address = '', length = ''] = block.split('/')
  const isHost = Number(length) === (parsed.value.version === 4 ? 32 : 128)
  return isHost ? [address, 'Intel::ADDR', words] : [block, 'Intel::SUBNET', words]
}

function notes(items: readonly Item[]): readonly string[] {
  const left = items.filter((item) => rowOf(item) === null)
  return [
    'This file holds indicators of the profiles, of IPv4 and IPv6. The conduits of the policy are not in it and nothing is blocked by it.',
    ...left.map((item) => `Not written, Intel has no type for it: ${safeText(`${item.kind} ${item.value} of ${item.profile}`)}`),
    'Addresses of one indicator may be used by other makers too: a hit is a reason to look, not a finding.',
    'Zeek adds lines of a changed file and keeps those that are gone until it is restarted.',
  ]
}
