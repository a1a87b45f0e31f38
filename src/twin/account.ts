// Account: what each bed of the live ward has sent, counted to the byte, and how sure it is that it arrived.
// Keeps the rule that what is counted as sent was wholly taken by the kernel, and is sure only on a connection that ended in order.

import type { Leaving, Piece } from './faults.ts'

/** How a connection came to its end: as the monitor wanted, or by the other side or the network (`broken`). */
export type Ending = Leaving | 'broken'

/** Sure: on connections that stayed up or ended in order. Unsure: on connections that were reset or broke, where some may be lost. */
export interface SentCounts {
  turns: number
  frames: number
  bytes: number
  /** Garbage that a whole frame followed, so that a reader can have told it from one. */
  garbageBytes: number
}

export interface BedAccount {
  readonly bed: number
  readonly sure: SentCounts
  readonly unsure: SentCounts
  connections: number
  /** Connections that never came to be, and those that ended otherwise than the monitor wanted. */
  refused: number
  broken: number
  left: Record<Leaving, number>
  /** Frames that a connection ended within. */
  tornFrames: number
  /** Garbage that no whole frame followed on its connection: a reader may have skipped it or not. */
  looseGarbageBytes: number
  /** Turns that were not said because what came before them was not taken. */
  skippedTurns: number
  /** Bytes that came back. A gateway never sends one. */
  heardBytes: number
}

export function newAccount(bed: number): BedAccount {
  return {
    bed, sure: emptyCounts(), unsure: emptyCounts(), connections: 0, refused: 0, broken: 0, left: { close: 0, reset: 0, silence: 0 }, tornFrames: 0,
    looseGarbageBytes: 0, skippedTurns: 0, heardBytes: 0,
  }
}

function emptyCounts(): SentCounts {
  return { turns: 0, frames: 0, bytes: 0, garbageBytes: 0 }
}

/** Told of each frame when its connection has ended: in the order it was sent, and whether it surely arrived. */
export type OnSent = (sent: { readonly bed: number; readonly speaks: 'cms' | 'hl7'; readonly frames: readonly Uint8Array[]; readonly isSure: boolean }) => void

/** One connection's page in the account of its bed. */
export class ConnectionPage {
  readonly #counts = emptyCounts()
  readonly #frames: Uint8Array[] = []
  readonly #keepsFrames: boolean
  #garbage = 0
  #isWithinFrame = false

  /** `keepsFrames`: the frames themselves, for who compares them with what was stored. */
  constructor(keepsFrames: boolean) {
    this.#keepsFrames = keepsFrames
  }

  /** The kernel has taken the whole piece. */
  taken(piece: Piece): void {
    this.#counts.bytes += piece.bytes.length
    if (piece.isGarbage) {
      this.#garbage += piece.bytes.length
      return
    }
    this.#isWithinFrame = piece.ends === null
    if (piece.ends === null) return
    this.#counts.frames++
    if (piece.ends.endsTurn) this.#counts.turns++
    this.#counts.garbageBytes += this.#garbage
    this.#garbage = 0
    if (this.#keepsFrames) this.#frames.push(piece.ends.bytes)
  }

  /** Writes the page into the account. A connection left in silence is sure: nothing was said after its last byte was taken. */
  end(account: BedAccount, speaks: 'cms' | 'hl7', ending: Ending, onSent: OnSent | null): void {
    const isSure = ending === 'close' || ending === 'silence'
    const into = isSure ? account.sure : account.unsure
    for (const name of ['turns', 'frames', 'bytes', 'garbageBytes'] as const) into[name] += this.#counts[name]
    if (this.#isWithinFrame) account.tornFrames++
    account.looseGarbageBytes += this.#garbage
    if (ending === 'broken') account.broken++
    else account.left[ending]++
    onSent?.({ bed: account.bed, speaks, frames: this.#frames, isSure })
  }
}

/** Sums over the beds, for one line of output. */
export function totalOf(accounts: readonly BedAccount[]): { readonly sure: SentCounts; readonly unsure: SentCounts; readonly rest: RestCounts } {
  const sum = (count: (a: BedAccount) => number): number => accounts.reduce((total, a) => total + count(a), 0)
  const counts = (of: (a: BedAccount) => SentCounts): SentCounts => ({
    turns: sum((a) => of(a).turns), frames: sum((a) => of(a).frames), bytes: sum((a) => of(a).bytes), garbageBytes: sum((a) => of(a).garbageBytes),
  })
  return {
    sure: counts((a) => a.sure),
    unsure: counts((a) => a.unsure),
    rest: {
      connections: sum((a) => a.connections), refused: sum((a) => a.refused), broken: sum((a) => a.broken), closed: sum((a) => a.left.close),
      reset: sum((a) => a.left.reset), silenced: sum((a) => a.left.silence), tornFrames: sum((a) => a.tornFrames),
      looseGarbageBytes: sum((a) => a.looseGarbageBytes), skippedTurns: sum((a) => a.skippedTurns), heardBytes: sum((a) => a.heardBytes),
    },
  }
}

export interface RestCounts {
  readonly connections: number
  readonly refused: number
  readonly broken: number
  readonly closed: number
  readonly reset: number
  readonly silenced: number
  readonly tornFrames: number
  readonly looseGarbageBytes: number
  readonly skippedTurns: number
  readonly heardBytes: number
}
