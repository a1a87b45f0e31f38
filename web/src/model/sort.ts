// sort: order of table rows by one column. Stable, numbers as numbers, empty last in both directions.

export interface SortState {
  readonly column: string
  readonly descending: boolean
}

export type SortValue = string | number | null

/** Sorted copy; `valueOf` reads the column's value. Text compares with digits as numbers, so 10.0.0.9 comes before 10.0.0.10. */
export function sortRows<Row>(rows: readonly Row[], descending: boolean, valueOf: (row: Row) => SortValue): Row[] {
  return [...rows].sort((a, b) => compareValues(valueOf(a), valueOf(b), descending))
}

const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

function compareValues(a: SortValue, b: SortValue, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : COLLATOR.compare(String(a), String(b))
  return descending ? -order : order
}

/** Next state when a column's header is pressed: first press its natural direction, the next one the other. */
export function nextSort(current: SortState, column: string, startDescending: boolean): SortState {
  return current.column === column ? { column, descending: !current.descending } : { column, descending: startDescending }
}
