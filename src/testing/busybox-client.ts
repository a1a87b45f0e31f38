// busybox-client: busybox's mount sequence and the kernel's copy after it, over real sockets, as facts gateway D.5 and cms8000 section 6 tell it.
// Keeps the rule that packets go only to an address the caller made: a loopback address, or one of a namespace of its own.

import { equal, ok } from 'node:assert/strict'
import dgram from 'node:dgram'
import net from 'node:net'
import { bytesOfHex } from '../gateway/core/update/hmac.ts'
import { IpProto } from '../wire/frame.ts'
import { Program } from '../protocols/rpc/codes.ts'
import { procedureRow } from '../protocols/rpc/decoders.ts'
import { encodeCall, mountMnt, portmapDump, portmapGetport, withRecordMark, type RpcCallBody } from '../protocols/rpc/encode.ts'
import {
  nfs2Getattr, nfs2Lookup, nfs2Null, nfs2Read, nfs2Readdir, nfs2Statfs, nfs3Access, nfs3Fsinfo, nfs3Getattr, nfs3Lookup, nfs3Null, nfs3Read,
  nfs3Readdirplus,
} from '../protocols/rpc/encode-nfs.ts'
import { readReply } from '../protocols/rpc/message.ts'
import { emptyResult, type CallResult } from '../protocols/rpc/procedure.ts'
import { XdrReader } from '../protocols/rpc/xdr.ts'
import { ROOT_USER } from './update-world.ts'

export interface Reach {
  readonly server: string
  readonly client: string
  readonly ports: { readonly portmap: number; readonly mount: number; readonly nfs: number }
  /** Source port of mount and NFS; the next ones are taken for further sockets. Null: any. */
  readonly reservedFrom: number | null
}

export interface Heard {
  readonly accepted: string
  readonly r: XdrReader
}

/** When silence is taken for a failure. Not a measure: a busy machine may take its time. */
const SILENCE_MS = 30_000

export interface Line {
  send(message: Uint8Array): Promise<Uint8Array>
  close(): void
}

export async function udpLine(reach: Reach, port: number, localPort: number | null): Promise<Line> {
  const socket = dgram.createSocket('udp4')
  await new Promise<void>((done, failed) => {
    socket.once('error', failed)
    socket.bind({ address: reach.client, port: localPort ?? 0 }, done)
  })
  return {
    send: (message) => waitFor((heard) => {
      socket.once('message', (reply, from) => {
        equal(from.address, reach.server, 'the answer comes from the address that was asked')
        equal(from.port, port)
        heard(reply)
      })
      socket.send(message, port, reach.server)
    }),
    close: () => socket.close(),
  }
}

export async function tcpLine(reach: Reach, port: number, localPort: number | null): Promise<Line> {
  const socket = net.connect({ host: reach.server, port, localAddress: reach.client, ...(localPort === null ? {} : { localPort }), noDelay: true })
  await new Promise((done, failed) => socket.once('connect', done).once('error', failed))
  return {
    send: (message) => waitFor((heard, failed) => {
      const parts: Uint8Array[] = []
      const onClose = (): void => failed(new Error('the connection was closed'))
      const onData = (bytes: Buffer): void => {
        parts.push(bytes)
        const all = Buffer.concat(parts)
        if (all.length < 4 || all.length < 4 + (all.readUInt32BE(0) & 0x7fff_ffff)) return
        socket.off('data', onData)
        socket.off('close', onClose)
        heard(all.subarray(4))
      }
      socket.on('data', onData)
      socket.once('close', onClose)
      socket.write(withRecordMark(message))
    }),
    close: () => socket.destroy(),
  }
}

function waitFor(start: (heard: (bytes: Uint8Array) => void, failed: (cause: Error) => void) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('silence: the call was not answered')), SILENCE_MS)
    start((bytes) => {
      clearTimeout(timer)
      resolve(bytes)
    }, (cause) => {
      clearTimeout(timer)
      reject(cause)
    })
  })
}

export async function call(line: Line, xid: number, body: RpcCallBody, withUser = true): Promise<Heard> {
  const reply = await line.send(encodeCall(xid, body, withUser ? ROOT_USER : null))
  const r = new XdrReader()
  r.reset(reply, 0, reply.length)
  equal(new DataView(reply.buffer, reply.byteOffset).getUint32(0), xid)
  return { accepted: readReply(r).accepted, r }
}

export interface Copied {
  readonly mountVersion: number
  /** Status of MNT; nothing else is there when it is not 0. */
  readonly mountStatus: number
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly transferBytes: number
  readonly calls: number
}

/** Mounts /pm as busybox does and copies every file of the export, as `cp -rf` and the kernel would. */
export class BusyboxClient {
  readonly #reach: Reach
  readonly #transport: 'udp' | 'tcp'
  #xid = 0x5a00_0000
  #nextPort: number | null

  constructor(reach: Reach, transport: 'udp' | 'tcp') {
    this.#reach = reach
    this.#transport = transport
    this.#nextPort = reach.reservedFrom
  }

