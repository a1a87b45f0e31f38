// loadUpdateSite: of a gateway's file what the update commands need: the data folder and who may approve.
// Keeps the rule that everything wrong in those parts is told at once; the other keys are the gateway's own to check.

import path from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import type { Diagnostic } from '../base/diagnostic.ts'
import type { TreeNode } from '../base/tree.ts'
import { createReader, hasErrors, readText, report } from '../base/tree-reader.ts'
import type { ApproverConfig } from './gateway.ts'
import { readApprovers } from './gateway-file.ts'
import { loadYamlTree } from './load.ts'

export interface UpdateSite {
  /** Absolute. */
  readonly folder: string
  readonly approvers: readonly ApproverConfig[]
}

function child(node: TreeNode | undefined, key: string): TreeNode | undefined {
  return node?.kind === 'map' ? node.entries.find((e) => e.key === key)?.value : undefined
}

/** `folder` of the file is taken relative to the file. */
export function loadUpdateSite(file: string): Result<UpdateSite, readonly Diagnostic[]> {
  const loaded = loadYamlTree(file)
  if (!loaded.ok) return loaded
  const reader = createReader('gateway')
  const { tree } = loaded.value
  const folder = readText(reader, child(tree, 'folder'), '"folder"')
  if (child(tree, 'folder') === undefined) report(reader, tree, 'missing-key', 'the gateway\'s file has no "folder"', 'Name the data folder.')
  const approvers = readApprovers(reader, child(child(tree, 'updates'), 'approvers'))
  const all = [...loaded.value.diagnostics, ...reader.diagnostics]
  return folder === null || hasErrors(all) ? err(all) : ok({ folder: path.resolve(path.dirname(file), folder), approvers })
}
