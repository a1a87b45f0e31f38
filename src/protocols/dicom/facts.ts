// What DICOM teaches: who asks whom for which services, with which software, what was agreed on, and which operations ran.
// Keeps "association items only": no data set is read, so no patient text can be here.

import type { FactBase } from '../facts.ts'

interface DicomBase extends FactBase {
  readonly protocol: 'dicom'
  readonly flowId: number
}

/** A proposed presentation context: an abstract syntax and the transfer syntaxes it may come in, as UIDs. */
export interface DicomProposal {
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
}

/** A-ASSOCIATE-RQ, whole or as far as it was read. */
export interface DicomRequest extends DicomBase {
  readonly kind: 'request'
  /** Who sent it: the requestor. */
  readonly direction: 0 | 1
  readonly callingAe: string
  readonly calledAe: string
  readonly implementationClass: string
  readonly implementationVersion: string
  /** Longest P-DATA-TF it takes; 0 is no limit, null when it did not say. */
  readonly lengthMax: number | null
  /** How it says who its user is: `none`, `user-name`, ... The name and passcode go in clear and are not kept. */
  readonly userIdentity: string
  readonly contexts: readonly DicomProposal[]
}

/** A-ASSOCIATE-AC: what was agreed on. */
export interface DicomAccept extends DicomBase {
  readonly kind: 'accept'
  /** Who sent it: the acceptor. */
  readonly direction: 0 | 1
  /** Those of the request as the acceptor repeats them, which no rule makes it do (PS3.8 table 9-17). */
  readonly callingAe: string
  readonly calledAe: string
  readonly implementationClass: string
  readonly implementationVersion: string
  readonly lengthMax: number | null
  /** Abstract syntax (empty when the request was not seen) and the transfer syntax chosen. */
  readonly accepted: readonly (readonly [string, string])[]
  /** Abstract syntax and the reason. */
  readonly refused: readonly (readonly [string, string])[]
}

/** A-ASSOCIATE-RJ: nobody may talk; a wrong AE title is the usual reason. */
export interface DicomReject extends DicomBase {
  readonly kind: 'reject'
  readonly direction: 0 | 1
  readonly lasting: 'permanent' | 'transient' | 'unknown'
  readonly reason: string
}

/** The first request of its kind on this flow. */
export interface DicomOperation extends DicomBase {
  readonly kind: 'operation'
  /** Who asks. */
  readonly direction: 0 | 1
  /** `C-STORE`, `C-FIND`, ... */
  readonly command: string
  /** SOP class UID it is about, empty when the command does not say and the association was not seen. */
  readonly sopClass: string
  /** C-STORE: part of a C-MOVE somebody asked for (0000,1030) or of the peer's C-GET: an archive hands out, nobody brings in. */
  readonly isRetrieval: boolean
  /** C-MOVE: the AE title the images are to be sent to, else empty. */
  readonly destinationAe: string
}

export interface DicomMalformed extends DicomBase {
  readonly kind: 'malformed'
  readonly reason: string
}

/** Totals when the flow ends. */
export interface DicomTotals extends DicomBase {
  readonly kind: 'totals'
  /** Command names with counts, both directions together. */
  readonly commands: readonly (readonly [string, number])[]
  /** Response name, status, count. */
  readonly statuses: readonly (readonly [string, string, number])[]
  /** Bytes of data sets from initiator and responder: skipped, never read. */
  readonly dataSetBytes: readonly [number, number]
  readonly ended: 'released' | 'aborted' | 'rejected' | 'open'
  /** Who aborted and why, or empty. */
  readonly abortReason: string
  /** Faults and kinds of operation beyond what is told one by one. */
  readonly untold: number
}

export type DicomFact = DicomRequest | DicomAccept | DicomReject | DicomOperation | DicomMalformed | DicomTotals
