// DICOM session: one flow -> facts: the association asked for and answered, the first operation of each kind, totals at the end.
// Keeps "association items only": of data sets only their length is known here.

import { u8 } from '../../wire/bytes.ts'
import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import {
  DICOM_CANCEL, DICOM_COUNTS_MAX, DICOM_FAULTS_MAX, DICOM_OPERATIONS_MAX, DICOM_RESPONSE_BIT, DicomCommand, DicomPdu, abortReasonName,
  commandName, contextResultName, operationName, rejectReasonName, statusName, type DicomFault,
} from './codes.ts'
import { readCommandSet, type DicomCommandSet } from './command.ts'
import type { DicomFact, DicomTotals } from './facts.ts'
import { readAssociation, type DicomAssociation } from './message.ts'
import { DicomStream } from './stream.ts'

/** A fact without what every fact of this flow shares. */
type Unshared<F> = F extends DicomFact ? Omit<F, keyof FactBase | 'protocol' | 'flowId'> : never
type Teaching = Unshared<DicomFact>

/** A command and a status in one number; responses without a status, and requests, have NO_STATUS. */
const STATUSES = 0x1_0001
const NO_STATUS = 0xffff + 1

const LASTING = ['unknown', 'permanent', 'transient'] as const

export class DicomSession implements Session {
  readonly #context: SessionContext
  readonly #streams: readonly [DicomStream, DicomStream]
  #at: Micros = 0
  /** Abstract syntax by context of the association in force. */
  readonly #contexts = new Map<number, string>()
  /** What was told, so that it is told once. */
  readonly #operations = new Set<string>()
  readonly #counts = new Map<number, number>()
  /** Who asked for images by C-GET: what it is then sent is an answer. */
  #getter: Direction | null = null
  readonly #dataSetBytes: [number, number] = [0, 0]
  #ended: DicomTotals['ended'] = 'open'
  #abortReason = ''
  #faults = 0
  #untold = 0

  constructor(context: SessionContext) {
    this.#context = context
    const midstream = context.flow.state === 'midstream'
    this.#streams = [this.#makeStream(0, midstream), this.#makeStream(1, midstream)]
  }

