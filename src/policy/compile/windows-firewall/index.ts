// The Windows Firewall row of the target registry.
// Emits only: PowerShell is not read back by the product, so canRead is false and read is null.

import type { Target } from '../target.ts'
import { CAPABILITIES, emitWindowsFirewall } from './emit.ts'

export const windowsFirewall: Target = {
  id: 'windows-firewall', name: 'Windows Firewall (one host)', capabilities: CAPABILITIES, emit: emitWindowsFirewall, read: null,
}
