// Update: a monitor's firmware update over NFS as a state table: list, mount /pm, copy, or fall back and give up.
// Keeps facts/cms8000.md section 6, all of it inferred from BusyBox and NFSv3 practice; nothing is written to the server.

import { randomInt, type Rng } from '../../base/rng.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { IpProto } from '../../wire/frame.ts'
import { Program } from '../../protocols/rpc/codes.ts'
import {
  dumpResult, encodeCall, encodeReply, getportResult, mntResult, mountMnt, portmapDump, portmapGetport, voidResult,
  type AuthSys, type RpcCallBody,
} from '../../protocols/rpc/encode.ts'
import {
  access3Result, fsinfo3Result, getattr3Result, lookup3Result, nfs3Access, nfs3Fsinfo, nfs3Getattr, nfs3Lookup, nfs3Null, nfs3Read,
  nfs3Readdirplus, read3Result, readdirplus3Result,
} from '../../protocols/rpc/encode-nfs.ts'
import { runTable, type Actions, type TableRow } from './machine.ts'
import { NO_FRAMES, type WardFrame } from './packets.ts'
import { TcpLine, type RpcLine } from './rpc-line.ts'
import {
  makeShare, MOUNT_PORT, NFS_PORT, PORTMAP_PORT, SHARE_MAPPINGS, SHARE_PATH, shareEntries, type Share, type ShareFile,
} from './share.ts'
import { unansweredSyns, type Standpoint } from './tcp-talk.ts'
import { UdpLine } from './udp-line.ts'

type UpdateState = 'idle' | 'listing' | 'mounting' | 'asking-port' | 'probing' | 'reading-directory' | 'copying' | 'falling-back' | 'over'
type UpdateEvent =
  | 'update-chosen' | 'ports-listed' | 'no-answer' | 'mounted' | 'port-known' | 'share-known' | 'names-known' | 'file-copied'
  | 'all-copied' | 'gave-up'
type UpdateAction = 'list-ports' | 'mount' | 'ask-nfs-port' | 'probe-share' | 'read-directory' | 'copy-file' | 'mount-blindly' | 'stop'

/** Order of facts section 6, table rows 1 to 8: no lock traffic, no write, no UMNT. */
export const UPDATE_TABLE: readonly TableRow<UpdateState, UpdateEvent, UpdateAction>[] = [
  { state: 'idle', event: 'update-chosen', action: 'list-ports', next: 'listing' },
  { state: 'listing', event: 'ports-listed', action: 'mount', next: 'mounting' },
  { state: 'mounting', event: 'mounted', action: 'ask-nfs-port', next: 'asking-port' },
  { state: 'asking-port', event: 'port-known', action: 'probe-share', next: 'probing' },
  { state: 'probing', event: 'share-known', action: 'read-directory', next: 'reading-directory' },
  { state: 'reading-directory', event: 'names-known', action: 'copy-file', next: 'copying' },
  { state: 'copying', event: 'file-copied', action: 'copy-file', next: 'copying' },
  { state: 'copying', event: 'all-copied', action: 'stop', next: 'over' },
  { state: 'listing', event: 'no-answer', action: 'mount-blindly', next: 'falling-back' },
  { state: 'falling-back', event: 'gave-up', action: 'stop', next: 'over' },
]

export interface UpdateSetup {
  readonly client: Standpoint
  readonly server: Standpoint
  /** False: the address is silent. */
  readonly answered: boolean
  readonly transport: 'udp' | 'tcp'
  readonly synRetries: number
  readonly at: Micros
  readonly rng: Rng
}

