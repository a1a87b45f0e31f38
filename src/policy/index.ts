// The policy folder from outside: text tree to model, and one flow to a verdict.
// Keeps the rule that others depend on these names only, so that the files behind may move.

export * from './language/model.ts'
export { BUILT_IN_SERVICES, builtInService } from './language/services.ts'
export { parsePolicy, type PolicyOptions, type PolicyResult } from './language/policy.ts'
export { effectivePolicy, isInEffect } from './language/exceptions.ts'
export { isDay } from './language/dates.ts'
export { policyNames, zoneOf, hostPrefix, type NameMap } from './eval/names.ts'
export { evaluate, describeService, type FiveTuple, type Verdict } from './eval/evaluate.ts'
export { createEvaluator, type Evaluator } from './eval/evaluator.ts'
export { flowMatches, policyChains, prefixRange, zoneRanges } from './policy-rules.ts'
