// Tests of the ward against its transcripts: every conversation of a small ward as one line, and the hash of all its bytes.
// Keeps the rule that goldens are documents: read one to see what a story looks like; UPDATE=1 rewrites, review reads the diff.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { formatMac } from '../base/mac.ts'
import { decodeArpMessage } from '../protocols/arp/message.ts'
import { ipFromV4 } from '../base/ip.ts'
import { inspect } from './core/inspect.ts'
import { playWard, SCENARIO_WORDS, SCENARIOS, wardOptions, type Scenario, type WardFrame } from './core/ward.ts'

const FOLDER = new URL('testdata/', import.meta.url)
const SECONDS = 60
const BEDS = 4

interface Row {
  readonly firstAt: number
  readonly name: string
  frames: number
  bytes: number
}

/** What one frame belongs to: an ARP statement, a UDP or TCP conversation with its service port, or a later fragment. */
function conversation({ bytes }: WardFrame): string {
  const { srcMac, dstMac, ip, tcp, udp } = inspect(bytes)
  if (ip === null) return arp(bytes)
  const ports = tcp ?? udp
  if (ports === null) return `${ip.src} -> ${ip.dst}  fragments`
  const kind = tcp === null ? 'udp' : 'tcp'
  const [service, isReply] = ports.srcPort < ports.dstPort && ports.srcPort < 1024 ? [ports.srcPort, true] : [ports.dstPort, false]
  const hop = `${formatMac(srcMac).slice(9)} > ${formatMac(dstMac).slice(9)}`
  return `${ip.src} -> ${ip.dst}  ${kind}/${service}${isReply ? ' back' : ''}  hop ${hop}  ttl ${ip.ttl}`
}

function arp(bytes: Uint8Array): string {
  const message = decodeArpMessage(bytes, 14, 42)
  assert.ok(typeof message === 'object')
  const { operation, senderIp, senderMac, targetIp } = message
  if (operation === 2) return `arp  ${ipFromV4(senderIp)} is at ${formatMac(senderMac)}, to ${ipFromV4(targetIp)}`
  return senderIp === targetIp ? `arp  ${ipFromV4(senderIp)} announces itself` : `arp  ${ipFromV4(senderIp)} asks for ${ipFromV4(targetIp)}`
}

function transcript(scenarios: readonly Scenario[]): string {
  const options = wardOptions({ beds: BEDS, durationSeconds: SECONDS, scenarios: new Set(scenarios) })
  const rows = new Map<string, Row>()
  const sum = createHash('sha256')
  for (const frame of playWard(options)) {
    sum.update(`${frame.at} `).update(frame.bytes)
    const name = conversation(frame)
    const row = rows.get(name) ?? { firstAt: frame.at - options.startAt, name, frames: 0, bytes: 0 }
    rows.set(name, row)
    row.frames++
    row.bytes += frame.bytes.length
  }
  const lines = [...rows.values()].map((r) => `${(r.firstAt / 1e6).toFixed(6).padStart(10)}  ${String(r.frames).padStart(4)}  ${r.name}`)
  const story = scenarios.length === 0 ? 'the quiet ward' : scenarios.map((s) => SCENARIO_WORDS[s]).join('; ')
  return [
    `# ${story}`,
    `# seed ${options.seed}, ${BEDS} beds, ${SECONDS} s; first time in seconds, frames, conversation`,
    ...lines,
    `sha256 of times and bytes ${sum.digest('hex')}`,
    '',
  ].join('\n')
}

for (const scenarios of [[], ...SCENARIOS.map((s) => [s])] as Scenario[][]) {
  const name = scenarios[0] ?? 'quiet'
  test(`the ${name} ward is as its transcript tells`, () => {
    const file = new URL(`${name}.txt`, FOLDER)
    const now = transcript(scenarios)
    if (process.env['UPDATE'] === '1') {
      fs.mkdirSync(FOLDER, { recursive: true })
      fs.writeFileSync(file, now)
    }
    assert.equal(now, fs.readFileSync(file, 'utf8'))
  })
}

test('a transcript does tell one ward from another', () => {
  assert.notEqual(transcript([]), transcript(['udp']))
})
