// corpora: what our readers make of real texts that lie beside the checkout, as a table per folder: whole, with unknowns, refused, and why.
// Keeps "counts and kinds only": no line of those texts and no name in them gets into the document.

import fs from 'node:fs'
import path from 'node:path'
import { parseYaml } from '../config/yaml.ts'
import { READERS } from '../policy/compile/registry.ts'
import { readNft, readNftJson } from '../policy/compile/nftables/read.ts'
import { readLinuxRoutes } from '../policy/compile/routes/index.ts'
import { readLinuxRules } from '../policy/compile/routes/read-rules.ts'
import type { ReadResult } from '../policy/compile/target.ts'
import { readMud } from '../policy/mud/index.ts'

const SHARED = path.join(import.meta.dirname, '..', '..', '..', 'shared')
export const CORPORA_DOC = path.join(import.meta.dirname, '..', '..', 'docs', 'corpora.md')

/** A reason to skip, or false. */
export const corporaMissing: string | false = fs.existsSync(path.join(SHARED, 'firewalls', 'MANIFEST.tsv')) ? false : '../shared/firewalls is not here'

interface Outcome {
  /** Kinds of what was not understood, one per place; null when refused. */
  readonly unknowns: readonly string[] | null
  readonly why: string
}

type Read = (text: string, file: string) => Outcome

/** Kinds in our own words: names, numbers and quoted words of the text are taken out. */
function kindOf(reason: string): string {
  return reason.replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '...').replaceAll(/@[\w.-]+/g, '@...')
    .replaceAll(/\b(group|list|set|map|chain|interface|object|variable) \S+(?= (?:is|are|has|holds)\b)/g, '$1 ...')
    .replaceAll(/\b(line|of group|the name|key|type|word) \S+/g, '$1 ...').replaceAll(/\d+/g, 'N').replaceAll(/:.*$/g, '').slice(0, KIND_LENGTH)
}

const KIND_LENGTH = 90

function ofConfig({ config, diagnostics }: ReadResult): Outcome {
  if (config === null) return { unknowns: null, why: kindOf(diagnostics.find((d) => d.severity === 'error')?.message ?? 'without a word') }
  const errors = diagnostics.filter((d) => d.severity === 'error').map((d) => `error ${d.code}`)
  return { unknowns: [...config.unknowns.map((u) => kindOf(u.reason)), ...errors], why: '' }
}

const reader = (id: string): Read => (text, file) => {
  const found = READERS.find((r) => r.id === id)
  return found === undefined ? { unknowns: null, why: `no reader ${id}` } : ofConfig(found.read(text, file))
}

function mud(text: string, file: string): Outcome {
  const { tree } = parseYaml(text, file)
  const read = tree === null ? null : readMud(tree)
  if (read === null || read.mud === null) return { unknowns: null, why: kindOf(read?.diagnostics[0]?.message ?? 'no JSON') }
  return { unknowns: read.mud.refused.map((r) => `entry left out: ${r.code}`), why: '' }
}

function routes(text: string, file: string): Outcome {
  const read = file.includes('rule') ? readLinuxRules(text, file) : readLinuxRoutes(text, file, { version: 4 })
  return { unknowns: read.unknowns.map((u) => kindOf(u.reason)), why: '' }
}

/** A rule vector per line of nftables' own test files, each put into a chain of its family. */
function vectors(text: string, file: string): readonly Outcome[] {
  return vectorsOf(text, file).filter((v) => v.verdict === 'ok').map((v) => ofConfig(readNft(v.wrapped, file)))
}

export interface Vector {
  readonly rule: string
  readonly verdict: 'ok' | 'fail'
  /** What nft lists for it, when that is written otherwise. */
  readonly canonical: string | null
  readonly family: string
  readonly wrapped: string
  readonly line: number
}

