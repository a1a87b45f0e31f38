// Tests of cordon policy check and policy eval: what goes to stdout, what to stderr, and the exit code, for people and for machines.

import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { policyCheck, policyEval, policyFormat, type PolicyEvalArgs, type PolicyIo } from './policy.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'cordon-cli-policy-'))
after(() => rmSync(FOLDER, { recursive: true }))

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(command: (io: PolicyIo) => number): Run {
  let out = ''
  let err = ''
  const code = command({ out: (text) => { out += text }, err: (text) => { err += text } })
  return { code, out, err }
}

function file(name: string, text: string): string {
  const path = join(FOLDER, name)
  writeFileSync(path, text)
  return path
}

/** What the tests look at in the JSON of a check. */
interface CheckBody {
  readonly ok: boolean
  readonly policy: { readonly zones: readonly { readonly prefixes: readonly string[] }[] }
  readonly builtInServices: readonly { readonly name: string; readonly ports: readonly string[] }[]
}

const WARD = `version: 1
zones:
  - { name: ward, kind: medical, profiles: contec-cms8000 }
  - { name: station, kind: medical, prefixes: 10.0.0.9 }
conduits:
  - { name: vitals, from: ward, to: station, services: [cms8000, icmp], action: allow, fail: open, reason: The station shows the bed. }
`
const GOOD = file('ward.yaml', WARD)
const BAD = file('bad.yaml', WARD.replace('action: allow', 'action: alow').replace('to: station', 'to: statoin'))
const WARNED = file('warned.yaml', WARD.replace('to: station', 'to: internet'))

const FLOW: PolicyEvalArgs = { file: GOOD, src: '10.0.0.7', dst: '10.0.0.9', proto: 'tcp', dstPort: 515,
  assets: ['contec-cms8000=10.0.0.7'] }
const ask = (change: Partial<PolicyEvalArgs>): Run => run((io) => policyEval({ ...FLOW, ...change }, io))

test('check prints zones and conduits in order, and nothing to stderr', () => {
  const { code, out, err } = run((io) => policyCheck({ file: GOOD }, io))
  assert.deepEqual([code, err], [0, ''])
  assert.equal(out.replace(GOOD, 'ward.yaml'), `ward.yaml: 2 zones, 1 conduits, default deny

zone     kind     holds
-------  -------  ----------------------
ward     medical  profile contec-cms8000
station  medical  10.0.0.9/32

#  conduit  from  to       services       action  if the box fails
-  -------  ----  -------  -------------  ------  ----------------
1  vitals   ward  station  cms8000, icmp  allow   fail open
2  default  *     *        *              deny
`)
})

test('check without a file is about the shipped policy', () => {
  const { code, out, err } = run((io) => policyCheck({}, io))
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^policies\/default\.yaml: 3 zones, \d+ conduits, default deny\n/)
})

test('check tells every mistake on stderr, prints no table, and exits with 2', () => {
  const { code, out, err } = run((io) => policyCheck({ file: BAD }, io))
  assert.deepEqual([code, out], [2, ''])
  const told = `bad.yaml:6:37: error policy/unknown-zone: "to" of conduit vitals is the unknown zone "statoin"
  help: Did you mean "station"?
bad.yaml:6:81: error policy/bad-choice: "action" of conduit vitals cannot be "alow"
  help: Did you mean "allow"? One of: allow, deny.
2 errors, 0 warnings
`
  assert.equal(err.replaceAll(BAD, 'bad.yaml'), told)
})

test('warnings are told, and the policy is still good', () => {
  const { code, out, err } = run((io) => policyCheck({ file: WARNED }, io))
  assert.equal(code, 0)
  assert.match(out, /1 {2}vitals/)
  assert.match(err, /warning policy\/medical-internet: conduit vitals[\s\S]*\n0 errors, 1 warning\n$/)
})

test('check as JSON is one document on stdout, good or bad, the same every time', () => {
  const good = run((io) => policyCheck({ file: GOOD, json: true }, io))
  const again = run((io) => policyCheck({ file: GOOD, json: true }, io))
  assert.deepEqual(good, again)
  const body = JSON.parse(good.out) as CheckBody
  assert.deepEqual([good.code, good.err, body.ok, body.policy.zones[1]?.prefixes], [0, '', true, ['10.0.0.9/32']])
  assert.deepEqual(body.builtInServices.find((s) => s.name === 'cms8000')?.ports, ['515-520'])
  const bad = run((io) => policyCheck({ file: BAD, json: true }, io))
  const badBody = JSON.parse(bad.out) as { ok: boolean; policy: null; diagnostics: { code: string; line: number }[] }
  assert.deepEqual([bad.code, bad.err, badBody.ok, badBody.policy], [2, '', false, null])
  assert.deepEqual(badBody.diagnostics.map((d) => [d.line, d.code]), [[6, 'policy/unknown-zone'], [6, 'policy/bad-choice']])
})

