// Talk: the conversation with one target as a table, the same for MLLP and FHIR: dial, send, wait for the answer, give up, pause.
// Keeps the rule that every end of a connection gives what was unanswered back to the queue as ambiguous (`lose`), without exception.

import type { Step, TalkTable } from './talk-table.ts'

/** `idle`: the receiver closed a connection that owed us nothing; `draining`: no new message until a fresh connection. */
export type TalkState = 'idle' | 'connecting' | 'ready' | 'waiting' | 'draining' | 'pausing' | 'closed'

export type TalkEvent =
  | 'start' | 'work' | 'close'
  /** Of the connection: made (with TLS: the receiver is who it should be), too slow, broken, ended by the receiver, old. */
  | 'connected' | 'slow' | 'failed' | 'ended' | 'aged'
  /** A kept HTTP connection ended as a request was on its way, before any answer: servers close idle ones at any time. */
  | 'stale'
  /** Of our side: at least one message was written. */
  | 'sent'
  /** Of the receiver: an answer while others are owed, the last one owed, one that says later, one that fits nothing, none in time. */
  | 'answered' | 'answered-last' | 'later' | 'unfit' | 'silent'
  | 'pause-over'

export type TalkAction =
  | 'dial' | 'drop'
  /** Take from the queue up to the window, write, and say `sent`. */
  | 'fill'
  /** Say `work` if the queue holds any. */
  | 'look'
  /** What was sent and not answered is ambiguous. */
  | 'lose'
  | 'watch' | 'unwatch' | 'pause' | 'unpause'
  /** The next pause is a short one again. */
  | 'calm'

const go = (to: TalkState, ...actions: TalkAction[]): Step<TalkState, TalkAction> => ({ to, actions })

const CLOSE = go('closed', 'drop', 'lose', 'unwatch', 'unpause')
/** Something is wrong: no connection is kept, nothing is lost, the next try waits. */
const GIVE_UP = go('pausing', 'drop', 'lose', 'unwatch', 'pause')
const WRONG = { later: GIVE_UP, unfit: GIVE_UP, silent: GIVE_UP, ended: GIVE_UP, failed: GIVE_UP } as const

export const TALK: TalkTable<TalkState, TalkEvent, TalkAction> = {
  idle: { start: go('connecting', 'dial'), work: go('connecting', 'dial'), close: CLOSE },
  connecting: { connected: go('ready', 'fill'), slow: GIVE_UP, failed: GIVE_UP, ended: GIVE_UP, close: CLOSE },
  ready: {
    work: go('ready', 'fill'), sent: go('waiting', 'watch'), aged: go('connecting', 'drop', 'dial'),
    ended: go('idle', 'drop', 'look'), failed: GIVE_UP, unfit: GIVE_UP, close: CLOSE,
  },
  waiting: {
    work: go('waiting', 'fill'), answered: go('waiting', 'calm', 'watch', 'fill'), 'answered-last': go('ready', 'calm', 'unwatch', 'fill'),
    aged: go('draining'), stale: go('connecting', 'drop', 'lose', 'unwatch', 'dial'), ...WRONG, close: CLOSE,
  },
  draining: {
    answered: go('draining', 'calm', 'watch'), 'answered-last': go('connecting', 'calm', 'unwatch', 'drop', 'dial'),
    stale: go('connecting', 'drop', 'lose', 'unwatch', 'dial'), ...WRONG, close: CLOSE,
  },
  pausing: { 'pause-over': go('connecting', 'dial'), close: CLOSE },
  closed: {},
}
