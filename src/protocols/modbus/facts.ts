// What Modbus teaches: which units a controller has, what is asked of them and who writes, and what they call themselves.

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'

interface ModbusBase extends FactBase {
  readonly protocol: 'modbus'
  readonly flowId: number
}

/** A unit names itself (function 43/14): each object once. */
export interface ModbusDevice extends ModbusBase {
  readonly kind: 'device'
  readonly unit: number
  /** Who answered. */
  readonly serverSide: Direction
  /** `vendor`, `product-code`, `revision`, `product`, `model`, ... */
  readonly object: string
  readonly text: string
}

/** The first writing request of a flow: something can change. */
export interface ModbusWrite extends ModbusBase {
  readonly kind: 'write'
  readonly unit: number
  readonly function: number
  readonly serverSide: Direction
}

/** Totals of a flow, at its end. */
export interface ModbusTotal extends ModbusBase {
  readonly kind: 'total'
  readonly serverSide: Direction
  readonly units: readonly number[]
  /** Requests by function, in order of number. */
  readonly functions: readonly { readonly function: number; readonly count: number }[]
  readonly requests: number
  readonly answers: number
  readonly exceptions: number
  readonly writes: number
}

/** `reason`: `length` (a header no message has; the direction is given up) or `gap`. */
export interface ModbusMalformed extends ModbusBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type ModbusFact = ModbusDevice | ModbusWrite | ModbusTotal | ModbusMalformed