test('an unknown profile is told, and a site\'s own profile folder makes it known', () => {
  const path = file('own-profile.yaml', WARD.replace('contec-cms8000', 'acme-one'))
  assert.match(run((io) => policyCheck({ file: path }, io)).err, /policy\/unknown-profile/)
  const profiles = mkdtempSync(join(FOLDER, 'profiles-'))
  const profile = 'version: 1\nid: acme-one\nvendor: A\nmodel: One\nrole: patient-monitor\nsource: manual\nconfidence: stated\n'
  writeFileSync(join(profiles, 'acme.yaml'), profile)
  assert.equal(run((io) => policyCheck({ file: path, profiles }, io)).code, 0)
  writeFileSync(join(profiles, 'broken.yaml'), 'version: 1\n')
  const broken = run((io) => policyCheck({ file: GOOD, profiles }, io))
  assert.equal(broken.code, 2)
  assert.match(broken.err, /broken\.yaml:1:1: error profile\/missing-key/)
})

test('a missing file is one sentence and exit code 2', () => {
  const { code, out, err } = run((io) => policyCheck({ file: join(FOLDER, 'none.yaml') }, io))
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /error file\/missing: cannot read .*none\.yaml: there is no such file\n {2}help: /)
})

test('eval prints the action, the zones, the rule and the reason', () => {
  assert.deepEqual(ask({}), { code: 0, out: 'allow  ward -> station  rule vitals\nThe station shows the bed.\n', err: '' })
  assert.deepEqual(ask({ dstPort: '514' }), {
    code: 0, out: 'deny  ward -> station  rule default\nNo conduit from ward to station names tcp 514; what is not named is denied.\n',
    err: '',
  })
  assert.match(ask({ assets: [] }).out, /^deny {2}unzoned -> station /)
  assert.match(ask({ proto: 'ICMP', dstPort: undefined }).out, /^allow {2}ward -> station {2}rule vitals/)
  assert.match(ask({ proto: '17' }).out, /^deny /)
})

test('eval as JSON', () => {
  const { code, out, err } = ask({ json: true, srcPort: '40000' })
  assert.deepEqual([code, err], [0, ''])
  assert.deepEqual(JSON.parse(out), {
    ok: true, flow: { src: '10.0.0.7', dst: '10.0.0.9', proto: 6, srcPort: 40000, dstPort: 515 },
    verdict: { action: 'allow', rule: 'vitals', reason: 'The station shows the bed.', from: 'ward', to: 'station' },
  })
})

test('eval tells every mistake of the question at once', () => {
  const { code, out, err } = ask({ src: 'monitor7', dst: '10.0.0.256', proto: 'sctpp', dstPort: '99999', srcPort: '-1',
    assets: ['x', '=10.0.0.1', 'p=q'] })
  assert.deepEqual([code, out], [2, ''])
  assert.deepEqual(err.split('\n').filter((line) => line.startsWith('error')), [
    'error: --src "monitor7" is no address', 'error: --dst "10.0.0.256" is no address', 'error: --proto "sctpp" is unknown',
    'error: --sport "-1" is no port', 'error: --dport "99999" is no port',
    'error: --asset "x" is no profile=address', 'error: --asset "=10.0.0.1" is no profile=address',
    'error: --asset "p=q" is no profile=address',
  ])
})

test('eval refuses what has no answer', () => {
  const rows: readonly (readonly [Partial<PolicyEvalArgs>, RegExp])[] = [
    [{ dstPort: undefined }, /--dport is missing/], [{ dst: 'fd00::1' }, /different IP versions/], [{ proto: '256' }, /--proto "256"/],
    [{ proto: 'constructor' }, /--proto "constructor"/], [{ file: BAD }, /policy\/bad-choice/],
  ]
  for (const [change, message] of rows) {
    const { code, out, err } = ask(change)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, message)
    assert.deepEqual(JSON.parse(ask({ ...change, json: true }).out).ok, false)
  }
})

test('eval without a named device says that zones filled by profile are empty', () => {
  const { code, out, err } = ask({ assets: [] })
  assert.deepEqual([code, err], [0, 'note: no device was named with --asset, so nothing is in ward by what it is\n'])
  assert.match(out, /^deny {2}unzoned -> station /)
  const plain = file('plain.yaml', WARD.replace('profiles: contec-cms8000', 'prefixes: 10.0.0.7'))
  assert.equal(ask({ file: plain, assets: [] }).err, '')
})

test('eval says when an asset\'s profile is in no zone, and warns what the policy warns', () => {
  assert.match(ask({ assets: ['epsimed-mn-120=10.0.0.7'] }).err, /^note: no zone of .*ward\.yaml selects the profile "epsimed-mn-120"\n$/)
  assert.match(ask({ file: WARNED }).err, /warning policy\/medical-internet/)
})

test('the shipped policy answers the question it was written for', () => {
  const { out } = ask({ file: undefined, dst: '202.114.4.119' })
  assert.match(out, /^deny {2}bedside -> internet {2}rule bedside-internet\nCISA ICSMA-25-030-01 /)
})

