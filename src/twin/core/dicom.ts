// Dicom: the few PDUs of one C-ECHO over an association, as byte strings. A control: clinical traffic that is no monitor.
// Keeps the rule that no patient data object exists in the twin: association items and a verification, nothing else.

import { ascii, concat, u16be, u16le, u32be, u32le } from './build.ts'

/** Verification SOP Class (PS3.4 annex A) and the names every association needs (PS3.5, PS3.7 annex A). */
const UID = {
  applicationContext: '1.2.840.10008.3.1.1.1',
  verification: '1.2.840.10008.1.1',
  implicitLittleEndian: '1.2.840.10008.1.2',
  /** A UUID-derived root (PS3.5 annex B.2), so that no maker is implied. */
  implementation: '2.25.177341869501275490121849160372251986734',
} as const
const IMPLEMENTATION_NAME = 'ZZTWIN'
/** PDU types (PS3.8 section 9.3). */
const PDU = { associateRequest: 1, associateAccept: 2, data: 4, releaseRequest: 5, releaseReply: 6 } as const
/** Longest P-DATA-TF the ends take (PS3.8 annex D.1), bytes. */
const PDU_BYTES_MAX = 16_384
/** Presentation context ids are odd (PS3.8 section 9.3.2.2). */
const CONTEXT_ID = 1
/** Id, reserved, result 0 (accepted) or reserved, reserved. */
const CONTEXT_HEAD = Uint8Array.of(CONTEXT_ID, 0, 0, 0)
const AE_TITLE_BYTES = 16
/** Command elements (PS3.7 annex E) in group 0000. */
const COMMAND = {
  groupLength: 0x0000, sopClass: 0x0002, field: 0x0100, messageId: 0x0110, respondedTo: 0x0120, dataSetType: 0x0800, status: 0x0900,
} as const
const ECHO_REQUEST = 0x0030
const ECHO_RESPONSE = 0x8030
const NO_DATA_SET = 0x0101

/** Both titles of an association, at most 16 characters each. */
export interface AeTitles {
  readonly called: string
  readonly calling: string
}

/** A-ASSOCIATE-RQ proposing verification in implicit little endian. */
export function associateRequest(titles: AeTitles): Uint8Array {
  const syntaxes = concat(item(0x30, ascii(UID.verification)), item(0x40, ascii(UID.implicitLittleEndian)))
  return associate(PDU.associateRequest, titles, item(0x20, concat(CONTEXT_HEAD, syntaxes)))
}

/** A-ASSOCIATE-AC taking the proposal (result 0). */
export function associateAccept(titles: AeTitles): Uint8Array {
  return associate(PDU.associateAccept, titles, item(0x21, concat(CONTEXT_HEAD, item(0x40, ascii(UID.implicitLittleEndian)))))
}

function associate(type: number, titles: AeTitles, context: Uint8Array): Uint8Array {
  const head = new Uint8Array(4 + 2 * AE_TITLE_BYTES + 32)
  head[1] = 1
  head.fill(0x20, 4, 4 + 2 * AE_TITLE_BYTES)
  head.set(ascii(titles.called), 4)
  head.set(ascii(titles.calling), 4 + AE_TITLE_BYTES)
  const implementation = concat(item(0x52, ascii(UID.implementation)), item(0x55, ascii(IMPLEMENTATION_NAME)))
  const user = item(0x50, concat(item(0x51, u32be(PDU_BYTES_MAX)), implementation))
  return pdu(type, concat(head, item(0x10, ascii(UID.applicationContext)), context, user))
}

/** C-ECHO-RQ in one P-DATA-TF (PS3.7 section 9.3.5.1). */
export function echoRequest(messageId: number): Uint8Array {
  return command(
    element(COMMAND.field, u16le(ECHO_REQUEST)),
    element(COMMAND.messageId, u16le(messageId)),
    element(COMMAND.dataSetType, u16le(NO_DATA_SET)),
  )
}

/** C-ECHO-RSP with status 0, success. */
export function echoResponse(messageId: number): Uint8Array {
  return command(
    element(COMMAND.field, u16le(ECHO_RESPONSE)),
    element(COMMAND.respondedTo, u16le(messageId)),
    element(COMMAND.dataSetType, u16le(NO_DATA_SET)),
    element(COMMAND.status, u16le(0)),
  )
}

export function releaseRequest(): Uint8Array {
  return pdu(PDU.releaseRequest, new Uint8Array(4))
}

export function releaseReply(): Uint8Array {
  return pdu(PDU.releaseReply, new Uint8Array(4))
}

function command(...elements: readonly Uint8Array[]): Uint8Array {
  // UIDs are padded with one NUL to an even length (PS3.5 section 9.4).
  const body = concat(element(COMMAND.sopClass, ascii(UID.verification.padEnd(18, '\0'))), ...elements)
  const set = concat(element(COMMAND.groupLength, u32le(body.length)), body)
  // Message control header 3: a command, and its last fragment (PS3.8 annex E.2).
  return pdu(PDU.data, concat(u32be(set.length + 2), Uint8Array.of(CONTEXT_ID, 3), set))
}

function element(number: number, value: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0, 0), u16le(number), u32le(value.length), value)
}

function pdu(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, 0), u32be(body.length), body)
}

function item(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, 0), u16be(body.length), body)
}
