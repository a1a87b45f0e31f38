// loadUpdateSite: of a gateway's file what the update commands need: the data folder and who may approve.
// Keeps the rule that everything wrong in those parts is told at once; the other keys are the gateway's own to check.

import path from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import type { Diagnostic } from '../base/diagnostic.ts'
import type { TreeNode } from '../base/tree.ts'
import { createReader, hasErrors, readList, readMap, readText, report, type KeyTable, type TreeReader } from '../base/tree-reader.ts'
import type { ApproverConfig } from './gateway.ts'
import { loadYamlTree } from './load.ts'

export interface UpdateSite {
  /** Absolute. */
  readonly folder: string
  readonly approvers: readonly ApproverConfig[]
}

/** More people than a hospital gives the right to. */
const APPROVERS_MAX = 32
const ID_MAX = 63
const APPROVER_KEYS: KeyTable = {
  id: { required: true, help: 'A short word that names this person in permits.' },
  name: { required: true, help: 'Name and role, as people know them.' },
  key: { required: true, help: 'The 64 hex digits that "cordon gateway permit key FILE" prints.' },
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

function readApprovers(reader: TreeReader, node: TreeNode | undefined): readonly ApproverConfig[] {
  const approvers: ApproverConfig[] = []
  for (const item of readList(reader, node, '"approvers"', APPROVERS_MAX)) {
    const fields = readMap(reader, item, 'an approver', APPROVER_KEYS)
    const [id, name] = [readText(reader, fields?.get('id'), '"id"', ID_MAX), readText(reader, fields?.get('name'), '"name"')]
    const key = readText(reader, fields?.get('key'), '"key"')?.toLowerCase()
    if (key === undefined || id === null || name === null) continue
    if (!/^[0-9a-f]{64}$/.test(key)) {
      report(reader, item, 'bad-key', `the key of ${id} is no Ed25519 public key`, 'Write the 64 hex digits that "cordon gateway permit key FILE" prints.')
    } else if (approvers.some((a) => a.id === id || a.key === key)) {
      report(reader, item, 'approver-twice', `approver ${id} has an id or a key that another has too`, 'Two approvals are two people with two keys.')
    } else approvers.push({ id, name, key })
  }
  return approvers
}
