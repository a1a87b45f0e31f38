// loadKnowledge: the shipped policy, profiles and IEEE table, or the user's policy in place of the shipped one.

import fs from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { loadPolicy, loadProfiles } from '../config/index.ts'
import { OuiTable } from '../inventory/oui.ts'
import type { Knowledge } from '../sensor/knowledge.ts'

/** The error is ready to print: all diagnostics, one under the other. */
export function loadKnowledge(policyFile: string | undefined): Result<Knowledge> {
  const profiles = loadProfiles()
  if (!profiles.ok) return err(profiles.error.map(formatDiagnostic).join('\n'))
  // Exceptions hold for a reader of today: an old capture is judged by what is allowed now, and says so through the policy's dates.
  const policy = loadPolicy(policyFile, { profiles: new Set(profiles.value.profiles.keys()), today: new Date().toISOString().slice(0, 10) })
  if (!policy.ok) return err(policy.error.map(formatDiagnostic).join('\n'))
  return ok({ policy: policy.value.policy, profiles: profiles.value.profiles, oui: loadOui() })
}

/** Compiled by scripts/compile-oui.ts; lies beside the source, and beside the built code in a published package. */
function loadOui(): OuiTable {
  const packed = fs.readFileSync(new URL('../inventory/oui.table.br', import.meta.url))
  return new OuiTable(brotliDecompressSync(packed).toString('utf8'))
}
