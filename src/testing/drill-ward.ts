// drill-ward: shipped policies as a drill plans them: layout, chains and what is loaded in each phase.

import assert from 'node:assert/strict'
import path from 'node:path'
import { parseIp, type Ip } from '../base/ip.ts'
import { loadPolicy } from '../config/index.ts'
import { assertionMatches } from '../drill/core/asked.ts'
import { planLayout, type Layout } from '../drill/core/layout.ts'
import type { Loaded } from '../drill/core/predict.ts'
import { routeTable } from '../drill/core/routing.ts'
import { planRoutes } from '../policy/compile/routes/index.ts'
import { policyChains, policyNames, type NameMap, type WrittenPolicy } from '../policy/index.ts'
import type { CompileInput } from '../policy/compile/target.ts'

export const KEEP_INSIDE = path.join(import.meta.dirname, '..', '..', 'policies', 'keep-inside.yaml')
export const DEFAULT_ASSETS = [
  'contec-cms8000=10.20.3.7', 'contec-cms8000=10.20.3.8', 'contec-cms8000=fd00:3::7', 'cms-central-station=202.114.4.119',
  'cms-central-station=fd00:3::119',
]

export function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

export interface DrillWard {
  readonly policy: WrittenPolicy
  readonly names: NameMap
  readonly layout: Layout
  readonly chains: CompileInput['chains']
  readonly asked: ReturnType<typeof assertionMatches>
  readonly bare: Loaded
  readonly full: Loaded
}

/** Without a file the shipped default policy, with DEFAULT_ASSETS. */
export function drillWard(file?: string): DrillWard {
  const loaded = loadPolicy(file)
  assert.ok(loaded.ok)
  const { policy } = loaded.value
  const assets = new Map<string, Ip[]>()
  for (const [profile = '', address = ''] of DEFAULT_ASSETS.map((text) => text.split('='))) assets.set(profile, [...(assets.get(profile) ?? []), ip(address)])
  const names = policyNames(policy, assets)
  const layout = planLayout(policy, names, policy.segments)
  assert.ok(layout.ok)
  const chains = policyChains(policy, names)
  const routes = policy.segments.length === 0 ? null : planRoutes({ name: policy.name, policyHash: '', segments: policy.segments, options: {} })
  return {
    policy, names, layout: layout.value, chains, asked: assertionMatches(policy, names), bare: { chains: null, routes: routeTable(layout.value, null) },
    full: { chains, routes: routeTable(layout.value, routes) },
  }
}
