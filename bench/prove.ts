// bench:prove: packet-set questions on made access lists, beside z3 on the same questions, in CPU seconds of the whole process.
// Prints a table and writes artifacts/bench-prove.json. A wrong answer ends with exit code 1: a fast wrong proof is worth nothing.

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ipFromV4 } from '../src/base/ip.ts'
import { randomInt, seededRng, type Rng } from '../src/base/rng.ts'
import { readIos } from '../src/policy/compile/cisco-ios/read.ts'
import { deadLines } from '../src/policy/prove/dead-lines.ts'
import type { Field, Rule } from '../src/policy/rules/model.ts'
import { boxSpace } from '../src/policy/sets/box-space.ts'
import { smtEquivalence } from '../src/policy/sets/smt.ts'
import { chainOf, inBlock, type Question, type Row } from './prove-lists.ts'

const ASK = path.join(import.meta.dirname, 'prove-ask.ts')
const ROOT = path.join(import.meta.dirname, '..')
const RUNS = Number(process.env['RUNS'] ?? 5)
const SEED = Number(process.env['SEED'] ?? 1)

const TCP = 6
const UDP = 17
const ANYWHERE = [0, 0] as const
const PORTS = [22, 53, 80, 104, 123, 161, 443, 445, 515, 2575, 2762, 3389, 8080, 11_112]
const LENGTHS = [32, 32, 32, 32, 28, 24, 24, 22, 20, 16]

function block(rng: Rng): readonly [number, number] {
  const length = LENGTHS[randomInt(rng, 0, LENGTHS.length - 1)] ?? 32
  // 10.0.0.0/12, as one hospital would use it.
  const address = 0x0a000000 + randomInt(rng, 0, 0xfffff)
  const size = 2 ** (32 - length)
  return [address - (address % size), length]
}

function ports(rng: Rng): readonly [number, number] {
  const kind = rng.next()
  if (kind < 0.7) {
    const port = PORTS[randomInt(rng, 0, PORTS.length - 1)] ?? 80
    return [port, port]
  }
  const low = randomInt(rng, 1024, 65_000)
  return kind < 0.85 ? [low, low] : [low, Math.min(65_535, low + randomInt(rng, 1, 2000))]
}

function row(rng: Rng): Row {
  const kind = rng.next()
  const proto = kind < 0.65 ? TCP : kind < 0.9 ? UDP : kind < 0.95 ? 1 : null
  return { src: block(rng), dst: block(rng), proto, dport: proto === TCP || proto === UDP ? ports(rng) : null, permit: rng.next() < 0.7 }
}

function list(rng: Rng, length: number): Row[] {
  return Array.from({ length }, () => row(rng))
}

/** The same verdicts in other words: blocks and ranges halved, rules put in that an earlier one covers, neighbours swapped. */
function rewritten(rng: Rng, rows: readonly Row[]): Row[] {
  const out: Row[] = []
  for (const [i, r] of rows.entries()) {
    const kind = rng.next()
    if (kind < 0.15 && r.src[1] < 32) out.push(...halves(r))
    else if (kind < 0.25 && r.dport && r.dport[0] < r.dport[1]) out.push(...portHalves(r))
    else out.push(r)
    if (rng.next() < 0.05) {
      const earlier = rows[randomInt(rng, 0, i)] ?? r
      out.push({ ...earlier, src: [earlier.src[0], 32], permit: rng.next() < 0.5 })
    }
  }
  for (let i = 0; i + 1 < out.length; i++) {
    const [x, y] = [out[i], out[i + 1]]
    if (x && y && x.permit === y.permit && rng.next() < 0.5) [out[i], out[i + 1]] = [y, x]
  }
  return out
}

function halves(r: Row): Row[] {
  const length = r.src[1] + 1
  return [{ ...r, src: [r.src[0] + 2 ** (32 - length), length] }, { ...r, src: [r.src[0], length] }]
}

function portHalves(r: Row): Row[] {
  const [low, high] = r.dport ?? [0, 65_535]
  const middle = Math.floor((low + high) / 2)
  return [{ ...r, dport: [middle + 1, high] }, { ...r, dport: [low, middle] }]
}

/** One permit between two addresses that no other rule names, four fifths down the list: what a reviewer overlooks. */
function withNeedle(rows: readonly Row[]): Row[] {
  const needle: Row = { src: [0xc0a80707, 32], dst: [0xc0a80909, 32], proto: TCP, dport: [515, 515], permit: true }
  return rows.toSpliced(Math.floor(rows.length * 0.8), 0, needle)
}

