// arrow-rows: up, down, Home and End move between the rows of a list or table whose main control carries `data-row-focus`.
// Keeps the page usable without a mouse: Tab walks controls, arrows walk rows, Enter opens.

import type { KeyboardEvent } from 'react'

/** Index to go to for a key, or null when the key is none of ours. */
export function rowForKey(key: string, current: number, count: number): number | null {
  const goal = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: count - 1 }[key]
  return goal === undefined || count === 0 ? null : Math.max(0, Math.min(count - 1, goal))
}

/** onKeyDown of the element around the rows. */
export function arrowRows(event: KeyboardEvent<HTMLElement>): void {
  const target = event.target
  if (!(target instanceof HTMLElement) || !target.matches('[data-row-focus]')) return
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row-focus]')]
  const goal = rowForKey(event.key, rows.indexOf(target), rows.length)
  if (goal === null) return
  event.preventDefault()
  rows[goal]?.focus()
}
