// bench:replay: one million conversations against a policy of 1,000 conduits, on one core, with and without a policy in force.
// Prints CPU and wall seconds; nothing is asserted. Seeded: the same conversations every run.

import { ipFromV4, parsePrefix, type Ip } from '../src/base/ip.ts'
import { randomInt, seededRng } from '../src/base/rng.ts'
import { treeFromValue, type PlainValue } from '../src/base/tree.ts'
import { createEvaluator, parsePolicy, policyNames } from '../src/policy/index.ts'
import { replay, type ReplayConversation, type ReplayDevice, type ReplayInput, type ReplayPolicy } from '../src/policy/replay/index.ts'

const CONVERSATIONS = Number(process.env['CONVERSATIONS'] ?? 1_000_000)
const CONDUITS = 1000
const ZONES = 40
/** Devices of a large hospital. */
const DEVICES = 20_000
const RUNS = Number(process.env['RUNS'] ?? 5)
const MONDAY = 1_767_571_200_000_000
const WEEK = 7 * 86_400_000_000

function policy(seed: number): ReplayPolicy {
  const rng = seededRng(seed)
  const zones = Array.from({ length: ZONES }, (_, i): PlainValue =>
    ({ name: `z${i}`, kind: i % 2 ? 'it' : 'medical', prefixes: [`10.${i}.0.0/16`] }))
  const conduits = Array.from({ length: CONDUITS }, (_, i): PlainValue => ({
    name: `c${i}`, from: `z${randomInt(rng, 0, ZONES - 1)}`, to: `z${randomInt(rng, 0, ZONES - 1)}`,
    services: [`s${i % 50}`, 'dns', 'https'],
    action: i % 5 ? 'allow' : 'deny', fail: 'open', reason: 'bench',
  }))
  const services = Array.from({ length: 50 }, (_, i): PlainValue =>
    ({ name: `s${i}`, transport: ['tcp'], ports: [`${500 + i * 10}-${505 + i * 10}`] }))
  const parsed = parsePolicy(treeFromValue({ version: '1', name: 'bench', zones, services, conduits, default: 'allow' }, 'bench'))
  if (parsed.policy === null) throw new Error(JSON.stringify(parsed.diagnostics.filter((d) => d.severity === 'error')))
  const evaluator = createEvaluator(parsed.policy, policyNames(parsed.policy, new Map()))
  return { local: evaluator, leaving: evaluator }
}

function conversations(): ReplayConversation[] {
  const rng = seededRng(7)
  const base = Number(parsePrefixNetwork('10.0.0.0'))
  const devices = Array.from({ length: DEVICES }, (_, i): ReplayDevice => {
    const ip: Ip = ipFromV4(base + (i % ZONES) * 65_536 + 10 + Math.floor(i / ZONES))
    return { id: `a-${i}`, label: `device ${i}`, ip, function: 'unknown', bed: i % 50 ? null : i / 50, lastSeen: MONDAY + WEEK }
  })
  const any = (): ReplayDevice => devices[randomInt(rng, 0, DEVICES - 1)] as ReplayDevice
  return Array.from({ length: CONVERSATIONS }, () => {
    const [from, to] = [any(), any()]
    const tuple = { src: from.ip, dst: to.ip, proto: rng.next() < 0.2 ? 17 : 6, srcPort: 0, dstPort: randomInt(rng, 1, 1000) }
    return {
      from, to, tuple, flows: 3, attempts: 0, bytes: 1000, firstAt: MONDAY, lastAt: MONDAY + WEEK, times: [], protocol: null, leaves: false,
      telemetry: false, documented: null,
    }
  })
}

function parsePrefixNetwork(text: string): bigint {
  const parsed = parsePrefix(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value.network
}

function measure(name: string, input: ReplayInput): void {
  const cpu: number[] = []
  let counts = ''
  for (let run = 0; run <= RUNS; run++) {
    const before = process.cpuUsage()
    const result = replay(input)
    const used = process.cpuUsage(before)
    if (run > 0) cpu.push((used.user + used.system) / 1e6)
    const { permitted, escaped } = result.counts
    counts = `${permitted.conversations} permitted, ${escaped.conversations} escaped in ${result.escaped.length} groups`
  }
  cpu.sort((a, b) => a - b)
  console.log(`${name}: median ${(cpu[Math.floor(RUNS / 2)] ?? 0).toFixed(2)} CPU s (${cpu.map((c) => c.toFixed(2)).join(' ')}); ${counts}`)
}

const input = conversations()
const draft = policy(1)
const rest = {
  conversations: input, unseen: [], draft, now: MONDAY + WEEK, reason: null,
  observation: { watches: [{ from: MONDAY, to: MONDAY + WEEK }], lost: 0, damaged: false, devices: [], utcOffsetMinutes: 0 },
}
console.log(`${CONVERSATIONS} conversations, ${CONDUITS} conduits, ${ZONES} zones, ${RUNS} runs after one warm-up, Node ${process.version}`)
measure('draft alone', { ...rest, inForce: null })
measure('draft against the policy in force', { ...rest, inForce: policy(2) })
