// Tests of the messages: each kind comes back whole; a patient's name crosses sealed; whatever else a taken-over process sends is refused.
// Keeps the canary rule: no refusal quotes what was sent.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import v8 from 'node:v8'
import fc from 'fast-check'
import type { Ip } from '../../base/ip.ts'
import { encodeCycleEnd, encodeEcg, encodeSpo2 } from '../../protocols/cms8000/message.ts'
import { ECG, SPO2, stream } from '../../protocols/cms8000/testdata/samples.ts'
import { testGrant } from '../../testing/update-world.ts'
import type { FromSegment, StandingView, ToSegment } from '../channel.ts'
import { patientRef } from '../core/assignment/adt.ts'
import type { Grant } from '../core/update/window.ts'
import { FRESHNESS } from '../core/freshness/limits.ts'
import { GatewayCore } from '../core/gateway.ts'
import { FrameKind } from './frames.ts'
import { decodeFromSegment, decodeToSegment, encodeControl, encodeToSegment, type ControlMessage } from './messages.ts'
import { isMessage } from './shape.ts'

const AT = 1_767_600_000_000_000
const CANARY = patientRef('4711', 'H', 'ZZTEST', 'CANARY')
const UPDATES = { requests: { 'nfs3 READ': 3 }, duplicates: 1, connectionsRefused: 0, connectionsDropped: 0, noCalls: 0 }
const SEGMENT = { connections: 1, accepted: 2, refused: 0, holds: 0, isHolding: false }

/** A real core's views and notes, of a bed with a patient and without. */
function real(): { readonly views: readonly StandingView[]; readonly notes: readonly ControlMessage[] } {
  const core = new GatewayCore({ leads: 'inferred', isPaced: false })
  const cycle = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd())
  const commands = [
    core.handle({ kind: 'place', device: 'd1', bed: 'ICU^1^1', at: AT }), core.handle({ kind: 'assign', bed: 'ICU^1^1', patient: CANARY, at: AT }),
    ...['d1', 'd2'].flatMap((device, i) => [
      core.handle({ kind: 'opened', connection: i, device, speaks: 'cms', at: AT }),
      core.handle({ kind: 'bytes', connection: i, buf: cycle, off: 0, end: cycle.length, at: AT }),
      core.handle({ kind: 'bytes', connection: i, buf: Buffer.alloc(100, 'x'), off: 0, end: 100, at: AT }),
    ]),
    core.handle({ kind: 'tick', at: AT + 6e6 }),
  ].flat()
  const views = core.devices().flatMap((id): StandingView[] => {
    const view = core.view(id, AT, FRESHNESS)
    if (view === null) return []
    const { values: _, ...standing } = view
    return [standing]
  })
  return { views, notes: commands.flatMap((c): ControlMessage[] => ('items' in c || c.kind === 'close' ? [] : [{ kind: 'note', command: c }])) }
}

const { views, notes } = real()
const MESSAGES: readonly ControlMessage[] = [
  { kind: 'ready', at: AT, sandbox: ['holds no capability'], missing: [{ what: 'a', why: 'b', isVital: true }] },
  { kind: 'beds', at: AT, views, updates: UPDATES, segment: SEGMENT },
  {
    kind: 'audit', record: {
      at: AT, kind: 'file-partial', severity: 'alarm', ip: '202.114.4.50' as Ip, deviceId: 'd', permitId: null, releaseId: null, path: 'bin/monitor',
      reason: null, sentBytes: 1, sizeBytes: 2, repeats: 0,
    },
  },
  ...notes,
]

function through(message: ControlMessage): FromSegment {
  const found = decodeFromSegment(FrameKind.control, encodeControl(message))
  if (!found.ok) throw new Error(found.error)
  return found.value
}

test('every message of a real core comes back whole, names included and sealed', () => {
  const assigned = notes.filter((n) => n.kind === 'note' && n.command.kind === 'assignment' && n.command.assignment.state === 'assigned')
  ok(assigned.length > 0, 'the control: a patient is among them')
  for (const message of MESSAGES) {
    const back = through(message)
    deepEqual(back, message)
    ok(!inspect(back, { depth: 12 }).includes('ZZTEST'), 'sealed')
  }
  const beds = through(MESSAGES[1] as ControlMessage)
  const first = beds.kind === 'beds' ? beds.views[0]?.assignment : undefined
  deepEqual(first?.state === 'assigned' ? first.patient.name.reveal() : null, { family: 'ZZTEST', given: 'CANARY' })
})

