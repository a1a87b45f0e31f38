// Extent: the least and the greatest of a list, however long.
// Math.min(...list) puts every item on the stack and dies above some hundred thousand: a port scan has as many.

/** The least of `pick(item)`; Infinity for an empty list, as Math.min() has it. */
export function leastOf<T>(list: Iterable<T>, pick: (item: T) => number): number {
  let least = Number.POSITIVE_INFINITY
  for (const item of list) least = Math.min(least, pick(item))
  return least
}

/** The greatest of `pick(item)`; -Infinity for an empty list, as Math.max() has it. */
export function greatestOf<T>(list: Iterable<T>, pick: (item: T) => number): number {
  let greatest = Number.NEGATIVE_INFINITY
  for (const item of list) greatest = Math.max(greatest, pick(item))
  return greatest
}
