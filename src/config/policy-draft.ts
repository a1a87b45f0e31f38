// draftPolicy: a policy's text with a draft's zones, services, conduits and assertions put in front, laid out and read again.
// Keeps the rule that a draft is a usable policy or none: what comes out was checked as any policy is, and comments stay.

import { isSeq, parseDocument, YAMLSeq } from 'yaml'
import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { hasErrors } from '../base/tree-reader.ts'
import type { PolicyAdditions } from '../inventory/advisories/draft.ts'
import { parsePolicy, type PolicyOptions } from '../policy/language/policy.ts'
import { formatPolicy } from './format-policy.ts'
import { parseYaml } from './yaml.ts'

/** `head` becomes comment lines at the top. The error is what is wrong with the policy, or with the draft in it. */
export function draftPolicy(
  text: string, file: string, additions: PolicyAdditions, head: readonly string[], options: PolicyOptions = {},
): Result<string, readonly Diagnostic[]> {
  const before = parseYaml(text, file)
  if (before.tree === null || hasErrors(before.diagnostics)) return err(before.diagnostics)
  const document = parseDocument(text, { version: '1.2' })
  for (const [key, items] of Object.entries(additions) as [keyof PolicyAdditions, readonly unknown[]][]) {
    if (items.length === 0) continue
    const known = document.get(key, true)
    const list = isSeq(known) ? known : new YAMLSeq()
    list.flow = false
    const nodes = items.map((item) => document.createNode(item))
    // Conduits are read from top to bottom; of the rest the order means nothing, and a comment before the first stays with it.
    if (key === 'conduits') list.items.unshift(...nodes)
    else list.items.push(...nodes)
    if (!isSeq(known)) document.set(key, list)
  }
  const named = head.map((line) => `# ${line}\n`).join('')
  const formatted = formatPolicy(`${named}${document.toString({ lineWidth: 0 })}`, file)
  if (!formatted.ok) return formatted
  const { tree, diagnostics } = parseYaml(formatted.value, file)
  const read = tree === null ? null : parsePolicy(tree, options)
  const all = [...diagnostics, ...read?.diagnostics ?? []]
  return read?.policy === null || hasErrors(all) ? err(all) : ok(formatted.value)
}