test('text of a terminal attack in a question is shown, not run', () => {
  assert.ok(!ask({ src: '\u001b[2J' }).err.includes('\u001b'))
})

const WHOLE = file('whole.yaml', `${WARD.replace('ward, kind: medical', 'ward, kind: medical, prefixes: 10.20.0.0/16')
  .replace('services: [cms8000, icmp], action: allow', 'services: [cms8000, icmp], action: deny')}exceptions:
  - { name: visit, conduit: vitals, action: allow, owner: IT, reason: Repair., expires: 2026-06-15 }
assertions:
  - never ward -> 202.114.4.0/24
segments:
  - { prefix: 10.20.0.0/16, zone: ward, via: 10.9.0.1, elsewhere: prohibit }
`)

test('check shows segments, exceptions as of the day, and assertions', () => {
  const { code, out, err } = run((io) => policyCheck({ file: WHOLE, today: '2026-06-15' }, io))
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^10\.20\.0\.0\/16 +ward +10\.9\.0\.1 +prohibit$/m)
  assert.match(out, /^visit +vitals +2026-06-15 +in effect +IT$/m)
  assert.match(out, /^1 +visit +ward +station +cms8000, icmp +allow/m)
  assert.match(out, /^never ward -> 202\.114\.4\.0\/24$/m)
  const later = run((io) => policyCheck({ file: WHOLE, today: '2026-06-16' }, io))
  assert.match(later.out, /^visit +vitals +2026-06-15 +ended +IT$/m)
  assert.match(later.err, /exception-expired/)
})

test('check as JSON holds what the language holds, prefixes as text', () => {
  const { out } = run((io) => policyCheck({ file: WHOLE, json: true, today: '2026-06-15' }, io))
  const { policy } = JSON.parse(out) as { readonly policy: Record<string, readonly Record<string, unknown>[]> }
  assert.deepEqual([policy.segments?.[0]?.prefix, policy.exceptions?.[0]?.expires], ['10.20.0.0/16', '2026-06-15'])
  assert.deepEqual(policy.assertions?.[0]?.to, { kind: 'prefix', prefix: '202.114.4.0/24' })
})

test('eval knows the day: an exception decides until it ends, and then the conduit does', () => {
  const on = (today: string): string => ask({ file: WHOLE, today }).out.split('\n')[0] ?? ''
  assert.equal(on('2026-06-15'), 'allow  ward -> station  rule visit')
  assert.equal(on('2026-06-16'), 'deny  ward -> station  rule vitals')
  const wrong = ask({ file: WHOLE, today: 'tomorrow' })
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /"tomorrow" is no day/)
})

test('fmt prints the one layout; twice is once; --check tells by its exit code and writes nothing', () => {
  const messy = file('messy.yaml', WARD)
  const printed = run((io) => policyFormat({ file: messy }, io))
  assert.deepEqual([printed.code, printed.err], [0, ''])
  assert.match(printed.out, /^ {2}- name: ward\n {4}kind: medical\n {4}profiles: contec-cms8000$/m)
  const tidy = file('tidy.yaml', printed.out)
  assert.deepEqual(run((io) => policyFormat({ file: tidy, check: true }, io)), { code: 0, out: '', err: '' })
  assert.equal(run((io) => policyFormat({ file: tidy }, io)).out, printed.out)
  const checked = run((io) => policyFormat({ file: messy, check: true }, io))
  assert.deepEqual([checked.code, checked.out], [1, ''])
  assert.match(checked.err, /messy\.yaml is not laid out/)
  assert.equal(readFileSync(messy, 'utf8'), WARD)
})

test('fmt --write rewrites the file behind a link and leaves nothing else; what is laid out is not touched', () => {
  const target = file('target.yaml', WARD)
  const link = join(FOLDER, 'link.yaml')
  symlinkSync(target, link)
  assert.deepEqual(run((io) => policyFormat({ file: link, write: true }, io)), { code: 0, out: '', err: '' })
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.deepEqual(run((io) => policyFormat({ file: target, check: true }, io)).code, 0)
  assert.deepEqual(readdirSync(FOLDER).filter((name) => name.endsWith('.tmp')), [])
  const { ino } = lstatSync(target)
  run((io) => policyFormat({ file: target, write: true }, io))
  assert.equal(lstatSync(target).ino, ino)
})

test('fmt keeps its hands off what it cannot read', () => {
  const broken = file('broken.yaml', 'zones: [\n')
  for (const args of [{ file: broken, write: true }, { file: join(FOLDER, 'none.yaml') }, { file: FOLDER }]) {
    const { code, out, err } = run((io) => policyFormat(args, io))
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /: error (?:yaml|file)\//)
  }
  assert.equal(readFileSync(broken, 'utf8'), 'zones: [\n')
  assert.equal(run((io) => policyFormat({ file: broken, check: true, write: true }, io)).code, 2)
})

test('fmt lays out a policy that is wrong, too: the layout is not its fault', () => {
  assert.equal(run((io) => policyFormat({ file: BAD }, io)).code, 0)
})
