// The Junos SRX row: what it can say, how to write it, how to read it back.
// Keeps the Target seam: one platform, one row.

import type { Target } from '../target.ts'
import { RULE_BUDGET, emitJunosSrx } from './emit.ts'
import { TARGET_ID, readJunosSrx } from './read.ts'

export const junosSrx: Target = {
  id: TARGET_ID,
  name: 'Juniper SRX (Junos)',
  capabilities: {
    families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: true, ruleBudget: RULE_BUDGET, canRead: true,
  },
  emit: emitJunosSrx,
  read: readJunosSrx,
}
