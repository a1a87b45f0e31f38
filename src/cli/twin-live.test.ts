// Tests of cordon twin live as a person runs it: what it sends, what it refuses and in which words, its exit codes.
// Keeps the rule that stdout is data and stderr is talk, and that nothing but loopback is ever dialled from the command line.

import assert from 'node:assert/strict'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import { cordon, cordonHere, ended, start } from '../testing/command.ts'
import { faultHelp, liveOptionsOf, type TwinLiveArgs } from './twin-live.ts'

async function listening(t: TestContext): Promise<{ port: number; bytes: () => number; sources: Set<string> }> {
  let bytes = 0
  const sources = new Set<string>()
  const server = net.createServer((socket) => {
    sources.add(socket.remoteAddress ?? '')
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => server.close())
  return { port: (server.address() as net.AddressInfo).port, bytes: () => bytes, sources }
}

test('a ward for two seconds: a row per bed on stdout, the exit code 0, and the bytes that were counted', async (t) => {
  const central = await listening(t)
  const { code, out, err } = await cordon(['twin', 'live', '--to', `127.0.0.1:${central.port}`, '--beds', '3', '--seconds', '2', '--json'])
  assert.equal(code, 0, err)
  const told = JSON.parse(out) as { beds: unknown[]; total: { sure: { bytes: number; turns: number }; rest: { heardBytes: number } } }
  assert.equal(told.beds.length, 3)
  assert.equal(told.total.sure.bytes, central.bytes())
  assert.ok(told.total.sure.turns >= 3)
  assert.equal(told.total.rest.heardBytes, 0)
  assert.deepEqual([...central.sources].sort(), ['127.77.0.1', '127.77.0.2', '127.77.0.3'])
  assert.match(err, /3 invented monitors dial 127\.0\.0\.1/)
  assert.doesNotMatch(out + err, /CANARY/)
})

test('stopped with Ctrl-C it still tells what was sent, as text', async (t) => {
  const central = await listening(t)
  const child = start(['twin', 'live', '--to', `127.0.0.1:${central.port}`, '--beds', '2', '--faults', 'split,merge'])
  let out = ''
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  while (central.bytes() < 2000) await new Promise((done) => setTimeout(done, 50))
  child.kill('SIGINT')
  assert.equal(await ended(child), 130)
  assert.match(out, /bed 1 [\s\S]*bed 2 [\s\S]*turns surely arrived.*All patients are invented/)
})

test('nobody listens: exit code 4, and what to do', async () => {
  const { code, err } = await cordon(['twin', 'live', '--to', '127.0.0.1:1', '--beds', '1', '--seconds', '1'])
  assert.equal(code, 4)
  assert.match(err, /nobody listens at 127\.0\.0\.1:1: \d+ connections were refused\. Start the gateway first/)
})

const REFUSED: readonly (readonly [Partial<TwinLiveArgs>, RegExp])[] = [
  [{ to: '10.0.0.1:515' }, /may be somebody/],
  [{ to: 'localhost:515' }, /"localhost" is no address, and the live twin looks up no names/],
  [{ to: '[::1]:515' }, /no address/],
  [{ to: '::1:515' }, /IPv6|no address/],
  [{ to: '127.0.0.1' }, /no address and port: write for example 127\.0\.0\.1:5515/],
  [{ to: '127.0.0.1:99999' }, /port .* not 99999/],
  [{ faults: 'gremlins' }, /no fault "gremlins"; there are garbage, /],
  [{ beds: 65 }, /beds .* 1 to 64/],
  [{ noise: 9 }, /noise/],
]

test('each wish that is refused says why', () => {
  for (const [args, words] of REFUSED) {
    const options = liveOptionsOf({ to: '127.0.0.1:515', ...args })
    assert.ok(!options.ok, JSON.stringify(args))
    assert.match(options.error, words)
  }
})

test('a refusal is usage, and prints nothing on stdout: the central\'s address, too many beds, no target', async () => {
  const refused: readonly (readonly [string[], RegExp])[] = [
    [['--to', '202.114.4.119:515'], /cordon twin live: 202\.114\.4\.119 may be somebody: .*127\.0\.0\.0\/8/],
    [['--to', '127.0.0.1:515', '--beds', '65'], /from 1 to 64/],
    [[], /--to/],
  ]
  for (const [args, words] of refused) {
    const { code, out, err } = await cordonHere(['twin', 'live', ...args])
    assert.deepEqual([code, out], [2, ''], `${args.join(' ')}: ${err}`)
    assert.match(err, words)
  }
})

test('cordon twin without a file still says what is missing, and its own options do not leak into live', async () => {
  const { code, err } = await cordonHere(['twin'])
  assert.equal(code, 2)
  assert.match(err, /--out/)
})

test('all faults by one word; their help says what each does', () => {
  const options = liveOptionsOf({ to: '127.0.0.1:515', faults: 'all' })
  assert.ok(options.ok && options.value.faults.size === 7)
  assert.match(faultHelp(), /half-open \(a monitor stops within a frame without closing/)
})
