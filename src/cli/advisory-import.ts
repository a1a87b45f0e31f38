// cordon advisory import PATH: CSAF 2.0 documents, or CISA's catalog of exploited vulnerabilities, into the data folder. Change is told by hash.
// Keeps the rule that a refused file is named with its reason, and that nothing of it is kept.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { advisoryFiles, readAdvisoryFile, type ReadFile } from '../config/advisories.ts'
import { loadCsafValidator } from '../config/csaf-validator.ts'
import { advisoryLine, importChange, type Advisory, type ImportChange, type KnownExploited } from '../inventory/advisories/index.ts'
import { plain } from '../policy/replay/words.ts'
import type { StoreRecord } from '../store/store.ts'
import { EXPLOITED_KEY, openDesk } from './advisory-desk.ts'
import { Exit, type Io } from './io.ts'
import { withStore } from './with-store.ts'

export interface AdvisoryImportArgs {
  readonly path: string
  readonly data: string
  readonly json?: boolean
  /** Wall clock in microseconds, for tests. */
  readonly now?: () => number
}

interface Told {
  readonly id: string
  readonly change: ImportChange
  readonly revision: string
  /** Of the revision known before, or null. */
  readonly before: string | null
  readonly sha256: string
}

/** Names shown of each kind; JSON has all. */
const SHOWN_MAX = 10

/** 0 when all that is CSAF was taken, 3 when some file was refused, 2 when there is nothing to read. */
export async function advisoryImport(args: AdvisoryImportArgs, io: Io): Promise<number> {
  const files = advisoryFiles(args.path)
  if (!files.ok) {
    io.err(`${formatDiagnostic(files.error)}\n`)
    return files.error.code === 'file/unreadable' ? Exit.unreadable : Exit.usage
  }
  const validator = await loadCsafValidator()
  if (validator === null) io.err('note: the CSAF validator is not installed, so only what Cordon reads itself is checked.\n')
  const read: ReadFile[] = []
  for (const file of files.value) read.push(await readAdvisoryFile(file, validator))
  const taken = withoutConflicts(read)
  return withStore(args.data, io, async (store) => {
    if (store === null) return Exit.usage
    const known = new Map((await openDesk(store)).advisories.map((one) => [one.id, one]))
    const at = (args.now ?? (() => Date.now() * 1000))()
    const { told, kept } = sorted(taken, known)
    const catalog = taken.findLast((one) => one.kind === 'exploited')
    await store.append([...kept.map((one) => recordOfAdvisory(one, at)), ...(catalog === undefined ? [] : [recordOfCatalog(catalog.exploited, at)])])
    return report(args, taken, told, validator !== null, io)
  }, 'records')
}

/**
 * Two files that call themselves one revision of one advisory and differ in what is read: which of them is right nobody here can say, so the
 * second is refused. Other blanks or line ends, as a mirror makes them, are no difference: the first stands for both.
 */
function withoutConflicts(read: readonly ReadFile[]): readonly ReadFile[] {
  const first = new Map<string, { readonly file: string; readonly advisory: Advisory }>()
  return read.map((one): ReadFile => {
    if (one.kind !== 'advisory') return one
    const { id, revision, updated } = one.advisory
    const key = `${id}\n${revision}\n${updated}`
    const before = first.get(key) ?? one
    first.set(key, before)
    if (sayingOf(before.advisory) === sayingOf(one.advisory)) return { ...one, advisory: before.advisory }
    const words = `${id} revision ${revision} of ${updated} stands in ${before.file} too and says something else: keep the right one`
    return { kind: 'refused', file: one.file, reasons: [words] }
  })
}

/** All that is read of it, whatever bytes it came in. */
function sayingOf(advisory: Advisory): string {
  return advisoryLine({ ...advisory, hash: { of: 'file', sha256: '' } })
}

