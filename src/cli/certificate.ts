// cordon prove --certificate and prove verify: writes what was proved as a file, and recomputes such a file from the texts, offline.
// Keeps maker and checker apart: both get their question from the same readers, and the checker trusts nothing else of the file.

import fs from 'node:fs'
import { err, ok, type Result } from '../base/result.ts'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { Sha256 } from '../base/sha256.ts'
import { CONFIG_BYTES_MAX, DEFAULT_POLICY_LABEL, productPath, readTextFile } from '../config/index.ts'
import { CERTIFICATE_FORMAT, type Certificate, type CertificateInput, type CertificateQuestion } from '../policy/prove/certificate.ts'
import { isDay } from '../policy/language/dates.ts'
import { readCertificate } from '../policy/prove/certificate-read.ts'
import { certify, type ClaimAsked } from '../policy/prove/certify.ts'
import { askedMatches, policyFilter } from '../policy/prove/assertions.ts'
import { verifyPart } from '../policy/prove/verify-certificate.ts'
import { quote } from '../base/tree-reader.ts'
import { Exit, type Io } from './io.ts'
import {
  askedMatch, isPolicyFile, loadAskedPolicy, loadConfigFilter, loadPolicyFilter, PROOF_FAILED, runProve, runProvePolicy, today, VERSIONS,
  type ProveArgs, type ProvePolicyArgs,
} from './prove.ts'
import { readConfigFile } from './read-config.ts'

/** Name of the policy that comes with the product, wherever it is installed; no path of a user's is meant by it. */
const SHIPPED = `${DEFAULT_POLICY_LABEL} (shipped)`

/** A certificate of CUBES_MAX cubes has some 20 MB; a policy with many assertions has several. */
const CERTIFICATE_BYTES_MAX = 128 * 1024 * 1024

const CLAIM_OF = { reach: 'never', liveness: 'always', equal: 'equal' } as const
export type CertifiedQuestion = keyof typeof CLAIM_OF

/** Answers as runProve does; when the claim is proved, writes its certificate to `out` too. */
export function runProveCertificate(args: ProveArgs & { readonly question: CertifiedQuestion }, out: string, io: Io): number {
  // The certificate names a chain, and the checker reads the text by that name alone.
  if (args.hook !== undefined && args.chain === undefined) return fail(io, Exit.usage, 'with --certificate name the chain with --chain in place of --hook')
  const code = runProve(args, io)
  const question: CertificateQuestion = {
    kind: args.question, ipVersion: args.version, chain: args.chain ?? null, from: args.from ?? null, to: args.to ?? null,
    service: args.service ?? null, ...(args.files.some(isPolicyFile) ? { assets: args.assets, day: today() } : { assets: [], day: null }),
  }
  return code === Exit.ok ? write(question, args.files, args.target, out, io) : withoutCertificate(code, io)
}

/** Answers as runProvePolicy does; when every assertion is proved, writes one certificate of them all to `out`. */
export function runProvePolicyCertificate(args: ProvePolicyArgs, out: string, io: Io): number {
  const code = runProvePolicy(args, io)
  const question: CertificateQuestion = {
    kind: 'policy', ipVersion: null, chain: null, from: null, to: null, service: null, assets: args.assets, day: today(),
  }
  return code === Exit.ok ? write(question, [args.file ?? SHIPPED], undefined, out, io) : withoutCertificate(code, io)
}

function withoutCertificate(code: number, io: Io): number {
  if (code !== Exit.usage) io.err('cordon prove: no certificate is written, because not everything is proved\n')
  return code
}

