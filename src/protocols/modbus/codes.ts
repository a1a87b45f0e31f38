// Modbus codes: functions, which of them write, device identification objects, exceptions.
// Source: MODBUS Application Protocol Specification V1.1b3 sections 5.1, 6 and 7; MODBUS Messaging on TCP/IP V1.0b section 3.1.3.

export const ModbusFunction = {
  readCoils: 1, readDiscreteInputs: 2, readHoldingRegisters: 3, readInputRegisters: 4, writeCoil: 5, writeRegister: 6, readExceptionStatus: 7,
  diagnostics: 8, eventCounter: 11, eventLog: 12, writeCoils: 15, writeRegisters: 16, reportServerId: 17, readFileRecord: 20, writeFileRecord: 21,
  maskWriteRegister: 22, readWriteRegisters: 23, readFifo: 24, encapsulated: 43,
} as const

const KNOWN: ReadonlySet<number> = new Set(Object.values(ModbusFunction))
const WRITES: ReadonlySet<number> = new Set([5, 6, 15, 16, 21, 22, 23])
/** The top bit of a function in an answer: it was refused. */
export const EXCEPTION_BIT = 0x80
/** MODBUS Encapsulated Interface type of device identification (section 6.21). */
export const MEI_DEVICE_ID = 14

export function isModbusFunction(code: number): boolean {
  return KNOWN.has(code)
}

export function writes(code: number): boolean {
  return WRITES.has(code)
}

/** Section 6.21, table of objects; `object-N` for the vendor's own. */
const OBJECTS = ['vendor', 'product-code', 'revision', 'vendor-url', 'product', 'model', 'application'] as const

export function objectName(id: number): string {
  return OBJECTS[id] ?? `object-${id}`
}
