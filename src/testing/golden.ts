// golden: test cases as documents: why the case exists, the bytes, the facts. Read by people, run by node:test.
// Keeps house habit 13: run whole and at every split; UPDATE=1 rewrites the expected part, and review reads the diff.
//
// The format, one or more cases per *.golden.md file:
//
//   # two queries in one segment
//
//   Why the case exists, in one sentence or a few, with the clause of the standard.
//
//   flow: tcp 192.0.2.10:40000 > 192.0.2.53:53     (optional `vlan: 7`, `probe: yes|no|more` and `trailing: no` lines follow)
//
//   ## frame 1 from initiator                       (or: from responder; `, after 100 lost bytes` before the colon-less end)
//
//   ```hex
//   0000  00 1d 12 34 01 00 00 01  00 00 00 00 00 00 03 77  ...4...........w
//   ```
//
//   ## expected
//
//   ```jsonl
//   {"protocol":"dns","kind":"query",...}
//   ```
//
// A ```text block may stand for ```hex: one string with \n \r \t \\ \xHH escapes; real line ends in it are layout, not data.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseIp } from '../base/ip.ts'
import type { ProbeAnswer, Transport } from '../protocols/protocol.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import { everySplit, openRow, runSession, type Chunk, type RowSource, type SplitOptions } from './everysplit.ts'

export interface GoldenCase {
  readonly file: string
  readonly title: string
  readonly why: string
  readonly transport: Transport
  readonly flow: Partial<Flow>
  /** What the row's probe must say of the first bytes of the first chunk; null when the case does not state it. */
  readonly probe: ProbeAnswer | null
  readonly trailing: boolean
  readonly chunks: readonly Chunk[]
  /** JSON lines, or null when the case has no expected part yet. */
  readonly expected: readonly string[] | null
}

const SUFFIX = '.golden.md'
/** `0000  41 42  text column` or bare pairs. One or two blanks between pairs, more before the text column. */
const HEX_LINE = /^[0-9a-fA-F]{4,8}:? {2,}([0-9a-fA-F]{2}(?: {1,2}[0-9a-fA-F]{2}){0,15})(?: {2,}.*)?$/
const BARE_HEX_LINE = /^ *([0-9a-fA-F]{2}(?: {1,2}[0-9a-fA-F]{2}){0,15}) *$/
const FRAME_HEADING = /^## frame (\d+) from (initiator|responder)(?:, after (\d+) lost bytes)?$/
const FLOW_LINE = /^flow: (tcp|udp) (\S+):(\d+) > (\S+):(\d+)$/
const FENCE = /^```(\w*)\n([\s\S]*?)\n?```$/m

/** All cases of a folder, file by file in name order. An empty or missing folder gives none. */
export function loadGoldens(dir: string | URL): GoldenCase[] {
  const folder = typeof dir === 'string' ? dir : fileURLToPath(dir)
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((name) => name.endsWith(SUFFIX)).sort()
  return files.flatMap((name) => parseGoldens(readFileSync(join(folder, name), 'utf8'), join(folder, name)))
}

