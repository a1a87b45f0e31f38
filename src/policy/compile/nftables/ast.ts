// The nftables syntax tree: what both readers (text and JSON) produce and one lowering turns into the common model.
// Keeps the shape of libnftables-json(5), so that the two spellings of one ruleset become the same tree.

/** Right or left side of a comparison, an element of a set, an argument. */
export type Expr =
  /** A number, address, interface name or symbolic word. */
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'prefix'; readonly base: Expr; readonly length: number }
  | { readonly kind: 'range'; readonly low: Expr; readonly high: Expr }
  | { readonly kind: 'set'; readonly items: readonly Element[] }
  /** A named set or map, `@name`. */
  | { readonly kind: 'ref'; readonly name: string }
  | { readonly kind: 'concat'; readonly parts: readonly Expr[] }
  /** Comma list of bits, as in `ct state established,related`. */
  | { readonly kind: 'list'; readonly items: readonly Expr[] }
  | { readonly kind: 'bits'; readonly op: '&' | '|' | '^'; readonly left: Expr; readonly right: Expr }
  /** A part of the packet or of what is known about it: `ip saddr`, `meta mark`, `ct state`. */
  | { readonly kind: 'key'; readonly name: string }
  /** `*`: any value, in sets. */
  | { readonly kind: 'any' }
  /** Something else, in its own words. */
  | { readonly kind: 'other'; readonly text: string }

/** One element of a set, map or verdict map. `expires` elements leave by themselves. */
export interface Element {
  readonly key: Expr
  readonly data: Verdict | Expr | null
  readonly expires: boolean
}

export type Verdict =
  | { readonly kind: 'verdict'; readonly verb: 'accept' | 'drop' | 'continue' | 'return' | 'reject' }
  | { readonly kind: 'verdict'; readonly verb: 'jump' | 'goto'; readonly chain: string }

/** `in`: nothing was written between the sides; means equal, or for flags "any of these bits". `!`: none of these bits. */
export type CompareOp = 'in' | '==' | '!=' | '<' | '>' | '<=' | '>=' | '!'

export type Statement =
  | { readonly kind: 'match'; readonly left: Expr; readonly op: CompareOp; readonly right: Expr;
      readonly text: string; readonly line: number }
  | { readonly kind: 'vmap'; readonly key: Expr; readonly data: Expr; readonly text: string; readonly line: number }
  | Verdict
  /** Counters, logs, marks: nothing that changes where the packet goes. */
  | { readonly kind: 'neutral' }
  /** The body adds to a set while packets pass: what is in that set is not in the text. */
  | { readonly kind: 'fills'; readonly set: string }
  | { readonly kind: 'unknown-match'; readonly text: string; readonly line: number; readonly reason: string }
  /** Ends the rule in a way that is not modelled (queue, tproxy), or could. */
  | { readonly kind: 'unknown-action'; readonly text: string; readonly line: number; readonly reason: string }
  | { readonly kind: 'nat'; readonly type: 'destination' | 'source' | 'masquerade';
      readonly address: Expr | null; readonly port: Expr | null;
      readonly text: string; readonly line: number }

/** Reason of statements that overwrite a header field: chains behind them look at another packet. */
export const REWRITES_PACKET = 'rewrites the packet that later rules see'

export interface RuleNode {
  readonly line: number
  readonly text: string
  readonly statements: readonly Statement[]
}

export interface ChainNode {
  readonly name: string
  readonly line: number
  /** Null for chains that only others jump to. */
  base: BaseNode | null
  rules: RuleNode[]
}

export interface BaseNode {
  readonly type: string
  readonly hook: string
  readonly priority: number
  policy: 'permit' | 'deny'
}

export interface SetNode {
  readonly name: string
  readonly line: number
  readonly isMap: boolean
  /** Contents change without the text: dynamic, or elements with a time-out. */
  readonly dynamic: boolean
  items: Element[]
}

export interface TableNode {
  readonly family: string
  readonly name: string
  readonly line: number
  /** The `dormant` flag: the kernel keeps the table and asks none of its chains. */
  dormant: boolean
  readonly chains: Map<string, ChainNode>
  readonly sets: Map<string, SetNode>
}

/** Something in the file that no table shows: an include, a command without a target. */
export interface Remark {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly help: string
  readonly line: number
}

export interface Ruleset {
  /** By `family name`. */
  readonly tables: Map<string, TableNode>
  readonly remarks: Remark[]
}

export function emptyRuleset(): Ruleset {
  return { tables: new Map(), remarks: [] }
}
