// Syslog session: datagrams or streams of one flow to names once and counts at the end.
// Keeps facts few: a busy logger is a handful of names and one line of totals.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import type { SyslogFact } from './facts.ts'
import { decodeSyslog, SYSLOG_HEAD_BYTES_MAX } from './message.ts'
import { SyslogStream, type SyslogStreamSink } from './stream.ts'

/** Names of hosts told per flow: one is the rule, a relay has many and none of them is its own. */
export const SYSLOG_HOSTS_MAX = 8
/** Names of programs told per flow. */
export const SYSLOG_APPS_MAX = 16
const SEVERITIES = 8

type Body<F> = F extends SyslogFact ? Omit<F, 'at' | 'frame' | 'protocol' | 'flowId'> : never

export class SyslogSession implements Session {
  readonly #context: SessionContext
  readonly #hosts = new Set<string>()
  readonly #apps = new Set<string>()
  readonly #severities = new Uint32Array(SEVERITIES)
  readonly #streams: readonly [SyslogStream, SyslogStream] | null
  #messages = 0
  #unread = 0
  #at: Micros = 0

  constructor(context: SessionContext) {
    this.#context = context
    this.#streams = context.transport === 'tcp' ? [new SyslogStream(this.#sink(0)), new SyslogStream(this.#sink(1))] : null
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    if (this.#streams) this.#streams[direction].feed(buf, off, end)
    else this.#message(direction, buf, off, Math.min(end, off + SYSLOG_HEAD_BYTES_MAX))
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.#at = at
    this.#streams?.[direction].gap()
  }

  end(at: Micros): void {
    this.#at = at
    this.#tell({ kind: 'session', messages: this.#messages, severities: [...this.#severities], unread: this.#unread })
  }

  #sink(direction: Direction): SyslogStreamSink {
    return { message: (buf, off, end) => this.#message(direction, buf, off, end), lost: () => void this.#unread++ }
  }

  #message(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    const message = decodeSyslog(buf, off, end)
    if (message === null) {
      this.#unread++
      return
    }
    this.#messages++
    this.#severities[message.severity] = (this.#severities[message.severity] as number) + 1
    const { host, app, format } = message
    // The empty name stands for messages without one.
    if (this.#hosts.size < SYSLOG_HOSTS_MAX && !this.#hosts.has(host ?? '')) {
      this.#hosts.add(host ?? '')
      this.#tell({ kind: 'sender', direction, format, host })
    }
    if (app === null || this.#apps.size >= SYSLOG_APPS_MAX || this.#apps.has(app)) return
    this.#apps.add(app)
    this.#tell({ kind: 'app', direction, app })
  }

  #tell(body: Body<SyslogFact>): void {
    this.#context.emit({ at: this.#at, frame: this.#context.frame(), protocol: 'syslog', flowId: this.#context.flow.id, ...body })
  }
}