/** Kernel mounts act as root; the host name of the device is not known, so it is made up. */
const ROOT: AuthSys = { machine: 'monitor', uid: 0, gid: 0, groups: [0] }
const MOUNT_VERSION = 3
/** READ size: 8 KB over UDP gives fragments on every reply (facts section 6 row 6), 32 KB is what TCP clients ask. */
const READ_BYTES: { readonly [T in UpdateSetup['transport']]: number } = { udp: 8192, tcp: 32_768 }
/** From a reply to the next call: a slow ARM9 that writes flash. */
const THINK_MICROS = 4_000
/** BusyBox bindresvport picks from the privileged range; 600 to 1023 avoids well-known services. */
const RESERVED_PORT: readonly [number, number] = [600, 1023]
const EPHEMERAL_PORT: readonly [number, number] = [1025, 4999]
/** Read, look up and execute; what a copy asks for. */
const ACCESS_MASK = 0x1f
const ACCESS_GRANTED = 0x03
/** The fall-back without a port list: MOUNT v1 on a fixed port, every 3 s for 20 s (facts section 6, computed from BusyBox 1.12). */
const BLIND_MOUNT_PORT = 635
const BLIND_WAIT_MICROS = 3 * MICROS_PER_SECOND
const BLIND_TOTAL_MICROS = 20 * MICROS_PER_SECOND

/** Frames of one update attempt, from its first SYN to its end. */
export function* playUpdate(setup: UpdateSetup): Generator<WardFrame, void, undefined> {
  yield* runTable(UPDATE_TABLE, 'idle', 'update-chosen', new UpdateClient(setup).actions())
}

/** Where one attempt stands. The share is made only when it is served. */
class UpdateClient {
  readonly #setup: UpdateSetup
  readonly #nfs: RpcLine
  #at: Micros
  #xid: number
  #share: Share | null = null
  #copied = 0

  constructor(setup: UpdateSetup) {
    this.#setup = setup
    this.#at = setup.at
    this.#xid = randomInt(setup.rng, 1, 2 ** 31)
    this.#nfs = this.#line(setup.transport, NFS_PORT, RESERVED_PORT)
  }

  actions(): Actions<UpdateEvent, UpdateAction> {
    return {
      'list-ports': () => this.#listPorts(),
      mount: () => this.#mount(),
      'ask-nfs-port': () => this.#askNfsPort(),
      'probe-share': () => this.#probeShare(),
      'read-directory': () => this.#readDirectory(),
      'copy-file': () => this.#copyFile(),
      'mount-blindly': () => this.#mountBlindly(),
      stop: () => this.#stop(),
    }
  }

