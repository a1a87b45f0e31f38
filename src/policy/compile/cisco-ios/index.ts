// The Cisco IOS row: what it can say, how to write it, how to read it back.
// Keeps the Target seam: one platform, one row.

import type { Target } from '../target.ts'
import { emitIos, RULE_BUDGET } from './emit.ts'
import { readIos } from './read.ts'

export const ciscoIos: Target = {
  id: 'cisco-ios',
  name: 'Cisco IOS and IOS XE access lists',
  capabilities: {
    families: [4, 6], stateful: false, portRanges: true, wildcardMasks: true, logging: true, ruleBudget: RULE_BUDGET, canRead: true,
  },
  emit: emitIos,
  read: readIos,
}
