// Asset blind spots: what this view cannot show of one device, in sentences. Beside what is known, so that silence is not read as safety.
// Keeps to what its own packets lack; what the whole capture lacks is said by blind-spots.ts.

import type { Asset } from '../inventory/asset.ts'
import type { Conversation } from './conversation.ts'
import { count } from './words.ts'

/** Protocols whose content cannot be read. */
const SEALED: ReadonlySet<string> = new Set(['tls', 'ssh', 'quic'])

/** `said`: conversations it has a part in. Sentences, gravest first; empty when nothing special is missing. */
export function assetBlindSpots(asset: Asset, said: readonly Conversation[]): string[] {
  const hasCard = asset.interfaces.some((i) => i.mac !== null)
  const isReported = asset.interfaces.length === 0
  const sealed = said.filter((c) => c.protocol !== null && SEALED.has(c.protocol)).length
  const unread = said.filter((c) => c.protocol === null && c.transport !== 'icmp' && c.flows > c.attempts).length
  const rows: readonly (readonly [boolean, () => string])[] = [
    [isReported, () => 'Only another device spoke of it: none of its own packets was seen, so its address and what it does are not known.'],
    [!isReported && !hasCard, () => 'Its packets come through a router: its card and its own segment are not in view.'],
    [asset.claims.some((c) => c.what === 'card'), () => 'Its card number was made up by software: with another one tomorrow it looks like another device.'],
    [asset.claims.some((c) => c.what === 'sharing'), () => 'Several hosts may stand behind its address: what is said of it may be said of any of them.'],
    [!isReported && said.length === 0, () => 'It was heard, but exchanged nothing that passed the point of capture.'],
    [sealed > 0, () => `Encrypted, so not read: ${count(sealed, 'conversation')}.`],
    [unread > 0, () => `In a protocol that is not read: ${count(unread, 'conversation')}. What they carry, patient data too, is not known.`],
    [asset.model === null && !asset.outside, () => 'Nothing names its model: a label, an entry in the hospital\'s list or a longer capture would.'],
  ]
  return rows.filter(([holds]) => holds).map(([, sentence]) => sentence())
}
