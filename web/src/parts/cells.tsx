// cells: small pieces that tables and lists share: a second line, and how many rows a filter left.

import type { ReactNode } from 'react'
import { formatCount, plural } from '../model/format.ts'

/** What it is, and under it, smaller, where it comes from. */
export function Two({ children, sub, mono = false }: { readonly children: ReactNode; readonly sub: ReactNode; readonly mono?: boolean }) {
  return <>{children}<span className={mono ? 'sub mono' : 'sub'}>{sub}</span></>
}

/** `12 of 40 assets`; told to screen readers when a filter changes it. */
export function ResultCount({ shown, total, one }: { readonly shown: number; readonly total: number; readonly one: string }) {
  const words = shown === total ? plural(total, one) : `${formatCount(shown)} of ${plural(total, one)}`
  return <p className="result-count" role="status">{words}</p>
}
