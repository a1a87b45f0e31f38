// Protocol of the drill's processes: what the launcher hands in, what comes back, and what an agent in a namespace is asked.
// Keeps the rule that values only cross: policies, bytes and texts, no functions and no handles.

import type { NameMap, WrittenPolicy } from '../policy/index.ts'
import type { DrillResult } from './core/result.ts'
import type { TextWitnesses } from './core/witnesses.ts'

/** What is loaded into the router under test, and taken away again. */
export interface DrillTexts {
  readonly nft: string
  /** null: the drill takes the rules away by putting back what was there (a text of somebody else comes without its rollback). */
  readonly nftRollback: string | null
  /** null: the policy has no segments. */
  readonly routes: string | null
  readonly routesRollback: string | null
}

export interface DrillSpec {
  readonly policy: WrittenPolicy
  readonly names: NameMap
  readonly texts: DrillTexts
  /** Of a text that is not the compiled one, as far as it is understood. */
  readonly witnesses: TextWitnesses | null
  readonly beds: number
  readonly probes: number
  readonly seed: number
  /** Empty folder for captures and texts. */
  readonly folder: string
  /** `/proc/self/ns/net` of the launcher, which must not be the drill's own. */
  readonly outerNetwork: string
}

/** From the inside process. */
export type InsideMessage =
  | { readonly kind: 'hello' }
  | { readonly kind: 'step'; readonly words: string }
  | { readonly kind: 'result'; readonly result: DrillResult }
  /** `rules`: the text under test is refused; `machine`: no drill can run here. */
  | { readonly kind: 'failed'; readonly because: 'rules' | 'machine'; readonly reason: string }

export interface Listener {
  readonly proto: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  readonly reply: Uint8Array
}

export interface Call {
  readonly id: number
  readonly proto: 'tcp' | 'udp'
  readonly from: string
  readonly to: string
  readonly port: number
  readonly payload: Uint8Array
  readonly wantsReply: boolean
}

export type AgentRequest =
  | { readonly kind: 'listen'; readonly listeners: readonly Listener[] }
  | { readonly kind: 'call'; readonly calls: readonly Call[] }
  /** Opens a session and keeps sending until the agent ends. */
  | { readonly kind: 'hold'; readonly call: Call }
  /** Bytes received per `proto address port` so far. */
  | { readonly kind: 'count' }

export interface CallResult {
  readonly id: number
  readonly opened: boolean
  readonly replied: boolean
  /** Port that the kernel chose, 0 when none. */
  readonly port: number
}

export type AgentAnswer =
  | { readonly kind: 'listening'; readonly problems: readonly string[] }
  | { readonly kind: 'called'; readonly results: readonly CallResult[] }
  | { readonly kind: 'holding'; readonly result: CallResult }
  | { readonly kind: 'counted'; readonly bytes: Readonly<Record<string, number>> }
