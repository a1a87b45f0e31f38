// MikroTik: the text, read back by a small reader of RouterOS commands, decides every packet as the policy does.
// Keeps the reader apart from the emitter: it knows key=value lines and address lists, and nothing of plans.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePrefix, type IpVersion } from '../../../base/ip.ts'
import type { CompileInput } from '../target.ts'
import type { ValueRange } from '../../rules/model.ts'
import { assertSame, assertSameSets, emitted, firstMatch, inputArb, inputFromYaml, inputOf, refusals, shippedInput, WARD_YAML,
  type ReadBack, type ReadMatch } from '../../../testing/emit-check.ts'
import { mikrotik } from './index.ts'

type Command = Readonly<Record<string, string>>

const KEYS = new Set(['chain', 'action', 'protocol', 'src-address-list', 'dst-address-list', 'dst-port', 'icmp-options', 'connection-state',
  'jump-target', 'comment', 'list', 'address'])
const PROTOCOLS: Readonly<Record<string, bigint>> = { icmp: 1n, tcp: 6n, udp: 17n, icmpv6: 58n }

/** `add` commands by menu, in order; anything else is a failure but `move` and comments. */
function commands(text: string): Map<string, Command[]> {
  const menus = new Map<string, Command[]>()
  let menu: Command[] = []
  for (const line of text.split('\n').filter((l) => l !== '' && !l.startsWith('#'))) {
    if (line.startsWith('/')) menus.set(line, (menu = []))
    else if (line.startsWith('move ')) assert.match(line, /^move \[find comment="[^"]* jump"\] destination=0$/)
    else {
      assert.match(line, /^add(?: [a-z-]+=(?:"[^"]*"|\S+))+$/)
      const pairs = [...line.matchAll(/([a-z-]+)=(?:"([^"]*)"|(\S+))/g)].map((m) => [m[1] ?? '', m[2] ?? m[3] ?? ''] as const)
      assert.ok(pairs.every(([key]) => KEYS.has(key)), line)
      menu.push(Object.fromEntries(pairs))
    }
  }
  return menus
}

function numbers(text: string): ValueRange {
  const [low = '', high = low] = text.split('-')
  return { low: BigInt(low), high: BigInt(high) }
}

function readBack(text: string, version: IpVersion): ReadBack {
  const menus = commands(text)
  const prefix = version === 4 ? '/ip firewall' : '/ipv6 firewall'
  const lists = Map.groupBy(menus.get(`${prefix} address-list`) ?? [], (command) => command['list'] ?? '')
  const list = (name: string): ValueRange[] => (lists.get(name) ?? []).map((command) => {
    const parsed = parsePrefix(command['address'] ?? '')
    assert.ok(parsed.ok && parsed.value.version === version)
    return { low: parsed.value.network, high: parsed.value.network + (1n << BigInt((version === 4 ? 32 : 128) - parsed.value.length)) - 1n }
  })
  const all = menus.get(`${prefix} filter`) ?? []
  const jump = all.at(-1)
  assert.deepEqual([jump?.['chain'], jump?.['action']], ['forward', 'jump'])
  const own = all.filter((command) => command['chain'] === jump?.['jump-target'])
  assert.equal(own.length, all.length - 1)
  const fresh = own.filter((command) => command['connection-state'] === undefined)
  return firstMatch(fresh.map((command) => ({ ...matchOf(command, list), permit: permitOf(command) })), true)
}

function permitOf(command: Command): boolean {
  assert.ok(command['action'] === 'accept' || command['action'] === 'drop')
  return command['action'] === 'accept'
}

function matchOf(command: Command, list: (name: string) => ValueRange[]): ReadMatch {
  const { protocol, 'src-address-list': src, 'dst-address-list': dst, 'dst-port': ports, 'icmp-options': icmp } = command
  const proto = protocol === undefined ? undefined : PROTOCOLS[protocol] ?? BigInt(protocol)
  return {
    ...(proto === undefined ? {} : { proto: [{ low: proto, high: proto }] }),
    ...(src === undefined ? {} : { src: list(src) }),
    ...(dst === undefined ? {} : { dst: list(dst) }),
    ...(ports === undefined ? {} : { dport: ports.split(',').map(numbers) }),
    ...(icmp === undefined ? {} : { icmpType: [numbers(icmp.split(':')[0] ?? '')] }),
  }
}

function assertExact(input: CompileInput): void {
  const { text } = emitted(mikrotik.emit(input))
  for (const version of [4, 6] as const) assert.ok(assertSame(input.chains[version], readBack(text, version)) > 0)
}

test('the ward policy means the same as text, both versions, every cell', () => assertExact(inputFromYaml(WARD_YAML)))
test('the shipped policy on a ward means the same as text', () => assertExact(shippedInput()))
test('packet sets say the same of both', () => {
  for (const input of [inputFromYaml(WARD_YAML), shippedInput()]) {
    const { text } = emitted(mikrotik.emit(input))
    for (const version of [4, 6] as const) assertSameSets(input.chains[version], version, readBack(text, version))
    const spoiled = text.replace(/^.*(?:vitals|bedside-vitals)"\n/m, '')
    assert.notEqual(spoiled, text)
    assert.throws(() => assertSameSets(input.chains[4], 4, readBack(spoiled, 4)), /wider: /)
  }
})

test('so do random policies', () => fc.assert(fc.property(inputArb(), assertExact), { numRuns: 200 }))

test('the reader notices a rule that is gone, a port that is gone, and an order that changed', () => {
  const input = inputFromYaml(WARD_YAML)
  const lines = emitted(mikrotik.emit(input)).text.split('\n')
  const spoil = (change: (line: string) => string): void => {
    assert.throws(() => assertSame(input.chains[4], readBack(lines.map(change).join('\n'), 4)), /policy (?:permits|denies)/)
  }
  spoil((line) => (line.includes('no-ssh') ? '' : line))
  spoil((line) => line.replace('dst-port=515-520', 'dst-port=515-521'))
  spoil((line) => (line.includes('staff') ? line.replace('accept', 'drop') : line))
})

test('established flows come first, related ones only as ICMP errors', () => {
  const { text } = emitted(mikrotik.emit(inputFromYaml(WARD_YAML)))
  for (const [menu, icmp] of [['/ip firewall filter', 'icmp'], ['/ipv6 firewall filter', 'icmpv6']] as const) {
    const [first, second, ...rest] = commands(text).get(menu) ?? []
    assert.deepEqual([first?.['connection-state'], first?.['action']], ['established', 'accept'])
    assert.deepEqual([second?.['connection-state'], second?.['protocol']], ['related', icmp])
    assert.ok(rest.every((command) => command['connection-state'] === undefined))
  }
})

test('rollback takes away exactly what was added: jump, chain, lists', () => {
  const { text, rollback } = emitted(mikrotik.emit(inputFromYaml(WARD_YAML)))
  const removed = rollback.split('\n').filter((line) => line.startsWith('/'))
  assert.equal(removed.length, 6)
  for (const [menu, all] of commands(text)) {
    const undo = removed.filter((line) => line.startsWith(`${menu} remove`)).join('\n')
    for (const command of all) {
      const byChain = command['chain'] !== undefined && undo.includes(`[find chain=${command['chain']}]`)
      assert.ok(byChain || undo.includes(`[find comment="${command['comment']}"]`), JSON.stringify(command))
    }
  }
})

const rangesOf = (count: number): ValueRange[] =>
  Array.from({ length: count }, (_, i) => ({ low: BigInt(i * 10), high: BigInt(i * 10 + 3) }))
const oneRule = (fields: readonly (readonly [string, readonly ValueRange[]])[]): CompileInput => {
  const rule = { line: 1, text: 'lab', family: null, matches: [{ fields: fields.map(([field, ranges]) =>
    [field, { kind: 'ranges', ranges, not: false }] as const), unknown: [] }], action: { kind: 'permit' } }
  const chain = { name: 'x', rules: [rule], policy: 'deny' }
  return inputOf({ 4: chain, 6: chain } as unknown as CompileInput['chains'])
}

test('long port lists are cut at fifteen items and still mean the same', () => {
  const input = oneRule([['proto', [{ low: 6n, high: 6n }]], ['dport', rangesOf(20)]])
  const { text } = emitted(mikrotik.emit(input))
  const lists = [...text.matchAll(/dst-port=(\S+)/g)].map((m) => (m[1] ?? '').split(','))
  assert.ok(lists.every((list) => list.reduce((sum, item) => sum + (item.includes('-') ? 2 : 1), 0) <= 15))
  assert.equal(lists.length, 6)
  assertExact(input)
})

test('ICMP types are kept, one line each', () => assertExact(oneRule([['proto', [{ low: 1n, high: 1n }]], ['icmpType', rangesOf(2)]])))

test('refused by name: ports of SCTP, unknown options, a budget that is too small', () => {
  const sctp = oneRule([['proto', [{ low: 132n, high: 132n }]], ['dport', rangesOf(1)]])
  assert.match(refusals(mikrotik.emit(sctp)), /rule lab: .*SCTP/)
  assert.match(refusals(mikrotik.emit(inputFromYaml(WARD_YAML, { inteface: 'x' }))), /unknown option inteface/)
  assert.match(refusals(mikrotik.emit({ ...inputFromYaml(WARD_YAML), ruleBudget: 5 })), /^\d+ lines are needed and 5 are allowed/)
})

test('names that would end a comment or a line cannot', () => {
  const input = { ...inputFromYaml(WARD_YAML), name: 'ward"\n/system reset-configuration' }
  const { text, rollback } = emitted(mikrotik.emit(input))
  assert.equal(/^\/system/m.test(text + rollback), false)
  assert.ok(text.includes('# Cordon policy ward??/system reset-configuration, sha256 c0de'))
})

test('the same input gives the same bytes, with the hash of the policy in them', () => {
  const input = inputFromYaml(WARD_YAML)
  assert.deepEqual(mikrotik.emit(input), mikrotik.emit(input))
  assert.ok(emitted(mikrotik.emit(input)).text.includes(input.policyHash))
})