  #makeStream(direction: Direction, midstream: boolean): DicomStream {
    return new DicomStream({
      pdu: (type, buf, off, end) => this.#onPdu(direction, type, buf, off, end),
      command: (contextId, buf, off, end) => this.#onCommand(direction, contextId, readCommandSet(buf, off, end)),
      dataSet: (bytes) => {
        this.#dataSetBytes[direction] += bytes
      },
      fault: (fault) => this.#tellFault(fault),
    }, midstream)
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    this.#streams[direction].feed(buf, off, end)
  }

  gap(direction: Direction, bytes: number, at: Micros): void {
    this.#at = at
    this.#streams[direction].gap(bytes)
  }

  end(at: Micros): void {
    this.#at = at
    const commands = new Map<string, number>()
    const statuses: [string, string, number][] = []
    for (const [key, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      const name = commandName(Math.floor(key / STATUSES))
      commands.set(name, (commands.get(name) ?? 0) + count)
      if (key % STATUSES !== NO_STATUS) statuses.push([name, statusName(key % STATUSES), count])
    }
    const [initiator, responder] = this.#dataSetBytes
    this.#teach({
      kind: 'totals', commands: [...commands], statuses, dataSetBytes: [initiator, responder], ended: this.#ended,
      abortReason: this.#abortReason, untold: this.#untold,
    })
  }

  #onPdu(direction: Direction, type: number, buf: Uint8Array, off: number, end: number): void {
    if (type === DicomPdu.associateRequest) this.#onRequest(direction, readAssociation(buf, off, end))
    else if (type === DicomPdu.associateAccept) this.#onAccept(direction, readAssociation(buf, off, end))
    else if (type === DicomPdu.associateReject) this.#onReject(direction, u8(buf, off + 1), u8(buf, off + 2), u8(buf, off + 3))
    else if (type === DicomPdu.releaseReply) this.#ended = 'released'
    else if (type === DicomPdu.abort) {
      this.#ended = 'aborted'
      this.#abortReason = abortReasonName(u8(buf, off + 2), u8(buf, off + 3))
    }
  }

  #onRequest(direction: Direction, value: DicomAssociation): void {
    this.#ended = 'open'
    this.#contexts.clear()
    for (const { id, abstractSyntax } of value.contexts) this.#contexts.set(id, abstractSyntax)
    const { callingAe, calledAe, implementationClass, implementationVersion, lengthMax, userIdentity } = value
    const contexts = value.contexts.map(({ abstractSyntax, transferSyntaxes }) => ({ abstractSyntax, transferSyntaxes }))
    this.#teach({
      kind: 'request', direction, callingAe, calledAe, implementationClass, implementationVersion, lengthMax, userIdentity, contexts,
    })
    if (value.isBroken) this.#tellFault('association-items')
  }

  #onAccept(direction: Direction, value: DicomAssociation): void {
    const { callingAe, calledAe, implementationClass, implementationVersion, lengthMax, contexts } = value
    const syntax = (id: number): string => this.#contexts.get(id) ?? ''
    const accepted = contexts.filter((c) => c.result === 0).map((c): [string, string] => [syntax(c.id), c.transferSyntaxes[0] ?? ''])
    const refused = contexts.filter((c) => c.result !== 0).map((c): [string, string] => [syntax(c.id), contextResultName(c.result)])
    this.#teach({ kind: 'accept', direction, callingAe, calledAe, implementationClass, implementationVersion, lengthMax, accepted, refused })
    if (value.isBroken) this.#tellFault('association-items')
  }

  #onReject(direction: Direction, result: number, source: number, reason: number): void {
    this.#ended = 'rejected'
    this.#teach({ kind: 'reject', direction, lasting: LASTING[result] ?? 'unknown', reason: rejectReasonName(source, reason) })
  }

  #onCommand(direction: Direction, contextId: number, set: DicomCommandSet): void {
    if (set.isBroken || set.field < 0) this.#tellFault('command-set')
    if (set.field < 0) return
    const isResponse = (set.field & DICOM_RESPONSE_BIT) !== 0
    this.#count(set.field * STATUSES + (isResponse && set.status >= 0 ? set.status : NO_STATUS))
    if (!isResponse && set.field !== DICOM_CANCEL) this.#tellOperation(direction, set, this.#contexts.get(contextId) ?? '')
  }

  #count(key: number): void {
    const before = this.#counts.get(key)
    if (before === undefined && this.#counts.size >= DICOM_COUNTS_MAX) this.#untold += 1
    else this.#counts.set(key, (before ?? 0) + 1)
  }

  #tellOperation(direction: Direction, set: DicomCommandSet, abstractSyntax: string): void {
    const sopClass = set.sopClass === '' ? abstractSyntax : set.sopClass
    if (set.field === DicomCommand.get) this.#getter = direction
    const isRetrieval = set.field === DicomCommand.store && (set.isMoved || (this.#getter !== null && this.#getter !== direction))
    const destinationAe = set.field === DicomCommand.move ? set.destinationAe : ''
    const key = `${direction} ${set.field} ${sopClass} ${isRetrieval} ${destinationAe}`
    if (this.#operations.has(key)) return
    if (this.#operations.size >= DICOM_OPERATIONS_MAX) {
      this.#untold += 1
      return
    }
    this.#operations.add(key)
    this.#teach({ kind: 'operation', direction, command: operationName(set.field), sopClass, isRetrieval, destinationAe })
  }

  #tellFault(reason: DicomFault): void {
    this.#faults += 1
    if (this.#faults <= DICOM_FAULTS_MAX) this.#teach({ kind: 'malformed', reason })
    else this.#untold += 1
  }

  #teach(teaching: Teaching): void {
    this.#context.emit({ at: this.#at, frame: this.#context.frame(), protocol: 'dicom', flowId: this.#context.flow.id, ...teaching })
  }
}
