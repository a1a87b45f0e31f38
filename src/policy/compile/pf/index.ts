// The pf row of the target registry.
// Emits only: pf.conf is not read yet, so canRead is false and read is null.

import type { Target } from '../target.ts'
import { CAPABILITIES, emitPf } from './emit.ts'

const NAME = 'pf (OpenBSD, FreeBSD, OPNsense, pfSense)'

export const pf: Target = { id: 'pf', name: NAME, capabilities: CAPABILITIES, emit: emitPf, read: null }
