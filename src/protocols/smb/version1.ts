// SMB 1: the same of its messages (MS-CIFS section 2.2.4, MS-SMB section 2.2.4). AndX chains are followed.
// Keeps the rule that version 1 is told as such by the server's first answer, whatever else is understood.

import { u16le, u32le, u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { Smb1, SMB1_HEADER_BYTES } from './codes.ts'
import { smb1Block, smb1Header, smb1Text, u64le, type Smb1Block, type SmbHeader } from './message.ts'
import type { SmbSession } from './session.ts'
import { shareName } from './text.ts'
import { NO_FILE } from './version2.ts'

/** Commands chained in one message: log-in, share, and what is asked of it. */
const CHAIN_MAX = 4
const NO_COMMAND = 0xff
const PIPES = 'IPC$'
const WORD = 0x1_0000_0000

function key1(fid: number): string {
  return `1.${fid}`
}

/** Where the data of READ_ANDX or WRITE_ANDX begins; -1 for everything else. */
export function bulkOfSmb1(session: SmbSession, buf: Uint8Array, off: number, end: number): number {
  const { command, isResponse, id } = smb1Header(buf, off)
  const block = smb1Block(buf, off + SMB1_HEADER_BYTES, end)
  if (block === null) return -1
  const isRead = isResponse && command === Smb1.readAndx && block.wordCount >= 12 && session.pendingOf(id) !== undefined
  const isWrite = !isResponse && command === Smb1.writeAndx && block.wordCount >= 12
  if (!isRead && !isWrite) return -1
  const at = off + u16le(buf, block.words + (isRead ? 12 : 22))
  return at >= block.bytes && at <= end ? at : -1
}

export function readSmb1(session: SmbSession, direction: Direction, buf: Uint8Array, off: number, end: number): void {
  const header = smb1Header(buf, off)
  session.asks(direction, header.isResponse)
  if (header.isResponse) session.dialect('1', true)
  let { command } = header
  let at = off + SMB1_HEADER_BYTES
  for (let i = 0; i < CHAIN_MAX && command !== NO_COMMAND; i++) {
    const block = smb1Block(buf, at, end)
    if (block === null) return
    if (header.isResponse) response(session, direction, command, header, block, buf, off, end)
    else request(session, direction, command, header, block, buf, off, end)
    if (!isAndx(command) || block.wordCount < 2) return
    command = u8(buf, block.words)
    const next = off + u16le(buf, block.words + 2)
    if (next <= at) return
    at = next
  }
}

function isAndx(command: number): boolean {
  return command === Smb1.sessionSetup || command === Smb1.treeConnect || command === Smb1.ntCreate || command === Smb1.readAndx || command === Smb1.writeAndx
}

const NOTHING = { file: null, path: null, share: null, offset: 0 } as const

/** A chain has one id: what is remembered is its last command that matters. */
function request(
  session: SmbSession, direction: Direction, command: number, header: SmbHeader, block: Smb1Block, buf: Uint8Array, off: number, end: number,
): void {
  const { words, wordCount, bytes, bytesEnd } = block
  const { id } = header
  const share = session.shareOf(header)
  const isPipe = share === PIPES
  if (command === Smb1.sessionSetup) session.security(buf, bytes, bytesEnd)
  else if (command === Smb1.treeConnect && wordCount >= 4) {
    const path = smb1Text(buf, off, bytes + u16le(buf, words + 6), bytesEnd)
    session.remember(id, { ...NOTHING, command, share: shareName(path) })
  } else if (command === Smb1.ntCreate && wordCount >= 24) {
    session.remember(id, { ...NOTHING, command, path: smb1Text(buf, off, bytes, bytesEnd), share })
  } else if (command === Smb1.readAndx && wordCount >= 10) {
    const high = wordCount >= 12 ? u32le(buf, words + 20) : 0
    const file = isPipe ? NO_FILE : key1(u16le(buf, words + 4))
    session.remember(id, { ...NOTHING, command, file, offset: u32le(buf, words + 6) + high * WORD })
  } else if (command === Smb1.writeAndx && wordCount >= 12) {
    const file = isPipe ? NO_FILE : key1(u16le(buf, words + 4))
    session.remember(id, { ...NOTHING, command, file })
    const offset = u32le(buf, words + 6) + (wordCount >= 14 ? u32le(buf, words + 24) * WORD : 0)
    const length = u16le(buf, words + 20) + u16le(buf, words + 18) * 0x1_0000
    if (!isPipe) session.passes(direction, file, 'write', offset, length, buf, off + u16le(buf, words + 22), end)
  } else if (command === Smb1.close && wordCount >= 3) {
    const file = isPipe ? NO_FILE : key1(u16le(buf, words))
    session.files.closing(file, 'grown')
    session.remember(id, { ...NOTHING, command, file })
  }
}

function response(
  session: SmbSession, direction: Direction, command: number, header: SmbHeader, block: Smb1Block, buf: Uint8Array, off: number, end: number,
): void {
  const { words, wordCount, bytes, bytesEnd } = block
  const { id, status } = header
  if (command === Smb1.sessionSetup) return session.security(buf, bytes, bytesEnd)
  const pending = session.pendingOf(id)
  if (pending === undefined || pending.command !== command) return
  session.answered(id)
  const isFile = pending.file !== null && pending.file !== NO_FILE
  if (status !== 0) {
    if (command === Smb1.writeAndx && isFile) session.files.at(pending.file ?? '').write?.doubt()
  } else if (command === Smb1.treeConnect && pending.share !== null) session.connected(header, pending.share)
  else if (command === Smb1.ntCreate && wordCount >= 34 && pending.share !== PIPES) {
    session.files.opened(key1(u16le(buf, words + 5)), pending.path ?? '', pending.share, u64le(buf, words + 55))
  } else if (pending.file === null || !isFile) return
  else if (command === Smb1.readAndx && wordCount >= 12) {
    const length = u16le(buf, words + 10) + u32le(buf, words + 14) * 0x1_0000
    session.passes(direction, pending.file, 'read', pending.offset, length, buf, off + u16le(buf, words + 12), end)
  } else if (command === Smb1.close) session.files.closed(pending.file, 'grown')
}
