// The PAN-OS row: what it can say, how to write it, how to read it back.
// Keeps the Target seam: one platform, one row.

import type { Target } from '../target.ts'
import { RULE_BUDGET, emitPanOs } from './emit.ts'
import { TARGET_ID, readPanOs } from './read.ts'

export const panOs: Target = {
  id: TARGET_ID,
  name: 'Palo Alto Networks (PAN-OS)',
  capabilities: {
    families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: true, ruleBudget: RULE_BUDGET, canRead: true,
  },
  emit: emitPanOs,
  read: readPanOs,
}
