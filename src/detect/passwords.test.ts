// The rules on passwords: in clear over FTP and HTTP, and tried one after the other; how grave, and what they leave alone.
// Keeps the rule that no name and no password is in a finding, and that what people do by hand is no attack.

import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../protocols/facts.ts'
import type { FtpLogin } from '../protocols/ftp/facts.ts'
import { asset, CARD, findings, flow, ip, seconds, world } from '../testing/world.ts'
import type { Flow } from '../wire/flow.ts'
import { passwordGuessing, REFUSALS_BEFORE_MIN, REFUSALS_MIN, WITHIN_MICROS } from './rules/password-guessing.ts'
import { passwordInClear, WAITING_MAX } from './rules/password-in-clear.ts'

const PC = '10.20.4.50'
const PRINTER = '10.20.4.80'
const MONITOR = '10.20.4.31'
const OUTSIDE = '93.184.216.34'
const ward = world({ assets: [asset('printer', PRINTER), asset('patient-monitor', MONITOR, 7)] })

function ftp(more: Partial<FtpLogin> = {}, client = PC, server = PRINTER): FtpLogin {
  return {
    at: seconds(2), frame: 9, protocol: 'ftp', flowId: 1, client: ip(client), server: ip(server), kind: 'login', anonymous: false, passwordSeen: true,
    accepted: true, ...more,
  }
}

const clear = (of: Flow, ...facts: Fact[]) => findings(passwordInClear, ward, facts.map((fact) => [fact, of]))

test('password-in-clear: an inside printer is low, a monitor medium, across the border medium, a device reached from outside high', () => {
  const [found, ...more] = clear(flow(PC, PRINTER, 21), ftp(), ftp())
  deepEqual([found?.severity, found?.count, found?.assetLabel, more], ['low', 2, 'printer 10.20.4.80', []])
  equal(found?.ward, 'The password for the printer 10.20.4.80 can be read by whoever listens on the network.')
  equal(found?.technical, '2 log-ins with a user name and a password in clear over FTP to 10.20.4.80 from 10.20.4.50.')
  equal(clear(flow(PC, MONITOR, 21), ftp({}, PC, MONITOR))[0]?.severity, 'medium')
  const [out] = clear(flow(PC, OUTSIDE, 21), ftp({}, PC, OUTSIDE))
  equal(out?.severity, 'medium')
  match(out?.ward ?? '', /on the way out of the hospital\.$/)
  equal(clear(flow(MONITOR, OUTSIDE, 21), ftp({}, MONITOR, OUTSIDE))[0]?.severity, 'high')
  equal(clear(flow(OUTSIDE, PRINTER, 21, { macs: [CARD.router, CARD.monitor] }), ftp({}, OUTSIDE, PRINTER))[0]?.severity, 'high')
})

test('password-in-clear: anonymous, refused or without a password is none', () => {
  for (const more of [{ anonymous: true }, { accepted: false }, { passwordSeen: false }]) deepEqual(clear(flow(PC, PRINTER, 21), ftp(more)), [])
})

test('password-in-clear: HTTP Basic counts until everything asked with it was refused', () => {
  const base = { at: seconds(2), frame: 9, protocol: 'http', flowId: 1, client: ip(PC), server: ip(PRINTER) } as const
  const sent: Fact = { ...base, kind: 'credentials', scheme: 'basic' }
  const totals = (responses: number, refused: number): Fact => ({ ...base, at: seconds(5), kind: 'totals', requests: 2, responses, refused })
  const of = flow(PC, PRINTER, 80)
  match(clear(of, sent)[0]?.technical ?? '', /over HTTP \(Basic\) to 10\.20\.4\.80/)
  equal(clear(of, sent, totals(2, 1)).length, 1, 'asked once without, then let in')
  deepEqual(clear(of, sent, totals(2, 2)), [])
  equal(clear(of, sent, totals(0, 0)).length, 1, 'answers not seen')
  deepEqual(clear(of, totals(2, 1)), [])
})

