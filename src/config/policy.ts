// loadPolicy: a policy file, or the shipped default, as a checked model.
// Keeps the rule that one run shows all that is wrong: YAML, keys, references and profiles in one list.

import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { hasErrors } from '../base/tree-reader.ts'
import { effectivePolicy } from '../policy/language/exceptions.ts'
import type { WrittenPolicy } from '../policy/language/model.ts'
import { parsePolicy, type PolicyOptions } from '../policy/language/policy.ts'
import { loadYamlTree } from './load.ts'
import { productPath } from './product.ts'

/** How the shipped policy is called in messages, whatever folder it is installed in. */
export const DEFAULT_POLICY_LABEL = 'policies/default.yaml'

/** A usable policy and where it came from. */
export interface LoadedPolicy {
  /** As of `options.today`: exceptions in effect are among its conduits. Without a day they are not. */
  readonly policy: WrittenPolicy
  /** The path as given, or DEFAULT_POLICY_LABEL. */
  readonly file: string
  readonly warnings: readonly Diagnostic[]
}

/**
 * Reads and checks a policy; without a path the shipped one. `options.profiles` (ids, usually of loadProfiles) lets unknown profile
 * names be reported; `options.today` gives exceptions their effect. The error is every diagnostic, warnings included, in file order.
 */
export function loadPolicy(path?: string, options: PolicyOptions = {}): Result<LoadedPolicy, readonly Diagnostic[]> {
  const file = path ?? DEFAULT_POLICY_LABEL
  const loaded = path === undefined ? loadYamlTree(productPath(DEFAULT_POLICY_LABEL), file) : loadYamlTree(path)
  if (!loaded.ok) return loaded
  const { policy, diagnostics } = parsePolicy(loaded.value.tree, options)
  const all = [...loaded.value.diagnostics, ...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column)
  if (policy === null || hasErrors(all)) return err(all)
  return ok({ policy: options.today === undefined ? policy : effectivePolicy(policy, options.today), file, warnings: all })
}
