// Modbus message: the seven bytes of the MBAP header and the function behind them, and the objects of a device identification.
// Keeps house habit 3: a header that no message has is no value.

import { u16be, u8 } from '../../wire/bytes.ts'
import { asciiBytes, lineText } from '../text.ts'
import { EXCEPTION_BIT, isModbusFunction, MEI_DEVICE_ID, ModbusFunction } from './codes.ts'

/** Transaction, protocol, length, unit, function. */
export const MODBUS_HEAD_BYTES = 8
/** Unit and a PDU of 253 bytes (V1.1b3 section 4.1). */
export const MODBUS_LENGTH_MAX = 254
/** Length bytes included. */
export const MODBUS_BYTES_MAX = 6 + MODBUS_LENGTH_MAX
/** Objects read of one answer; 253 bytes hold some hundred empty ones. */
const OBJECTS_MAX = 32

export interface ModbusHead {
  readonly transaction: number
  /** Bytes of the whole message, header included. */
  readonly bytes: number
  readonly unit: number
  readonly function: number
  readonly isException: boolean
}

/** The head at `off`, of which MODBUS_HEAD_BYTES are there; null when no message begins like this. */
export function decodeHead(buf: Uint8Array, off: number): ModbusHead | null {
  const length = u16be(buf, off + 4)
  const code = u8(buf, off + 7)
  if (u16be(buf, off + 2) !== 0 || length < 2 || length > MODBUS_LENGTH_MAX || !isModbusFunction(code & ~EXCEPTION_BIT)) return null
  const isException = (code & EXCEPTION_BIT) !== 0
  if (isException && length !== 3) return null
  return { transaction: u16be(buf, off), bytes: 6 + length, unit: u8(buf, off + 6), function: code & ~EXCEPTION_BIT, isException }
}

/** Whether a message of this length can be a request or an answer of its function (V1.1b3 section 6); what varies is believed. */
export function fitsFunction(buf: Uint8Array, off: number, head: ModbusHead, end: number): boolean {
  const data = head.bytes - MODBUS_HEAD_BYTES
  if (head.isException) return true
  const counted = end > off + MODBUS_HEAD_BYTES ? u8(buf, off + MODBUS_HEAD_BYTES) + 1 : data
  switch (head.function) {
    case ModbusFunction.readCoils:
    case ModbusFunction.readDiscreteInputs:
    case ModbusFunction.readHoldingRegisters:
    case ModbusFunction.readInputRegisters: return data === 4 || (data === counted && data > 1)
    case ModbusFunction.writeCoil:
    case ModbusFunction.writeRegister: return data === 4
    case ModbusFunction.readExceptionStatus: return data <= 1
    case ModbusFunction.writeCoils:
    case ModbusFunction.writeRegisters: return data === 4 || (data > 5 && end > off + 12 && u8(buf, off + 12) === data - 5)
    case ModbusFunction.encapsulated: return data >= 3 && (u8(buf, off + MODBUS_HEAD_BYTES) === MEI_DEVICE_ID || u8(buf, off + MODBUS_HEAD_BYTES) === 13)
    case ModbusFunction.maskWriteRegister: return data === 6
    case ModbusFunction.reportServerId: return data === 0 || data === counted
    default: return true
  }
}

export interface ModbusObject {
  readonly id: number
  readonly text: string
}

/** Objects of an answer to function 43/14 that is whole at [off, end) (section 6.21); none of a request. */
export function deviceObjects(buf: Uint8Array, off: number, end: number): ModbusObject[] {
  const at = off + MODBUS_HEAD_BYTES
  if (end - at < 6 || u8(buf, at) !== MEI_DEVICE_ID) return []
  const objects: ModbusObject[] = []
  const count = Math.min(u8(buf, at + 5), OBJECTS_MAX)
  let pos = at + 6
  for (let i = 0; i < count && pos + 2 <= end; i++) {
    const next = pos + 2 + u8(buf, pos + 1)
    if (next > end) break
    const text = lineText(buf, pos + 2, next)
    if (text !== null) objects.push({ id: u8(buf, pos), text })
    pos = next
  }
  return objects
}

export function encodeModbus(transaction: number, unit: number, code: number, data: readonly number[]): Uint8Array {
  return Uint8Array.from([transaction >>> 8, transaction & 255, 0, 0, (data.length + 2) >>> 8, (data.length + 2) & 255, unit, code, ...data])
}

/** Data of an answer to 43/14 with these objects, all in one. */
export function deviceIdData(objects: readonly ModbusObject[]): number[] {
  return [MEI_DEVICE_ID, 1, 1, 0, 0, objects.length, ...objects.flatMap(({ id, text }) => [id, text.length, ...asciiBytes(text)])]
}
