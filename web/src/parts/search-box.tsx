// search-box: the filter of a list, with its fields named under it and its misspellings told.

import { useId } from 'react'
import { type Fields, parseSearch, unknownFields } from '../model/search.ts'

export function SearchBox<Row>({ label, value, onChange, fields, example }: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly fields: Fields<Row>
  readonly example: string
}) {
  const id = useId()
  const unknown = unknownFields(parseSearch(value), fields)
  return (
    <div className="search">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="search" value={value} placeholder={example} autoComplete="off" spellCheck={false} data-search
        aria-describedby={`${id}-help`} onChange={(event) => onChange(event.target.value)} />
      <p id={`${id}-help`} className="search-help" data-unknown={unknown.length > 0}>
        {unknown.length > 0
          ? <>There is no field <b>{unknown.join(', ')}</b>. Fields: {Object.keys(fields).join(', ')}.</>
          : <>Words, or field:value with {Object.keys(fields).join(', ')}. A minus excludes.</>}
      </p>
    </div>
  )
}