/** The cases of one document; throws an Error naming file and case when the document is not in the format. */
export function parseGoldens(text: string, file: string): GoldenCase[] {
  return text.split(/^(?=# )/m).filter((part) => part.startsWith('# ')).map((part) => parseCase(part, file))
}

function parseCase(part: string, file: string): GoldenCase {
  const title = part.slice(2, part.indexOf('\n')).trim()
  const sections = part.split(/^(?=## )/m)
  const head = sections[0] ?? ''
  const fail = (what: string): never => {
    throw new Error(`${file}: case "${title}": ${what}`)
  }
  const flowLine = head.split('\n').map((line) => FLOW_LINE.exec(line)).find((match) => match !== null)
  if (!flowLine) return fail('no line `flow: tcp|udp A:port > B:port`')
  const why = head.split('\n').slice(1).filter((line) => !/^(flow|vlan|probe|trailing): /.test(line)).join('\n').trim()
  if (why === '') fail('no sentence that says why the case exists')
  const bodies = sections.slice(1).filter((section) => !section.startsWith('## expected'))
  const expectedSection = sections.find((section) => section.startsWith('## expected'))
  return {
    file, title, why,
    transport: flowLine[1] as Transport,
    flow: flowFields(flowLine, Number(/^vlan: (\d+)$/m.exec(head)?.[1] ?? 0), fail),
    probe: (/^probe: (yes|no|more)$/m.exec(head)?.[1] ?? null) as ProbeAnswer | null,
    trailing: !/^trailing: no$/m.test(head),
    chunks: bodies.map((section) => parseChunk(section, fail)),
    expected: expectedSection ? fenced(expectedSection, fail).body.split('\n').filter((line) => line.trim() !== '') : null,
  }
}

function flowFields(match: RegExpExecArray, vlan: number, fail: (what: string) => never): Partial<Flow> {
  const src = parseIp(match[2] ?? '')
  const dst = parseIp(match[4] ?? '')
  if (!src.ok || !dst.ok) return fail('an address of the flow line does not parse')
  return { src: src.value, dst: dst.value, srcPort: Number(match[3]), dstPort: Number(match[5]), vlan }
}

function parseChunk(section: string, fail: (what: string) => never): Chunk {
  const heading = section.slice(0, section.indexOf('\n')).trim()
  const match = FRAME_HEADING.exec(heading)
  if (!match) return fail(`heading "${heading}" is neither a frame nor "## expected"`)
  const direction: Direction = match[2] === 'initiator' ? 0 : 1
  const { language, body } = fenced(section, fail)
  const bytes = language === 'text' ? parseEscaped(body) : parseHex(body, fail)
  return { direction, bytes, frame: Number(match[1]), lost: Number(match[3] ?? 0) }
}

function fenced(section: string, fail: (what: string) => never): { language: string; body: string } {
  const match = FENCE.exec(section)
  return match ? { language: match[1] ?? '', body: match[2] ?? '' } : fail(`no fenced block under "${section.split('\n', 1)[0]}"`)
}

function parseHex(body: string, fail: (what: string) => never): Uint8Array {
  const bytes: number[] = []
  for (const line of body.split('\n')) {
    if (line.trim() === '') continue
    const match = HEX_LINE.exec(line) ?? BARE_HEX_LINE.exec(line)
    if (!match) return fail(`not a hex dump line: "${line}"`)
    for (const pair of (match[1] ?? '').trim().split(/ +/)) bytes.push(Number.parseInt(pair, 16))
  }
  return Uint8Array.from(bytes)
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '\\': 92 }

function parseEscaped(body: string): Uint8Array {
  const bytes: number[] = []
  for (const match of body.replaceAll('\n', '').matchAll(/\\x([0-9a-fA-F]{2})|\\([nrt\\])|([\s\S])/g)) {
    if (match[1] !== undefined) bytes.push(Number.parseInt(match[1], 16))
    else if (match[2] !== undefined) bytes.push(ESCAPES[match[2]] ?? 0)
    else bytes.push(...new TextEncoder().encode(match[3]))
  }
  return Uint8Array.from(bytes)
}

/** Sixteen bytes a line: offset, two groups of eight, printable text. What parseGoldens reads back. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let off = 0; off < bytes.length; off += 16) {
    const row = Array.from(bytes.slice(off, off + 16))
    const hex = row.map((b) => b.toString(16).padStart(2, '0'))
    const groups = `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`.trimEnd()
    const text = row.map((b) => (b >= 0x20 && b < 0x7f && b !== 0x60 ? String.fromCharCode(b) : '.')).join('')
    lines.push(`${off.toString(16).padStart(4, '0')}  ${groups.padEnd(48)}  |${text}|`)
  }
  return lines.join('\n')
}

/** A case as a document; the way to write a new one from an encoder's bytes. */
export function formatGolden(c: Pick<GoldenCase, 'title' | 'why' | 'transport' | 'flow' | 'chunks'> & Partial<GoldenCase>): string {
  const head = [
    `flow: ${c.transport} ${c.flow.src}:${c.flow.srcPort} > ${c.flow.dst}:${c.flow.dstPort}`,
    ...(c.flow.vlan ? [`vlan: ${c.flow.vlan}`] : []),
    ...(c.probe ? [`probe: ${c.probe}`] : []),
    ...(c.trailing === false ? ['trailing: no'] : []),
  ]
  const frames = c.chunks.map((chunk, index) => {
    const lost = chunk.lost ? `, after ${chunk.lost} lost bytes` : ''
    const from = chunk.direction === 0 ? 'initiator' : 'responder'
    return `## frame ${chunk.frame ?? index + 1} from ${from}${lost}\n\n\`\`\`hex\n${hexDump(chunk.bytes)}\n\`\`\`\n`
  })
  return [`# ${c.title}\n`, `${c.why}\n`, `${head.join('\n')}\n`, ...frames, expectedPart(c.expected ?? [])].join('\n')
}

function expectedPart(lines: readonly string[]): string {
  return `## expected\n\n\`\`\`jsonl\n${lines.map((line) => `${line}\n`).join('')}\`\`\`\n`
}

/** The facts of a case as JSON lines, as they stand under `## expected`. */
export function goldenFacts(c: GoldenCase, source: RowSource): string[] {
  return runSession(source, c.transport, c.chunks, { flow: c.flow }).facts.map((fact) => JSON.stringify(fact))
}

/**
 * Registers three tests per case (whole, every split, probe) and one that the folder holds cases at all.
 * With UPDATE=1 in the environment the expected parts are rewritten instead of compared.
 */
export function runGoldens(dir: string | URL, source: RowSource, options: Omit<SplitOptions, 'flow'> = {}): void {
  const cases = loadGoldens(dir)
  if (process.env['UPDATE'] === '1') updateGoldens(cases, source)
  test('goldens exist and have distinct titles', () => {
    ok(cases.length > 0, `no *${SUFFIX} in ${String(dir)}`)
    equal(new Set(cases.map((c) => c.title)).size, cases.length)
  })
  for (const c of process.env['UPDATE'] === '1' ? loadGoldens(dir) : cases) {
    test(`golden: ${c.title}`, () => {
      ok(c.expected, `${c.file}: case "${c.title}" has no expected part: run once with UPDATE=1 and read the diff`)
      deepStrictEqual(parsed(goldenFacts(c, source)), parsed(c.expected))
    })
    test(`golden: ${c.title}: every split`, () => {
      everySplit(source, c.transport, c.chunks, { ...options, flow: c.flow, trailing: c.trailing && options.trailing !== false })
    })
    if (c.probe !== null) test(`golden: ${c.title}: probe`, () => equal(probeFirst(c, source), c.probe))
  }
}

function parsed(lines: readonly string[]): unknown[] {
  return lines.map((line) => JSON.parse(line) as unknown)
}

/** What the row's probe says of the first chunk alone. */
export function probeFirst(c: GoldenCase, source: RowSource): ProbeAnswer {
  const first = c.chunks[0]
  if (!first) return 'no'
  return openRow(source).probe(c.transport, first.direction, first.bytes, 0, first.bytes.length)
}

function updateGoldens(cases: readonly GoldenCase[], source: RowSource): void {
  for (const file of new Set(cases.map((c) => c.file))) {
    const parts = readFileSync(file, 'utf8').split(/^(?=# )/m)
    const rewritten = parts.map((part) => {
      if (!part.startsWith('# ')) return part
      const input = part.split(/^(?=## expected)/m)[0] ?? ''
      const facts = goldenFacts(parseCase(part, file), source)
      return `${input.trimEnd()}\n\n${expectedPart(facts)}\n`
    })
    writeFileSync(file, `${rewritten.join('').trimEnd()}\n`)
  }
}
