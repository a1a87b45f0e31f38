// Advisories as text for a terminal: lists, one advisory, matches. Ward words are the label's; the reason stands under each match.

import { highestScore } from './advisory-rows.ts'
import type { AdvisoryDesk } from './advisory-desk.ts'
import { createCatalogue, indicatorsOf, isOpen, revisionWords, type Advisory, type JudgedMatch } from '../inventory/advisories/index.ts'
import type { DeviceProfile } from '../inventory/profiles.ts'
import { plain } from '../policy/replay/index.ts'
import type { Io } from './io.ts'
import { paint, table } from './text.ts'

export function listText(desk: AdvisoryDesk, advisories: readonly Advisory[]): string {
  const rows = advisories.map((one) => [
    one.id, one.updated, one.revision, desk.imported.has(one.id) ? 'imported' : 'shipped', String(one.products.length), String(one.vulnerabilities.length),
    highestScore(one)?.toFixed(1) ?? '-', exploitedCount(desk, one),
    clean([...new Set(one.products.map(({ vendor }) => vendor))].join('; ')),
  ])
  return table(['advisory', 'updated', 'revision', 'from', 'products', 'findings', 'worst', 'exploited', 'maker'], rows)
}

/** What is said of a flag that stands in another's list only. */
const UNCONFIRMED = 'said to be exploited (unconfirmed)'

/** `2`, and `2 (1 unconfirmed)` where another's list says one more. */
function exploitedCount(desk: AdvisoryDesk, { vulnerabilities }: Advisory): string {
  const of = (flags: ReadonlySet<string>): number => vulnerabilities.filter(({ cve }) => cve !== null && flags.has(cve)).length
  const unconfirmed = of(desk.exploited.unconfirmed)
  return `${of(desk.exploited.cves)}${unconfirmed === 0 ? '' : ` (${unconfirmed} unconfirmed)`}`
}

export function showText(desk: AdvisoryDesk, advisory: Advisory, profiles: ReadonlyMap<string, DeviceProfile>, io: Io): string {
  const { products } = createCatalogue([advisory])
  const names = products.map(({ pattern, tests, place }) => {
    const { vendor = '', name = '', version = '' } = advisory.products[place] ?? {}
    const keys = pattern.keys.map(({ items }) => items.map(({ atoms }) => atoms.join('')).join('+')).join(' or ')
    return [clean(vendor), clean(name), clean(version), keys === '' ? 'a person reads it' : keys,
      READ_AS.find(([kind]) => tests.some((one) => one.kind === kind))?.[1] ?? '']
  })
  const findings = advisory.vulnerabilities.map(({ cve, cwe, score, remarks, fixNamesVersion }) => [
    cve ?? '-', cwe ?? '-', score === null ? '-' : `${score.score.toFixed(1)} (CVSS ${score.version})`,
    cve === null ? '' : desk.exploited.cves.has(cve) ? 'exploited' : desk.exploited.unconfirmed.has(cve) ? UNCONFIRMED : '',
    remarks.map(({ category, count }) => `${count} ${category}`).join(', '), fixNamesVersion ? 'a vendor_fix remark names a version'
      : 'no vendor_fix remark names a version',
  ])
  const indicators = indicatorsOf(advisory, profiles).map(({ kind, value, meaning }) => [kind, value, meaning])
  return [
    `${paint(io, 'bold', advisory.id)}  ${advisory.publisher}, ${advisory.status}, released ${advisory.released}, updated ${advisory.updated}`,
    `${revisionWords(advisory)}${advisory.url === null ? '' : `, ${advisory.url}`}`, '',
    table(['maker', 'product', 'version words', 'a model must show', 'read as'], names),
    table(['finding', 'weakness', 'score', '', 'remarks filed', 'of which'], findings),
    indicators.length === 0 ? 'Nothing in it can be watched for on the network.\n' : table(['watch for', 'value', 'meaning'], indicators),
  ].join('\n')
}

/** How the version words are read, the least certain first. */
const READ_AS = [['text', 'free text'], ['range', 'range'], ['prefix', 'releases'], ['exact', 'versions'], ['all', 'every version']] as const

/** Open ones with their reasons; what was rejected or ruled out only with `all`. */
export function matchText(matches: readonly JudgedMatch[], all: boolean, io: Io): string {
  const shown = all ? matches : matches.filter(isOpen)
  const blocks = shown.map((one, i) => blockOf(one, i + 1, io))
  const hidden = matches.length - shown.length
  const rest = hidden === 0 ? '' : `${hidden} more ${hidden === 1 ? 'is' : 'are'} ruled out by version or rejected; --all shows them.\n`
  return shown.length === 0 ? `No open match. ${rest}\n`.replace(' \n', '\n') : `${blocks.join('\n')}\n${rest}`
}

/** A sentence with two names, a version expression and two claims. */
const SENTENCE_MAX = 2000
const clean = (text: string): string => plain(text, SENTENCE_MAX)

const STATE_WORDS = { affected: 'affected', 'under-investigation': 'under investigation', 'not-affected': 'not affected by its version' } as const

function blockOf({ match, ssvc, because, decision, askAgain }: JudgedMatch, place: number, io: Io): string {
  const cves = match.vulnerabilities.filter(({ state }) => state !== 'not-affected').map(({ cve, score, exploited, exploitedUnconfirmed }) =>
    `${cve ?? 'no number'}${score === null ? '' : ` ${score.toFixed(1)}`}${exploited ? ' exploited' : exploitedUnconfirmed ? ` ${UNCONFIRMED}` : ''}`)
  const head = [match.advisory.id, STATE_WORDS[match.state], `evidence ${match.level}`, `SSVC ${ssvc?.decision ?? '-'}`].join(', ')
  const remediations = [...new Set(match.vulnerabilities.map(({ remarks }) => remarks))].slice(0, REMARKS_SHOWN)
  return [
    `${place}. ${paint(io, 'bold', clean(match.assetLabel))}: ${head}  ${match.id}`,
    `   ${clean(match.sentence)}`, ...because.map((line) => `   ${clean(line)}`), ...match.open.map((line) => `   open: ${clean(line)}`),
    `   findings: ${cves.join(', ') || 'none of this product'}`, ...remediations.map((line) => `   remediation: ${line}`),
    `   decision: ${saidOf(decision, askAgain)}`, '',
  ].join('\n')
}

/** Kinds of what is filed; JSON has that of each finding. */
const REMARKS_SHOWN = 3

function saidOf(decision: JudgedMatch['decision'], askAgain: string | null): string {
  if (decision === null) return 'nobody decided yet'
  return `${decision.verdict}ed by ${clean(decision.by)}: ${clean(decision.reason)}${askAgain === null ? '' : `; ${askAgain}`}`
}
