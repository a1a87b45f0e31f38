// memory-queue: the slow twin of the durable queue: one plain list of messages, every answer counted from it anew.
// Keeps delivery.ts and queue.ts to the letter and nothing else: no file, no index, no running sums.

import type { QueueFigures, QueuedMessage, TargetQueue } from '../gateway/queue/delivery.ts'
import {
  MESSAGE_OVERHEAD_BYTES, REFUSED_MAX, STRETCHES_MAX, WHY_MAX, controlId, controlPrefix, shareOf, type FeedCursor, type GatewayQueue, type NewMessage,
  type QueueOptions, type RefusedMessage,
} from '../gateway/queue/queue.ts'

interface Held {
  readonly target: string
  readonly seq: number
  readonly controlId: string
  readonly device: string
  readonly enqueuedAt: number
  readonly body: Uint8Array
  state: 'waiting' | 'in-flight' | 'ambiguous' | 'delivered' | 'given' | 'refused'
  attempts: number
  refusedAt: number
  why: string
  isKept: boolean
}

interface Stretch {
  from: number
  to: number
  count: number
  last: number
}

export interface MemoryQueue extends GatewayQueue {
  /** As after a kill and a new start. */
  restart(): void
}

export function memoryQueue(options: QueueOptions): MemoryQueue {
  const names: string[] = []
  const all: Held[] = []
  const stretches = new Map<string, Stretch[]>()
  const cursors = new Map<string, FeedCursor>()
  const listeners = new Map<string, () => void>()
  let hasGivenUp = false

  const know = (name: string): void => {
    if (!names.includes(name)) names.push(name)
  }
  const of = (name: string): Held[] => all.filter((m) => m.target === name)
  const isOpen = (m: Held): boolean => m.state === 'waiting' || m.state === 'in-flight' || m.state === 'ambiguous'
  const isTaken = (m: Held): boolean => m.state === 'in-flight' || m.state === 'ambiguous'
  const size = (m: Held): number => m.body.length + MESSAGE_OVERHEAD_BYTES
  const sum = (list: Held[]): number => list.reduce((bytes, m) => bytes + size(m), 0)
  const bytes = (): number => sum(all.filter((m) => isOpen(m) || (m.state === 'refused' && m.isKept)))

  const giveUp = (m: Held): void => {
    m.state = 'given'
    const given = stretches.get(m.target) ?? []
    const last = given.at(-1)
    if (last?.last === m.seq - 1) Object.assign(last, {
      from: Math.min(last.from, m.enqueuedAt), to: Math.max(last.to, m.enqueuedAt), count: last.count + 1, last: m.seq,
    })
    else given.push({ from: m.enqueuedAt, to: m.enqueuedAt, count: 1, last: m.seq })
    const [a, b] = given
    if (given.length > STRETCHES_MAX && a && b) {
      given.splice(0, 2, { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to), count: a.count + b.count, last: b.last })
    }
    stretches.set(m.target, given)
  }

  const makeRoom = (): void => {
    hasGivenUp = false
    while (bytes() > options.bytesMax) {
      const heads = names.flatMap((name) => of(name).find((m) => m.state === 'waiting' || m.state === 'ambiguous') ?? [])
      const oldest = heads.toSorted((a, b) => a.enqueuedAt - b.enqueuedAt)[0]
      if (oldest === undefined) return
      giveUp(oldest)
      hasGivenUp = true
    }
  }

  const insert = ({ target, device, at, encode }: NewMessage): string[] => {
    const seq = of(target).length + 1
    const control = controlId(controlPrefix(options.tag, options.bornAt, names.indexOf(target) + 1), seq)
    const body = encode(control)
    if (body === null) return []
    all.push({ target, seq, controlId: control, device, enqueuedAt: at, body, state: 'waiting', attempts: 0, refusedAt: 0, why: '', isKept: false })
    return [target]
  }

  const connectionLost = (name: string): void => {
    for (const m of of(name)) if (m.state === 'in-flight') m.state = 'ambiguous'
  }

  const figures = (name: string, now: number): QueueFigures => {
    const count = (state: Held['state']): number => of(name).filter((m) => m.state === state).length
    const open = of(name).filter(isOpen)
    const [head] = open
    return {
      target: name, waiting: count('waiting'), inFlight: count('in-flight'), ambiguous: count('ambiguous'), refused: count('refused'),
      delivered: count('delivered'), bytes: sum(open), lagMicros: head === undefined ? null : Math.max(0, now - head.enqueuedAt),
      given: (stretches.get(name) ?? []).map(({ from, to, count: n }) => ({ from, to, count: n })),
    }
  }

  const target = (name: string): TargetQueue => {
    know(name)
    return {
      target: name,
      take: (countMax) => of(name).filter((m) => m.state === 'waiting' || m.state === 'ambiguous').slice(0, countMax).map((m): QueuedMessage => {
        m.state = 'in-flight'
        m.attempts += 1
        const { seq, controlId: control, device, enqueuedAt, attempts, body } = m
        return { seq, controlId: control, device, enqueuedAt, state: 'in-flight', attempts, body }
      }),
      acknowledge(seqs) {
        for (const m of of(name)) if (seqs.includes(m.seq) && isTaken(m)) m.state = 'delivered'
      },
      refuse(seq, why, at) {
        const m = of(name).find((one) => one.seq === seq && isTaken(one))
        if (m === undefined) return
        Object.assign(m, { state: 'refused', why: why.slice(0, WHY_MAX), refusedAt: at, isKept: true })
        const kept = of(name).filter((one) => one.state === 'refused' && one.isKept)
        if (kept.length > REFUSED_MAX && kept[0]) kept[0].isKept = false
      },
      connectionLost: () => connectionLost(name),
      figures: (now) => figures(name, now),
      onWork(listener) {
        if (listener === null) listeners.delete(name)
        else listeners.set(name, listener)
      },
    }
  }

  return {
    target,
    names: () => names,
    enqueue(messages, given = []) {
      for (const one of [...messages, ...given]) know(one.target)
      const added = new Set(messages.flatMap(insert))
      for (const cursor of given) {
        const marks = new Map([...(cursors.get(cursor.target)?.marks ?? []), ...cursor.marks].map((mark) => [mark.device, mark]))
        cursors.set(cursor.target, { ...cursor, marks: [...marks.values()].toSorted((a, b) => (a.device < b.device ? -1 : 1)) })
      }
      makeRoom()
      for (const name of added) listeners.get(name)?.()
    },
    cursor: (name) => cursors.get(name) ?? null,
    refused: (name, countMax) => of(name).filter((m) => m.state === 'refused' && m.isKept)
      .toSorted((a, b) => b.refusedAt - a.refusedAt || b.seq - a.seq).slice(0, countMax)
      .map((m): RefusedMessage => ({ controlId: m.controlId, device: m.device, enqueuedAt: m.enqueuedAt, refusedAt: m.refusedAt, why: m.why })),
    share: () => shareOf(bytes(), options.bytesMax, hasGivenUp),
    tidy: () => undefined,
    close: () => undefined,
    restart() {
      for (const name of names) connectionLost(name)
      hasGivenUp = false
    },
  }
}