  #line(transport: 'udp' | 'tcp', serverPort: number, clientPorts: readonly [number, number]): RpcLine {
    return transport === 'udp' ? this.#udp(serverPort, clientPorts) : this.#tcp(serverPort, clientPorts)
  }

  #udp(serverPort: number, clientPorts: readonly [number, number]): UdpLine {
    return new UdpLine(this.#ends(serverPort, clientPorts), this.#setup.rng)
  }

  #tcp(serverPort: number, clientPorts: readonly [number, number]): TcpLine {
    return new TcpLine(this.#ends(serverPort, clientPorts), this.#setup.rng)
  }

  #ends(serverPort: number, clientPorts: readonly [number, number]) {
    return { client: this.#setup.client, clientPort: randomInt(this.#setup.rng, ...clientPorts), server: this.#setup.server, serverPort }
  }

  #call(body: RpcCallBody, credential: AuthSys | null): Uint8Array {
    return encodeCall(this.#xid, body, credential)
  }

  /** One call with its answer; the clock then stands a think time later. */
  *#ask(line: RpcLine, body: RpcCallBody, credential: AuthSys | null, result: Uint8Array): Generator<WardFrame, void, undefined> {
    this.#xid = (this.#xid + 1) >>> 0
    yield* line.ask(this.#call(body, credential), encodeReply(this.#xid, result), this.#at)
    this.#at = line.freeAt + THINK_MICROS
  }

  *#close(line: RpcLine): Generator<WardFrame, void, undefined> {
    yield* line.close(this.#at)
    this.#at = Math.max(this.#at, line.freeAt) + THINK_MICROS
  }

  #served(): Share {
    this.#share ??= makeShare(this.#setup.rng)
    return this.#share
  }

  /** DUMP goes over TCP whatever comes later (facts section 6 row 1). */
  *#listPorts(): Generator<WardFrame, UpdateEvent, undefined> {
    const line = this.#tcp(PORTMAP_PORT, EPHEMERAL_PORT)
    if (!this.#setup.answered) {
      this.#at = yield* unansweredSyns(line.talk, this.#at, this.#setup.synRetries)
      return 'no-answer'
    }
    yield* this.#ask(line, portmapDump(), null, dumpResult(SHARE_MAPPINGS))
    yield* this.#close(line)
    return 'ports-listed'
  }

  *#mount(): Generator<WardFrame, UpdateEvent, undefined> {
    const line = this.#line(this.#setup.transport, MOUNT_PORT, RESERVED_PORT)
    yield* this.#ask(line, mountMnt(MOUNT_VERSION, SHARE_PATH), ROOT, mntResult(MOUNT_VERSION, this.#served().root))
    yield* this.#close(line)
    return 'mounted'
  }

  /** Always by datagram; only the protocol asked for differs (facts section 6 row 3). */
  *#askNfsPort(): Generator<WardFrame, UpdateEvent, undefined> {
    const protocol = this.#setup.transport === 'udp' ? IpProto.udp : IpProto.tcp
    yield* this.#ask(this.#udp(PORTMAP_PORT, RESERVED_PORT), portmapGetport(Program.nfs, 3, protocol), null, getportResult(NFS_PORT))
    return 'port-known'
  }

  *#probeShare(): Generator<WardFrame, UpdateEvent, undefined> {
    const { root, rootAttributes } = this.#served()
    yield* this.#ask(this.#nfs, nfs3Null(), null, voidResult())
    yield* this.#ask(this.#nfs, nfs3Fsinfo(root), ROOT, fsinfo3Result(rootAttributes, READ_BYTES[this.#setup.transport], 2 ** 31 - 1))
    yield* this.#ask(this.#nfs, nfs3Getattr(root), ROOT, getattr3Result(rootAttributes))
    yield* this.#ask(this.#nfs, nfs3Access(root, ACCESS_MASK), ROOT, access3Result(rootAttributes, ACCESS_GRANTED))
    return 'share-known'
  }

  *#readDirectory(): Generator<WardFrame, UpdateEvent, undefined> {
    const share = this.#served()
    const result = readdirplus3Result(share.rootAttributes, shareEntries(share), true)
    yield* this.#ask(this.#nfs, nfs3Readdirplus(share.root, 0, 512, 4096), ROOT, result)
    return 'names-known'
  }

  *#copyFile(): Generator<WardFrame, UpdateEvent, undefined> {
    const share = this.#served()
    const file = share.files[this.#copied++]
    if (file === undefined) return 'all-copied'
    const { attributes, handle } = file
    yield* this.#ask(this.#nfs, nfs3Lookup(share.root, file.name), ROOT, lookup3Result(handle, attributes, share.rootAttributes))
    yield* this.#ask(this.#nfs, nfs3Getattr(handle), ROOT, getattr3Result(attributes))
    yield* this.#ask(this.#nfs, nfs3Access(handle, ACCESS_MASK), ROOT, access3Result(attributes, ACCESS_GRANTED))
    yield* this.#readFile(file)
    return 'file-copied'
  }

  *#readFile({ handle, attributes, content }: ShareFile): Generator<WardFrame, void, undefined> {
    const step = READ_BYTES[this.#setup.transport]
    for (let offset = 0; offset < content.length; offset += step) {
      const data = content.slice(offset, offset + step)
      const result = read3Result(attributes, data, offset + data.length === content.length)
      yield* this.#ask(this.#nfs, nfs3Read(handle, offset, step), ROOT, result)
    }
  }

  /** The same datagram again and again: one transaction, retransmitted. */
  *#mountBlindly(): Generator<WardFrame, UpdateEvent, undefined> {
    const line = this.#udp(BLIND_MOUNT_PORT, RESERVED_PORT)
    const call = this.#call(mountMnt(1, SHARE_PATH), ROOT)
    for (let waited = 0; waited < BLIND_TOTAL_MICROS; waited += BLIND_WAIT_MICROS) yield* line.tell(call, this.#at + waited)
    this.#at += BLIND_TOTAL_MICROS
    return 'gave-up'
  }

  *#stop(): Generator<WardFrame, UpdateEvent, undefined> {
    yield* NO_FRAMES
    return 'all-copied'
  }
}
