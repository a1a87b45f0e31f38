// Compound: the operations of an NFSv4 call and of its reply, walked side by side, become the steps that version 3 would have made of them.
// Keeps the rule that the current and the saved handle are followed exactly (RFC 7530 section 16): a step names its handle or none.

import { Op4 } from './nfs4-codes.ts'
import type { FileFacts, Operation } from './procedure.ts'

/** What happened to a file or directory, in the words of version 3. */
export type Step =
  | { readonly kind: 'root'; readonly handle: string }
  | {
    readonly kind: 'found'; readonly parent: string | null; readonly inRoot: boolean; readonly name: string; readonly handle: string
    readonly file: FileFacts | null
  }
  | { readonly kind: 'attributes'; readonly handle: string; readonly file: FileFacts }
  | { readonly kind: 'listed'; readonly parent: string | null; readonly entries: Operation['entries'] }
  | { readonly kind: 'layout'; readonly handle: string; readonly entries: Operation['entries'] }
  | { readonly kind: 'read'; readonly handle: string; readonly offset: number; readonly data: Operation }
  | { readonly kind: 'wrote'; readonly handle: string; readonly asked: number; readonly took: number }
  /** A write that failed, or a change whose bytes do not pass here. */
  | { readonly kind: 'refused'; readonly handle: string }
  | { readonly kind: 'closed'; readonly handle: string }

/** What the handle register holds: a handle as far as it is known, and how it was come by. */
interface Current {
  handle: string | null
  parent: string | null
  parentIsRoot: boolean
  name: string | null
  isRoot: boolean
  file: FileFacts | null
}

function at(handle: string | null, overrides: Partial<Current> = {}): Current {
  return { handle, parent: null, parentIsRoot: false, name: null, isRoot: false, file: null, ...overrides }
}

/** Steps of a COMPOUND. `results` may be shorter than `calls`: one failed, or the rest was not read. */
export function compoundSteps(calls: readonly Operation[], results: readonly Operation[]): Step[] {
  const steps: Step[] = []
  let current = at(null)
  let saved = at(null)
  for (const [i, result] of results.entries()) {
    const call = calls[i]
    if (call === undefined || call.op !== result.op) return steps
    if (result.status !== 0) {
      if (call.op === Op4.write && current.handle !== null) steps.push({ kind: 'refused', handle: current.handle })
      return steps
    }
    if (call.op === Op4.savefh) saved = { ...current }
    else if (call.op === Op4.restorefh) current = { ...saved }
    else current = next(current, call)
    observe(current, call, result, steps)
  }
  return steps
}

/** The register after an operation that succeeded. */
function next(current: Current, call: Operation): Current {
  switch (call.op) {
    case Op4.putfh: return at(call.handle)
    case Op4.putrootfh:
    case Op4.putpubfh: return at(null, { isRoot: true })
    // SECINFO of 4.1 leaves no current handle (RFC 8881 section 2.6.3.1.1.8); of 4.0 it does, and is looked at as if it did not.
    case Op4.secinfo:
    case Op4.secinfoNoName:
    case Op4.openattr:
    case Op4.lookupp: return at(null)
    case Op4.lookup:
    case Op4.create: return at(null, { parent: current.handle, parentIsRoot: current.isRoot, name: call.name })
    // Without a name the current file itself is opened.
    case Op4.open: return call.name === null ? current : at(null, { parent: current.handle, parentIsRoot: current.isRoot, name: call.name })
    default: return current
  }
}

function observe(current: Current, call: Operation, result: Operation, steps: Step[]): void {
  const { handle } = current
  if (call.op === Op4.getfh && result.handle !== null) {
    current.handle = result.handle
    if (current.isRoot) steps.push({ kind: 'root', handle: result.handle })
    found(current, steps)
  } else if (call.op === Op4.getattr && result.file !== null) {
    current.file = result.file
    if (handle !== null) steps.push({ kind: 'attributes', handle, file: result.file })
    found(current, steps)
  } else if (call.op === Op4.readdir) steps.push({ kind: 'listed', parent: handle, entries: result.entries })
  else if (handle !== null) content(handle, call, result, steps)
}

/** A name that met its handle; told again when its attributes come, so that a directory is known as one. */
function found({ handle, parent, parentIsRoot, name, file }: Current, steps: Step[]): void {
  if (handle === null || name === null) return
  steps.push({ kind: 'found', parent, inRoot: parentIsRoot, name, handle, file })
}

function content(handle: string, call: Operation, result: Operation, steps: Step[]): void {
  if (call.op === Op4.read) steps.push({ kind: 'read', handle, offset: call.offset, data: result })
  else if (call.op === Op4.readPlus) steps.push({ kind: 'read', handle, offset: result.offset, data: result })
  else if (call.op === Op4.write) steps.push({ kind: 'wrote', handle, asked: call.dataBytes, took: result.count })
  else if (call.op === Op4.layoutget) steps.push({ kind: 'layout', handle, entries: result.entries })
  else if (UNSEEN_CHANGE.has(call.op)) steps.push({ kind: 'refused', handle })
  else if (call.op === Op4.close) steps.push({ kind: 'closed', handle })
}

/** WRITEs of a call whose handle the call itself names, with where their data is. */
export function compoundWrites(calls: readonly Operation[]): { readonly handle: string; readonly data: Operation }[] {
  const writes: { handle: string; data: Operation }[] = []
  let handle: string | null = null
  let saved: string | null = null
  for (const call of calls) {
    if (call.op === Op4.putfh) handle = call.handle
    else if (call.op === Op4.savefh) saved = handle
    else if (call.op === Op4.restorefh) handle = saved
    else if (call.op === Op4.write && handle !== null && call.dataBytes >= 0) writes.push({ handle, data: call })
    else if (CHANGES_HANDLE.has(call.op) && (call.op !== Op4.open || call.name !== null)) handle = null
  }
  return writes
}

const CHANGES_HANDLE: ReadonlySet<number> = new Set([
  Op4.putrootfh, Op4.putpubfh, Op4.lookup, Op4.lookupp, Op4.create, Op4.open, Op4.openattr, Op4.secinfo, Op4.secinfoNoName,
])

/** The server itself changes the current file (RFC 7862 sections 15.1 to 15.4, 15.12, 15.13). */
const UNSEEN_CHANGE: ReadonlySet<number> = new Set([Op4.allocate, Op4.copy, Op4.deallocate, Op4.writeSame, Op4.clone])
