// NLM, NSM, RQUOTA: whose name a call carries, at which place, in each version.
// Keeps the rule that lock owners and cookies stay inside.

import { deepStrictEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { runSession } from '../../testing/everysplit.ts'
import { Program } from './codes.ts'
import { procedureRow } from './decoders.ts'
import { createRpc } from './index.ts'
import { emptyArguments, emptyResult } from './procedure.ts'
import { Talk } from './testdata/talk.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

const COOKIE = Uint8Array.of(1, 2, 3, 4)
const OWNER = Uint8Array.from('ZZTEST-owner', (c) => c.charCodeAt(0))

function hostOf(program: number, version: number, procedure: number, bytes: Uint8Array): { host: string | null; fault: string | null } {
  const r = new XdrReader()
  r.reset(bytes, 0, bytes.length)
  const into = emptyArguments()
  procedureRow(program, version, procedure)?.args?.(r, into)
  return { host: into.host, fault: r.fault }
}

/** A lock request: cookie, `words` booleans, then the lock. */
function lock(words: number): Uint8Array {
  const w = new XdrWriter().opaque(COOKIE)
  for (let i = 0; i < words; i++) w.bool(true)
  return w.string('bed-7').opaque(new Uint8Array(32)).opaque(OWNER).u32(77).u64(0).u64(10).bytes()
}

test('the caller of a lock names itself, in versions 1, 3 and 4', () => {
  for (const version of [1, 3, 4]) {
    for (const [procedure, words] of [[1, 1], [2, 2], [3, 2], [4, 0], [5, 1], [6, 1], [7, 2], [22, 2]] as const) {
      deepStrictEqual(hostOf(Program.nlm, version, procedure, lock(words)), { host: 'bed-7', fault: null }, `NLM ${version}.${procedure}`)
    }
    equal(hostOf(Program.nlm, version, 23, new XdrWriter().string('bed-8').u32(3).bytes()).host, 'bed-8')
  }
})

test('NSM: who is watched, who watches, who restarted', () => {
  for (const procedure of [1, 2, 3, 4, 6]) equal(hostOf(Program.nsm, 1, procedure, new XdrWriter().string('nas').u32(9).bytes()).host, 'nas')
  equal(procedureRow(Program.nsm, 1, 5), undefined)
})

test('a status is told, a quota names its path', () => {
  const r = new XdrReader()
  const bytes = new XdrWriter().opaque(COOKIE).u32(1).bytes()
  r.reset(bytes, 0, bytes.length)
  const into = emptyResult()
  procedureRow(Program.nlm, 4, 2)?.result?.(r, into)
  equal(into.status, 1)
  const args = emptyArguments()
  const path = new XdrWriter().string('/home').u32(0).bytes()
  r.reset(path, 0, path.length)
  procedureRow(Program.rquota, 1, 1)?.args?.(r, args)
  equal(args.path, '/home')
})

test('an impossible length is a fault, and no owner is in a fact', () => {
  equal(hostOf(Program.nlm, 4, 2, new XdrWriter().u32(2000).bytes()).fault, 'cookie-length')
  const talk = new Talk('udp')
  talk.ask({ program: Program.nlm, version: 4, procedure: 2, args: lock(2) }, new XdrWriter().opaque(COOKIE).u32(0).bytes())
  const text = JSON.stringify(runSession(createRpc(), 'udp', talk.chunks).facts)
  equal(text.includes('bed-7'), true)
  equal(text.includes('ZZTEST-owner'), false)
})
