// Shards: into how many parts flows are divided, by who talks to whom. A file of its own, for the command line asks before anything is loaded.
// Keeps the rule that there are always as many, however many threads share them: so every number of threads drops the same flows when a
// table is full.

/** A power of two; more threads than this would have nothing to do. */
export const SHARDS = 4
