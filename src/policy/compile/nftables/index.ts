// The nftables target: compiler and readers behind the Target seam.
// Keeps the rule that others depend on these names only.

import type { Target } from '../target.ts'
import { emitNft } from './emit.ts'
import { readNft } from './read.ts'

export { readNftJson } from './read.ts'

export const nftables: Target = {
  id: 'nftables',
  name: 'Linux nftables',
  capabilities: { families: [4, 6], stateful: true, portRanges: true, wildcardMasks: false, logging: false, ruleBudget: null,
    canRead: true },
  emit: emitNft,
  read: readNft,
}