/** `RULE;ok`, `RULE;fail`, `RULE;ok;CANONICAL`; a leading `-` is known to be broken, `*` names a table, `!` and `?` fill sets. */
export function vectorsOf(text: string, file: string): readonly Vector[] {
  let family = file.split('/').at(-2) ?? 'ip'
  let seen = false
  const sets: string[] = []
  return text.split('\n').flatMap((raw, index): readonly Vector[] => {
    const line = raw.trim()
    if (line.startsWith('*') && !seen) {
      family = line.slice(1).split(';')[0] ?? family
      seen = true
    }
    if (line.startsWith('!')) sets.push(setOf(line))
    const found = /^(.*?);(ok|fail)(?:;(.*))?$/.exec(line)
    if (found === null || /^[-#:*!?%]/.test(line)) return []
    const [, rule = '', verdict, canonical] = found
    const wrapped = wrapRule(rule, family, sets)
    return [{ rule, verdict: verdict === 'ok' ? 'ok' : 'fail', canonical: canonical?.trim() ? canonical.trim() : null, family, wrapped, line: index + 1 }]
  })
}

/** `!name type T flags F;ok` is a set of that type. */
function setOf(line: string): string {
  const [, name = '', type = ''] = /^!(\S+)\s+type\s+([^;]*?)\s*(?:;|$)/.exec(line) ?? []
  return name === '' || /typeof|->/.test(type) ? '' : `set ${name} { type ${type.replace(/\s+(?:timeout|flags).*$/, '')}; }`
}

export function wrapRule(rule: string, family: string, sets: readonly string[] = []): string {
  const hook = family === 'netdev' ? 'ingress device lo' : 'input'
  return `table ${family} t {\n ${sets.filter((s) => s !== '').join('\n ')}\n chain c {\n type filter hook ${hook} priority 0; policy drop;\n ${rule}\n }\n}\n`
}

interface Corpus {
  readonly title: string
  readonly folder: string
  readonly files: (name: string) => boolean
  readonly read: (text: string, file: string) => readonly Outcome[]
}

const one = (read: Read) => (text: string, file: string): readonly Outcome[] => [read(text, file)]
const ending = (...ends: readonly string[]) => (name: string): boolean => ends.some((end) => name.endsWith(end))
const all = (): boolean => true

/** iptables texts are in a table of their own beside their bounds; see the iptables reader's tests. */
const CORPORA: readonly Corpus[] = [
  { title: 'Cisco ASA', folder: 'firewalls/batfish/cisco_asa', files: all, read: one(reader('cisco-asa')) },
  { title: 'Cisco IOS and kin', folder: 'firewalls/batfish/cisco_ios', files: all, read: one(reader('cisco-ios')) },
  { title: 'Cisco IOS, whole networks', folder: 'firewalls/batfish/networks', files: ending('.cfg'), read: one(reader('cisco-ios')) },
  { title: 'Cisco IOS, backbone', folder: 'firewalls/stanford', files: ending('.txt', '.cfg', '_config'), read: one(reader('cisco-ios')) },
  { title: 'Juniper SRX', folder: 'firewalls/batfish/juniper_srx', files: all, read: one(reader('junos-srx')) },
  { title: 'Palo Alto PAN-OS', folder: 'firewalls/batfish/palo_alto', files: all, read: one(reader('pan-os')) },
  { title: 'FortiOS', folder: 'firewalls/batfish/fortios', files: all, read: one(reader('fortios')) },
  { title: 'nftables, dumps as text', folder: 'firewalls/nftables/tests/shell', files: ending('.nft'), read: one((t, f) => ofConfig(readNft(t, f))) },
  { title: 'nftables, dumps as JSON', folder: 'firewalls/nftables/tests/shell', files: ending('.json-nft'), read: one((t, f) => ofConfig(readNftJson(t, f))) },
  { title: 'nftables, stock and mined files', folder: 'firewalls/nftables/files', files: ending('.nft'), read: one((t, f) => ofConfig(readNft(t, f))) },
  { title: 'nftables, mined files', folder: 'firewalls/nftables/github', files: all, read: one((t, f) => ofConfig(readNft(t, f))) },
  { title: 'nftables, rules of the test vectors', folder: 'firewalls/nftables/tests/py', files: ending('.t'), read: vectors },
  { title: 'Linux routes and rules', folder: 'firewalls/iptables/net-network', files: (name) => /(?:route|rule)[^/]*$/i.test(name), read: one(routes) },
  { title: 'MUD, UNSW', folder: 'mud/unsw', files: ending('.json'), read: one(mud) },
  { title: 'MUD, devices by country', folder: 'mud/locations', files: ending('.json'), read: one(mud) },
  { title: 'MUD, others', folder: 'mud', files: (name) => /^(?:crowd|osmud|cisco)/.test(name) && /json$|MUDFILE/.test(name), read: one(mud) },
]

function filesOf(corpus: Corpus): readonly string[] {
  const root = path.join(SHARED, corpus.folder)
  if (!fs.existsSync(root)) return []
  return (fs.readdirSync(root, { recursive: true, encoding: 'utf8' })).map((name) => name.split(path.sep).join('/')).sort()
    .filter((name) => corpus.files(name) && fs.statSync(path.join(root, name)).isFile())
}

/** Kinds with counts, the most frequent first. */
function counted(kinds: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const shown = sorted.slice(0, KINDS_SHOWN).map(([kind, count]) => `${kind} (${count})`)
  return [...shown, ...(sorted.length > KINDS_SHOWN ? [`${sorted.length - KINDS_SHOWN} more kinds`] : [])].join('; ').replaceAll('|', '/')
}

const KINDS_SHOWN = 12

/** The document; the same for the same files. */
export function corporaText(): string {
  const rows = CORPORA.flatMap((corpus): readonly string[] => {
    const files = filesOf(corpus)
    if (files.length === 0) return []
    const outcomes = files.flatMap((name) => corpus.read(fs.readFileSync(path.join(SHARED, corpus.folder, name), 'utf8'), name))
    const whole = outcomes.filter((o) => o.unknowns?.length === 0).length
    const refused = outcomes.filter((o) => o.unknowns === null)
    const partly = outcomes.filter((o) => o.unknowns !== null && o.unknowns.length > 0)
    return [`| ${corpus.title} | ${files.length} | ${outcomes.length} | ${whole} | ${partly.length} | ${refused.length} | `
      + `${counted(partly.flatMap((o) => o.unknowns ?? []))} | ${counted(refused.map((o) => o.why))} |`]
  })
  return [...HEAD, ...rows, ''].join('\n')
}

const HEAD = [
  '# Real texts, and what is understood of them', '',
  'Written by `npm run tables`; a test compares it with a fresh run where the texts lie beside the checkout. Counts and kinds only: the',
  'texts themselves are other people\'s and are not here. "Whole" is read without an unknown. "With unknowns" is read, and each place that',
  'was not understood is an unknown with its line, so that every answer which depends on it is `unknown`. "Refused" is another kind of text,',
  'said so. Nothing is dropped. The rule vectors count rules, not files. What the answers are, not only what is read, is asserted in',
  '`src/policy/compile/**/*.test.ts` and `src/policy/mud/*.test.ts`.', '',
  '| texts | files | read | whole | with unknowns | refused | which unknowns (places) | why refused |', '|---|---|---|---|---|---|---|---|',
]
