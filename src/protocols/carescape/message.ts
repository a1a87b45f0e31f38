// CARESCAPE discovery: one datagram into the node's own address, its place and services; whether it names a patient, never whom.
// Keeps the patient-data rule: of the sixteen bytes of a name only "something stands there" is read.

import { ipFromV4, type Ip } from '../../base/ip.ts'
import { asciiText, u16be, u32be, u8 } from '../../wire/bytes.ts'
import { DISCOVERY_BYTES_MAX, DISCOVERY_BYTES_MIN, DISCOVERY_HEAD, DiscoveryAt, PATIENT_BYTES, PLACE_BYTES, SERVICE_BYTES, SERVICES_MAX } from './codes.ts'

export interface Discovery {
  readonly address: Ip
  /** Care unit and bed as configured; null when empty. */
  readonly unit: string | null
  readonly bed: string | null
  readonly hasPatient: boolean
  /** Distinct UDP ports it offers services on, ascending. */
  readonly ports: readonly number[]
}

/** The datagram [off, end), or null: head, an address, a place in printable text with one bar, and services that fit. */
export function decodeDiscovery(buf: Uint8Array, off: number, end: number): Discovery | null {
  if (!isDiscovery(buf, off, end)) return null
  const place = off + DiscoveryAt.place
  const bar = barOf(buf, place)
  return {
    address: ipFromV4(u32be(buf, off + DiscoveryAt.address)),
    unit: textOrNull(buf, place, bar), bed: textOrNull(buf, bar + 1, endOfText(buf, place, PLACE_BYTES)),
    hasPatient: hasName(buf, off + DiscoveryAt.patient),
    ports: portsOf(buf, off, end),
  }
}

export function isDiscovery(buf: Uint8Array, off: number, end: number): boolean {
  const length = end - off
  if (length < DISCOVERY_BYTES_MIN || length > DISCOVERY_BYTES_MAX || u32be(buf, off) !== DISCOVERY_HEAD) return false
  if (u32be(buf, off + DiscoveryAt.address) === 0) return false
  const services = u8(buf, off + DiscoveryAt.count)
  return barOf(buf, off + DiscoveryAt.place) >= 0 && services <= SERVICES_MAX && DISCOVERY_BYTES_MIN + services * SERVICE_BYTES <= length
}

/** Offset of the bar in a place of printable text with NULs behind it; -1 when it is none. */
function barOf(buf: Uint8Array, off: number): number {
  const stop = endOfText(buf, off, PLACE_BYTES)
  let bar = -1
  for (let at = off; at < stop; at++) {
    const byte = u8(buf, at)
    if (byte < 0x20 || byte > 0x7e) return -1
    if (byte === 0x7c && bar < 0) bar = at
  }
  for (let at = stop; at < off + PLACE_BYTES; at++) if (u8(buf, at) !== 0) return -1
  return bar
}

function endOfText(buf: Uint8Array, off: number, bytes: number): number {
  let end = off
  while (end < off + bytes && u8(buf, end) !== 0) end++
  return end
}

function textOrNull(buf: Uint8Array, off: number, end: number): string | null {
  const text = asciiText(buf, off, end, PLACE_BYTES).trim()
  return text === '' ? null : text
}

/** A letter: the comma between two empty names is none. */
function hasName(buf: Uint8Array, off: number): boolean {
  for (let at = off; at < off + PATIENT_BYTES; at++) {
    const byte = u8(buf, at)
    if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte > 0x7f) return true
  }
  return false
}

function portsOf(buf: Uint8Array, off: number, end: number): readonly number[] {
  const ports = new Set<number>()
  const stop = Math.min(end, off + DiscoveryAt.services + SERVICE_BYTES * u8(buf, off + DiscoveryAt.count))
  for (let at = off + DiscoveryAt.services; stop - at >= SERVICE_BYTES; at += SERVICE_BYTES) ports.add(u16be(buf, at + 2))
  return [...ports].sort((a, b) => a - b)
}

/** A discovery message for tests: services as pairs of number and port. */
export function encodeDiscovery(address: number, place: string, patient: string, services: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(88)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, DISCOVERY_HEAD)
  view.setUint32(DiscoveryAt.address, address)
  view.setUint32(DiscoveryAt.clock, 0x5a40_cdc0)
  bytes.set(new TextEncoder().encode(place).slice(0, PLACE_BYTES), DiscoveryAt.place)
  bytes.set(new TextEncoder().encode(patient).slice(0, PATIENT_BYTES), DiscoveryAt.patient)
  bytes[DiscoveryAt.count] = services.length
  for (const [i, [service, port]] of services.entries()) {
    view.setUint16(DiscoveryAt.services + i * SERVICE_BYTES, service)
    view.setUint16(DiscoveryAt.services + 2 + i * SERVICE_BYTES, port)
  }
  return bytes
}
