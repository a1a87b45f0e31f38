// data-table: a sortable table with a caption, header scopes and a scroll frame of its own.
// Keeps wide tables inside the page, and every sort reachable by keyboard and told to screen readers (aria-sort).

import { type ReactNode, useId, useState } from 'react'
import { formatCount } from '../model/format.ts'
import { nextSort, sortRows, type SortState, type SortValue } from '../model/sort.ts'
import { arrowRows } from './arrow-rows.ts'

export interface Column<Row> {
  readonly key: string
  readonly head: string
  readonly cell: (row: Row) => ReactNode
  /** Absent: the column cannot be sorted. */
  readonly sort?: (row: Row) => SortValue
  /** First press sorts largest first: for counts and severities. */
  readonly descendingFirst?: boolean
  readonly numeric?: boolean
  /** Names the row for screen readers; one column of each table. */
  readonly rowHeader?: boolean
}

export interface TableProps<Row> {
  readonly caption: string
  /** Hide the caption when a heading right above says the same. */
  readonly captionHidden?: boolean
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly sort?: SortState
  readonly rowState?: (row: Row) => string | undefined
  readonly onPoint?: (row: Row | null) => void
}

/** More rows are drawn on request: a browser lays out this many without a pause. */
export const ROWS_SHOWN_MAX = 300

export function DataTable<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey } = props
  const captionId = useId()
  const [sort, setSort] = useState<SortState | null>(props.sort ?? null)
  const [all, setAll] = useState(false)
  const by = columns.find((column) => column.key === sort?.column)?.sort
  const sorted = sort && by ? sortRows(rows, sort.descending, by) : rows
  const shown = all ? sorted : sorted.slice(0, ROWS_SHOWN_MAX)
  const press = ({ key, descendingFirst = false }: Column<Row>): void => {
    setSort((old) => nextSort(old ?? { column: '', descending: false }, key, descendingFirst))
  }
  return (
    <div className="table-frame">
      <div className="table-scroll" role="region" aria-labelledby={captionId} tabIndex={0}>
        <table>
          <caption id={captionId} className={props.captionHidden ? 'sr-only' : undefined}>{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => <Head key={column.key} column={column} sort={sort} onSort={() => press(column)} />)}
            </tr>
          </thead>
          <tbody onKeyDown={arrowRows} onMouseLeave={() => props.onPoint?.(null)} onBlur={() => props.onPoint?.(null)}>
            {shown.map((row) => (
              <BodyRow key={rowKey(row)} row={row} columns={columns} state={props.rowState?.(row)} onPoint={props.onPoint} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < sorted.length ? <More words={`Show all ${formatCount(sorted.length)} rows`} onMore={() => setAll(true)} /> : null}
    </div>
  )
}

/** The rest of a long list, on request. */
export function More({ words, onMore }: { readonly words: string; readonly onMore: () => void }) {
  return <button type="button" className="button table-more" onClick={onMore}>{words}</button>
}

const ARROWS = { ascending: '▴', descending: '▾', none: '▵' } as const

interface HeadProps<Row> {
  readonly column: Column<Row>
  readonly sort: SortState | null
  readonly onSort: () => void
}

function Head<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const sorted = sort?.column === column.key
  const direction = sorted ? (sort.descending ? 'descending' : 'ascending') : undefined
  return (
    <th scope="col" className={column.numeric ? 'numeric' : undefined} aria-sort={column.sort ? direction ?? 'none' : undefined}>
      {column.sort
        ? (
            <button type="button" className="sort" data-direction={direction} onClick={onSort}>
              {column.head}<span className="sort-arrow" aria-hidden="true">{ARROWS[direction ?? 'none']}</span>
            </button>
          )
        : column.head}
    </th>
  )
}

function BodyRow<Row>({ row, columns, state, onPoint }: {
  readonly row: Row
  readonly columns: readonly Column<Row>[]
  readonly state: string | undefined
  readonly onPoint: ((row: Row | null) => void) | undefined
}) {
  return (
    <tr data-state={state} onMouseEnter={() => onPoint?.(row)} onFocus={() => onPoint?.(row)}>
      {columns.map((column) => column.rowHeader
        ? <th key={column.key} scope="row">{column.cell(row)}</th>
        : <td key={column.key} className={column.numeric ? 'numeric' : undefined}>{column.cell(row)}</td>)}
    </tr>
  )
}
