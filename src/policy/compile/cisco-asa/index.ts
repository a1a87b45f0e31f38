// The Cisco ASA row: what it can say, how to write it, how to read it back.
// Keeps the Target seam: one platform, one row.

import type { Target } from '../target.ts'
import { emitAsa, RULE_BUDGET } from './emit.ts'
import { readAsa } from './read.ts'

export const ciscoAsa: Target = {
  id: 'cisco-asa',
  name: 'Cisco ASA access lists',
  capabilities: {
    families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: true, ruleBudget: RULE_BUDGET, canRead: true,
  },
  emit: emitAsa,
  read: readAsa,
}