function write(question: CertificateQuestion, files: readonly string[], target: string | undefined, out: string, io: Io): number {
  const inputs: CertificateInput[] = []
  for (const file of files) {
    const input = inputOf(file, target)
    if (!input.ok) return fail(io, Exit.unreadable, input.error)
    inputs.push(input.value)
  }
  const asked = claimsOf(question, inputs, files)
  if (!asked.ok) return fail(io, Exit.usage, asked.error)
  const parts = asked.value.map((claim) => ({ title: claim.title, made: certify(claim) }))
  const done = parts.flatMap(({ made }) => (made.ok ? [made.value] : []))
  for (const { title, made } of parts) if (!made.ok) io.err(`cordon prove: no certificate: ${title}: ${made.error}\n`)
  if (done.length < parts.length) return Exit.incomplete
  const certificate: Certificate = { format: CERTIFICATE_FORMAT, verdict: 'proved', question, inputs, parts: done }
  try {
    fs.writeFileSync(out, `${printed(certificate, '')}\n`)
  } catch (cause) {
    return fail(io, Exit.unreadable, `cannot write ${out}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const cubes = done.flatMap((part) => part.groups).reduce((sum, group) => sum + group.cubes.length, 0)
  io.err(`certificate: ${out}, ${cubes} cubes in ${done.length} ${done.length === 1 ? 'part' : 'parts'}; check it with: cordon prove verify ${out}\n`)
  return Exit.ok
}

/** Keys whose values stand on one line each: a file that can be read, searched and compared. */
const ONE_LINE = new Set(['cubes', 'packets', 'except', 'path', 'assumed', 'inputs'])

function printed(value: unknown, indent: string, key = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent} `
  const rows = Array.isArray(value)
    ? value.map((item: unknown) => (ONE_LINE.has(key) ? JSON.stringify(item) : printed(item, inner)))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${printed(item, inner, name)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return rows.length === 0 ? `${open}${close}` : `${open}\n${rows.map((row) => `${inner}${row}`).join(',\n')}\n${indent}${close}`
}

export interface VerifyArgs {
  readonly certificate: string
  /** In place of the names in the certificate, in their order. */
  readonly configs: readonly string[]
  readonly json: boolean
}

/** Recomputes a certificate: exit 0 when it holds, 5 when it does not or a text is another one. */
export function runVerify(args: VerifyArgs, io: Io): number {
  const file = readTextFile(args.certificate, args.certificate, CERTIFICATE_BYTES_MAX)
  if (!file.ok) return fail(io, Exit.unreadable, formatDiagnostic(file.error))
  const read = readCertificate(file.value)
  if (!read.ok) return fail(io, Exit.unreadable, `${args.certificate} is no certificate: ${read.error}`)
  const { inputs, question, parts } = read.value
  if (args.configs.length > 0 && args.configs.length !== inputs.length) {
    const order = inputs.map(({ name }) => name).join(', ')
    return fail(io, Exit.usage, `the certificate is about ${inputs.length} texts; name each with --config, in this order: ${order}`)
  }
  const files = inputs.map(({ name }, i) => args.configs[i] ?? name)
  for (const [i, { name, sha256 }] of inputs.entries()) {
    const found = hashOf(files[i] ?? name)
    if (!found.ok) return fail(io, Exit.unreadable, `${found.error}\n  help: Say where the text is with --config.`)
    if (found.value === sha256) continue
    return tell(args, io, `${files[i]} is another text than the one that was proved\n  certificate: ${sha256}\n  file:        ${found.value}`)
  }
  const claims = claimsOf(question, inputs, files)
  if (!claims.ok) return tell(args, io, `the question cannot be asked of these texts: ${claims.error}`)
  if (claims.value.length !== parts.length) return tell(args, io, `the certificate has ${parts.length} parts, the question has ${claims.value.length}`)
  for (const [i, claim] of claims.value.entries()) {
    const problem = verifyPart(parts[i] as Certificate['parts'][number], claim)
    if (problem !== null) return tell(args, io, `${claim.title} (IPv${claim.version}): ${problem}`)
  }
  return tell(args, io, null, read.value)
}

function tell(args: VerifyArgs, io: Io, problem: string | null, certificate: Certificate | null = null): number {
  const code = problem === null ? Exit.ok : PROOF_FAILED
  if (args.json) {
    const parts = certificate?.parts.map(({ title, ipVersion, claim, count, assumed }) => ({ title, ipVersion, claim, packets: count, assumed }))
    const verdict = problem === null ? { verdict: 'verified' } : { verdict: 'refuted', problem }
    const { question, inputs } = certificate ?? {}
    io.out(`${JSON.stringify({ ...verdict, question, inputs, parts }, null, 2)}\n`)
    return code
  }
  if (certificate === null) io.out(`refuted: ${problem}\n`)
  for (const { title, ipVersion, count, assumed } of certificate?.parts ?? []) {
    const open = assumed.length === 0 ? '' : `, whatever these turn out to be: ${assumed.map(({ line, text }) => `line ${line} (${text})`).join(', ')}`
    const meant = count === '0' ? 'verified (no packet of this version is meant)' : `verified for ${count} packets`
    io.out(`${title} (IPv${ipVersion}): ${meant}${open}\n`)
  }
  if (certificate !== null) io.out(aboutText(certificate))
  return code
}

/** What the maker of the file chose, and somebody who trusts it must know: readers, chain, day and assets. */
function aboutText({ question: { chain, day, assets }, inputs, parts }: Certificate): string {
  const texts = inputs.map(({ name, target }) => `${name} read as ${target}`).join(' and ')
  const chosen = chain === null ? '' : `, chain ${quote(chain)} alone, wherever it is bound`
  const when = day === null ? '' : `, exceptions as of ${day}, ${assets.length === 0 ? 'no assets' : `assets ${assets.join(' ')}`}`
  return `${parts.length === 0 ? 'nothing is claimed' : 'this is'} about ${texts}${chosen}${when}\n`
}

function fail(io: Io, code: number, message: string): number {
  io.err(`cordon prove: ${message}\n`)
  return code
}

function inputOf(file: string, target: string | undefined): Result<CertificateInput> {
  const hash = hashOf(file)
  if (!hash.ok) return hash
  if (file === SHIPPED || isPolicyFile(file)) return ok({ name: file, sha256: hash.value, target: 'policy' })
  const read = readConfigFile(file, target)
  return read.ok ? ok({ name: file, sha256: hash.value, target: read.value.reader.id }) : err(read.error.message)
}

function hashOf(file: string): Result<string> {
  const text = readTextFile(file === SHIPPED ? productPath(DEFAULT_POLICY_LABEL) : file, file, CONFIG_BYTES_MAX)
  if (!text.ok) return err(formatDiagnostic(text.error))
  // Of the file's bytes, as sha256sum says it: the text has lost a byte order mark.
  return ok(new Sha256().update(fs.readFileSync(file === SHIPPED ? productPath(DEFAULT_POLICY_LABEL) : file)).hex())
}

/** What the question claims of these texts: one claim, or one per assertion and IP version. */
function claimsOf(question: CertificateQuestion, inputs: readonly CertificateInput[], files: readonly string[]): Result<ClaimAsked[]> {
  const { kind, ipVersion: version, day } = question
  const policies = inputs.some(({ target }) => target === 'policy')
  if ((day !== null) !== policies || (!policies && question.assets.length > 0)) return err('a day and assets belong to policies only')
  if (day !== null && !isDay(day)) return err(`its day ${quote(day)} is none; write it like 2026-12-24`)
  if (kind === 'policy') return day === null || files.length !== 1 ? err('it is about one policy on a day') : policyClaims(question, files, day)
  if (version === null) return err('it has no IP version')
  if (files.length !== (kind === 'equal' ? 2 : 1)) return err(`it is about ${files.length} texts`)
  const asked = askedMatch({ version, from: question.from ?? undefined, to: question.to ?? undefined, service: question.service ?? undefined })
  if (!asked.ok) return asked
  const filters: ClaimAsked['filters'][number][] = []
  for (const [i, file] of files.entries()) {
    const target = inputs[i]?.target
    const args = { version, chain: question.chain ?? undefined, assets: question.assets, target: target === 'policy' ? undefined : target }
    const loaded = target === 'policy' ? loadPolicyFilter(file, args, day ?? '') : loadConfigFilter(file, args)
    if (!loaded.ok) return loaded
    const { filter } = loaded.value
    const chains = [filter.chain, ...(filter.also ?? [])].map(({ name }) => name)
    if (chains.length > 1) return err(`${file}: a certificate is about one chain; choose with --chain: ${chains.join(', ')}`)
    filters.push(filter)
  }
  return ok([{ title: titleOf(question, inputs), version, claim: CLAIM_OF[kind], packets: [asked.value], except: [], filters }])
}

function titleOf({ kind, from, to, service }: CertificateQuestion, inputs: readonly CertificateInput[]): string {
  const packets = `${service ?? 'anything'} new from ${from ?? 'anywhere'} to ${to ?? 'anywhere'}`
  if (kind === 'equal') return `${inputs.map(({ name }) => name).join(' and ')} do the same with ${packets}`
  return `${inputs[0]?.name} lets ${kind === 'reach' ? 'nothing of' : 'all of'} ${packets} pass`
}

function policyClaims(question: CertificateQuestion, files: readonly string[], day: string): Result<ClaimAsked[]> {
  const loaded = loadAskedPolicy(files[0] === SHIPPED ? undefined : files[0], question.assets, day)
  if (!loaded.ok) return loaded
  const { policy, names } = loaded.value
  return ok(VERSIONS.flatMap((version) => policy.assertions.map((assertion): ClaimAsked => ({
    title: assertion.text, version, claim: assertion.kind === 'always' ? 'always' : 'never',
    ...askedMatches(assertion, policy, names, version), filters: [policyFilter(policy, names, version)],
  }))))
}
