// Tests of cordon propose: the draft it writes is read by policy check and replays without a break on the capture it came from.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Io } from './io.ts'
import { policyCheck } from './policy.ts'
import { runPropose, type ProposeArgs } from './propose.ts'
import { runReplay } from './replay.ts'
import { runTwin } from './twin.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-propose-cli-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(command: (io: Io) => Promise<number>): Promise<Run> {
  let out = ''
  let err = ''
  const io: Io = {
    out: (text) => void (out += text), err: (text) => void (err += text),
    isTty: false, color: false, env: {}, signal: new AbortController().signal,
  }
  return { code: await command(io), out, err }
}

const file = (name: string): string => path.join(folder, name)
const proposed = (args: ProposeArgs): Promise<Run> => run((io) => runPropose(args, io))

before(async () => {
  for (const [name, scenario] of [['quiet', ''], ['leak', 'leak']] as const) {
    const made = await run((io) => runTwin({ out: file(`${name}.pcap`), beds: 3, seconds: 30, scenario, seed: 7 }, io))
    assert.equal(made.code, 0, made.err)
  }
})

interface Body {
  readonly counts: Readonly<Record<string, { readonly conversations: number }>>
  readonly escaped: readonly unknown[]
}

test('the draft is a policy without a complaint and stops nothing of what it came from, leaking or not', async () => {
  for (const name of ['quiet', 'leak']) {
    const r = await proposed({ file: file(`${name}.pcap`) })
    assert.equal(r.code, 0, r.err)
    const draft = file(`${name}.yaml`)
    fs.writeFileSync(draft, r.out)
    const checked = await run(async (io) => policyCheck({ file: draft }, io))
    assert.deepEqual([checked.code, checked.err], [0, ''], r.out)
    const body = JSON.parse((await run((io) => runReplay({ file: file(`${name}.pcap`), policy: draft, json: true }, io))).out) as Body
    assert.deepEqual([body.escaped, body.counts['rejected']?.conversations], [[], 0], r.out)
    assert.ok((body.counts['permitted']?.conversations ?? 0) > 5)
  }
})

test('a leak is in the draft, because it was seen, and is said at the top, at its line and on stderr', async () => {
  const r = await proposed({ file: file('leak.pcap') })
  assert.match(r.out, /^# LEAVES THE HOSPITAL, decide: tcp-515 .* to 202\.114\.4\.119$/m)
  assert.match(r.err, /note: \d+ lines let something leave the hospital; decide each\./)
  const quiet = await proposed({ file: file('quiet.pcap') })
  assert.doesNotMatch(quiet.out, /LEAVES THE HOSPITAL/)
  assert.match(quiet.err, /is denied: run cordon replay on a longer record/)
})

test('what the policy in force allows and nobody used is listed; the update share is documented and left out', async () => {
  const r = await proposed({ file: file('quiet.pcap'), against: path.join(import.meta.dirname, '..', '..', 'policies', 'default.yaml') })
  assert.match(r.out, /# Allowed by the policy in force, and never used:\n# {3}\S/)
  assert.match(r.out, /# Documented, and not allowed here:\n(?:# {3}.*\n)*# {3}bed 1: update-files: rare/)
  assert.doesNotMatch(r.out, /- (?:tcp|udp)-2049 /)
})

test('JSON holds the text, and the same input gives the same bytes', async () => {
  const args = { file: file('quiet.pcap'), json: true }
  const [first, again] = [await proposed(args), await proposed(args)]
  assert.equal(first.out, again.out)
  const body = JSON.parse(first.out) as { schema: string; text: string; exact: boolean }
  assert.deepEqual([body.schema, body.exact, body.text], ['cordon.proposal/1', true, (await proposed({ file: file('quiet.pcap') })).out])
})

test('without a past, or with a broken policy in force, it says what to do', async () => {
  const none = await proposed({})
  assert.deepEqual([none.code, none.out, /Name a capture/.test(none.err)], [2, '', true])
  fs.writeFileSync(file('bad.yaml'), 'version: 9\n')
  const bad = await proposed({ file: file('quiet.pcap'), against: file('bad.yaml') })
  assert.deepEqual([bad.code, bad.out, /bad\.yaml/.test(bad.err)], [2, '', true])
})

test('no patient stands in a proposal', async () => {
  const r = await proposed({ file: file('leak.pcap'), json: true })
  assert.doesNotMatch(`${r.out}${r.err}`, /ZZTEST|CANARY/)
})
