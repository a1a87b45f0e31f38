// NFSv4 shapes: reads what the letters of nfs4-codes.ts say, and the unions that several operations share.
// Keeps the rule that a reader is exact to the byte: where an operation ends is where the next one begins.

import { AUTH_SYS_GROUPS_MAX, NAME_MAX } from './codes.ts'
import { readAttributes, readBitmap, readHandle4 } from './nfs4-attributes.ts'
import { LIST_MAX, OPAQUE_BYTES_MAX, type Shape } from './nfs4-codes.ts'
import { TRANSFER_BYTES_MAX } from './nfs3.ts'
import type { Operation } from './procedure.ts'
import { padded, type XdrReader } from './xdr.ts'

const STATEID_BYTES = 16
const CHANGE_INFO_BYTES = 20
/** nfstime4: eight bytes of seconds and four of nanoseconds. */
export const NFS_TIME_BYTES = 12
/** device_error4: device, status, operation (RFC 7862 section 15.6). */
const DEVICE_ERROR_BYTES = 24
/** channel_attrs4 without its list of at most one word (RFC 8881 section 18.36.1). */
const CHANNEL_BYTES = 24

export function readShape(r: XdrReader, shape: Shape, into: Operation): void {
  for (let i = 0; i < shape.length && r.fault === null; i++) {
    const item = shape[i] as string
    if (item === '*') readList(r, shape[++i] as string, into)
    else if (item !== '?') readItem(r, item, into)
    else if (r.bool('value-follows')) readItem(r, shape[++i] as string, into)
    else i++
  }
}

function readList(r: XdrReader, item: string, into: Operation): void {
  const count = r.u32()
  if (count > LIST_MAX) r.fail('list-length')
  for (let i = 0; i < count && r.fault === null; i++) readItem(r, item, into)
}

function readItem(r: XdrReader, item: string, into: Operation): void {
  switch (item) {
    case '4': return r.skip(4)
    case '8': return r.skip(8)
    case 's': return r.skip(STATEID_BYTES)
    case 'i': return r.skip(CHANGE_INFO_BYTES)
    case 't': return r.skip(NFS_TIME_BYTES)
    case 'd': return r.skip(DEVICE_ERROR_BYTES)
    case 'o': return void r.skipOpaque(OPAQUE_BYTES_MAX, 'opaque-length')
    case 'm': return void readBitmap(r)
    case 'a': return void readAttributes(r)
    case 'c': r.skip(CHANNEL_BYTES); return readShape(r, '*4', into)
    case 'p': return readCallbackSecurity(r, into)
    case 'l': return readLocation(r, into)
    case 'n': into.name = r.text(NAME_MAX, 'name-length'); return
    case 'h': into.handle = readHandle4(r); return
    case 'O': into.offset = r.u64(); return
    case 'C': into.count = r.u32(); return
    case 'E': into.eof = r.bool('eof'); return
    default: return readData(r, into)
  }
}

/** Length and place of data; steps over what of it is here, for another operation may follow. */
function readData(r: XdrReader, into: Operation): void {
  const length = r.u32()
  if (length > TRANSFER_BYTES_MAX) r.fail('data-length')
  if (r.fault !== null) return
  into.dataBytes = length
  into.dataOff = r.off
  if (!r.has(padded(length))) return
  r.skip(padded(length))
}

/** callback_sec_parms4 (RFC 8881 section 18.33.1): who the server is to be when it calls back. None of it is kept. */
function readCallbackSecurity(r: XdrReader, into: Operation): void {
  const flavor = r.u32()
  if (flavor === 1) {
    readShape(r, '4o44', into)
    const groups = r.u32()
    if (groups > AUTH_SYS_GROUPS_MAX) r.fail('group-count')
    r.skip(4 * groups)
  } else if (flavor === 6) readShape(r, '4oo', into)
  else if (flavor !== 0) r.fail('callback-flavor')
}

/** netloc4 (RFC 7862 section 4.9.1): a name, a URL, or a netid and an address. */
function readLocation(r: XdrReader, into: Operation): void {
  const type = r.u32()
  if (type < 1 || type > 3) r.fail('location')
  readShape(r, type === 3 ? 'oo' : 'o', into)
}

/** open_delegation4 (RFC 7530 section 16.16.2, RFC 8881 section 18.16.2). */
export function readDelegation(r: XdrReader, into: Operation): void {
  const delegation = r.u32()
  if (delegation === 1) readShape(r, 's4444o', into)
  else if (delegation === 2) readShape(r, 's448444o', into)
  else if (delegation === 3) {
    const why = r.u32()
    if (why === 1 || why === 2) r.skip(4)
  } else if (delegation !== 0) r.fail('delegation')
}
