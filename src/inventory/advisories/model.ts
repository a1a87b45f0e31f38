// Advisory model: what an advisory says as plain facts: names, version words, CVE, CWE, score, dates. None of its prose.
// Keeps the rule that an advisory's words stay as published beside what we make of them, with the hash of the revision they stand in.

/** CSAF 2.0, 3.2.1.12.7: `tracking.status`. */
export const ADVISORY_STATES = ['draft', 'interim', 'final'] as const
export type AdvisoryState = (typeof ADVISORY_STATES)[number]

/** Of what the hash is: the published file, byte for byte, or our row of facts where no file was at hand. */
export interface AdvisoryHash {
  readonly of: 'file' | 'facts'
  /** 64 lower-case hex digits. */
  readonly sha256: string
}

/** One leaf of the product tree: maker, product and version exactly as published. */
export interface AdvisoryProduct {
  readonly vendor: string
  readonly name: string
  /** `vers:all/*`, `<= 2.3.0`, `Rev B-M`, `distributed < april 1, 2018`; empty when the leaf names no version. */
  readonly version: string
}

export interface AdvisoryScore {
  /** `3.0`, `3.1`. */
  readonly version: string
  readonly score: number
  /** Without the `CVSS:3.1/` in front. */
  readonly vector: string
}

/** Remarks of the publisher by CSAF category. A category is a drawer, not a promise: `vendor_fix` often holds an address to call. */
export interface RemarkCount {
  readonly category: string
  readonly count: number
}

export interface AdvisoryVulnerability {
  /** Null for a finding without a number. */
  readonly cve: string | null
  readonly cwe: string | null
  readonly score: AdvisoryScore | null
  /** Places in `products`. */
  readonly affected: readonly number[]
  /** Products the publisher is still looking at. */
  readonly investigating: readonly number[]
  /** Products the publisher says are not affected or are fixed releases. */
  readonly cleared: readonly number[]
  readonly remarks: readonly RemarkCount[]
  /** One of the `vendor_fix` remarks names a version. Nothing more is claimed of it; the rest are stubs. */
  readonly fixNamesVersion: boolean
}

/** An address or block that the advisory's text tells to watch or block. A reader confirms it; a text is no table. */
export interface AdvisoryAddress {
  /** Address or block, canonical. */
  readonly value: string
}

export interface Advisory {
  readonly id: string
  readonly publisher: string
  /** `tracking.version`. */
  readonly revision: string
  readonly status: AdvisoryState
  /** `2022-09-01`. */
  readonly released: string
  readonly updated: string
  readonly hash: AdvisoryHash
  /** Where a person reads it, or null. */
  readonly url: string | null
  readonly products: readonly AdvisoryProduct[]
  readonly vulnerabilities: readonly AdvisoryVulnerability[]
  readonly addresses: readonly AdvisoryAddress[]
}

/** CVE numbers of CISA's catalog of known exploited vulnerabilities. One that is not in it may be exploited all the same. */
export interface KnownExploited {
  /** Day of the catalog these flags were taken from. */
  readonly asOf: string
  readonly cves: ReadonlySet<string>
  /** Said to be in the catalog by somebody else's list, and not seen in the catalog: told as such, and never as a fact. */
  readonly unconfirmed: ReadonlySet<string>
}
