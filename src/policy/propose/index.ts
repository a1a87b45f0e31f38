// The propose folder from outside: a least-privilege draft from the past.
// Keeps the rule that others depend on these names only.

export { propose } from './propose.ts'
export type { LeftOut, Proposal, ProposeInput, UnusedConduit } from './model.ts'
