// The MikroTik row of the target registry.
// Emits only: RouterOS text is not read yet, so canRead is false and read is null.

import type { Target } from '../target.ts'
import { CAPABILITIES, emitMikrotik } from './emit.ts'

export const mikrotik: Target = { id: 'mikrotik', name: 'MikroTik RouterOS', capabilities: CAPABILITIES, emit: emitMikrotik, read: null }
