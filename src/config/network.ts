// loadNetworkFile: a network file as a checked model, and the tree test that tells it from a policy.
// Keeps the rule that one run shows all that is wrong: YAML, keys and references in one list.

import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { hasErrors } from '../base/tree-reader.ts'
import { isNetworkTree, parseNetwork, type NetworkFile } from '../policy/network/file.ts'
import { loadYamlTree } from './load.ts'

/** Whether the file is one of a network, by its keys; false when it cannot be read at all. */
export function isNetworkFile(path: string): boolean {
  const loaded = loadYamlTree(path)
  return loaded.ok && isNetworkTree(loaded.value.tree)
}

/** Reads and checks a network file; the texts it names are not read. */
export function loadNetworkFile(path: string): Result<NetworkFile, readonly Diagnostic[]> {
  const loaded = loadYamlTree(path)
  if (!loaded.ok) return loaded
  const { network, diagnostics } = parseNetwork(loaded.value.tree)
  const all = [...loaded.value.diagnostics, ...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column)
  return network === null || hasErrors(all) ? err(all) : ok(network)
}
