// TFTP session: a request announces the flow its data comes by; each of the two flows is a session of its own over one transfer.
// Keeps the rule that a fact is told once: the request, the end of the file, or that nobody answered.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import { u16be } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { type ExpectedFlows, senderPort } from '../expected.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { receiver, sender } from '../session-tools.ts'
import { TftpOp, tftpErrorName } from './codes.ts'
import { readOptions, readRequest, type TftpRequest } from './message.ts'
import { TftpTransfer } from './transfer.ts'

const HEAD_BYTES = 4

/** What the flows of one sensor share. */
export interface TftpMemory {
  readonly expected: ExpectedFlows<TftpTransfer>
  readonly held: HeldBudget
}

export class TftpSession implements Session {
  readonly #context: SessionContext
  readonly #memory: TftpMemory
  /** The request came on another flow. */
  readonly #isDataFlow: boolean
  #transfer: TftpTransfer | null

  constructor(context: SessionContext, memory: TftpMemory, transfer: TftpTransfer | null) {
    this.#context = context
    this.#memory = memory
    this.#transfer = transfer
    this.#isDataFlow = transfer !== null
    if (transfer !== null) transfer.hasFlow = true
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (end - off < HEAD_BYTES) return
    const op = u16be(buf, off)
    if (op === TftpOp.read || op === TftpOp.write) this.#request(direction, buf, off, end, at)
    else if (this.#transfer !== null && !this.#transfer.told) this.#follow(this.#transfer, direction, op, buf, off, end, at)
  }

  gap(): void {}

  end(at: Micros): void {
    const transfer = this.#transfer
    if (transfer === null || transfer.told) return
    if (this.#isDataFlow) this.#tell(transfer, at)
    else if (transfer.hasFlow) return
    else if (transfer.answered) this.#tell(transfer, at)
    else this.#unanswered(transfer, at)
  }

  #request(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const request = readRequest(buf, off, end)
    if (request === null || this.#transfer?.isSame(request)) return
    this.end(at)
    const { flow } = this.#context
    const client = sender(flow, direction)
    const server = receiver(flow, direction)
    this.#transfer = new TftpTransfer(request, client, server, this.#memory.held)
    this.#memory.expected.announce(flow, client, senderPort(flow, direction), server, this.#transfer, at)
    const { name, mode } = request
    const options = request.options.map((option) => option.name)
    this.#context.emit({ ...this.#base(client, server, at), kind: 'request', operation: operationOf(request), name, mode, options })
  }

  #follow(transfer: TftpTransfer, direction: Direction, op: number, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const fromServer = sender(this.#context.flow, direction) === transfer.server
    if (fromServer) transfer.answered = true
    if (op === TftpOp.optionAck && fromServer) transfer.accepted(readOptions(buf, off + 2, end) ?? [])
    else if (op === TftpOp.data && fromServer === (transfer.way === 'read')) {
      if (transfer.block(u16be(buf, off + 2), buf, off + HEAD_BYTES, end)) this.#tell(transfer, at)
    } else if (op === TftpOp.error) this.#error(transfer, u16be(buf, off + 2), at)
  }

  #error(transfer: TftpTransfer, code: number, at: Micros): void {
    const { client, server, request } = transfer
    this.#context.emit({ ...this.#base(client, server, at), kind: 'error', reason: tftpErrorName(code), name: request.name })
    if (transfer.covered > 0) this.#tell(transfer, at)
    else transfer.finish()
  }

  #unanswered(transfer: TftpTransfer, at: Micros): void {
    const { client, server, request } = transfer
    transfer.finish()
    this.#context.emit({ ...this.#base(client, server, at), kind: 'unanswered', operation: operationOf(request), name: request.name })
  }

  #tell(transfer: TftpTransfer, at: Micros): void {
    const { client, server, way, request } = transfer
    if (transfer.covered === 0 && !transfer.answered) return
    this.#context.emit({
      at, frame: this.#context.frame(), protocol: 'file-transfer', kind: way, over: 'tftp', flowId: this.#context.flow.id, client, server,
      transport: 'udp', place: null, name: request.name, ...transfer.finish(),
    })
  }

  #base(client: Ip, server: Ip, at: Micros) {
    return { at, frame: this.#context.frame(), protocol: 'tftp' as const, flowId: this.#context.flow.id, client, server }
  }
}

function operationOf(request: TftpRequest): 'read' | 'write' {
  return request.op === TftpOp.read ? 'read' : 'write'
}
