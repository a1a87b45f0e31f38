// The Target seam: one folder per platform, each can emit the policy and read back what it wrote (translation validation).
// Keeps "never wider than the policy, in silence or otherwise": what cannot be exact is refused with the reason.

import type { Diagnostic } from '../../base/diagnostic.ts'
import type { IpVersion } from '../../base/ip.ts'
import type { Chain, Config } from '../rules/model.ts'

/** What a platform can say. A policy that needs more is refused, or split by the caller. */
export interface Capabilities {
  readonly families: readonly IpVersion[]
  readonly stateful: boolean
  readonly portRanges: boolean
  readonly wildcardMasks: boolean
  readonly logging: boolean
  /** Lines this platform takes when nobody says otherwise; null for no practical limit. */
  readonly ruleBudget: number | null
  readonly canRead: boolean
}

/** The plan handed to a compiler: the policy as one chain of plain rules per family (policy-rules.ts), in order, first match decides. */
export interface CompileInput {
  /** Policy name; part of every object name and of the header comment. */
  readonly name: string
  /** SHA-256 of the canonical policy text, so that output can be traced. */
  readonly policyHash: string
  /** Rules have no unknowns, no jumps, no state, no interfaces; fields are dst, src, proto, dport, icmpType; constraints are ranges. */
  readonly chains: Readonly<Record<IpVersion, Chain>>
  /** Lines allowed; overrides Capabilities.ruleBudget. */
  readonly ruleBudget: number | null
  /** Platform words such as interface or zone names; documented per target. */
  readonly options: Readonly<Record<string, string>>
}

/** One thing to review: `text` is loaded by a person, `rollback` undoes it. Both end in a newline, both are deterministic. */
export interface Emitted {
  readonly text: string
  readonly rollback: string
  /** Lines that count against the budget. */
  readonly rules: number
  /** Sentences for the reviewer: IPv6 stated, what established sessions do, how to load it. Never a widening: that is a refusal. */
  readonly notes: readonly string[]
}

export type EmitResult = { readonly ok: true; readonly value: Emitted } | { readonly ok: false; readonly refused: readonly string[] }

export interface ReadResult {
  /** What was understood, however little; null only when the text is of another kind altogether. */
  readonly config: Config | null
  readonly diagnostics: readonly Diagnostic[]
}

export interface Target {
  readonly id: string
  readonly name: string
  readonly capabilities: Capabilities
  emit(input: CompileInput): EmitResult
  /**
   * Never throws, whatever the text. `file` stands in diagnostics; `known` are interfaces the device has although the text may not name
   * them, so that a wildcard covers them. Null when this platform's text is not read yet.
   */
  readonly read: ((text: string, file: string, known?: readonly string[]) => ReadResult) | null
}
