// Commands of restore files and scripts: what the tables hold at the end, as the kernel would, and what a script leaves open.
// Keeps "never guessed": variables, conditions and lines that are not followed make an answer unknown, never wrong.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Config } from '../../rules/model.ts'
import { packetPoint } from '../../sets/fields.ts'
import type { PacketPoint } from '../../sets/packet-set.ts'
import { walkChain } from '../../sets/walk.ts'
import { readIptables } from './index.ts'

function read(text: string, file = 'rules'): Config {
  const { config } = readIptables(text, file)
  assert.ok(config, text)
  return config
}

function verdict(text: string, fields: Partial<PacketPoint> = {}, id = 'ip filter FORWARD'): string {
  const config = read(text)
  const base = config.chains.get(id)
  assert.ok(base, `${id} of ${[...config.chains.keys()].join()}`)
  return walkChain(base, config.chains, packetPoint({ proto: 6n, ...fields }), id.startsWith('ip6') ? 6 : 4).verdict
}

function restore(...lines: readonly string[]): string {
  return ['*filter', ':FORWARD DROP [0:0]', ':sub - [0:0]', ...lines, 'COMMIT', ''].join('\n')
}

test('restore files: rules stand where their commands put them', () => {
  const rows: readonly (readonly [readonly string[], string])[] = [
    [['-A FORWARD -j DROP', '-I FORWARD -j ACCEPT'], 'permit'],
    [['-A FORWARD -j DROP', '-I FORWARD 2 -j ACCEPT'], 'deny'],
    [['-A FORWARD -j DROP', '--insert FORWARD 1 --jump ACCEPT'], 'permit'],
    [['-A FORWARD -j ACCEPT', '-A FORWARD -j DROP', '-D FORWARD 1'], 'deny'],
    [['-A FORWARD -j ACCEPT', '-A FORWARD -p tcp -j DROP', '-D FORWARD -j ACCEPT'], 'deny'],
    [['-A FORWARD -j DROP', '-R FORWARD 1 -j ACCEPT'], 'permit'],
    [['-A FORWARD -j DROP', '-P FORWARD ACCEPT', '-F FORWARD'], 'permit'],
    [['-A FORWARD -j DROP', '-P FORWARD ACCEPT', '-F'], 'permit'],
    [['-N more', '-A FORWARD -j more', '-A more -j ACCEPT'], 'permit'],
    [['-A FORWARD -j sub', '-A sub -j ACCEPT', ':sub - [0:0]'], 'deny'],
    [['[7:420] -A FORWARD -j ACCEPT'], 'permit'],
    [['-A FORWARD -c 7 420 -j ACCEPT'], 'permit'],
    [['-A FORWARD -m comment --comment "-D FORWARD 1 -6 -t nat" -j ACCEPT'], 'permit'],
    [['-A FORWARD -j ACCEPT', '-Z', '-C FORWARD -j ACCEPT'], 'permit'],
    // Not in the text: what is there may be another rule.
    [['-A FORWARD -j ACCEPT', '-D FORWARD 2'], 'unknown'],
    [['-A FORWARD -j ACCEPT', '-R FORWARD 5 -j DROP'], 'unknown'],
    [['-A FORWARD -j ACCEPT', '-I FORWARD 7 -j DROP'], 'unknown'],
    [['-A FORWARD -j ACCEPT', '-D FORWARD -j DROP'], 'unknown'],
    [['-A FORWARD -j sub', '-E sub other', '-A other -j ACCEPT'], 'unknown'],
    [['-P sub ACCEPT', '-A FORWARD -j sub'], 'unknown'],
  ]
  for (const [lines, expected] of rows) {
    assert.equal(verdict(restore(...lines)), expected, lines.join(' / '))
    assert.equal(read(restore(...lines)).unknowns.length > 0, expected === 'unknown', lines.join(' / '))
  }
})

/** The slow twin: a list of names on which commands are done one after the other, by their manual. */
const someCommand = fc.oneof(
  fc.record({ verb: fc.constant('A'), at: fc.constant(0), id: fc.nat(3) }),
  fc.record({ verb: fc.constantFrom('I', 'R', 'D', 'Dspec'), at: fc.nat(4), id: fc.nat(3) }),
  fc.record({ verb: fc.constant('F'), at: fc.constant(0), id: fc.constant(0) }),
)

test('any commands: the same rules in the same order as a list that is edited by hand, until one cannot be done', () => {
  fc.assert(fc.property(fc.array(someCommand, { maxLength: 12 }), (commands) => {
    const list: number[] = []
    const lines: string[] = []
    for (const { verb, at, id } of commands) {
      const spec = `-d 10.0.0.${id} -j ACCEPT`
      const there = verb === 'I' ? at >= 1 && at <= list.length + 1 : verb === 'Dspec' ? list.includes(id) : at >= 1 && at <= list.length
      if (verb !== 'A' && verb !== 'F' && !there) continue
      if (verb === 'A') list.push(id)
      else if (verb === 'F') list.length = 0
      else if (verb === 'Dspec') list.splice(list.indexOf(id), 1)
      else list.splice(at - 1, verb === 'I' ? 0 : 1, ...(verb === 'D' ? [] : [id]))
      lines.push(verb === 'Dspec' ? `-D FORWARD ${spec}` : verb === 'D' ? `-D FORWARD ${at}` : verb === 'F' ? '-F FORWARD'
        : `-${verb} FORWARD ${verb === 'A' ? '' : `${at} `}${spec}`)
    }
    const config = read(restore(...lines))
    const found = config.chains.get('ip filter FORWARD')?.rules.map((rule) => Number(/10\.0\.0\.(\d)/.exec(rule.text)?.[1]))
    assert.deepEqual([found, config.unknowns], [list, []], lines.join('\n'))
  }))
})