/** A third of the rules denies sources, a third destinations, a third ports: the product of all three is what box lists drown in. */
function slab(rng: Rng, length: number): Row[] {
  const any: Row = { src: ANYWHERE, dst: ANYWHERE, proto: null, dport: null, permit: false }
  const host = (): readonly [number, number] => [Math.floor(rng.next() * 2 ** 32), 32]
  const denies = Array.from({ length }, (_, i): Row => {
    if (i % 3 === 0) return { ...any, src: host() }
    if (i % 3 === 1) return { ...any, dst: host() }
    const port = randomInt(rng, 1, 65_535)
    return { ...any, proto: TCP, dport: [port, port] }
  })
  return [...denies, { ...any, permit: true }]
}

function shuffled(rng: Rng, rows: readonly Row[]): Row[] {
  const last = rows.length - 1
  const keyed = rows.slice(0, last).map((r) => ({ r, key: rng.next() })).sort((x, y) => x.key - y.key)
  return [...keyed.map(({ r }) => r), ...rows.slice(last)]
}

const ACLS = 120
const ACL_LINES = 1700

/** A router's text: many short lists, some long ones, every twentieth line a narrower copy of one that stands before it. */
function routerText(rng: Rng): string {
  const lists = Array.from({ length: ACLS }, (): Row[] => [])
  for (let i = 0; i < ACL_LINES; i++) {
    // The square favours the first lists; each gets its last line at the end.
    const at = i < ACLS ? i : Math.floor(rng.next() ** 2 * ACLS)
    const rows = lists[at] as Row[]
    const earlier = rows[randomInt(rng, 0, Math.max(0, rows.length - 1))]
    rows.push(earlier && rng.next() < 0.05 ? { ...earlier, src: [earlier.src[0], 32], permit: rng.next() < 0.5 } : row(rng))
  }
  return lists.map((rows, i) => [`ip access-list extended LIST-${i + 1}`, ...rows.map(aclLine)].join('\n')).join('\n!\n')
}

function aclLine({ src, dst, proto, dport, permit }: Row): string {
  const side = ([base, length]: readonly [number, number]): string => `${ipFromV4(base)} ${ipFromV4(2 ** (32 - length) - 1)}`
  const name = proto === TCP ? 'tcp' : proto === UDP ? 'udp' : proto === 1 ? 'icmp' : 'ip'
  return ` ${permit ? 'permit' : 'deny'} ${name} ${side(src)} ${side(dst)}${dport ? ` range ${dport[0]} ${dport[1]}` : ''}`
}

/** What the other engine says: lists of boxes share no code with the diagrams. */
function deadByBoxes(text: string): number[] {
  const { config } = readIos(text, 'bench')
  return [...(config?.chains.values() ?? [])].flatMap((chain) => deadLines(boxSpace(4), chain).map(({ rule }) => rule.line))
}

interface Case {
  readonly name: string
  readonly question: Question
  /** Equal, nothing reaches, or no line is dead. */
  readonly holds: boolean
  /** The lines that are dead. */
  readonly dead?: readonly number[]
}

const MONITORS = [0xc0a80300, 24] as const
const FACTORY = [0xca720400, 24] as const

/** Monitors may talk to the station; only the last rule could let them out, and one before it stops that. */
function reachCase(rng: Rng, length: number, closed: boolean): Case {
  const stop: Row = { src: MONITORS, dst: ANYWHERE, proto: null, dport: null, permit: false }
  const open: Row = { src: ANYWHERE, dst: FACTORY, proto: TCP, dport: [515, 515], permit: true }
  const a = [...list(rng, length - 2), ...(closed ? [stop] : []), open]
  const name = `${length.toLocaleString('en')} rules, reach, ${closed ? 'closed' : 'open'}`
  return { name, question: { kind: 'reach', a, from: MONITORS, to: FACTORY }, holds: closed }
}

function deadCase(rng: Rng): Case {
  const text = routerText(rng)
  const dead = deadByBoxes(text)
  return { name: `${ACLS} ACLs, ${ACL_LINES.toLocaleString('en')} lines, dead lines`, question: { kind: 'dead', text }, holds: dead.length === 0, dead }
}

function cases(): Case[] {
  const rng = seededRng(SEED)
  const pairs = [1000, 5000].flatMap((length): Case[] => {
    const name = length.toLocaleString('en')
    const a = list(rng, length)
    return [
      { name: `${name} rules, equal`, question: { kind: 'equal', a: withNeedle(a), b: withNeedle(rewritten(rng, a)) }, holds: true },
      { name: `${name} rules, one permit lost`, question: { kind: 'equal', a: withNeedle(a), b: rewritten(rng, a) }, holds: false },
    ]
  })
  const slabs = slab(rng, 900)
  return [
    ...pairs,
    { name: '900 slab rules, shuffled', question: { kind: 'equal', a: slabs, b: shuffled(rng, slabs) }, holds: true },
    reachCase(rng, 10_000, true), reachCase(rng, 10_000, false), deadCase(rng),
  ]
}

