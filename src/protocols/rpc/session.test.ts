// The session: xids across directions, bounds, files across flows and transports, losses, and the promise that no content leaves.
// Keeps the rules of the seam where goldens are too small a frame: many flows, many calls, large records.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { fakeContext, type FakeContext } from '../../testing/fake-context.ts'
import type { ProtocolRow, Session } from '../protocol.ts'
import { FileType, NfsStatus, Program } from './codes.ts'
import {
  dumpResult, encodeAcceptedError, encodeCall, encodeReply, getportResult, mntResult, mountMnt, mountUmnt, portmapDump, portmapGetport,
  voidResult, withRecordMark,
} from './encode.ts'
import * as nfs from './encode-nfs.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import type { RpcFact } from './facts.ts'
import { createRpc } from './index.ts'
import type { CallHeader } from './message.ts'
import { MALFORMED_FACTS_MAX, PENDING_MAX, WAITING_MAX } from './session.ts'
import { CallTally, KINDS_MAX, TOLD_MAX } from './tally.ts'
import { ELF_HEAD, fakeAttributes, fakeContent, fakeDirectory, fakeHandle, MONITOR, Talk } from './testdata/talk.ts'

type NfsFact = RpcFact | FileTransfer

const ROOT = fakeHandle(1)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function factsOf(transport: 'tcp' | 'udp', chunks: readonly Chunk[], row: ProtocolRow = createRpc()): NfsFact[] {
  return runSession(row, transport, chunks).facts.filter((fact) => fact.protocol === 'rpc' || fact.protocol === 'file-transfer')
}

function reads(facts: readonly NfsFact[]): FileTransfer[] {
  return facts.filter((fact): fact is FileTransfer => fact.protocol === 'file-transfer' && fact.kind === 'read')
}

function kinds(facts: readonly NfsFact[]): string[] {
  return facts.map((f) => {
    if ('procedureName' in f) return `${f.kind} ${f.procedureName}`
    if (f.protocol === 'file-transfer') return `file ${f.kind}`
    return f.kind === 'malformed' ? `malformed ${f.reason}` : f.kind
  })
}

/** Several flows on one row, each a session that the test feeds. */
class Flows {
  readonly #row = createRpc()
  readonly facts: NfsFact[] = []
  #id = 0

