// layout: how many tiles stand beside each other, and where the keyboard goes from one to the next. Pure.
// Keeps tiles in place: the layout depends on how many beds the ward has, never on what they say.

/** Layouts by beds on a full page: columns and rows at a wide screen. */
const LAYOUTS: readonly (readonly [beds: number, columns: number, rows: number])[] = [[1, 1, 1], [4, 2, 2], [8, 4, 2], [12, 4, 3], [16, 4, 4]]

export interface Layout {
  readonly places: number
  readonly columns: number
  readonly rows: number
}

/** Of a ward of `beds`; a last page that is not full keeps the layout of the others. */
export function layoutFor(beds: number): Layout {
  const [places, columns, rows] = LAYOUTS.find(([most]) => beds <= most) ?? [16, 4, 4]
  return { places, columns, rows }
}

/** Index to go to for a key, or null when the key is none of ours or there is nothing there. */
export function tileForKey(key: string, at: number, count: number, columns: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: count - 1,
  }
  const goal = steps[key]
  return goal === undefined || goal < 0 || goal >= count ? null : goal
}

/** The page as a number from 1; anything else is the first. */
export function pageIn(text: string | undefined, pages: number): number {
  const page = /^[1-9]\d{0,3}$/.test(text ?? '') ? Number(text) : 1
  return page <= pages ? page : 1
}
