// The Zeek row of the target registry: indicators as an Intel file.
// Emits only: Intel files are not read back by the product, so canRead is false and read is null.

import type { Target } from '../target.ts'
import { CAPABILITIES, emitZeekIntel } from './emit.ts'

export const zeekIntel: Target = {
  id: 'zeek-intel', name: 'Zeek Intel file of the profiles (no policy rules)', capabilities: CAPABILITIES, emit: emitZeekIntel, read: null,
}
