// zone-matrix: conversations from each zone to each zone as a grid. Right of the double line is outside the hospital.
// Keeps the grid walkable: one Tab stop, arrows between cells, Enter shows the conversations of a cell.

import { type KeyboardEvent, useRef, useState } from 'react'
import type { ZoneCell } from '../../../src/console/api.ts'
import { formatBytes, formatCount, plural } from '../model/format.ts'
import { crosses, type Matrix } from '../model/matrix.ts'
import { zoneHolds } from '../model/words.ts'

export interface Chosen {
  readonly from: string
  readonly to: string
}

/** Cell to go to for a key: [row, column], clamped to the grid; null when the key is none of ours. */
export function cellForKey(key: string, row: number, column: number, size: number): readonly [number, number] | null {
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
    Home: [row, 0], End: [row, size - 1],
  }
  const goal = steps[key]
  const clamp = (value: number): number => Math.max(0, Math.min(size - 1, value))
  return goal ? [clamp(goal[0]), clamp(goal[1])] : null
}

export function ZoneMatrix({ matrix, chosen, onChoose }: {
  readonly matrix: Matrix
  readonly chosen: Chosen | null
  readonly onChoose: (cell: Chosen) => void
}) {
  const grid = useRef<HTMLTableElement>(null)
  const [current, setCurrent] = useState<readonly [number, number]>([0, 0])
  const onKeyDown = (event: KeyboardEvent): void => {
    const goal = cellForKey(event.key, current[0], current[1], matrix.zones.length)
    if (!goal) return
    event.preventDefault()
    setCurrent(goal)
    grid.current?.querySelector<HTMLElement>(`[data-cell="${goal[0]} ${goal[1]}"]`)?.focus()
  }
  return (
    <div className="table-scroll matrix-scroll" role="region" aria-label="Conversation matrix">
      <table ref={grid} role="grid" className="matrix" onKeyDown={onKeyDown}>
        <caption>From the zone of the row to the zone of the column. Arrow keys move, Enter lists a cell.</caption>
        <thead>
          <tr>
            <td className="matrix-corner"><span aria-hidden="true">from ↓ to →</span></td>
            {matrix.zones.map((zone, i) => (
              <th key={zone.name} scope="col" data-wall={i === matrix.boundary} data-kind={zone.kind}>{zone.name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.zones.map((from, row) => (
            <tr key={from.name} data-wall={row === matrix.boundary}>
              <th scope="row" data-kind={from.kind}>{from.name}<span className="sub">{zoneHolds(from)}</span></th>
              {matrix.zones.map((to, column) => (
                <td key={to.name} data-wall={column === matrix.boundary}>
                  <CellButton cell={matrix.cell(from.name, to.name)} from={from.name} to={to.name}
                    leaving={crosses(matrix, from.name, to.name)}
                    chosen={chosen?.from === from.name && chosen.to === to.name} position={`${row} ${column}`}
                    tabbable={current[0] === row && current[1] === column}
                    onFocus={() => setCurrent([row, column])} onChoose={onChoose} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface CellProps extends Chosen {
  readonly cell: ZoneCell | null
  readonly leaving: boolean
  readonly chosen: boolean
  readonly position: string
  readonly tabbable: boolean
  readonly onFocus: () => void
  readonly onChoose: (cell: Chosen) => void
}

function CellButton({ cell, from, to, leaving, chosen, position, tabbable, onFocus, onChoose }: CellProps) {
  const state = cell === null ? 'none' : cell.denied > 0 ? 'deny' : leaving ? 'leaving' : 'seen'
  return (
    <button type="button" className="cell" data-cell={position} data-cell-state={state} aria-pressed={chosen} aria-disabled={cell === null}
      tabIndex={tabbable ? 0 : -1} aria-label={cellWords(from, to, cell, leaving)} onFocus={onFocus}
      onClick={() => cell !== null && onChoose({ from, to })}>
      {cell === null
        ? <span aria-hidden="true" className="cell-none">·</span>
        : (
            <span aria-hidden="true">
              <b>{formatCount(cell.conversations)}</b>
              {cell.denied > 0 ? <span className="cell-deny">{formatCount(cell.denied)} deny</span> : null}
              <span className="sub">{formatBytes(cell.bytes)}</span>
            </span>
          )}
    </button>
  )
}

function cellWords(from: string, to: string, cell: ZoneCell | null, leaving: boolean): string {
  if (cell === null) return `${from} to ${to}: nothing seen`
  const denied = cell.denied > 0 ? `${formatCount(cell.denied)} denied` : ''
  const words = [plural(cell.conversations, 'conversation'), denied, leaving ? 'leaving the hospital' : '', formatBytes(cell.bytes)]
  return `${from} to ${to}: ${words.filter((word) => word !== '').join(', ')}`
}
