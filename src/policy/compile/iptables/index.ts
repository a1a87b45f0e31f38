// The iptables folder from outside: the reader. There is no compiler here yet, so no Target.
// Keeps the rule that others depend on these names only.

export { readIptables } from './read.ts'
