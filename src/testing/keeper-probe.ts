// keeper-probe: opens rings as `cordon watch` does, gives up as it does, and then tries to send; then lets a reader's place try the same.
// Keeps the rule of the tests of live capture: it works on a wire of a namespace that was made for it, and in no other network.

import { interfaceIndex, sendto, socket, syscall, write, errnoName, type Outcome } from '../kernel/libc.ts'
import { isMachine, syscallNumber, type Syscall } from '../kernel/syscalls.ts'
import { giveUp, heldFromBefore, type Held } from '../sensor/live/give-up.ts'
import { RING_FD } from '../sensor/live/reader-plan.ts'
import { RingReaders } from '../sensor/live/readers.ts'
import { openRings } from '../sensor/live/ring.ts'
import { acceptAll } from '../wire/bpf/program.ts'
import { makeWire, SENSOR } from './live-namespace.ts'

const word = ({ value, errno }: Outcome): string => (value >= 0 ? 'done' : errnoName(errno))
const raw = (call: Syscall, ...args: readonly number[]): string =>
  isMachine(process.arch) ? word(syscall(syscallNumber(call, process.arch) ?? -1, ...args)) : 'no table'

function open(): never {
  makeWire(true)
  const rings = openRings({ device: SENSOR, filter: acceptAll(262_144), isPromiscuous: true, rings: 2, bytes: 4 * 1024 * 1024 })
  if (!rings.ok) throw new Error(rings.error)
  giveUp({ rings: rings.value, tcpdump: null, index: interfaceIndex(SENSOR), openedAt: 0, writable: [], user: null })
}

async function tryAll(held: Held): Promise<void> {
  const ring = held.rings[0]?.fd ?? -1
  const frame = new Uint8Array(60).fill(0xee)
  const keeper = {
    'sendto on the ring': word(sendto(ring, frame, null)), 'write on the ring': word(write(ring, frame)), 'pwrite on the ring': raw('pwrite64', ring, 0, 0, 0),
    'the ring by another number': raw('dup', ring), 'the ring by a chosen number': raw('dup3', ring, 90, 0), 'by fcntl': raw('fcntl', ring, 0, 90),
    'sendfile to the ring': raw('sendfile', ring, 0, 0, 1), 'splice to the ring': raw('splice', 0, 0, ring, 0, 1),
    'where readers have it': raw('dup3', ring, RING_FD, 0), 'write where readers have it': word(write(RING_FD, frame)),
    'new packet socket': word(socket(17, 3)), 'new TCP socket': word(socket(2, 1)), 'ring of calls': raw('io_uring_setup', 8, 0),
    'another network': raw('unshare', 0x4000_0000), 'a process with capabilities of its own': raw('clone', 0x1000_0011, 0, 0),
    'a pair over the network': raw('socketpair', 30, 1, 0, 0),
    'a key that the kernel looks up': raw('request_key', 0, 0, 0, 0), 'a setting of the ring': raw('setsockopt', ring, 0, 0, 0, 0),
    'a file system': raw('fsopen', 0, 0), 'a process by a hidden word': raw('clone3', 0, 0),
  }
  const readers = new RingReaders({
    rings: held.rings.slice(0, 1), sink: { packet: () => undefined }, afterRead: () => undefined, say: () => undefined, program: '../../testing/reader-probe',
  })
  const missing = await readers.start()
  const reader = Object.fromEntries(missing.map(({ what, why }) => [what, why]))
  process.stdout.write(JSON.stringify({ keeper, reader, holds: held.holds, missing: held.missing }), () => process.exit(0))
}

const held = heldFromBefore()
if (held === null) open()
await tryAll(held)
