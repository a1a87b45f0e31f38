// Port lists: ports cut into the lists that the kernel's multiport match takes, for RouterOS and iptables alike.
// Keeps "nothing left out to fit": a list that is too long becomes more lists.

import type { ValueRange } from '../rules/model.ts'
import { numberRangeText } from './address-book.ts'

/** Slots of one list; a range takes two of them (XT_MULTI_PORTS in linux/netfilter/xt_multiport.h). */
export const PORT_SLOTS_MAX = 15

/** `80,515-520`: as few lists as keeping the order allows. `between` stands inside ranges. */
export function portLists(ports: readonly ValueRange[], between: string): readonly string[] {
  const lists: string[][] = []
  let room = 0
  for (const range of ports) {
    const slots = range.low === range.high ? 1 : 2
    if (slots > room) {
      lists.push([])
      room = PORT_SLOTS_MAX
    }
    lists.at(-1)?.push(numberRangeText(range, between))
    room -= slots
  }
  return lists.map((list) => list.join(','))
}
