// The replay folder from outside: the past against a draft policy.
// Keeps the rule that others depend on these names only.

export * from './model.ts'
export { replay, IN_USE_MICROS, type InUse, type Replay, type ReplayVerdict, type ClassCount } from './replay.ts'
export { coverageOf, WATCH_DAYS_MIN, SHIFTS, type Coverage } from './coverage.ts'
export { PERIODS_MIN, periodOf, burstsOf, recurrenceOf, type Recurrence } from './period.ts'
export { EXAMPLES_MAX } from './groups.ts'
export { sameFunction, unseenSentence } from './unseen.ts'
export { atText, capital, count, durationText, nameOf, plain, tupleText, wardSentence } from './words.ts'