test('marks of a family: each version reads its own lines; a header decides for the whole text', () => {
  const text = restore('-A FORWARD -4 -p tcp -j ACCEPT', '-A FORWARD -6 -p udp -j ACCEPT')
  assert.equal(verdict(text), 'permit')
  assert.equal(verdict(text, { proto: 17n }), 'deny')
  assert.equal(verdict(text, { proto: 17n }, 'ip6 filter FORWARD'), 'permit')
  const headed = `# Generated by ip6tables-save v1.8.9\n${text}`
  assert.deepEqual([...read(headed).chains.keys()], ['ip6 filter FORWARD', 'ip6 filter sub'])
})

test('two saves one after the other are two versions; one table twice is said', () => {
  const both = `# Generated by iptables-save v1\n${restore('-A FORWARD -j ACCEPT')}# Generated by ip6tables-save v1\n${restore()}`
  assert.deepEqual([verdict(both), verdict(both, {}, 'ip6 filter FORWARD')], ['permit', 'deny'])
  assert.deepEqual(read(both).unknowns, [])
  assert.match(read(restore() + restore()).unknowns[0]?.reason ?? '', /stands in this text before/)
})

const SCRIPT = `#!/bin/sh
set -e
IPT=/sbin/iptables   # not used
iptables -P FORWARD DROP
/sbin/iptables -F FORWARD
iptables -w 5 -t filter -A FORWARD -s 10.20.3.0/24 \\
  -p tcp --dport 515:520 -j ACCEPT || exit 1
iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE >/dev/null 2>&1
ip6tables -P FORWARD DROP
echo "done; iptables -F"
`

test('scripts: commands that surely run are exact, in both versions', () => {
  const config = read(SCRIPT)
  assert.deepEqual(config.unknowns, [])
  assert.equal(verdict(SCRIPT, { src: 0x0a140301n, dport: 515n }), 'permit')
  assert.equal(verdict(SCRIPT, { src: 0x0a140301n, dport: 521n }), 'deny')
  assert.equal(verdict(SCRIPT, {}, 'ip6 filter FORWARD'), 'deny')
  assert.deepEqual(config.nat.map((row) => [row.kind, row.line]), [['masquerade', 8]])
})

test('scripts: variables, conditions, and what is not followed may be anything', () => {
  const start = 'iptables -P FORWARD DROP\n'
  const open = [
    'iptables -A FORWARD -s $LAN -j ACCEPT', 'iptables -A FORWARD -i "$IF" -j ACCEPT', 'iptables -A FORWARD -j $WHAT', 'iptables -A FORWARD $ALL',
    'iptables -A $CHAIN -j ACCEPT', 'iptables -P FORWARD $POLICY', 'if [ -f x ]; then\niptables -A FORWARD -j ACCEPT\nfi',
    'for h in 10.0.0.1; do\niptables -I FORWARD -j ACCEPT\ndone', 'allow() {\niptables -A FORWARD -j ACCEPT\n}', '. /etc/more.sh', 'allow_web 80',
    '$IPT -A FORWARD -j ACCEPT', 'iptables-restore < /etc/rules', 'iptables -A FORWARD -p tcp -j LOG; iptables -A FORWARD -j ACCEPT',
    'iptables -A FORWARD -s `hostname` -j ACCEPT', '[ -x y ] && iptables -A FORWARD -j ACCEPT',
    'while read a; do iptables -A FORWARD -s $a -j ACCEPT; done < list', 'if true; then\niptables -F\nfi', 'iptables -E FORWARD x',
  ]
  for (const lines of open) {
    assert.equal(verdict(start + lines), 'unknown', lines)
    assert.ok(read(start + lines).unknowns.length > 0, lines)
  }
})

test('scripts: a line that is not followed reaches chains that come up later, until the table is emptied', () => {
  const rules = 'iptables -P FORWARD DROP\niptables -A FORWARD -d 10.0.0.1 -j ACCEPT\n'
  assert.equal(verdict(`. /etc/more.sh\n${rules}`), 'unknown')
  assert.equal(verdict(`. /etc/more.sh\niptables -F\n${rules}`), 'deny')
  assert.equal(verdict(`. /etc/more.sh\niptables -F FORWARD\n${rules}`), 'deny')
  assert.equal(verdict(`. /etc/more.sh\nip6tables -F\niptables -t nat -F\n${rules}`), 'unknown')
})

test('scripts: rules handed to a restore program stand where they are', () => {
  const text = "#!/bin/sh\niptables-restore --noflush <<'EOF'\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 10.0.0.1 -j ACCEPT\nCOMMIT\nEOF\n"
    + 'iptables -A FORWARD -d 10.0.0.2 -j ACCEPT\n'
  assert.deepEqual([1n, 2n, 3n].map((last) => verdict(text, { dst: 0x0a000000n + last })), ['permit', 'permit', 'deny'])
  assert.deepEqual(read(text).unknowns, [])
})

test('iptables -S: the filter table without its name', () => {
  const text = '-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N sub\n-A FORWARD -p tcp -j sub\n-A sub -d 10.0.0.1/32 -j ACCEPT\n'
  assert.deepEqual([verdict(text, { dst: 0x0a000001n }), verdict(text)], ['permit', 'deny'])
  assert.deepEqual(read(text).unknowns, [])
})