  open(transport: 'tcp' | 'udp'): { feed: (chunks: readonly Chunk[]) => void; end: () => void } {
    const context: FakeContext = fakeContext(transport, { id: ++this.#id })
    const session: Session = this.#row.open(context)
    const drain = (): void => {
      for (const fact of context.facts.splice(0)) if (fact.protocol === 'rpc' || fact.protocol === 'file-transfer') this.facts.push(fact)
    }
    return {
      feed: (chunks) => {
        for (const c of chunks) {
          if (c.lost) session.gap(c.direction, c.lost, 0)
          session.feed(c.direction, c.bytes, 0, c.bytes.length, 0)
        }
        drain()
      },
      end: () => {
        session.end(0)
        drain()
      },
    }
  }
}

/** LOOKUP of `name` and READs of `content` in blocks, as a client that copies does. */
function copyTalk(talk: Talk, version: 2 | 3, name: string, handle: Uint8Array, content: Uint8Array, block: number): void {
  const at = fakeAttributes(handle[31] as number, content.length)
  if (version === 3) talk.ask(nfs.nfs3Lookup(ROOT, name), nfs.lookup3Result(handle, at, fakeDirectory(1)))
  else talk.ask(nfs.nfs2Lookup(ROOT, name), nfs.lookup2Result(handle, at))
  for (let off = 0; off < content.length; off += block) {
    const part = content.slice(off, off + block)
    if (version === 3) talk.ask(nfs.nfs3Read(handle, off, block), nfs.read3Result(at, part, off + block >= content.length))
    else talk.ask(nfs.nfs2Read(handle, off, block), nfs.read2Result(at, part))
  }
}

describe('the update of facts section 6, over three flows', () => {
  for (const [version, transport] of [[3, 'tcp'], [3, 'udp'], [2, 'udp']] as const) {
    test(`NFS version ${version} over ${transport}`, () => {
      const flows = new Flows()
      const portmap = flows.open('tcp')
      const dump = new Talk('tcp')
      dump.ask(portmapDump(), dumpResult([{ program: Program.mount, version: 3, protocol: 17, port: 635 }]), null)
      portmap.feed(dump.chunks)
      const mountd = flows.open('udp')
      const mnt = new Talk('udp')
      mnt.ask(mountMnt(version === 3 ? 3 : 1, '/pm'), mntResult(version === 3 ? 3 : 1, ROOT))
      mountd.feed(mnt.chunks)
      const share = flows.open(transport)
      const talk = new Talk(transport)
      const monitor = fakeContent(20_000, ELF_HEAD)
      const script = fakeContent(300, [0x23, 0x21])
      copyTalk(talk, version, 'monitor', fakeHandle(2), monitor, 4096)
      copyTalk(talk, version, 'run.sh', fakeHandle(3), script, 4096)
      share.feed(talk.chunks)
      for (const flow of [portmap, mountd, share]) flow.end()
      const mounts = flows.facts.filter((f) => f.kind === 'mount')
      deepStrictEqual(mounts.map((f) => [f.path, f.version, f.flowId]), [['/pm', version === 3 ? 3 : 1, 2]])
      deepStrictEqual(reads(flows.facts).map((f) => [f.place, f.name, f.size, f.covered, f.complete, f.magic, f.sha256, f.flowId]), [
        ['/pm', 'monitor', 20_000, 20_000, true, 'elf', sha256(monitor), 3],
        ['/pm', 'run.sh', 300, 300, true, 'script', sha256(script), 3],
      ])
      deepStrictEqual(flows.facts.filter((f) => f.kind === 'malformed' || f.kind === 'unanswered'), [])
    })
  }

  test('names from READDIRPLUS serve as well as from LOOKUP', () => {
    const talk = new Talk('tcp')
    const at = fakeAttributes(2, 8)
    const entry = { fileId: 2, name: 'update', cookie: 1, attributes: at, handle: fakeHandle(2) }
    talk.ask(nfs.nfs3Readdirplus(ROOT, 0, 512, 4096), nfs.readdirplus3Result(fakeDirectory(1), [entry], true))
    talk.ask(nfs.nfs3Read(fakeHandle(2), 0, 4096), nfs.read3Result(null, fakeContent(8, ELF_HEAD), true))
    const [read] = reads(factsOf('tcp', talk.chunks))
    deepStrictEqual([read?.name, read?.size, read?.complete, read?.magic], ['update', 8, true, 'elf'])
  })

  test('two memories know nothing of each other', () => {
    const talk = new Talk('udp')
    talk.ask(nfs.nfs3Lookup(ROOT, 'monitor'), nfs.lookup3Result(fakeHandle(2), null, null))
    const read = new Talk('udp')
    read.ask(nfs.nfs3Read(fakeHandle(2), 0, 10), nfs.read3Result(fakeAttributes(2, 10), fakeContent(10), true))
    const row = createRpc()
    factsOf('udp', talk.chunks, row)
    equal(reads(factsOf('udp', read.chunks, row))[0]?.name, 'monitor')
    equal(reads(factsOf('udp', read.chunks))[0]?.name, null)
  })
})

describe('calls and replies', () => {
  test('answers out of order meet their calls', () => {
    const talk = new Talk('tcp')
    const a = talk.call(portmapGetport(Program.nfs, 3, 6))
    const b = talk.call(portmapGetport(Program.mount, 3, 6))
    talk.reply(b, getportResult(635))
    talk.reply(a, getportResult(2049))
    const replies = factsOf('tcp', talk.chunks).filter((f) => f.kind === 'reply')
    deepStrictEqual(replies.map((r) => [r.xid, r.port]), [[b, 635], [a, 2049]])
  })

  test('a reply nobody asked for says nothing; a second reply neither', () => {
    const talk = new Talk('udp')
    talk.reply(99, getportResult(1))
    const xid = talk.call(portmapDump())
    talk.reply(xid, dumpResult([]))
    talk.reply(xid, dumpResult([]))
    deepStrictEqual(kinds(factsOf('udp', talk.chunks)), ['call PORTMAP.DUMP', 'reply PORTMAP.DUMP'])
  })

  test('a retransmission is a call again, and one unanswered', () => {
    const talk = new Talk('udp')
    talk.call(mountMnt(1, '/pm'))
    const [first] = talk.chunks
    ok(first)
    deepStrictEqual(kinds(factsOf('udp', [first, first, first])), [...Array<string>(3).fill('call MOUNT.MNT'), 'unanswered MOUNT.MNT'])
  })

  test('an xid used for another procedure leaves the earlier call unanswered', () => {
    const talk = new Talk('udp')
    talk.raw(0, encodeCall(5, mountMnt(1, '/pm'), MONITOR))
    talk.raw(0, encodeCall(5, mountUmnt(1, '/pm'), MONITOR))
    talk.raw(1, encodeReply(5, voidResult()))
    deepStrictEqual(kinds(factsOf('udp', talk.chunks)), ['call MOUNT.MNT', 'call MOUNT.UMNT', 'unanswered MOUNT.MNT', 'reply MOUNT.UMNT'])
  })

  test(`more than ${PENDING_MAX} calls wait: the oldest is told at once`, () => {
    const talk = new Talk('tcp')
    for (let i = 0; i < PENDING_MAX; i++) talk.call(portmapDump(), null)
    for (let i = 0; i < 2; i++) talk.call(mountMnt(1, '/pm'), null)
    talk.reply(talk.call(mountUmnt(1, '/pm'), null), voidResult())
    const facts = factsOf('tcp', talk.chunks)
    const unanswered = facts.filter((f) => f.kind === 'unanswered')
    // Three of the DUMPs had to go before the reply came; the rest at the end.
    deepStrictEqual(facts.slice(0, facts.findIndex((f) => f.kind === 'reply')).filter((f) => f.kind === 'unanswered'), unanswered.slice(0, 3))
    equal(unanswered.length, TOLD_MAX + 2)
    ok(unanswered.every((f, i) => i >= TOLD_MAX || f.xid === (unanswered[0]?.xid ?? 0) + i))
    deepStrictEqual(facts.filter((f) => f.kind === 'totals').map((f) => [f.procedureName, f.calls, f.unanswered, f.replies, f.callsTold]), [
      ['PORTMAP.DUMP', PENDING_MAX, PENDING_MAX, 0, TOLD_MAX],
    ])
  })

  test('kinds that have one name are one total; those beyond the bound are others, and no kind is told by another\'s name', () => {
    const talk = new Talk('tcp')
    for (let i = 0; i < TOLD_MAX + 6; i++) for (const args of [portmapDump(), mountMnt(1, '/pm')]) talk.call(args, null)
    const totals = factsOf('tcp', talk.chunks).filter((f) => f.kind === 'totals').map((f) => [f.procedureName, f.calls, f.callsTold])
    deepStrictEqual(totals, [['PORTMAP.DUMP', TOLD_MAX + 6, TOLD_MAX], ['MOUNT.MNT', TOLD_MAX + 6, TOLD_MAX]])
    const many = new Talk('tcp')
    for (let i = 0; i < KINDS_MAX; i++) many.raw(0, withoutArgs(1 + i, 0x20000000 + i, 1, 1))
    for (let i = 0; i < TOLD_MAX + 6; i++) many.call(mountMnt(1, '/pm'), null)
    deepStrictEqual(factsOf('tcp', many.chunks).filter((f) => f.kind === 'totals').map((f) => [f.procedureName, f.calls]), [['others', TOLD_MAX + 6]])
  })

  test('kinds of calls are counted apart, COMPOUNDs by their operations, and those beyond the bound together', () => {
    const tallies = new CallTally()
    const call = (procedure: number): CallHeader => ({ program: 100003, version: 4, procedure }) as CallHeader
    const operation = (op: number) => ({ op }) as never
    const [a, b, c] = [tallies.of(call(1), [operation(53), operation(25)]), tallies.of(call(1), [operation(53), operation(38)]), tallies.of(call(0), [])]
    equal(new Set([a, b, c]).size, 3)
    equal(tallies.of(call(1), [operation(53), operation(25)]), a)
    for (let i = 0; i < 2 * KINDS_MAX; i++) tallies.of(call(100 + i), []).calls++
    equal(tallies.kinds.length, KINDS_MAX)
    equal([...tallies.kinds, tallies.others].reduce((n, { calls }) => n + calls, 0), 2 * KINDS_MAX)
    ok(tallies.kinds.every(({ calls }) => calls <= 1), 'no kind has the calls of another')
  })

  test(`all sessions together wait for ${WAITING_MAX} calls: beyond it each pushes out its own, none is lost from the count, and room comes back`, () => {
    const flows = new Flows()
    const calls = (count: number): readonly Chunk[] => {
      const talk = new Talk('tcp')
      for (let i = 0; i < count; i++) talk.call(portmapDump(), null)
      return talk.chunks
    }
    const told = (): number => flows.facts.filter((f) => f.kind === 'unanswered').length
    const unanswered = (): number => flows.facts.reduce((n, f) => n + (f.kind === 'totals' ? Math.max(0, f.unanswered - TOLD_MAX) : 0), told())
    const many = calls(PENDING_MAX)
    const full = Array.from({ length: WAITING_MAX / PENDING_MAX }, () => flows.open('tcp'))
    for (const flow of full) flow.feed(many)
    equal(unanswered(), 0)
    const late = flows.open('tcp')
    late.feed(calls(3))
    equal(unanswered(), 3, 'a session without a call that waits has none to push out')
    for (const flow of [...full, late]) flow.end()
    equal(unanswered(), WAITING_MAX + 3, 'each call is told or counted once')
    const after = flows.open('tcp')
    after.feed(calls(3))
    equal(unanswered(), WAITING_MAX + 3, 'there is room again')
  })

  test('the server may call back on the same connection: who calls is the client of that call', () => {
    const talk = new Talk('tcp')
    talk.raw(1, withoutArgs(7, 0x40000000, 1, 0))
    talk.raw(0, encodeReply(7, voidResult()))
    const facts = factsOf('tcp', talk.chunks)
    const { src, dst } = fakeContext('tcp').flow
    deepStrictEqual(facts.map((f) => [f.kind, f.client, f.server]), [['call', dst, src], ['reply', dst, src]])
  })

  test('refusals carry no status', () => {
    const talk = new Talk('udp')
    const xid = talk.call(mountMnt(3, '/pm'))
    talk.raw(1, encodeAcceptedError(xid, 'prog-unavail'))
    const [, reply] = factsOf('udp', talk.chunks)
    ok(reply?.kind === 'reply')
    deepStrictEqual([reply.accepted, reply.status], ['prog-unavail', null])
  })

  test('a reply cut in its header leaves the call unanswered and says why', () => {
    const talk = new Talk('udp')
    const xid = talk.call(mountMnt(3, '/pm'))
    talk.raw(1, encodeReply(xid, voidResult()).slice(0, 18))
    deepStrictEqual(kinds(factsOf('udp', talk.chunks)), ['call MOUNT.MNT', 'malformed cut-short', 'unanswered MOUNT.MNT'])
  })
})

function withoutArgs(xid: number, program: number, version: number, procedure: number): Uint8Array {
  return encodeCall(xid, { program, version, procedure, args: new Uint8Array(0) }, null)
}

describe('malformed', () => {
  test('losses of the capture are told once per direction', () => {
    const talk = new Talk('tcp')
    talk.ask(portmapDump(), dumpResult([]))
    const call = talk.chunks[0]
    ok(call)
    const again = Array.from({ length: 5 }, (): Chunk => ({ ...call, lost: 9 }))
    const facts = factsOf('tcp', [...talk.chunks, ...again, { direction: 1, bytes: Uint8Array.of(1), lost: 3 }])
    deepStrictEqual(facts.filter((f) => f.kind === 'malformed').map((f) => f.reason), ['lost-sync', 'lost-sync'])
    equal(facts.filter((f) => f.kind === 'call').length, 6)
  })

  test('on a flow whose first message is a reply, its sender is the server, also for what is no message', () => {
    const talk = new Talk('tcp')
    talk.raw(0, encodeReply(7, voidResult()))
    talk.chunks.push({ direction: 0, bytes: new Uint8Array(40).fill(0x7f) })
    const [fact] = factsOf('tcp', talk.chunks)
    const { src, dst } = fakeContext('tcp').flow
    deepStrictEqual([fact?.kind, fact?.client, fact?.server], ['malformed', dst, src])
  })

  test('bytes that are no message', () => {
    const chunks = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(40).fill(9)].map((bytes): Chunk => ({ direction: 0, bytes }))
    deepStrictEqual(kinds(factsOf('udp', chunks)), ['malformed cut-short', 'malformed cut-short', 'malformed message-type'])
  })

  test('no more than the bound, whatever comes', () => {
    const chunks = Array.from({ length: 500 }, (): Chunk => ({ direction: 0, bytes: Uint8Array.of(1) }))
    equal(factsOf('udp', chunks).length, MALFORMED_FACTS_MAX)
  })

  test('TLS on the NFS port (RFC 9289, or just not NFS) is told once', () => {
    const hello = Uint8Array.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, ...Array<number>(500).fill(7)])
    deepStrictEqual(kinds(factsOf('tcp', [{ direction: 0, bytes: hello }])), ['malformed record-mark'])
  })

