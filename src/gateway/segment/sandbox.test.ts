// Tests of the sandbox, from inside by a probe that tries what an attacker would, and from outside by what the kernel says of the process.
// Keeps the rule that what this kernel does not have is a test that is skipped by name, not one that passes.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { loopbackSegment } from '../../testing/segment-process.ts'
import type { FromSegment } from '../channel.ts'
import { landlockVersion, rulesetAttributes } from '../../kernel/landlock.ts'
import { fcntl } from '../../kernel/libc.ts'
import { accountOf, neededPaths } from '../../kernel/sandbox.ts'
import { missingFromStatus, statusFields } from '../../kernel/status.ts'
import { isMachine } from '../../kernel/syscalls.ts'

const version = isMachine(process.arch) ? landlockVersion(process.arch) : 0
const isRoot = process.getuid?.() === 0
const noLandlock = version >= 4 ? false : `this kernel's Landlock is version ${version}; 4 is needed`
const PROBE = '../../testing/segment-probe'

interface Found {
  readonly told: ReadonlyMap<string, string>
  readonly missing: readonly string[]
  readonly status: ReadonlyMap<string, string>
  readonly descriptors: readonly string[]
}

/** What the probe found, and the process as seen from outside while it stands. */
async function probe(): Promise<Found> {
  // A file that the parent would hand on by mistake.
  const mistake = fs.openSync('/etc/hostname', 'r')
  fcntl(mistake, 2, 0)
  const { segment, messages } = await loopbackSegment({ program: PROBE })
  const pid = segment.state().pid ?? 0
  const status = statusFields(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  const descriptors = isRoot ? fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)) : []
  await segment.close()
  fs.closeSync(mistake)
  const ready = messages.find((m): m is Extract<FromSegment, { kind: 'ready' }> => m.kind === 'ready')
  const told = new Map((ready?.sandbox ?? []).map((line) => line.split(': ')).map((parts) => [parts.slice(0, -1).join(': '), parts.at(-1) ?? '']))
  return { told, missing: (ready?.missing ?? []).map((m) => m.what), status, descriptors }
}

const found = await probe()

test('from inside, before the filter: Landlock lets the program be read and nothing else', { skip: noLandlock }, () => {
  const outcome = (name: string): string => found.told.get(`before: ${name}`) ?? 'not tried'
  for (const name of ['write a file', 'read /etc/passwd', 'read a file in a thread', 'list a folder', 'start a program', 'dial', 'bind']) {
    equal(outcome(name), 'EACCES', name)
  }
  equal(outcome('read the own program'), 'done', 'the control: reading is possible at all')
  ok(['ENOSYS'].includes(outcome('ring of calls')), outcome('ring of calls'))
})

test('from inside, after the filter: no file, no socket, no dialling, no program, no tracing, in no thread', () => {
  const outcome = (name: string): string => found.told.get(name) ?? 'not tried'
  for (const name of [
    'read the own program', 'write a file', 'read a file in a thread', 'new TCP socket', 'new UDP socket', 'new packet socket', 'new UNIX socket',
    'dial with an inherited socket', 'bind an inherited socket', 'leave the interface', 'become another program', 'start a program', 'trace',
    'another filter', 'name of the process',
  ]) equal(outcome(name), 'EPERM', name)
  equal(outcome('eval'), 'EvalError')
  equal(outcome('random bytes in a thread'), 'done', 'the control: threads can be made')
})

test('from outside: no capability, none to be had, no new privileges, two filters', () => {
  const field = (name: string): string | undefined => found.status.get(name)
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb', ...(isRoot ? ['CapBnd'] : [])]) equal(field(set), '0000000000000000', set)
  deepEqual([field('NoNewPrivs'), field('Seccomp')], ['1', '2'])
  deepEqual(missingFromStatus([...found.status].map(([k, v]) => `${k}:\t${v}`).join('\n')), [])
})

test('started as root it is nobody, without groups', { skip: isRoot ? false : 'this test is not run as root' }, () => {
  const own = statusFields(fs.readFileSync('/proc/self/status', 'utf8'))
  const isWholeMachine = fs.readFileSync('/proc/self/uid_map', 'utf8').includes('4294967295')
  if (found.missing.some((what) => what.startsWith('runs as'))) return ok(!isWholeMachine, 'only in a user namespace may it stay')
  ok(found.status.get('Uid') !== own.get('Uid') && !(found.status.get('Uid') ?? '0').split(/\s+/).includes('0'), found.status.get('Uid'))
  equal(found.status.get('Groups'), '')
})

const notRoot = isRoot ? false : 'only root may look at the descriptors of a process that cannot be traced'

test('it inherits the pipe and the sockets, and no file of its parent', { skip: notRoot }, () => {
  const files = found.descriptors.filter((target) => target.startsWith('/') && target !== '/dev/null')
  deepEqual(files, [])
  ok(found.descriptors.filter((target) => target.startsWith('socket:')).length >= 8, 'the control: its sockets are there')
})

test('an unsandboxed process is not confirmed: the check from outside can fail', () => {
  const own = fs.readFileSync('/proc/self/status', 'utf8')
  ok(missingFromStatus(own).some((m) => m.isVital && m.what.includes('filtered')))
  ok(missingFromStatus('').length >= 6)
})

test('accounts are found by name and by number', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n\nbroken\n'
  deepEqual(accountOf('nobody', passwd), { name: 'nobody', uid: 65534, gid: 65534 })
  deepEqual(accountOf('65534', passwd)?.name, 'nobody')
  equal(accountOf('cordon', passwd), null)
  equal(accountOf('', passwd), null)
})

test('the readable files are those the program is made of; programs are Node and the loader', () => {
  const paths = neededPaths(fs.readFileSync('/proc/self/maps', 'utf8'))
  const programs = paths.filter((p) => p.kind === 'program').map((p) => path.basename(p.path))
  ok(programs.includes(path.basename(process.execPath)) && programs.length <= 2, programs.join())
  for (const { path: file } of paths) ok(!/^\/(?:root|home|tmp|var)?$/.test(file) && file !== '/etc', `${file} is too much`)
  ok(!paths.some((p) => p.path.includes('anon_inode') || p.path.startsWith('[')))
})

test('what each version of Landlock is asked for', () => {
  const words = (v: number): bigint[] => [...new BigUint64Array(rulesetAttributes(v).buffer)]
  deepEqual(words(1), [0x1fffn])
  deepEqual(words(2), [0x3fffn])
  deepEqual(words(3), [0x7fffn])
  deepEqual(words(4), [0x7fffn, 3n])
  deepEqual(words(5), [0xffffn, 3n])
  deepEqual(words(7), [0xffffn, 3n, 3n])
  match(String(words(9)), /^65535,3,3$/)
})
