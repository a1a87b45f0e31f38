// dicom: what DICOM facts prove about both ends: titles, software, and the part each plays, as a table by operation.
// Keeps "wrong labels cost more than missing ones": storing or asking alone only suggests a role, and says so.

import { className, serviceOf, type DicomService } from '../../protocols/dicom/codes.ts'
import type { DicomFact, DicomOperation } from '../../protocols/dicom/facts.ts'
import { claimAbout, inferredAbout, type FlowEnds } from './claim-about.ts'
import type { ClaimTarget, TargetedClaim } from '../evidence.ts'

/** Parts in an imaging department. `dicom-node` is what all of them are; the finer ones stand beside it. */
type Part = 'dicom-modality' | 'pacs' | 'dicom-viewer' | 'dicom-worklist' | 'dicom-printer'

interface PartRow {
  readonly service: DicomService
  /** Commands it is about; empty: all. */
  readonly commands: readonly string[]
  readonly isRetrieval: boolean
  readonly asker: Part | null
  readonly answerer: Part | null
  /** What the asker does, in words. */
  readonly words: string
  /** Only modalities ask for worklists and report steps (PS3.4 annexes K and F); the other rows are what such nodes usually are. */
  readonly isInferred: boolean
}

const row = (service: DicomService, commands: readonly string[], asker: Part | null, answerer: Part | null, words: string, isInferred = true): PartRow => (
  { service, commands, isRetrieval: false, asker, answerer, words, isInferred }
)

const PARTS: readonly PartRow[] = [
  row('worklist', ['C-FIND'], 'dicom-modality', 'dicom-worklist', 'a modality worklist is asked for', false),
  row('procedure-step', ['N-CREATE', 'N-SET'], 'dicom-modality', null, 'a performed procedure step is reported', false),
  row('commitment', ['N-ACTION'], 'dicom-modality', 'pacs', 'storage commitment is asked for'),
  row('query', [], 'dicom-viewer', 'pacs', 'studies are asked for'),
  row('print', [], null, 'dicom-printer', 'films are printed', false),
  row('storage', ['C-STORE'], 'dicom-modality', 'pacs', 'images are brought in'),
  row('storage-other', ['C-STORE'], null, 'pacs', 'reports or presentation states are brought in'),
  { ...row('storage', ['C-STORE'], 'pacs', 'dicom-viewer', 'images are handed out on request'), isRetrieval: true },
  { ...row('storage-other', ['C-STORE'], 'pacs', 'dicom-viewer', 'reports or presentation states are handed out on request'), isRetrieval: true },
]

export function dicomClaims(fact: DicomFact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind === 'malformed' || fact.kind === 'totals') return []
  const who = ends[fact.direction]
  switch (fact.kind) {
    case 'request':
      return nodeClaims(who, 'asks for DICOM associations', fact.callingAe, 'DICOM calling AE title', fact.implementationVersion)
    case 'accept':
      return nodeClaims(who, 'accepts DICOM associations', fact.calledAe, 'DICOM called AE title it accepted', fact.implementationVersion)
    case 'reject':
      return [claimAbout(who, 'role', 'dicom-node', 'rejects a DICOM association')]
    case 'operation':
      return operationClaims(fact, who, ends[fact.direction === 0 ? 1 : 0])
  }
}

function nodeClaims(who: ClaimTarget, does: string, title: string, titleEvidence: string, version: string): TargetedClaim[] {
  const claims = [claimAbout(who, 'role', 'dicom-node', does)]
  if (title !== '') claims.push(claimAbout(who, 'software', title, titleEvidence))
  if (version !== '') claims.push(claimAbout(who, 'software', version, 'DICOM implementation version name'))
  return claims
}

function operationClaims(fact: DicomOperation, asker: ClaimTarget, answerer: ClaimTarget): TargetedClaim[] {
  const service = serviceOf(fact.sopClass)
  const part = PARTS.find((p) => p.service === service && p.isRetrieval === fact.isRetrieval && (p.commands.length === 0 || p.commands.includes(fact.command)))
  const node = claimAbout(asker, 'role', 'dicom-node', 'sends DICOM commands')
  if (part === undefined) return [node]
  const evidence = `DICOM ${fact.command}: ${part.words}`
  const claim = part.isInferred ? inferredAbout : claimAbout
  const claims = [node]
  // What it stores says which kind of modality; an archive takes dozens of kinds, and claims are bounded.
  if (part.asker !== null) claims.push(claim(asker, 'role', part.asker, part.asker === 'pacs' ? evidence : `${evidence} (${className(fact.sopClass)})`))
  if (part.answerer !== null) claims.push(claim(answerer, 'role', part.answerer, evidence))
  return claims
}
