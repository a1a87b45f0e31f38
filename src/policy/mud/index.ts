// The MUD folder from outside: manufacturer's usage descriptions in and out (RFC 8520).
// Keeps the rule that others depend on these names only.

export * from './model.ts'
export { readMud, ACES_MAX } from './read.ts'
export { mudConduits, internetWitnesses, unresolvedNames, peerText, type MudConduit, type InternetWitness } from './conduits.ts'
export { writeMud, protocolText, SYSTEMINFO_LENGTH_MAX, type MudDevice, type MudFlow, type WritablePeer } from './write.ts'
