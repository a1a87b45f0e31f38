// Tests of the gateway's commands as a person uses them: files, status with and without a gateway, hands, the console's page, exit codes.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { INTENDED_USE } from '../gateway/core/beds-frame.ts'
import type { GatewayStatus } from '../gateway/hospital/status.ts'
import { productPath } from '../config/product.ts'
import { opensslMissing, testPki } from '../testing/certificates.ts'
import { cordon, cordonHere, scratch } from '../testing/command.ts'
import { assigned, CANARY_WORDS, FakeGateway, heartRate, owned, START } from '../testing/fake-gateway.ts'
import { gatewayRun } from './gateway-run.ts'
import { statusText } from './gateway-text.ts'
import type { Io } from './io.ts'

const LEAST = `version: 1
name: GW
eui64: "0200000000000001"
facility: HOSPITAL
systems: { device: urn:oid:2.999.1, patient: urn:oid:2.999.2 }
folder: data
console: { port: 0 }
beds:
  - { device: 10.20.4.31, bed: 4W^401^A }
targets:
  - { name: engine, kind: pcd01, to: "engine.example:2575", clear: the engine has no TLS yet }
`

function file(t: TestContext, text = LEAST): string {
  const name = path.join(scratch(t), 'gateway.yaml')
  fs.writeFileSync(name, text)
  return name
}

/** A gateway on made-up parts in this process; commands are run as processes of their own. */
async function running(t: TestContext, name: string) {
  const parts = new FakeGateway()
  const stop = new AbortController()
  let [out, err] = ['', '']
  let ended: Promise<number> = Promise.resolve(-1)
  const url = await new Promise<string>((resolve) => {
    const io: Io = {
      out: (text) => {
        out += text
        const found = /Console: (\S+)/.exec(out)?.[1]
        if (found !== undefined) resolve(found)
      },
      err: (text) => void (err += text), isTty: false, color: false, env: {}, signal: stop.signal,
    }
    ended = gatewayRun(name, io, () => parts)
  })
  const end = (): Promise<number> => {
    stop.abort()
    return ended
  }
  t.after(end)
  return { parts, url, err: () => err, end }
}

test('check: the example is a gateway whose files are missing; a least file is ok; errors have their line, and exit 2', async (t) => {
  const example = await cordonHere(['gateway', 'check', productPath('examples/gateway.yaml')])
  assert.equal(example.code, 4)
  assert.match(example.out, /3 beds, 2 targets, 2 approvers\n.*202\.114\.4\.119 and 202\.114\.4\.120, TCP 515, 516, 517, 518, 519, 520, 511\n/)
  assert.match(example.err, /gateway\/missing-file: "key" of target fhir-server names .*gateway\.key, which is no file/)
  const good = await cordonHere(['gateway', 'check', file(t)])
  assert.equal(good.code, 0)
  assert.match(good.out, /target engine: pcd01 engine\.example:2575, NOT PROTECTED\nTarget engine is NOT PROTECTED, by decision: the engine has no TLS yet/)
  const bad = await cordonHere(['gateway', 'check', file(t, LEAST.replace('clear: the', 'claer: the'))])
  assert.deepEqual([bad.code, bad.out], [2, ''])
  assert.match(bad.err, /gateway\.yaml:11:5: error gateway\/unprotected[\s\S]*Did you mean "clear"\?/)
  const json = await cordonHere(['gateway', 'check', '--json', file(t, 'version: 1\n')])
  assert.deepEqual([json.code, (JSON.parse(json.out) as { ok: boolean }).ok], [2, false])
  assert.equal((await cordonHere(['gateway', 'check', '/nowhere.yaml'])).code, 2)
})

test('check: a private key that others can read is told, and so are files that no connection can use', async (t) => {
  const name = file(t, LEAST.replace('clear: the engine has no TLS yet', 'tls: { ca: pem, cert: pem, key: pem }'))
  fs.writeFileSync(path.join(path.dirname(name), 'pem'), '', { mode: 0o644 })
  const open = await cordonHere(['gateway', 'check', name])
  assert.equal(open.code, 4)
  assert.match(open.err, /gateway\/open-key: "key" of target engine, .*pem, can be read by others\n {2}help: chmod 600/)
  fs.chmodSync(path.join(path.dirname(name), 'pem'), 0o600)
  const empty = await cordonHere(['gateway', 'check', name])
  assert.equal(empty.code, 4)
  assert.match(empty.err, /gateway\/unusable-tls: target engine: CA file .*pem holds no certificate in PEM/)
})

test('check: certificates are read as the gateway will read them: good, ending soon, ended', { skip: opensslMissing }, async (t) => {
  const { ca } = testPki(t)
  const soon = /gateway\/ends-soon: target engine: the gateway's certificate ends on/
  for (const [days, code, words] of [[90, 0, /^$/], [9, 4, soon], [-1, 4, /ended on/]] as const) {
    const files = ca.issue({ fromDays: -20, toDays: days })
    const name = file(t, LEAST.replace('clear: the engine has no TLS yet', `tls: { ca: ${files.ca}, cert: ${files.cert}, key: ${files.key} }`))
    const checked = await cordonHere(['gateway', 'check', name])
    assert.equal(checked.code, code, checked.err)
    assert.match(checked.err, words)
  }
})

