// shape: what the parent accepts from the process that faces the segment: every field of every message, checked before anybody looks at it.
// Keeps the rule that a process that was taken over can tell lies about monitors, but no nonsense that breaks the hospital's side.

type Check = (value: unknown) => boolean

/** Longest text of a message: reasons and names are sentences. */
const TEXT_MAX = 8192
const LIST_MAX = 4096

const text: Check = (v) => typeof v === 'string' && v.length <= TEXT_MAX
const number: Check = (v) => typeof v === 'number' && Number.isFinite(v)
const flag: Check = (v) => typeof v === 'boolean'
const orNull = (check: Check): Check => (v) => v === null || check(v)
const list = (check: Check): Check => (v) => Array.isArray(v) && v.length <= LIST_MAX && v.every(check)
const either = (...checks: readonly Check[]): Check => (v) => checks.some((check) => check(v))
const word = (...words: readonly string[]): Check => (v) => typeof v === 'string' && words.includes(v)
const pair = (first: Check, second: Check): Check => (v) => Array.isArray(v) && v.length === 2 && first(v[0]) && second(v[1])

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Exactly these fields: none is missing, none more. */
function object(fields: Readonly<Record<string, Check>>): Check {
  const names = Object.keys(fields)
  return (v) => isObject(v) && Object.keys(v).length === names.length && names.every((name) => Object.hasOwn(v, name) && fields[name]?.(v[name]) === true)
}

const counts: Check = (v) => isObject(v) && Object.keys(v).length <= LIST_MAX && Object.entries(v).every(([name, count]) => text(name) && number(count))

const patient = object({ key: text, number: text, authority: text, name: object({ family: text, given: text }) })
const assignment = either(
  object({ state: word('assigned'), patient, since: number, by: word('adt', 'hand') }),
  object({ state: word('contested', 'unassigned'), why: text }),
)
const evidence = object({ check: text, result: word('fits', 'differs', 'cannot-tell'), why: text })
const dataVerdict = object({
  word: word('OK', 'CHECK BEDSIDE', 'NOT TRUSTED', 'NOT CHECKED'), reasons: list(evidence), fits: list(text), untold: list(evidence),
})
const verdict = object({ action: word('accept', 'note', 'drop', 'close'), why: text, rule: text })
const ledgerNote = object({ kind: word('applied', 'ignored', 'flag'), beds: list(text), why: text })
const command = either(
  object({ kind: word('log'), device: orNull(text), at: number, verdict: either(verdict, ledgerNote) }),
  object({ kind: word('data-check'), device: text, at: number, verdict: dataVerdict }),
  object({ kind: word('assignment'), device: text, at: number, assignment }),
)
const feed = object({
  state: word('never', 'live', 'silent', 'lost'), framesPerSecond: number, cycleMicros: orNull(number), gaps: number, longestGapMicros: number,
  clockOffsetMicros: orNull(number), lastFrameAt: orNull(number),
})
const door = object({
  bytes: number, frames: number, resyncs: number, skippedBytes: number, malformed: number, unknown: list(pair(text, number)), untoldLogs: number,
})
const view = object({ device: text, bed: orNull(text), assignment, feed, dataCheck: dataVerdict, connections: list(door) })
const updates = object({ requests: counts, duplicates: number, connectionsRefused: number, connectionsDropped: number, noCalls: number })
const segment = object({ connections: number, accepted: number, refused: number, holds: number, isHolding: flag })
const audit = object({
  at: number, kind: text, severity: word('info', 'warning', 'alarm'), ip: text, deviceId: orNull(text), permitId: orNull(text), releaseId: orNull(text),
  path: orNull(text), reason: orNull(text), sentBytes: orNull(number), sizeBytes: orNull(number), repeats: number,
})
const missing = object({ what: text, why: text, isVital: flag })

/** By kind. `readings` are no text: core/record.ts reads them. */
const MESSAGES: Readonly<Record<string, Check>> = {
  ready: object({ kind: word('ready'), at: number, sandbox: list(text), missing: list(missing) }),
  note: object({ kind: word('note'), command }),
  audit: object({ kind: word('audit'), record: audit }),
  beds: object({ kind: word('beds'), at: number, views: list(view), updates, segment }),
}

/** Whether a value that was read from the channel is a message. */
export function isMessage(value: unknown): boolean {
  const kind = isObject(value) ? value['kind'] : undefined
  return typeof kind === 'string' && Object.hasOwn(MESSAGES, kind) && MESSAGES[kind]?.(value) === true
}
