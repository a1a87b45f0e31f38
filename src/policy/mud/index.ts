// The MUD folder from outside: manufacturer's usage descriptions in and out (RFC 8520).
// Keeps the rule that others depend on these names only.

export * from './model.ts'
export { readMud, ACES_MAX } from './read.ts'
export { mudConduits, internetWitnesses, unresolvedNames, peerText, type MudConduit, type InternetWitness } from './conduits.ts'
export { writeMud, protocolText, SYSTEMINFO_LENGTH_MAX, type MudDevice, type MudFlow, type WritablePeer } from './write.ts'
export { coverage, NO_SITE, type Coverage, type MudSite, type MudTraffic } from './cover.ts'
export { readFlowTable, type FlowTable, type ObservedFlow } from './flow-csv.ts'
export { checkFlows, gaps, type JudgedFlow, type MudCheck, type MudGap } from './compare.ts'
export { draftPolicy, DRAFT_CODES, type Draft, type DraftCode, type DraftNote } from './draft.ts'