test('password-in-clear: of a refused attempt over HTTP nothing stays, not its client, its frame nor its flow', () => {
  const http = (client: string, flowId: number, at: number, frame: number) =>
    ({ at: seconds(at), frame, protocol: 'http', flowId, client: ip(client), server: ip(PRINTER) }) as const
  const try1 = (client: string, id: number, at: number, refused: number): (readonly [Fact, Flow])[] => {
    const of = flow(client, PRINTER, 80, { id })
    return [
      [{ ...http(client, id, at, 10 + id), kind: 'credentials', scheme: 'basic' }, of],
      [{ ...http(client, id, at + 9, 20 + id), kind: 'totals', requests: 2, responses: 2, refused }, of],
    ]
  }
  const good = try1(PC, 2, 100, 1)
  const [alone] = findings(passwordInClear, ward, good)
  deepEqual(findings(passwordInClear, ward, [...try1(MONITOR, 1, 2, 2), ...good, ...try1(MONITOR, 3, 200, 2)]), [alone])
  deepEqual([alone?.severity, alone?.firstAt, alone?.lastAt, alone?.evidence.frames], ['low', seconds(100), seconds(100), [12]])
  const [open] = findings(passwordInClear, ward, [...good, ...try1(MONITOR, 4, 300, 2).slice(0, 1)])
  deepEqual([open?.count, open?.severity], [2, 'medium'], 'not over: what is known so far')
})

test(`password-in-clear: more than ${WAITING_MAX} connections that wait count when they send`, () => {
  const fact: Fact = { at: seconds(2), frame: 9, protocol: 'http', flowId: 0, client: ip(PC), server: ip(PRINTER), kind: 'credentials', scheme: 'basic' }
  const of = flow(PC, PRINTER, 80)
  const sent = Array.from({ length: WAITING_MAX + 3 }, (_, flowId): readonly [Fact, Flow] => [{ ...fact, flowId }, of])
  const ends = sent.map(([sentFact]): readonly [Fact, Flow] => [{ ...sentFact, kind: 'totals', requests: 1, responses: 1, refused: 1 } as Fact, of])
  equal(findings(passwordInClear, ward, [...sent, ...ends])[0]?.count, 3)
})

const guessed = (facts: readonly (readonly [Fact, Flow])[]) => findings(passwordGuessing, ward, facts)

/** `n` connections, one after the other, each with so many refused log-ins. */
function attempts(n: number, each: number, everySeconds: number, server = PRINTER): (readonly [Fact, Flow])[] {
  return Array.from({ length: n }, (_, i): readonly [Fact, Flow] => [{
    at: seconds(10 + i * everySeconds), frame: 10 + i, protocol: 'ftp', flowId: i, client: ip(PC), server: ip(server), kind: 'totals', commands: 3,
    logins: each, failedLogins: each, transfers: 0,
  }, flow(PC, server, 21, { id: i })])
}

test(`password-guessing: ${REFUSALS_MIN} refusals within a quarter of an hour; one fewer, or slower, is a person or an old setting`, () => {
  const [found, ...more] = guessed(attempts(REFUSALS_MIN, 1, 2))
  deepEqual([found?.severity, found?.count, found?.assetLabel, more], ['medium', 20, PC, []])
  equal(found?.ward, 'The device at 10.20.4.50 tries one password after the other on the printer 10.20.4.80.')
  deepEqual(guessed(attempts(REFUSALS_MIN - 1, 1, 2)), [])
  deepEqual(guessed(attempts(200, 1, 60)), [], 'a program with an old password, every minute')
  equal(guessed(attempts(REFUSALS_MIN, 1, Math.floor(WITHIN_MICROS / seconds(REFUSALS_MIN - 1)))).length, 1, 'just within')
  equal(guessed(attempts(1, REFUSALS_MIN, 1)).length, 1, 'in one connection')
  deepEqual(guessed(attempts(100, 0, 1)), [])
})

test('password-guessing: high on a monitor, high when it was let in; many targets are one finding', () => {
  equal(guessed(attempts(20, 1, 1, MONITOR))[0]?.severity, 'high')
  const [broken] = guessed([...attempts(25, 1, 1), [ftp({ at: seconds(90) }), flow(PC, PRINTER, 21)]])
  equal(broken?.severity, 'high')
  match(broken?.ward ?? '', /, and was let in\.$/)
  equal(guessed([[ftp(), flow(PC, PRINTER, 21)], ...attempts(25, 1, 1)])[0]?.severity, 'medium', 'let in before, as usual')
  const [many, ...more] = guessed([...attempts(25, 1, 1), ...attempts(25, 1, 1, '10.20.4.81')])
  deepEqual([many?.count, more], [50, []])
  match(many?.ward ?? '', /on 2 devices\.$/)
})

