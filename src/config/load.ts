// loadYamlTree: a path to a tree, or all that is wrong with the file and its text.
// Keeps the rule that a user's file never throws: missing, binary and broken files are diagnostics like any other.

import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { TreeNode } from '../base/tree.ts'
import { readTextFile } from './text-file.ts'
import { parseYaml } from './yaml.ts'

/** A usable tree. `diagnostics` are duplicate keys, which are errors, but hide nothing else that is wrong further down. */
export interface LoadedTree {
  readonly tree: TreeNode
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads one YAML file. `label` stands for the path in positions and messages. */
export function loadYamlTree(path: string, label: string = path): Result<LoadedTree, readonly Diagnostic[]> {
  const text = readTextFile(path, label)
  if (!text.ok) return err([text.error])
  const { tree, diagnostics } = parseYaml(text.value, label)
  return tree === null ? err(diagnostics) : ok({ tree, diagnostics })
}
