// evidence-lab: what laboratory and point-of-care messages prove about their two ends.
// Keeps "wrong labels cost more than missing ones": who sends results is an analyser or what speaks for one, so it is inferred.

import type { AstmFact } from '../protocols/astm/facts.ts'
import { claimAbout, inferredAbout, type FlowEnds } from './claim-about.ts'
import type { TargetedClaim } from './evidence.ts'

export function astmClaims(fact: AstmFact, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind === 'header') return fact.sender === '' ? [] : [claimAbout(ends[fact.direction], 'software', fact.sender, 'ASTM H-5, sender name')]
  if (fact.kind !== 'sends') return []
  const evidence = fact.record === 'result' ? 'sends ASTM results' : 'asks for orders by ASTM'
  return [
    inferredAbout(ends[fact.direction], 'role', 'lab-analyser', evidence),
    inferredAbout(ends[fact.direction === 0 ? 1 : 0], 'role', 'laboratory-system', `is the peer of what ${evidence}`),
  ]
}