/** Log-ins of one FTP connection, a second apart, then its totals: as the decoder tells them, the first 16 one by one. */
function connection(id: number, from: number, answers: readonly boolean[], failed = answers.filter((a) => !a).length): (readonly [Fact, Flow])[] {
  const of = flow(PC, PRINTER, 21, { id })
  const told = answers.slice(0, 16).map((accepted, i): readonly [Fact, Flow] => [ftp({ at: seconds(from + i), flowId: id, accepted }), of])
  const totals = { commands: 60, logins: failed + 1, failedLogins: failed, transfers: 0 }
  const base = { at: seconds(from + answers.length), frame: 99, protocol: 'ftp', flowId: id, client: ip(PC), server: ip(PRINTER) } as const
  const end: Fact = { ...base, kind: 'totals', ...totals }
  return [...told, [end, of]]
}

const no = (n: number): boolean[] => Array.from({ length: n }, () => false)
const letIn = (heard: readonly (readonly [Fact, Flow])[]) => guessed(heard).map((f) => [f.severity, f.count, f.evidence.details.at(-1)?.[1]])
const YES = 'yes'
const UNKNOWN = 'not known'

test('password-guessing: let in within the connection that guessed, before its totals count the other refusals', () => {
  deepEqual(letIn(connection(1, 10, [...no(15), true], 25)), [['high', 25, YES]])
  deepEqual(letIn(connection(1, 10, [...no(15), true], 60)), [['high', 60, YES]], 'more after it than make guessing')
  match(guessed(connection(1, 10, [...no(15), true], 25))[0]?.ward ?? '', /, and was let in\.$/)
  deepEqual(letIn([...connection(1, 10, no(12)), ...connection(2, 40, no(12)), ...connection(3, 70, [true])]), [['high', 24, YES]])
  deepEqual(letIn(connection(1, 10, [...no(24), true])), [['medium', 24, UNKNOWN]], 'the log-in after the sixteenth is not told')
})

test('password-guessing: a person who mistypes and logs in was not let in by guesses of another day', () => {
  const day = 86_400
  const typo = (n: number) => connection(1, 10, [...no(n), true])
  const guesses = attempts(25, 1, 1).map(([fact, of]): readonly [Fact, Flow] => [{ ...fact, at: fact.at + seconds(day) }, { ...of, id: of.id + 100 }])
  const later = guesses.map(([fact, of]): readonly [Fact, Flow] => [{ ...fact, flowId: of.id } as Fact, of])
  deepEqual(letIn([...typo(1), ...later]), [['medium', 26, UNKNOWN]])
  deepEqual(letIn([...typo(6), ...later]), [['medium', 31, UNKNOWN]], 'not even after six')
  deepEqual(letIn([...later, ...connection(2, 2 * day, [false, true])]), [['medium', 26, UNKNOWN]], 'nor the day after')
  deepEqual(letIn(connection(1, 10, [...no(REFUSALS_BEFORE_MIN - 1), true, ...no(11)], 30)), [['medium', 30, UNKNOWN]], 'too few before it')
  deepEqual(letIn(connection(1, 10, [...no(REFUSALS_BEFORE_MIN), true, ...no(10)], 30)), [['high', 30, YES]])
})

test('password-guessing over SSH, Telnet and rsh: what was refused, by what each protocol tells', () => {
  const base = { frame: 5, flowId: 1 } as const
  const of = flow(PC, PRINTER, 22)
  const many = (n: number, fact: (i: number) => Fact): (readonly [Fact, Flow])[] => Array.from({ length: n }, (_, i) => [fact(i), of])
  const ssh = (answers: number) => (i: number): Fact => ({ ...base, at: seconds(i), protocol: 'ssh', kind: 'refused', direction: 1, answers })
  const [found] = guessed(many(10, ssh(3)))
  deepEqual([found?.count, found?.inferred.length], [20, 2])
  deepEqual(guessed(many(60, ssh(1))), [], 'asked for methods only, as scanners and checks do')
  const telnet = (logins: number) => (i: number): Fact =>
    ({ ...base, at: seconds(i), protocol: 'telnet', kind: 'session', options: [], logins, encrypted: false })
  equal(guessed(many(10, telnet(3))).length, 1)
  deepEqual(guessed(many(100, telnet(1))), [], 'one password in each is how one logs in')
  const rsh = (accepted: boolean) => (i: number): Fact => ({ ...base, at: seconds(i), protocol: 'rsh', kind: 'answer', clientSide: 0, accepted })
  equal(guessed(many(20, rsh(false))).length, 1)
  deepEqual(guessed(many(20, rsh(true))), [])
})
