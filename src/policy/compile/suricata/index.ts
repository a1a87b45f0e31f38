// The Suricata row of the target registry.
// Emits only: rules files are not read back by the product, so canRead is false and read is null.

import type { Target } from '../target.ts'
import { CAPABILITIES, emitSuricata } from './emit.ts'

export const suricata: Target = {
  id: 'suricata', name: 'Suricata alerts on what the policy denies', capabilities: CAPABILITIES, emit: emitSuricata, read: null,
}