/** Of two files of one id the newer one is taken, whichever comes first. */
function sorted(read: readonly ReadFile[], before: ReadonlyMap<string, Advisory>): { readonly told: readonly Told[]; readonly kept: readonly Advisory[] } {
  const known = new Map(before)
  const kept = new Map<string, Advisory>()
  const told = read.flatMap((one): Told[] => {
    if (one.kind !== 'advisory') return []
    const { advisory } = one
    const old = known.get(advisory.id)
    const change = importChange(old, advisory)
    if (change === 'new' || change === 'changed') {
      known.set(advisory.id, advisory)
      kept.set(advisory.id, advisory)
    }
    return [{ id: advisory.id, change, revision: advisory.revision, before: old?.revision ?? null, sha256: advisory.hash.sha256 }]
  })
  return { told, kept: [...kept.values()] }
}

function recordOfAdvisory(advisory: Advisory, at: number): StoreRecord {
  return { kind: 'advisory', analysis: '', key: advisory.id, at, body: JSON.parse(advisoryLine(advisory)) }
}

function recordOfCatalog({ asOf, cves }: KnownExploited, at: number): StoreRecord {
  return { kind: 'advisory', analysis: '', key: EXPLOITED_KEY, at, body: { asOf, cves: [...cves] } }
}

function report(args: AdvisoryImportArgs, read: readonly ReadFile[], told: readonly Told[], validated: boolean, io: Io): number {
  const refused = read.filter((one) => one.kind === 'refused')
  const others = read.filter((one) => one.kind === 'other').length
  const exploited = read.findLast((one) => one.kind === 'exploited')?.exploited ?? null
  if (args.json === true) {
    const catalog = exploited === null ? null : { asOf: exploited.asOf, count: exploited.cves.size }
    io.out(`${JSON.stringify({ schema: 'cordon.advisory-import/1', validated, advisories: told, exploited: catalog, refused, passedOver: others }, null, 2)}\n`)
  } else io.out(importText(told, exploited, others))
  for (const { file, reasons } of refused.slice(0, SHOWN_MAX)) io.err(`refused ${file}: ${reasons.map((reason) => plain(reason)).join('; ')}\n`)
  const marked = read.flatMap((one) => (one.kind === 'advisory' && one.marking !== null ? [`${one.advisory.id} (${one.marking})`] : []))
  if (marked.length > 0) io.err(`note: not for everybody: ${marked.slice(0, SHOWN_MAX).join(', ')}. What is printed of it is bound by the same marking.\n`)
  if (refused.length > SHOWN_MAX) io.err(`and ${refused.length - SHOWN_MAX} more files were refused\n`)
  if (told.length === 0 && exploited === null && refused.length === 0) {
    io.err(`error: ${args.path} holds no CSAF document\n  help: Name a .json file, a folder of them, or a mirror of a publisher's folder.\n`)
    return Exit.usage
  }
  return refused.length > 0 ? Exit.unreadable : Exit.ok
}

const CHANGE_WORDS: Readonly<Record<ImportChange, string>> = {
  new: 'new', changed: 'changed', unchanged: 'as known, by hash', older: 'older than what is known, left out',
}

function importText(told: readonly Told[], exploited: KnownExploited | null, others: number): string {
  const lines = (Object.keys(CHANGE_WORDS) as ImportChange[]).flatMap((change) => {
    const own = told.filter((one) => one.change === change)
    if (own.length === 0) return []
    const names = own.slice(0, SHOWN_MAX).map(({ id, revision, before }) => (change === 'changed' ? `${id} (revision ${before ?? '?'} to ${revision})` : id))
    const more = own.length > SHOWN_MAX ? ` and ${own.length - SHOWN_MAX} more` : ''
    return [`${own.length} ${CHANGE_WORDS[change]}: ${names.join(', ')}${more}`]
  })
  if (exploited !== null) lines.push(`known exploited vulnerabilities as of ${exploited.asOf}: ${exploited.cves.size}`)
  if (others > 0) lines.push(`${others} JSON files are no CSAF documents and were passed over`)
  return lines.map((line) => `${line}\n`).join('')
}
