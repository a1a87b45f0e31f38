// Machine: runs a state table whose actions yield frames, and prints the table. One runner for devices, servers and strangers.
// Keeps the rule that a state machine is a table a person can read; the runner adds nothing to it.

import { assert } from '../../base/assert.ts'
import type { WardFrame } from './packets.ts'

/** In `state`, on `event`, do `action`, then be in `next`. The action says which event comes after it. */
export interface TableRow<S extends string, E extends string, A extends string> {
  readonly state: S
  readonly event: E
  readonly action: A
  readonly next: S
}

/** An action yields its frames in time order and returns what happens next. */
export type Action<E extends string> = () => Generator<WardFrame, E, undefined>
export type Actions<E extends string, A extends string> = { readonly [K in A]: Action<E> }

/**
 * Follows the table from `state` and `event` until a state without rows. A missing row is our bug, not the ward's.
 * May never end: a monitor streams until it is cut off.
 */
export function* runTable<S extends string, E extends string, A extends string>(
  table: readonly TableRow<S, E, A>[], state: S, event: E, actions: Actions<E, A>,
): Generator<WardFrame, S, undefined> {
  let now = state
  let on = event
  while (table.some((row) => row.state === now)) {
    const row = table.find((r) => r.state === now && r.event === on)
    assert(row !== undefined, `no row for ${on} in state ${now}`)
    on = yield* actions[row.action]()
    now = row.next
  }
  return now
}

/** The table as aligned text, one row per line under a head. */
export function formatTable(table: readonly TableRow<string, string, string>[]): string {
  const rows = [{ state: 'state', event: 'event', action: 'action', next: 'next' }, ...table]
  const width = (key: 'state' | 'event' | 'action'): number => Math.max(...rows.map((row) => row[key].length))
  const [s, e, a] = [width('state'), width('event'), width('action')]
  return rows.map((row) => `${row.state.padEnd(s)}  ${row.event.padEnd(e)}  ${row.action.padEnd(a)}  ${row.next}`).join('\n')
}
