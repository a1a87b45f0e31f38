// Tests of lines, words, blocks and tables: what the Cisco readers stand on.
// Keeps bounds honest: what is cut or dropped is counted.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blocksOf } from './blocks.ts'
import { configLines, LINE_CHARS_MAX, LINES_MAX, Words } from './lines.ts'
import { classifyLine, withoutBanners } from './tables.ts'

test('lines keep their number and indent; comments and blanks are left out', () => {
  const { lines } = configLines('! top\n\nhostname a\r\n  ip address 10.0.0.1 ! note\n!\nend')
  assert.deepEqual(lines.map((line) => [line.number, line.indent, line.text]), [[3, 0, 'hostname a'], [4, 2, 'ip address 10.0.0.1'], [6, 0,
    'end']])
})

test('a text beyond the bounds is cut, and what was cut is counted', () => {
  const long = configLines(`a\n${'x'.repeat(LINE_CHARS_MAX + 1)}\nb`)
  assert.deepEqual(long.cut, [2])
  assert.equal(long.lines[1]?.text.length, LINE_CHARS_MAX)
  const many = configLines('a\n'.repeat(LINES_MAX + 5))
  assert.equal(many.lines.length, LINES_MAX)
  assert.equal(many.dropped, 6)
})

test('words are looked at in lower case and taken as written', () => {
  const words = new Words(['Permit', 'HOST', 'Name'])
  assert.equal(words.takeIf('deny'), false)
  assert.equal(words.takeIf('permit'), true)
  assert.equal(words.peek(1), 'name')
  assert.equal(words.rest(), 'HOST Name')
  words.skip(1)
  assert.equal(words.take(), 'Name')
  assert.equal(words.take(), '')
  assert.ok(words.done)
})

test('blocks by indent, and pasted lines by their words', () => {
  const { lines } = configLines(['interface a', 'ip access-group X in', 'ip access-list extended X', '10 permit ip any any',
    'permit tcp any any', 'hostname r', ' 5'].join('\n'))
  assert.deepEqual(blocksOf(lines).map((block) => [block.head.number, block.body.map((line) => line.number)]), [[1, [2]], [3, [4, 5]], [6,
    [7]]])
})

test('the longest prefix of two tables decides; equal ones matter', () => {
  const line = (text: string) => configLines(text).lines[0] ?? assert.fail()
  const harmless = ['ip', 'no', 'ip dhcp pool']
  const matters = [['ip dhcp', 'why'], ['no', 'gone']] as const
  assert.deepEqual(classifyLine(line('ip cef'), harmless, matters), { kind: 'harmless' })
  assert.deepEqual(classifyLine(line('ip dhcp relay'), harmless, matters), { kind: 'matters', reason: 'why' })
  assert.deepEqual(classifyLine(line('ip dhcp pool x'), harmless, matters), { kind: 'harmless' })
  assert.deepEqual(classifyLine(line('no ip'), harmless, matters), { kind: 'matters', reason: 'gone' })
  assert.deepEqual(classifyLine(line('ipv6'), harmless, matters), { kind: 'unlisted' })
})

test('a banner ends at its delimiter; one that never ends takes nothing with it', () => {
  const kept = (text: string) => withoutBanners(configLines(text).lines).map((line) => line.number)
  assert.deepEqual(kept('banner motd #\nprose\n#\nend'), [1, 4])
  assert.deepEqual(kept('banner motd #one line#\nend'), [1, 2])
  assert.deepEqual(kept('banner motd ^C\nprose\nend'), [1, 2, 3])
})
