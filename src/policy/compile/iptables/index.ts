// The iptables target: compiler and reader behind the Target seam.
// Keeps the rule that others depend on these names only.

import type { Target } from '../target.ts'
import { CAPABILITIES, emitIptables } from './emit.ts'
import { readIptables } from './read.ts'

export { readIptables } from './read.ts'

export const iptables: Target = { id: 'iptables', name: 'Linux iptables', capabilities: CAPABILITIES, emit: emitIptables, read: readIptables }
