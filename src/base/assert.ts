// assert: we are wrong, so crash. Never for bytes from the wire (an observation) nor for a user's file (a diagnostic).

export class InvariantError extends Error {
  override name = 'InvariantError'
}

/** Throws InvariantError when `condition` is false: a bug of ours, not of the input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** For the default arm of an exhaustive switch: the compiler refuses it when a case is missing. */
export function assertNever(value: never): never {
  throw new InvariantError(`unexpected value: ${String(value)}`)
}
