// map-layout: where each zone stands on the map. The same zones always give the same picture, so people learn where things are.
// Keeps the picture of the matrix: clinical zones left, the rest of the house in the middle, outside to the right of the wall.

import type { ZoneMap } from '../../../src/console/api.ts'

type Zone = ZoneMap['zones'][number]

/** Map units; 1 unit is about one pixel at full size. A place's point is its centre. */
interface Point {
  readonly x: number
  readonly y: number
}

export interface Place extends Point {
  readonly name: string
  readonly inside: boolean
}

/** Zones per column before another column begins: what stays readable at 560 pixels of height. */
export const ZONES_PER_COLUMN_MAX = 4

const COLUMN_WIDTH = 250
const ROW_HEIGHT = 150

/** Size of a zone's box on the map. */
export const ZONE_SIZE = { width: 146, height: 76 } as const
/** Room for the wall between the last inside column and the first outside one. */
const WALL_WIDTH = 130

const COLUMN_OF: Readonly<Record<Zone['kind'], number>> = { medical: 0, it: 1, unzoned: 1, group: 1, external: 2 }

/** Each zone once, columns by kind, rows in the policy's order and centred. */
export function placeZones(zones: readonly Zone[]): Place[] {
  const columns = [0, 1, 2].flatMap((kind) => chunks(zones.filter((zone) => COLUMN_OF[zone.kind] === kind)))
  let x = 0
  return columns.flatMap((column, index) => {
    const outside = column[0]?.kind === 'external'
    const before = columns[index - 1]
    const wall = outside && before !== undefined && before[0]?.kind !== 'external' ? WALL_WIDTH : 0
    if (index > 0) x += COLUMN_WIDTH + wall
    return column.map((zone, row): Place => ({ name: zone.name, inside: !outside, x, y: (row - (column.length - 1) / 2) * ROW_HEIGHT }))
  })
}

/** Columns as even as they get: five zones stand as three and two. */
function chunks<T>(items: readonly T[]): T[][] {
  const columns = Math.ceil(items.length / ZONES_PER_COLUMN_MAX)
  const size = Math.ceil(items.length / Math.max(1, columns))
  return Array.from({ length: columns }, (_, i) => items.slice(i * size, (i + 1) * size)).filter((column) => column.length > 0)
}

/** How far a line is pulled from the straight one, in the order they are tried; the first that touches no other zone is taken. */
const BENDS = [0, 70, -70, 110, -110, 150, -150, 200, -200, 260, -260] as const
/** When there is also a line back, both leave the middle, each to its own side. */
const BENDS_TWO_WAY = [36, 90, 130, 170, 220, 280, -90, -130, -170, -220] as const

/** Clear space around a zone, and half the size of a line's label at its middle. */
const CLEARANCE = 10
const LABEL_HALF = { x: 48, y: 18 } as const
const CURVE_SAMPLES = 32

/**
 * Distance of the control point of a quadratic curve from the straight line, to the right of the direction (screen axes), so that the
 * curve and its label pass beside the other zones. When nothing is quite free, the bend that covers least; among equals the smallest.
 */
export function bendOf(from: Place, to: Place, places: readonly Place[], twoWay: boolean): number {
  const others = places.filter((place) => place.name !== from.name && place.name !== to.name)
  const bends: readonly number[] = twoWay ? BENDS_TWO_WAY : BENDS
  const scored = bends.map((bend) => ({ bend, covered: covered(from, to, bend, others) }))
  return scored.reduce((best, one) => (one.covered < best.covered ? one : best)).bend
}

/** Samples of the curve that lie in another zone; a label that touches one counts half. */
function covered(from: Place, to: Place, bend: number, others: readonly Place[]): number {
  let sum = others.some((place) => isInside(curvePoint(from, to, bend, 0.5), place, LABEL_HALF)) ? 0.5 : 0
  for (let i = 1; i < CURVE_SAMPLES; i++) {
    const point = curvePoint(from, to, bend, i / CURVE_SAMPLES)
    if (others.some((place) => isInside(point, place, { x: 0, y: 0 }))) sum++
  }
  return sum
}

function isInside(point: Point, place: Place, extra: Point): boolean {
  const { width, height } = ZONE_SIZE
  return Math.abs(point.x - place.x) < width / 2 + CLEARANCE + extra.x && Math.abs(point.y - place.y) < height / 2 + CLEARANCE + extra.y
}

/** Quadratic curve with its control point `bend` away from the middle, along (-dy, dx) as Cytoscape has it. */
export function curvePoint(from: Place, to: Place, bend: number, t: number): Point {
  const dx = to.x - from.x
  const dy = to.y - from.y
  const length = Math.max(1, Math.hypot(dx, dy))
  const control = { x: (from.x + to.x) / 2 - (dy / length) * bend, y: (from.y + to.y) / 2 + (dx / length) * bend }
  const mix = (a: number, c: number, b: number): number => (1 - t) ** 2 * a + 2 * t * (1 - t) * c + t ** 2 * b
  return { x: mix(from.x, control.x, to.x), y: mix(from.y, control.y, to.y) }
}

/** Line width from bytes: each tenfold adds a step, so that one big flow does not hide the rest. */
export function edgeWidth(bytes: number): number {
  return 1.5 + Math.min(6, Math.max(0, Math.log10(Math.max(1, bytes)) - 2)) * 0.5
}