  async update(path = '/pm'): Promise<Copied> {
    const mountVersion = await this.#highestMount()
    const mount = await this.#line(this.#reach.ports.mount)
    const mounted = await this.#ask(mount, mountMnt(mountVersion === 1 ? 1 : 3, path))
    mount.close()
    if (mounted.status !== 0) return { mountVersion, mountStatus: mounted.status ?? -1, files: new Map(), transferBytes: 0, calls: this.#calls() }
    const nfsVersion = Math.max(2, mountVersion) === 3 ? 3 : 2
    const nfs = await this.#line(await this.#nfsPort(nfsVersion))
    const root = bytesOfHex(mounted.handle ?? '')
    const { files, transferBytes } = nfsVersion === 3 ? await this.#copy3(nfs, root) : await this.#copy2(nfs, root)
    nfs.close()
    return { mountVersion, mountStatus: 0, files, transferBytes, calls: this.#calls() }
  }

  #calls(): number {
    return this.#xid - 0x5a00_0000
  }

  async #line(port: number): Promise<Line> {
    const local = this.#nextPort
    if (this.#nextPort !== null) this.#nextPort++
    return this.#transport === 'udp' ? udpLine(this.#reach, port, local) : tcpLine(this.#reach, port, local)
  }

  async #ask(line: Line, body: RpcCallBody): Promise<CallResult & { r: XdrReader }> {
    const { accepted, r } = await call(line, this.#xid++, body)
    equal(accepted, 'success', `procedure ${body.procedure} of ${body.program}`)
    const into = emptyResult()
    procedureRow(body.program, body.version, body.procedure)?.result?.(r, into)
    equal(r.fault, null)
    return { ...into, r }
  }

  /** pmap_getmaps: DUMP over TCP whatever comes later; the highest MOUNT version of the wanted protocol wins. */
  async #highestMount(): Promise<number> {
    const line = await tcpLine(this.#reach, this.#reach.ports.portmap, null)
    const { r } = await call(line, this.#xid++, portmapDump(), false)
    line.close()
    const wanted = this.#transport === 'udp' ? IpProto.udp : IpProto.tcp
    let highest = 0
    while (r.u32() === 1) {
      const [program, version, protocol, port] = [r.u32(), r.u32(), r.u32(), r.u32()]
      if (program !== Program.mount || protocol !== wanted) continue
      equal(port, this.#reach.ports.mount)
      highest = Math.max(highest, version)
    }
    equal(r.fault, null)
    return highest
  }

  async #nfsPort(version: number): Promise<number> {
    const line = await udpLine(this.#reach, this.#reach.ports.portmap, null)
    const answer = await this.#ask(line, portmapGetport(Program.nfs, version, this.#transport === 'udp' ? IpProto.udp : IpProto.tcp))
    line.close()
    return answer.port ?? 2049
  }

  async #copy3(nfs: Line, root: Uint8Array): Promise<{ files: Map<string, Uint8Array>; transferBytes: number }> {
    await this.#ask(nfs, nfs3Null())
    const info = await this.#ask(nfs, nfs3Fsinfo(root))
    const transferBytes = info.r.u32()
    await this.#ask(nfs, nfs3Getattr(root))
    await this.#ask(nfs, nfs3Access(root, 0x1f))
    const files = new Map<string, Uint8Array>()
    const folders: [string, Uint8Array][] = [['', root]]
    for (const [path, folder] of folders) {
      for (const name of await this.#names3(nfs, folder)) {
        const found = await this.#ask(nfs, nfs3Lookup(folder, name))
        const handle = bytesOfHex(found.handle ?? '')
        if (found.file?.type === 2) folders.push([`${path}${name}/`, handle])
        else files.set(path + name, await this.#read(nfs, (offset) => nfs3Read(handle, offset, transferBytes), found.file?.size ?? -1))
      }
    }
    return { files, transferBytes }
  }

  async #names3(nfs: Line, folder: Uint8Array): Promise<string[]> {
    const names: string[] = []
    for (;;) {
      const page = await this.#ask(nfs, nfs3Readdirplus(folder, names.length, 512, 4096))
      if (page.names.length === 0) return names.filter((n) => n !== '.' && n !== '..')
      names.push(...page.names)
    }
  }

  async #copy2(nfs: Line, root: Uint8Array): Promise<{ files: Map<string, Uint8Array>; transferBytes: number }> {
    await this.#ask(nfs, nfs2Null())
    await this.#ask(nfs, nfs2Getattr(root))
    const transferBytes = (await this.#ask(nfs, nfs2Statfs(root))).r.u32()
    const files = new Map<string, Uint8Array>()
    const folders: [string, Uint8Array][] = [['', root]]
    for (const [path, folder] of folders) {
      const { names } = await this.#ask(nfs, nfs2Readdir(folder, 0, 4096))
      for (const name of names.filter((n) => n !== '.' && n !== '..')) {
        const found = await this.#ask(nfs, nfs2Lookup(folder, name))
        const handle = bytesOfHex(found.handle ?? '')
        if (found.file?.type === 2) folders.push([`${path}${name}/`, handle])
        else files.set(path + name, await this.#read(nfs, (offset) => nfs2Read(handle, offset, transferBytes), found.file?.size ?? -1))
      }
    }
    return { files, transferBytes }
  }

  async #read(nfs: Line, ask: (offset: number) => RpcCallBody, size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let length = 0
    while (length < size) {
      const { status, dataBytes, r } = await this.#ask(nfs, ask(length))
      equal(status, 0)
      ok(dataBytes > 0)
      parts.push(r.buf.slice(r.off, r.off + dataBytes))
      length += dataBytes
    }
    return Buffer.concat(parts)
  }
}