/** The same question for a solver: nothing reaches when the list, cut to the two blocks, permits what an empty one does. */
function smtOf(question: Exclude<Question, { kind: 'dead' }>): string {
  const a = chainOf('a', question.a)
  const text = question.kind === 'equal'
    ? smtEquivalence(a, chainOf('b', question.b), 4)
    : smtEquivalence({ ...a, rules: [...outside(question.from, 'src'), ...outside(question.to, 'dst'), ...a.rules] }, chainOf('b', []), 4)
  if (!text.ok) throw new Error(text.error)
  return text.value
}

function outside(inside: readonly [number, number], field: Field): Rule[] {
  const fields = [[field, { ...inBlock(inside), not: true }] as const]
  return [{ line: 0, text: '', family: 4, matches: [{ fields, unknown: [] }], action: { kind: 'deny', reject: false } }]
}

interface Measured {
  readonly cpuSeconds: number
  readonly stdout: string
}

/**
 * One warm-up, RUNS counted runs; user plus system seconds of the whole process, start-up included, as bash reports them. Node may keep
 * compiled code in `cache`: the published package is JavaScript, and stripping types at each start is not what a user pays.
 */
function measure(command: string, cache: string): Measured {
  const seconds: number[] = []
  const env = { ...process.env, NODE_COMPILE_CACHE: cache }
  let stdout = ''
  for (let run = 0; run <= RUNS; run++) {
    const done = spawnSync('bash', ['-c', `TIMEFORMAT='%U %S'; time ${command}`], { encoding: 'utf8', env })
    const [user = Number.NaN, system = Number.NaN] = done.stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
    stdout = done.stdout
    if (run > 0) seconds.push(user + system)
  }
  return { cpuSeconds: seconds.sort((x, y) => x - y)[Math.floor(seconds.length / 2)] ?? Number.NaN, stdout }
}

interface Result {
  readonly name: string
  readonly cordonSeconds: number
  readonly z3Seconds: number | null
  readonly nodes: number
  readonly rssMegabytes: number
  readonly right: boolean
}

function compare(one: Case, folder: string, hasZ3: boolean): Result {
  const file = path.join(folder, 'question.json')
  fs.writeFileSync(file, JSON.stringify(one.question))
  const ours = measure(`'${process.execPath}' '${ASK}' '${file}'`, folder)
  const answer = JSON.parse(ours.stdout) as { holds: boolean; nodes: number; dead?: readonly number[]; rssBytes: number }
  const { question } = one
  // A solver has no question for all lines at once; there the answer is compared with the boxes.
  const asksZ3 = hasZ3 && question.kind !== 'dead'
  if (asksZ3) fs.writeFileSync(path.join(folder, 'question.smt2'), smtOf(question))
  const z3 = asksZ3 ? measure(`z3 -smt2 '${path.join(folder, 'question.smt2')}'`, folder) : null
  const same = answer.holds === one.holds && JSON.stringify(answer.dead) === JSON.stringify(one.dead)
  const right = same && (z3 === null || z3.stdout.trim() === (one.holds ? 'unsat' : 'sat'))
  const rssMegabytes = Math.round(answer.rssBytes / 1e6)
  const { nodes } = answer
  return { name: one.name, cordonSeconds: ours.cpuSeconds, z3Seconds: z3?.cpuSeconds ?? null, nodes, rssMegabytes, right }
}

function show(r: Result): void {
  const z3 = r.z3Seconds === null ? 'not asked' : r.z3Seconds.toFixed(2)
  const ratio = r.z3Seconds === null ? '' : `${(r.z3Seconds / r.cordonSeconds).toFixed(1)}x`
  const nodes = r.nodes.toLocaleString('en')
  const cells = [r.name, r.cordonSeconds.toFixed(2), z3, ratio, nodes, r.rssMegabytes, r.right ? 'right' : 'WRONG']
  console.log(`| ${cells.join(' | ')} |`)
}

function main(): void {
  const hasZ3 = spawnSync('z3', ['--version']).status === 0
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-prove-'))
  console.log(`medians of ${RUNS} runs after one warm-up, seed ${SEED}, ${os.cpus()[0]?.model ?? ''}, Node ${process.version}\n`)
  console.log('| question | cordon CPU s | z3 CPU s | cordon is faster by | nodes | MB | both answers |\n|---|---|---|---|---|---|---|')
  const results = cases().map((one) => {
    const result = compare(one, folder, hasZ3)
    show(result)
    return result
  })
  fs.rmSync(folder, { recursive: true })
  fs.mkdirSync(path.join(ROOT, 'artifacts'), { recursive: true })
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  const report = { commit, node: process.version, runs: RUNS, seed: SEED, results }
  fs.writeFileSync(path.join(ROOT, 'artifacts', 'bench-prove.json'), `${JSON.stringify(report, null, 2)}\n`)
  if (results.some((r) => !r.right)) process.exitCode = 1
}

main()
