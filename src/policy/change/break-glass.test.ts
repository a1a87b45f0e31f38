// Break-glass: for random policies and devices only packets from and to the device differ; and in a kernel the set ends by itself.
// Keeps S9 honest: a lift that is too wide, or too narrow, is refuted with a packet.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { inputArb, inputFromYaml, ip, WARD_YAML } from '../../testing/emit-check.ts'
import { nftables } from '../compile/nftables/index.ts'
import { liftInput, liftNft, proveLift } from './break-glass.ts'
import { proveRollback } from './rollback.ts'
import { validateText } from './validate.ts'

const DEVICE = [ip('10.20.3.7'), ip('2001:db8:3::7')]
const WARD = inputFromYaml(WARD_YAML)

function loaded(): string {
  const emitted = nftables.emit(WARD)
  return emitted.ok ? emitted.value.text : assert.fail(emitted.refused.join())
}

test('any policy, any device: others as before, the device through', () => {
  fc.assert(fc.property(inputArb(), fc.subarray([...DEVICE], { minLength: 1 }), (input, addresses) => {
    for (const { version, othersEqual, devicePasses } of proveLift(input, liftInput(input, addresses, 'cd'), addresses)) {
      assert.equal(othersEqual.verdict, 'proved')
      const has = addresses.some((address) => address.includes(':') === (version === 6))
      assert.equal(devicePasses?.verdict ?? 'none', has ? 'proved' : 'none')
    }
  }), { numRuns: 60 })
})

test('it can fail: a neighbour lifted too, or one direction forgotten', () => {
  const [four] = proveLift(WARD, liftInput(WARD, [ip('10.20.3.7'), ip('10.20.3.8')], 'cd'), [ip('10.20.3.7')])
  assert.equal(four?.othersEqual.verdict, 'refuted')
  const half = liftInput(WARD, DEVICE, 'cd')
  const oneWay = { ...half, chains: { ...half.chains, 4: { ...half.chains[4], rules: half.chains[4].rules.slice(1) } } }
  assert.equal(proveLift(WARD, oneWay, DEVICE)[0]?.devicePasses?.verdict, 'refuted')
})

test('nftables: while the time lasts the text is the lifted policy, after it the policy again; the loaded text takes its place back', () => {
  const text = loaded()
  const verdicts = (mode: 'timed' | 'held' | 'ended', input: typeof WARD): readonly string[] =>
    (validateText(nftables, input, liftNft(text, DEVICE, 7200, mode)) ?? []).map(({ answer }) => answer.verdict)
  assert.deepEqual(verdicts('held', liftInput(WARD, DEVICE, 'cd')), ['proved', 'proved'])
  assert.deepEqual(verdicts('ended', WARD), ['proved', 'proved'])
  assert.deepEqual(verdicts('held', WARD), ['refuted', 'refuted'])
  assert.deepEqual(verdicts('timed', WARD), ['unknown', 'unknown'], 'a clock is nothing a reader can prove')
  const timed = liftNft(text, DEVICE, 7200, 'timed')
  assert.doesNotMatch(timed, /nft delete table/, 'that would lift everybody')
  assert.match(timed, /elements = \{ 10\.20\.3\.7 timeout 7200s \}/)
  assert.equal(proveRollback('nftables', timed, text, text).verdict, 'proved')
  assert.equal(liftNft(text, [DEVICE[0] ?? assert.fail()], 60, 'timed').includes('break_glass_v6'), false)
})

const noNft: string | false = spawnSync('unshare', ['-rn', 'nft', 'list', 'ruleset']).status === 0 ? false : 'no nft in an own network namespace here'

test('a kernel takes the text, ends the lift by itself, and the rollback gives the very ruleset of before', { skip: noNft }, () => {
  const text = loaded()
  const script = `set -e
printf '%s' "$LOADED" > loaded.nft; printf '%s' "$LIFTED" > lifted.nft
nft -f loaded.nft; nft -s list ruleset; echo ====
nft -f lifted.nft; nft -s list ruleset; echo ====
n=0; while nft list set inet cordon_ward_3 break_glass_v4 | grep -q 10.20.3.7 && [ $n -lt 100 ]; do sleep 0.2; n=$((n+1)); done
nft -s list set inet cordon_ward_3 break_glass_v4; echo ====
nft -f loaded.nft; nft -s list ruleset`
  const run = spawnSync('unshare', ['-rn', 'sh', '-c', `cd "$(mktemp -d)"; ${script}`],
    { encoding: 'utf8', env: { ...process.env, LOADED: text, LIFTED: liftNft(text, DEVICE, 2, 'timed') }, timeout: 60_000 })
  assert.equal(run.status, 0, run.stderr)
  const [before = '', during = '', ended = '', after = ''] = run.stdout.split('====\n')
  assert.match(during, /break_glass_v4[^]*10\.20\.3\.7 timeout 2s/)
  assert.match(during, /ip saddr @break_glass_v4 counter[^\n]* accept/)
  assert.doesNotMatch(ended, /10\.20\.3\.7/)
  assert.equal(after, before)
})