test('check: ADT on an address of the segment is refused before the gateway is run', async (t) => {
  const checked = await cordonHere(['gateway', 'check', file(t, `${LEAST}adt: { listen: "202.114.4.119:2576", clear: the engine has no TLS yet }\n`)])
  assert.equal(checked.code, 2)
  assert.match(checked.err, /gateway\/adt-address: "listen" of "adt": 202\.114\.4\.119 is an address of the segment: name one of the hospital's side/)
})

test('status where nothing runs says so, reads the folder, changes nothing, and exits 4', async (t) => {
  const name = file(t)
  const status = await cordonHere(['gateway', 'status', '--config', name])
  assert.equal(status.code, 4)
  assert.match(status.out, /^Gateway GW, NOT RUNNING\. Transfer, storage, conversion, display\. Not active patient monitoring/)
  assert.match(status.out, /No gateway runs on this folder: no monitor is heard/)
  assert.match(status.out, /engine +pcd01 +down \(no gateway runs\) +NOT PROTECTED/)
  assert.match(status.err, /Start it with: cordon gateway run/)
  assert.equal(fs.existsSync(path.join(path.dirname(name), 'data')), false)
  const json = JSON.parse((await cordon(['gateway', 'status', '--json'], { env: { CORDON_GATEWAY: name } })).out) as GatewayStatus
  assert.deepEqual([json.schema, json.startedAt, json.intendedUse], ['cordon.gateway-status/1', null, INTENDED_USE])
})

test('a running gateway: intended use first, status, hands by stdin, the beds on the page, an orderly end, and no patient anywhere', async (t) => {
  const name = file(t)
  const { parts, url, err, end } = await running(t, name)
  assert.match(err(), /^Transfer, storage, conversion, display\. Not active patient monitoring/)
  assert.match(err(), /warning: Target engine is NOT PROTECTED, by decision: the engine has no TLS yet/)
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  parts.hear({ kind: 'note', command: { kind: 'assignment', device: '10.20.4.31', at: START, assignment: assigned(START) } })
  parts.say(owned('10.20.4.31', START, [heartRate(72, START)]))
  await parts.settle()
  const status = await cordon(['gateway', 'status', '--config', name])
  assert.deepEqual([status.code, status.err], [0, ''])
  assert.match(status.out, /running since 2026-01-05T07:00:00Z\n/)
  assert.match(status.out, /patients: 1 assigned/)
  // The made-up segment answers a hand as the ledger does.
  const answering = setInterval(() => {
    const asked = parts.told.findLast((m) => m.kind === 'told' && m.event.kind === 'assign')
    if (asked === undefined) return
    const verdict = { kind: 'applied', beds: ['4W^401^A'], why: 'by hand' } as const
    parts.hear({ kind: 'note', command: { kind: 'log', device: null, at: START, verdict } })
  }, 10)
  t.after(() => clearInterval(answering))
  const hand = await cordon(['gateway', 'assign', '4W^401^A', '-', '--authority', 'ZZAUTH', '--config', name], { stdin: Buffer.from('ZZTEST4711\n') })
  assert.deepEqual([hand.code, hand.out, hand.err], [0, '4W^401^A is assigned\n', ''])
  const vacated = await cordon(['gateway', 'vacate', '4W^401^A', '--config', name])
  assert.deepEqual([vacated.code, vacated.out], [0, 'nobody is in 4W^401^A now\n'])
  const placed = await cordon(['gateway', 'place', '10.20.4.40', '4W^401^A', '--config', name])
  assert.deepEqual([placed.code, placed.out], [2, ''])
  assert.match(placed.err, /10\.20\.4\.31 stands at 4W\^401\^A; take it away first/)
  assert.equal((await cordon(['gateway', 'place', '10.20.4.31', '-', '--config', name])).code, 0)
  const unseen = await cordon(['gateway', 'confirm', '10.20.4.31', '--config', name])
  assert.deepEqual([unseen.code, unseen.out], [2, ''])
  assert.match(unseen.err, /no card was seen behind that address/)
  const events = parts.told.flatMap((m) => (m.kind === 'told' && m.event.kind === 'assign' ? [m.event.patient?.key ?? null] : []))
  assert.deepEqual(events, ['ZZTEST4711&ZZAUTH', null])
  const second = await cordon(['gateway', 'run', name])
  assert.equal(second.code, 2)
  assert.match(second.err, /is in use by process/)
  const folder = path.join(path.dirname(name), 'data')
  assert.equal(fs.statSync(folder).mode & 0o777, 0o700)
  const audit = fs.readdirSync(path.join(folder, 'audit')).map((month) => fs.readFileSync(path.join(folder, 'audit', month), 'utf8')).join('')
  assert.doesNotMatch([status.out, err(), hand.out, hand.err, audit].join('\n'), CANARY_WORDS)
  assert.match(audit, /"kind":"assigned","bed":"4W\^401\^A","by":"hand"/)
  assert.equal(await end(), 0)
  assert.deepEqual(parts.log.slice(-3), ['segment closed', 'out closed', 'readings closed'])
  assert.equal((await cordon(['gateway', 'status', '--config', name])).code, 4)
})

test('hands where nothing runs say so and exit 4', async (t) => {
  const ended = await cordonHere(['gateway', 'vacate', '4W^401^A', '--config', file(t)])
  assert.deepEqual([ended.code, ended.out], [4, ''])
  assert.match(ended.err, /cordon gateway vacate: no gateway runs on .*\n {2}help: Start it with/)
})

test('the console of a gateway reads no captures', async (t) => {
  const { url } = await running(t, file(t))
  const health = (await (await fetch(`${url}api/health`)).json()) as { ok: boolean }
  assert.equal(health.ok, true)
  assert.deepEqual(await (await fetch(`${url}api/analyses`)).json(), [])
})

test('the status as text, whole: what needs attention first, absences as words', () => {
  const status: GatewayStatus = {
    schema: 'cordon.gateway-status/1', intendedUse: INTENDED_USE, at: START, name: 'GW', startedAt: START,
    segment: { state: 'down', since: START + 60e6, sandbox: [], restarts: 2, counts: { connections: 3, accepted: 40, refused: 2, holds: 1, isHolding: true } },
    beds: {
      devices: 3, connections: 4, feed: { never: 1, live: 0, silent: 0, lost: 2 }, assignment: { assigned: 1, contested: 0, unassigned: 2 },
      dataCheck: { OK: 0, 'CHECK BEDSIDE': 1, 'NOT TRUSTED': 0, 'NOT CHECKED': 2 },
    },
    targets: [{
      target: 'engine', kind: 'pcd01', state: 'down', why: 'its certificate has expired', isProtected: true, clearReason: null, waiting: 12, ambiguous: 1,
      refused: 2, delivered: 345, given: 0, lagMicros: 3600e6,
    }],
    adt: { state: 'listening', why: null, isProtected: true },
    updates: {
      grants: [{ permit: 'p1', device: 'S1', ip: '10.20.4.31', release: 'CMS8000@2#ab', from: START, until: START + 3600e6, completeBy: START + 7200e6 }],
      refused: [{ id: 'p2', why: 'one signature is missing' }], problem: null, requests: 7,
      served: { requests: { READ: 7 }, duplicates: 1, connectionsRefused: 0, connectionsDropped: 0, noCalls: 2 },
    },
    kept: [{ what: 'readings', bytes: 1_400_000, nextDeletion: START + 3600e6, rule: '1 h' },
      { what: 'audit', bytes: 900, nextDeletion: null, rule: '72 months' }],
    notices: ['Bed 4W^401^A needs a decision: two patients are said to be in this bed'],
  }
  assert.equal(statusText(status, { color: false }), `Gateway GW, running since 2026-01-05T07:00:00Z. ${INTENDED_USE}

Needs attention
- Bed 4W^401^A needs a decision: two patients are said to be in this bed

Segment
DOWN: no monitor is heard, since 2026-01-05T07:01:00Z, started anew 2 times
connections of monitors: 3 now, 40 in all, 2 refused for want of room; monitors had to wait 1 times, and wait now

Beds
3 monitors, 4 connections: 1 never, 2 lost
patients: 1 assigned, 2 unassigned
data checks: 1 CHECK BEDSIDE, 2 NOT CHECKED
ADT: listening, mutual TLS

Targets
target  kind   state                               protection  waiting  lag     ambiguous  refused  given up  delivered
------  -----  ----------------------------------  ----------  -------  ------  ---------  -------  --------  ---------
engine  pcd01  down (its certificate has expired)  mutual TLS  12       60 min  1          2        0         345

Updates
permit p1: CMS8000@2#ab to 10.20.4.31 (S1) from 2026-01-05T07:00:00Z until 2026-01-05T08:00:00Z, begun copies until 2026-01-05T09:00:00Z
permit p2 grants nothing: one signature is missing
7 requests from the segment, 1 of them sent again, 2 unreadable

Kept
what      size    kept for   next deletion
--------  ------  ---------  --------------------
readings  1.4 MB  1 h        2026-01-05T08:00:00Z
audit     900 B   72 months  -
`)
  const empty = { ...status, targets: [], notices: [], kept: [], adt: { state: 'none', why: null, isProtected: false },
    updates: { grants: [], refused: [], problem: null, requests: null, served: null } } as const
  const text = statusText(empty, { color: false })
  for (const words of ['Nothing is known to.', 'none: nothing is sent to anybody', 'none is granted: every request is refused', 'beds are assigned by hand']) {
    assert.ok(text.includes(words), words)
  }
})