  test('a READ reply shorter than it says', () => {
    const talk = new Talk('udp')
    const xid = talk.call(nfs.nfs3Read(fakeHandle(2), 0, 100))
    talk.raw(1, encodeReply(xid, nfs.read3Result(fakeAttributes(2, 100), fakeContent(100), true)).slice(0, -60))
    const facts = factsOf('udp', talk.chunks)
    deepStrictEqual(kinds(facts), ['call NFS.READ', 'reply NFS.READ', 'malformed read-short', 'file read'])
    deepStrictEqual([reads(facts)[0]?.covered, reads(facts)[0]?.complete], [40, false])
  })

  test('an offset past any file is no coverage', () => {
    const talk = new Talk('udp')
    talk.ask(nfs.nfs3Read(fakeHandle(2), Number.MAX_SAFE_INTEGER, 8), nfs.read3Result(null, fakeContent(8), false))
    deepStrictEqual(kinds(factsOf('udp', talk.chunks)), ['call NFS.READ', 'reply NFS.READ', 'malformed read-offset'])
  })
})

describe('files', () => {
  test('1 MiB records pass without being kept, in any segment size, and hash right', () => {
    const content = fakeContent(3 * 1024 * 1024 + 17, ELF_HEAD)
    const talk = new Talk('tcp')
    copyTalk(talk, 3, 'monitor', fakeHandle(2), content, 1024 * 1024)
    const segments = talk.chunks.flatMap(({ direction, bytes }) => {
      const count = Math.ceil(bytes.length / 1448)
      return Array.from({ length: count }, (_, i): Chunk => ({ direction, bytes: bytes.slice(i * 1448, (i + 1) * 1448) }))
    })
    const [read] = reads(factsOf('tcp', segments))
    deepStrictEqual([read?.complete, read?.covered, read?.sha256], [true, content.length, sha256(content)])
    deepStrictEqual(reads(factsOf('tcp', talk.chunks)).map((r) => r.sha256), [sha256(content)])
  })

  test('every split of a conversation with fragments, bulk, and a WRITE', () => {
    const talk = new Talk('tcp')
    const content = fakeContent(1400)
    copyTalk(talk, 3, 'a', fakeHandle(2), content, 1200)
    const write = talk.call(nfs.nfs3Write(fakeHandle(3), 0, fakeContent(1000)))
    talk.raw(1, encodeReply(write, nfs.write3Result(fakeAttributes(3, 1000), 1000)), 33)
    const facts = everySplit(createRpc, 'tcp', talk.chunks).filter((f) => f.protocol === 'rpc' || f.protocol === 'file-transfer')
    deepStrictEqual(reads(facts).map((r) => r.sha256), [sha256(content)])
    deepStrictEqual(facts.flatMap((f) => (f.kind === 'write' ? [[f.covered, f.size, f.complete]] : [])), [[1000, 1000, true]])
  })

  test('repeated READs count once', () => {
    const talk = new Talk('udp')
    const content = fakeContent(2000)
    const at = fakeAttributes(2, 2000)
    for (const off of [0, 0, 500, 0, 1000, 500]) {
      talk.ask(nfs.nfs3Read(fakeHandle(2), off, 500), nfs.read3Result(at, content.slice(off, off + 500), false))
    }
    const [read] = reads(factsOf('udp', talk.chunks))
    deepStrictEqual([read?.covered, read?.complete, read?.sha256], [1500, false, null])
  })

  test('two connections share the READs of one file; the first to end does not cut it', () => {
    const flows = new Flows()
    const content = fakeContent(2000)
    const at = fakeAttributes(2, 2000)
    const part = (off: number): readonly Chunk[] => {
      const talk = new Talk('tcp')
      talk.ask(nfs.nfs3Read(fakeHandle(2), off, 1000), nfs.read3Result(at, content.slice(off, off + 1000), off > 0))
      return talk.chunks
    }
    const [one, two] = [flows.open('tcp'), flows.open('tcp')]
    one.feed(part(1000))
    two.feed([])
    two.feed(part(0).slice(0, 1))
    one.end()
    deepStrictEqual(reads(flows.facts).map((r) => r.complete), [false], 'the only reader so far ended')
    two.feed(part(0).slice(1))
    two.end()
    equal(reads(flows.facts).length, 2)
  })

  test('two readers, both known, one file', () => {
    const flows = new Flows()
    const content = fakeContent(3000)
    const at = fakeAttributes(2, 3000)
    const part = (off: number): readonly Chunk[] => {
      const talk = new Talk('tcp')
      talk.ask(nfs.nfs3Read(fakeHandle(2), off, 1000), nfs.read3Result(at, content.slice(off, off + 1000), false))
      return talk.chunks
    }
    const [one, two] = [flows.open('tcp'), flows.open('tcp')]
    one.feed(part(2000))
    two.feed(part(0))
    one.end()
    two.feed(part(1000))
    two.end()
    deepStrictEqual(reads(flows.facts).map((r) => [r.complete, r.sha256, r.flowId]), [[true, sha256(content), 2]])
  })

  test('a server that sends no attributes: EOF says the size', () => {
    const talk = new Talk('udp')
    talk.ask(nfs.nfs3Read(fakeHandle(2), 0, 300), nfs.read3Result(null, fakeContent(300), false))
    talk.ask(nfs.nfs3Read(fakeHandle(2), 300, 300), nfs.read3Result(null, fakeContent(100), true))
    const [read] = reads(factsOf('udp', talk.chunks))
    deepStrictEqual([read?.size, read?.covered, read?.complete], [400, 400, true])
  })

  test('failed READs and directories make no file', () => {
    const talk = new Talk('udp')
    talk.ask(nfs.nfs3Read(fakeHandle(2), 0, 10), nfs.error3Result(NfsStatus.acces))
    talk.ask(nfs.nfs3Getattr(ROOT), nfs.getattr3Result(fakeAttributes(1, 4096, { type: FileType.directory })))
    deepStrictEqual(reads(factsOf('udp', talk.chunks)), [])
  })

  test('a file that is replaced while the monitor copies it is told as two reads', () => {
    const talk = new Talk('udp')
    const old = fakeAttributes(2, 1000)
    const now = fakeAttributes(2, 600, { modified: { seconds: 1_800_000_000, nanoseconds: 0 } })
    talk.ask(nfs.nfs3Read(fakeHandle(2), 0, 500), nfs.read3Result(old, fakeContent(500), false))
    talk.ask(nfs.nfs3Read(fakeHandle(2), 0, 600), nfs.read3Result(now, fakeContent(600, ELF_HEAD), true))
    deepStrictEqual(reads(factsOf('udp', talk.chunks)).map((r) => [r.size, r.covered, r.complete, r.magic]),
      [[1000, 500, false, 'unknown'], [600, 600, true, 'elf']])
  })
})

