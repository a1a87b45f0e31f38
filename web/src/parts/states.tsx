// states: what a part of the page shows while there is nothing yet, when asking failed, and when there is nothing to show.
// Keeps "an empty state says what to do".

import type { ReactNode } from 'react'
import type { Failure } from '../data/client.ts'
import type { Resource } from '../data/resources.ts'

/** Shows `children(data)` once there is data; old data stays on the page when a refetch fails, under a warning. */
export function Shown<T>({ resource, what, children }: {
  readonly resource: Resource<T>
  /** For the waiting line, e.g. `findings`. */
  readonly what: string
  readonly children: (data: T) => ReactNode
}) {
  if (resource.data === null) {
    return resource.error ? <FailureNote error={resource.error} /> : <p className="waiting" role="status">Reading {what}…</p>
  }
  return (
    <>
      {resource.error ? <FailureNote error={resource.error} stale /> : null}
      {children(resource.data)}
    </>
  )
}

export function FailureNote({ error, stale = false }: { readonly error: Failure; readonly stale?: boolean }) {
  return (
    <div className="note note-failure" role="alert">
      <p><b>{error.message}</b>{stale ? ' What you see below is older.' : ''}</p>
      <p>{error.help}</p>
    </div>
  )
}

/** Nothing here, why, and what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  )
}
