// Tests of the golden documents: what is written is read back, what is wrong is named, UPDATE=1 rewrites only the expected part.
// Keeps the rule that goldens are documents: a case without a reason does not load.

import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { parseIp, type Ip } from '../base/ip.ts'
import { formatGolden, goldenFacts, hexDump, loadGoldens, parseGoldens, probeFirst, type GoldenCase } from './golden.ts'
import { toyRow } from './toy-row.ts'

const DOCUMENT = `# two messages

The everyday case.

flow: tcp 192.0.2.10:40000 > 192.0.2.53:9
vlan: 7
probe: yes

## frame 3 from initiator

\`\`\`hex
0000  02 41 42  .AB
\`\`\`

## frame 5 from responder, after 12 lost bytes

\`\`\`text
\\x01z
\`\`\`

## expected

\`\`\`jsonl
{"a":1}
\`\`\`
`

const only = (text: string): GoldenCase => {
  const [first] = parseGoldens(text, 'x.golden.md')
  if (!first) throw new Error('no case')
  return first
}

test('a document is read: title, reason, flow, chunks, expected', () => {
  const c = only(DOCUMENT)
  equal(c.title, 'two messages')
  equal(c.why, 'The everyday case.')
  equal(c.transport, 'tcp')
  equal(c.probe, 'yes')
  equal(c.trailing, true)
  deepEqual(c.flow, { src: '192.0.2.10', dst: '192.0.2.53', srcPort: 40000, dstPort: 9, vlan: 7 })
  deepEqual(c.chunks, [
    { direction: 0, bytes: Uint8Array.of(2, 0x41, 0x42), frame: 3, lost: 0 },
    { direction: 1, bytes: Uint8Array.of(1, 0x7a), frame: 5, lost: 12 },
  ])
  deepEqual(c.expected, ['{"a":1}'])
})

test('text blocks know their escapes and ignore layout line ends', () => {
  const c = only(DOCUMENT.replace('\\x01z', '\\x0bMSH|a\\r\n\\\\b\\n\\t'))
  deepEqual(Buffer.from(c.chunks[1]?.bytes ?? []).toString('latin1'), '\x0bMSH|a\r\\b\n\t')
})

test('several cases live in one file, and text before the first is a preface', () => {
  const two = parseGoldens(`Preface.\n\n${DOCUMENT}\n${DOCUMENT.replace('two messages', 'again')}`, 'x')
  deepEqual(two.map((c) => c.title), ['two messages', 'again'])
})

for (const [what, broken, words] of [
  ['no flow line', DOCUMENT.replace(/^flow:.*$/m, ''), /no line `flow/],
  ['no reason', DOCUMENT.replace('The everyday case.', ''), /why the case exists/],
  ['a bad address', DOCUMENT.replace('192.0.2.53', '192.0.2.530'), /address/],
  ['a bad hex line', DOCUMENT.replace('02 41 42', '02 4g 42'), /not a hex dump line/],
  ['an unknown heading', DOCUMENT.replace('## frame 3 from initiator', '## packet 3'), /neither a frame/],
  ['no fence', DOCUMENT.replaceAll('```', ''), /no fenced block/],
] as const) {
  test(`a document with ${what} is refused, naming file and case`, () => {
    throws(() => parseGoldens(broken, 'x.golden.md'), words)
    throws(() => parseGoldens(broken, 'x.golden.md'), /x\.golden\.md: case "two messages"/)
  })
}

test('bare pairs without an offset are bytes too', () => {
  deepEqual(only(DOCUMENT.replace('0000  02 41 42  .AB', '  02 00 05 47')).chunks[0]?.bytes, Uint8Array.of(2, 0, 5, 0x47))
})

test('hexDump is read back for any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), (bytes) => {
    const text = DOCUMENT.replace('0000  02 41 42  .AB', () => hexDump(bytes))
    deepEqual(only(text).chunks[0]?.bytes, bytes)
  }))
})

test('hexDump is read back when the text column looks like hex', () => {
  const bytes = new TextEncoder().encode('ab cd ef 01 23 aabbcc')
  deepEqual(only(DOCUMENT.replace('0000  02 41 42  .AB', () => hexDump(bytes))).chunks[0]?.bytes, bytes)
})

test('formatGolden writes what parseGoldens reads', () => {
  const c = only(DOCUMENT)
  const again = only(formatGolden({ ...c, trailing: false }))
  deepEqual(again, { ...c, trailing: false })
})

test('goldenFacts runs the case at its own frame numbers', () => {
  const lines = goldenFacts(only(DOCUMENT), toyRow())
  equal(lines.length, 2)
  match(lines[1] ?? '', /"frame":5.*"queue":"7a"/)
})

test('probeFirst judges the first chunk alone', () => {
  equal(probeFirst(only(DOCUMENT), toyRow()), 'yes')
  equal(probeFirst(only(DOCUMENT.replace('02 41 42', 'ff 41 42')), toyRow()), 'no')
})

test('loadGoldens of a missing folder gives none', () => {
  deepEqual(loadGoldens(join(tmpdir(), 'cordon-no-such-folder')), [])
})

const runner = (dir: string): string => `
import { runGoldens } from ${JSON.stringify(new URL('./golden.ts', import.meta.url).href)}
import { toyRow } from ${JSON.stringify(new URL('./toy-row.ts', import.meta.url).href)}
runGoldens(${JSON.stringify(dir)}, toyRow())
`

function runIn(dir: string, update: boolean): { status: number | null; output: string } {
  const env: NodeJS.ProcessEnv = { ...process.env, UPDATE: update ? '1' : '0' }
  delete env['NODE_TEST_CONTEXT']
  const done = spawnSync(process.execPath, ['--test', join(dir, 'run.test.ts')], { env, encoding: 'utf8' })
  return { status: done.status, output: done.stdout + done.stderr }
}

test('runGoldens fails on a wrong expectation; UPDATE=1 rewrites it, keeps the input, and then it passes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cordon-golden-'))
  try {
    writeFileSync(join(dir, 'run.test.ts'), runner(dir))
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
    const file = join(dir, 'toy.golden.md')
    writeFileSync(file, DOCUMENT)
    const wrong = runIn(dir, false)
    equal(wrong.status, 1, wrong.output)
    equal(runIn(dir, true).status, 0)
    const text = readFileSync(file, 'utf8')
    equal(text.split('## expected')[0], DOCUMENT.split('## expected')[0])
    equal(only(text).expected?.length, 2)
    equal(runIn(dir, false).status, 0)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('runGoldens fails on a folder without cases', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cordon-golden-'))
  try {
    writeFileSync(join(dir, 'run.test.ts'), runner(dir))
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
    equal(runIn(dir, false).status, 1)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('flow addresses of a golden are parsed, so that IPv6 text is canonical', () => {
  const v6 = only(DOCUMENT.replace('192.0.2.10', '2001:DB8:0::1'))
  const canonical = parseIp('2001:db8::1')
  equal(v6.flow.src, canonical.ok ? canonical.value : ('' as Ip))
  equal(fileURLToPath(import.meta.url).endsWith('golden.test.ts'), true)
})