test('readings pass as the bytes they are', () => {
  const record = new Uint8Array([1, 2, 3])
  deepEqual(decodeFromSegment(FrameKind.readings, record), { ok: true, value: { kind: 'readings', record } })
})

/** Every place of a value where something else can be put. */
function* places(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) yield* places(inner, [...path, Array.isArray(value) ? Number(key) : key])
}

function put(root: unknown, path: readonly (string | number)[], value: unknown): unknown {
  if (path.length === 0) return value
  const copy = structuredClone(root) as Record<string | number, unknown>
  let at = copy
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>
  at[path.at(-1) as string] = value
  return copy
}

test('another type anywhere in a message is refused, and the refusal quotes nothing', () => {
  for (const message of MESSAGES) {
    const plain: unknown = JSON.parse(Buffer.from(encodeControl(message)).toString())
    ok(isMessage(plain))
    for (const path of places(plain)) {
      const bytes = Buffer.from(JSON.stringify(put(plain, path, { ZZTEST: ['CANARY'] })))
      const found = decodeFromSegment(FrameKind.control, bytes)
      ok(!found.ok || path.includes('requests'), path.join('.'))
      if (!found.ok) ok(!found.error.includes('ZZTEST') && !found.error.includes('CANARY'))
    }
  }
})

test('a field more, one less, another kind, no JSON: refused', () => {
  const refused = (value: unknown): boolean => !decodeFromSegment(FrameKind.control, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))).ok
  const plain = JSON.parse(Buffer.from(encodeControl(MESSAGES[0] as ControlMessage)).toString()) as Record<string, unknown>
  const { at: _, ...less } = plain
  const others = [{ ...plain, more: 1 }, less, { ...plain, kind: 'toString' }, { ...plain, kind: 'grants' }, [], null, 3, '{', '{"__proto__":{}}', '']
  for (const value of others) ok(refused(value))
  ok(!decodeFromSegment(9, new Uint8Array(0)).ok)
  ok(refused({ ...plain, sandbox: Array.from({ length: 5000 }, () => 'x') }) && refused({ ...plain, sandbox: ['x'.repeat(10_000)] }), 'bounds')
  ok(!refused(plain), 'the control')
})

test('any bytes are a message or a refusal', () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map((t) => Buffer.from(t))), fc.nat(3), (bytes, kind) => {
    decodeFromSegment(kind, bytes)
  }))
})

test('towards the segment: grants with their bytes once, assignments with the name sealed, the rest as it is', () => {
  const grant = testGrant()
  const grants: ToSegment = { kind: 'grants', grants: [grant, { ...grant, permitId: 'other' }] }
  const bytes = encodeToSegment(grants)
  const back = decodeToSegment(bytes)
  ok(bytes.length < 2 * grant.tree.totalBytes, `${bytes.length} bytes for twice the same ${grant.tree.totalBytes}`)
  equal(back.kind, 'grants')
  if (back.kind !== 'grants') return
  deepEqual(back.grants.map((g) => g.permitId), [grant.permitId, 'other'])
  deepEqual(back.grants[0]?.tree.files.map((f) => [f.path, Buffer.from(f.content)]), grant.tree.files.map((f) => [f.path, Buffer.from(f.content)]))
  const children = ({ tree }: Grant): unknown => tree.nodes.map((n) => (n.kind === 'directory' ? [...n.children] : []))
  deepEqual(back.grants.map(children), [children(grant), children(grant)])

  const assign: ToSegment = { kind: 'told', event: { kind: 'assign', bed: 'ICU^1^1', patient: CANARY, at: AT } }
  const told = decodeToSegment(encodeToSegment(assign))
  deepEqual(told, assign)
  equal(told.kind === 'told' && told.event.kind === 'assign' ? told.event.patient?.name.reveal().family : null, 'ZZTEST')
  const adt: ToSegment = { kind: 'told', event: { kind: 'adt', bytes: new Uint8Array([77]), at: AT } }
  const adtBack = decodeToSegment(encodeToSegment(adt))
  ok(adtBack.kind === 'told' && adtBack.event.kind === 'adt' && adtBack.event.bytes[0] === 77)
  const others = [{ kind: 'close' }, { kind: 'read', since: AT }, { kind: 'told', event: { kind: 'assign', bed: 'b', patient: null, at: AT } }] as const
  for (const plain of others) deepEqual(decodeToSegment(encodeToSegment(plain)), plain)
  deepEqual(v8.deserialize(encodeToSegment({ kind: 'close' })), { kind: 'close' })
})
