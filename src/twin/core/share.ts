// Share: the unapproved file server at the central's address: its ports, its export /pm and its three files.
// Keeps the rule that what the twin serves is harmless: an ELF header followed by noise, and a script that prints a line.

import { randomInt, type Rng } from '../../base/rng.ts'
import { IpProto } from '../../wire/frame.ts'
import { FileType, Program } from '../../protocols/rpc/codes.ts'
import type { PortMapping } from '../../protocols/rpc/encode.ts'
import type { DirectoryEntryPlus, FileAttributes } from '../../protocols/rpc/encode-nfs.ts'
import { ascii, concat } from './build.ts'
import { randomBytes } from './chance.ts'

/** The export the firmware asks for (facts section 1). */
export const SHARE_PATH = '/pm'
export const PORTMAP_PORT = 111
export const NFS_PORT = 2049
/** mountd's port is dynamic; this one is what Linux servers register by default. */
export const MOUNT_PORT = 20_048

/** What DUMP lists: MOUNT and NFS as a Linux server of the time offers them. */
export const SHARE_MAPPINGS: readonly PortMapping[] = [IpProto.tcp, IpProto.udp].flatMap((protocol) => [
  { program: Program.portmap, version: 2, protocol, port: PORTMAP_PORT },
  ...[1, 2, 3].map((version) => ({ program: Program.mount, version, protocol, port: MOUNT_PORT })),
  ...[2, 3].map((version) => ({ program: Program.nfs, version, protocol, port: NFS_PORT })),
])

export interface ShareFile {
  readonly name: string
  readonly handle: Uint8Array
  readonly attributes: FileAttributes
  readonly content: Uint8Array
}

export interface Share {
  readonly root: Uint8Array
  readonly rootAttributes: FileAttributes
  readonly files: readonly ShareFile[]
}

/** As long as Linux makes them with an fsid: not meaningful to anybody but the server. */
const HANDLE_BYTES = 28
const ROOT_FILE_ID = 2
/** 2020-01-01T00:00:00Z, made up. */
const MODIFIED = { seconds: 1_577_836_800, nanoseconds: 0 }
/** Real ones are below 4 MB (facts section 5); small ones keep captures small and still need many READs. */
const MONITOR_BYTES = 300_000
const UPDATE_BYTES = 60_000

/** The share with content from this seed: two programs and a script, as the update would copy. */
export function makeShare(rng: Rng): Share {
  const contents: readonly (readonly [string, number, Uint8Array])[] = [
    ['monitor', 0o755, program(rng, MONITOR_BYTES)],
    ['update', 0o755, program(rng, UPDATE_BYTES)],
    ['run.sh', 0o755, ascii('#!/bin/sh\n# ZZTEST filler: stands for the start script of an update\necho ZZTEST\n')],
  ]
  const files = contents.map(([name, mode, content], i) => ({
    name, content, handle: handle(rng), attributes: attributes(FileType.regular, mode, content.length, ROOT_FILE_ID + 1 + i),
  }))
  return { root: handle(rng), rootAttributes: attributes(FileType.directory, 0o755, 4096, ROOT_FILE_ID), files }
}

/** Directory entries as READDIRPLUS gives them, dot entries included. */
export function shareEntries(share: Share): DirectoryEntryPlus[] {
  const dots = ['.', '..'].map((name, i) => ({
    fileId: ROOT_FILE_ID, name, cookie: i + 1, attributes: share.rootAttributes, handle: share.root,
  }))
  const files = share.files.map((file, i) => ({
    fileId: file.attributes.fileId, name: file.name, cookie: dots.length + i + 1, attributes: file.attributes, handle: file.handle,
  }))
  return [...dots, ...files]
}

function attributes(type: FileAttributes['type'], mode: number, size: number, fileId: number): FileAttributes {
  return { type, mode, links: type === FileType.directory ? 2 : 1, uid: 0, gid: 0, size, fsId: 0x5a5a, fileId, modified: MODIFIED }
}

function handle(rng: Rng): Uint8Array {
  return randomBytes(rng, HANDLE_BYTES)
}

/** ELF header of a 32-bit little-endian ARM executable (ELF specification figure 1-3; e_machine 40), then noise: it cannot run. */
function program(rng: Rng, bytes: number): Uint8Array {
  const header = new Uint8Array(52)
  header.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1], 0)
  header.set([2, 0, 40, 0, 1], 16)
  header.set([52, 0, 32, 0], 40)
  const odd = randomInt(rng, 0, 999)
  return concat(header, randomBytes(rng, bytes + odd - header.length))
}