test('no byte of file content and no handle is in any fact', () => {
  const canary = Uint8Array.from('ZZTEST^CANARY '.repeat(20), (c) => c.charCodeAt(0))
  const talk = new Talk('tcp')
  copyTalk(talk, 3, 'notes', fakeHandle(2), canary, 100)
  const xid = talk.call(nfs.nfs3Write(fakeHandle(3), 0, canary))
  talk.reply(xid, nfs.write3Result(null, canary.length))
  talk.raw(1, canary)
  talk.chunks.push({ direction: 0, bytes: canary }, { direction: 0, bytes: withRecordMark(canary) })
  const text = JSON.stringify(factsOf('tcp', talk.chunks))
  ok(text.includes('"read"') && text.includes('"write"') && text.includes('malformed'))
  ok(!text.includes('CANARY'))
  ok(!text.includes('5a5a54455354'), 'a handle of fakeHandle, as hex')
})

test('end may come at any time, and nothing is told after it twice', () => {
  const talk = new Talk('tcp')
  copyTalk(talk, 3, 'monitor', fakeHandle(2), fakeContent(3000, ELF_HEAD), 1000)
  const bytes = talk.chunks.map((c) => c.bytes)
  for (let cut = 0; cut < (bytes.at(-1)?.length ?? 0); cut += 7) {
    const last = talk.chunks.at(-1)
    ok(last)
    const facts = factsOf('tcp', [...talk.chunks.slice(0, -1), { ...last, bytes: last.bytes.slice(0, cut) }])
    equal(reads(facts).length, 1)
    const read = reads(facts)[0]
    ok(read && read.covered >= 2000 && read.covered < 3000 && !read.complete && read.sha256 === null)
  }
})
