// The NAC row of the target registry: downloadable access lists.
// Emits only: a NAC server's lists are not read back by the product, so canRead is false and read is null.

import type { Target } from '../target.ts'
import { CAPABILITIES, emitNacDacl } from './emit.ts'

export const nacDacl: Target = {
  id: 'nac-dacl', name: 'NAC downloadable ACL (Cisco ISE syntax)', capabilities: CAPABILITIES, emit: emitNacDacl, read: null,
}
