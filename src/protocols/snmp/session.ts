// SNMP session: datagrams of one flow to facts, each said once: who asks with which kind of community, and what the agent is.
// Keeps facts few: a walk of a thousand objects is one access, one answer and the four values that name a device.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { SnmpFlag, snmpOperation } from './codes.ts'
import type { SnmpFact } from './facts.ts'
import { decodeSnmp, type SnmpMessage } from './message.ts'

/** Different things told of one flow: two senders with a few operations, and values that change now and then. */
export const SNMP_FACTS_MAX = 32

/** Messages in a row that taught nothing, after which the flow is read no more: a poll of a few objects each minute, for half a day. */
export const SNMP_QUIET_MAX = 512

type Body<F> = F extends SnmpFact ? Omit<F, 'at' | 'frame' | 'protocol' | 'flowId' | 'direction'> : never

export class SnmpSession implements Session {
  readonly #context: SessionContext
  readonly #told = new Set<string>()
  #quiet = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (this.isDone) return
    this.#quiet++
    const { message, problem } = decodeSnmp(buf, off, end)
    if (message) this.#message(direction, message, at)
    if (problem !== null) this.#tell('malformed', direction, { kind: 'malformed', reason: problem }, at)
  }

  /** Everything that may be told was told, or it is the same again and again. */
  get isDone(): boolean {
    return this.#told.size >= SNMP_FACTS_MAX || this.#quiet >= SNMP_QUIET_MAX
  }

  gap(): void {}

  end(): void {}

  #message(direction: Direction, message: SnmpMessage, at: Micros): void {
    const { version, community, pdu, security, flags } = message
    if (community !== null && version !== '3' && pdu !== null) {
      const operation = snmpOperation(pdu)
      this.#tell(`access ${direction} ${version} ${community} ${operation}`, direction, { kind: 'access', version, community, operation }, at)
    }
    // Requests carry the same names without values; a value in a set is what somebody wants, not what is.
    const isSaid = pdu !== null && ['answer', 'notify'].includes(snmpOperation(pdu))
    for (const { item, value } of isSaid ? message.system : []) this.#tell(`${direction} ${item} ${value}`, direction, { kind: 'system', item, value }, at)
    // Without the reportable flag it is an answer or a trap, and the engine named is its sender's (RFC 3412 section 6.4).
    if (security && security.engineId !== '' && (flags & SnmpFlag.reportable) === 0) {
      const { engineId, enterprise, hasUserName } = security
      this.#tell(`engine ${direction} ${engineId} ${hasUserName}`, direction, {
        kind: 'engine', engineId, enterprise, security: securityName(flags), userName: hasUserName,
      }, at)
    }
  }

  #tell(key: string, direction: Direction, body: Body<SnmpFact>, at: Micros): void {
    if (this.#told.has(key) || this.#told.size >= SNMP_FACTS_MAX) return
    this.#told.add(key)
    this.#quiet = 0
    this.#context.emit({ at, frame: this.#context.frame(), protocol: 'snmp', flowId: this.#context.flow.id, direction, ...body })
  }
}

function securityName(flags: number): 'noAuthNoPriv' | 'authNoPriv' | 'authPriv' {
  if ((flags & SnmpFlag.auth) === 0) return 'noAuthNoPriv'
  return (flags & SnmpFlag.priv) === 0 ? 'authNoPriv' : 'authPriv'
}
