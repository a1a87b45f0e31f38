// The FortiOS row: what it can say, how to write it, how to read it back.
// Keeps the Target seam: one platform, one row.

import type { Target } from '../target.ts'
import { RULE_BUDGET, emitFortiOs } from './emit.ts'
import { TARGET_ID, readFortiOs } from './read.ts'

export const fortiOs: Target = {
  id: TARGET_ID,
  name: 'Fortinet FortiGate (FortiOS)',
  capabilities: {
    families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: true, ruleBudget: RULE_BUDGET, canRead: true,
  },
  emit: emitFortiOs,
  read: readFortiOs,
}
