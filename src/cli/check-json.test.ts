// The report in pieces against JSON.stringify of the whole, around the edges of a piece.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation } from '../detect/conversation.ts'
import { check } from '../testing/check.ts'
import { capturesMissing, sharedCapture } from '../testing/shared.ts'
import { ip } from '../testing/world.ts'
import type { Report } from '../sensor/report.ts'
import type { Picture } from '../sensor/picture.ts'
import { jsonLinePieces, jsonPieces } from './check-json.ts'
import { writeReport } from './check.ts'
import type { Io } from './io.ts'

const PIECE_CHARACTERS_MAX = 1_000_000

function conversation(n: number): Conversation {
  const end = { assetId: n % 2 === 0 ? `a-${n}` : null, ip: ip('10.0.0.1'), label: 'a "quoted"\n  ], label', zone: '[\n  [\n' }
  return {
    id: `c-${n}`, from: end, to: end, transport: 'tcp', port: n, protocol: null, flows: 1, attempts: 0, packets: 1, bytes: 1, firstAt: 1, lastAt: 2,
    leaves: false, verdict: 'deny', rule: 'default', reason: '}\n',
  }
}

function report(conversations: readonly Conversation[]): Report {
  return {
    schema: 'cordon.report/1',
    analysis: {
      id: 'capture-1', name: 'x.pcap', source: 'capture', state: 'complete', sha256: null, format: 'pcap', packets: 1, bytes: 60, flows: 1,
      firstAt: 1, lastAt: 2, problems: [], observations: [{ name: 'x', count: 1 }], blindSpots: [], health: [],
    },
    severities: { info: 0, low: 0, medium: 0, high: 0, critical: 0 }, findings: [], assets: [], conversations,
  }
}

for (const count of [0, 1, 2, 999, 1000, 1001, 2500]) {
  test(`${count} conversations: the same text as of the whole, in pieces of bounded size`, () => {
    const conversations = Array.from({ length: count }, (_, n) => conversation(n))
    const whole = report(conversations)
    const pieces = [...jsonPieces(whole, conversations.values())]
    assert.equal(pieces.join(''), `${JSON.stringify(whole, null, 2)}\n`)
    assert.ok(pieces.every((piece) => piece.length < PIECE_CHARACTERS_MAX))
    const lines = [...jsonLinePieces(whole, conversations)].join('').split('\n')
    assert.deepEqual(lines.slice(0, -1), [{ type: 'analysis', ...whole.analysis }, ...conversations.map((c) => ({ type: 'conversation', ...c }))]
      .map((o) => JSON.stringify(o)))
  })
}

test('a slow reader: no conversation is made while a piece still waits for it', async () => {
  const conversations = Array.from({ length: 3500 }, (_, n) => conversation(n))
  const whole = report(conversations)
  let made = 0
  let waiting = 0
  let waitingMost = 0
  const madeAtTake: number[] = []
  let text = ''
  const io: Io = {
    out: (piece) => {
      text += piece
      waitingMost = Math.max(waitingMost, ++waiting)
    },
    room: async () => {
      const before = made
      await Promise.resolve()
      assert.equal(made, before)
      madeAtTake.push(made)
      waiting = 0
    },
    err: () => assert.fail('nothing to say'), isTty: false, color: false, env: {}, signal: new AbortController().signal,
  }
  const each = function* (): Generator<Conversation> {
    for (const c of conversations) {
      made++
      yield c
    }
  }
  await writeReport({ report: whole, picture: { eachConversation: each } as unknown as Picture }, 'json', io)
  assert.equal(text, `${JSON.stringify(whole, null, 2)}\n`)
  assert.equal(waitingMost, 1)
  assert.ok(madeAtTake.filter((count) => count > 0 && count < conversations.length).length >= 3, madeAtTake.join(', '))
})

test('a real report with findings and assets reads the same', { skip: capturesMissing }, async () => {
  const whole = await check(sharedCapture('medical/tapirx__HL7-ADT-UDI-PRT.pcap'))
  assert.ok(whole.findings.length > 0 && whole.assets.length > 0 && whole.conversations.length > 0)
  assert.equal([...jsonPieces(whole, whole.conversations)].join(''), `${JSON.stringify(whole, null, 2)}\n`)
})
