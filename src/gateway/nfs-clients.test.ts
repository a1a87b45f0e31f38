// Real clients against the update server, in namespaces that own 202.114.4.119: libnfs, rpcinfo, showmount, and busybox's sequence.
// Keeps "never silent" honest: the clients are other people's code, and a refusal must reach them at once.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { scratch } from '../testing/command.ts'
import { inNamespace, namespaceMissing, toolMissing } from '../testing/update-namespace.ts'
import { BED_7, FILES, noise } from '../testing/update-world.ts'

const URL = 'nfs://202.114.4.119/pm'
const NAMES = [...FILES.map((f) => f.path), 'bulk'].sort()
const NO_LIST = toolMissing('nfs-ls', 'libnfs-utils')
const NO_COPY = toolMissing('nfs-cp', 'libnfs-utils')
/** libnfs mounts the folder a file is in; only the export itself can be mounted here, as the monitor does. */
const TOP = NAMES.filter((n) => !n.includes('/'))

test('nfs-ls lists what this device may get, in folders too, by version 3 over TCP', { skip: NO_LIST }, async () => {
  const { commands, requests } = await inNamespace({ granted: true, commands: [`nfs-ls -R ${URL}`] })
  deepEqual(commands.map((c) => c.code), [0], commands[0]?.err)
  const names = (commands[0]?.out ?? '').trim().split('\n').map((line) => line.split(/\s+/).at(-1)).sort()
  deepEqual(names, ['bulk', 'lib', 'lib/empty', 'lib/table', 'monitor', 'run.sh'])
  match(commands[0]?.out ?? '', /-r-xr-xr-x +1 +0 +0 +300001 +monitor/)
  ok((requests['NFS.READDIRPLUS'] ?? 0) > 0)
})

test('nfs-cp copies files byte for byte; the audit calls these complete, the release half copied', { skip: NO_COPY }, async (t) => {
  const folder = scratch(t)
  const commands = TOP.map((name) => `nfs-cp ${URL}/${name} ${path.join(folder, name)}`)
  const outcome = await inNamespace({ granted: true, commands })
  deepEqual(outcome.commands.map((c) => c.code), TOP.map(() => 0), outcome.commands.map((c) => c.err).join(''))
  for (const file of FILES.filter((f) => TOP.includes(f.path))) ok(fs.readFileSync(path.join(folder, file.path)).equals(Buffer.from(file.content)), file.path)
  ok(fs.readFileSync(path.join(folder, 'bulk')).equals(Buffer.from(noise(3_000_000, 9))))
  deepEqual(outcome.clients, [BED_7])
  for (const name of TOP) ok(outcome.kinds.includes(`file-complete ${name}`), name)
  equal(outcome.kinds.includes('release-complete'), false)
  deepEqual(outcome.kinds.filter((k) => k.startsWith('file-partial')), ['file-partial lib/table'])
})

test('nfs-cp cannot write: the server is read-only, and says so', { skip: NO_COPY }, async (t) => {
  const source = path.join(scratch(t), 'evil')
  fs.writeFileSync(source, noise(10_000))
  const { commands, kinds } = await inNamespace({ granted: true, commands: [`nfs-cp ${source} ${URL}/evil`, `nfs-cp ${source} ${URL}/monitor`] })
  ok(commands.every((c) => c.code !== 0))
  match(commands[0]?.err ?? '', /NFS3ERR_ROFS/)
  ok(kinds.includes('write-refused'))
})

test('without a permit libnfs fails at once with "access denied"', { skip: NO_LIST }, async () => {
  const { commands, kinds, requests } = await inNamespace({ granted: false, commands: [`nfs-ls ${URL}`] })
  ok(commands[0]?.code !== 0)
  match(`${commands[0]?.err}${commands[0]?.out}`, /ACCES/)
  equal(requests['MOUNT.MNT'], 1, 'answered the first time: the client had nothing to repeat')
  deepEqual(kinds, ['mount-refused /pm'])
})

test('rpcinfo sees the programs, by portmap\'s list and by calling each', { skip: toolMissing('rpcinfo', 'rpcbind') }, async () => {
  const calls = ['-u', '-t'].flatMap((how) => ['100000 2', '100005 1', '100005 3', '100003 2', '100003 3'].map((p) => `rpcinfo ${how} 202.114.4.119 ${p}`))
  const { commands } = await inNamespace({ granted: false, commands: ['rpcinfo -p 202.114.4.119', ...calls, 'rpcinfo -t 202.114.4.119 100227 3'] })
  deepEqual((commands[0]?.out ?? '').trim().split('\n').slice(1).map((l) => l.trim().split(/\s+/).slice(0, 4).join(' ')), [
    '100000 2 udp 111', '100005 1 udp 635', '100005 3 udp 635', '100003 2 udp 2049', '100003 3 udp 2049',
    '100000 2 tcp 111', '100005 1 tcp 635', '100005 3 tcp 635', '100003 2 tcp 2049', '100003 3 tcp 2049',
  ])
  for (const [i, command] of calls.entries()) match(commands[i + 1]?.out ?? '', /ready and waiting/, `${command}: ${commands[i + 1]?.err}`)
  match(`${commands.at(-1)?.err}${commands.at(-1)?.out}`, /not (?:registered|available)/i)
})

test('showmount shows the export to the device with a permit and nothing to others', { skip: toolMissing('showmount', 'nfs-common') }, async () => {
  const granted = await inNamespace({ granted: true, commands: ['showmount -e 202.114.4.119', 'showmount -a 202.114.4.119'] })
  deepEqual(granted.commands.map((c) => c.code), [0, 0], granted.commands[0]?.err)
  match(granted.commands[0]?.out ?? '', /^\/pm 202\.114\.4\.31$/m)
  const refused = await inNamespace({ granted: false, commands: ['showmount -e --no-headers 202.114.4.119'] })
  deepEqual([refused.commands[0]?.code, refused.commands[0]?.out.trim()], [0, ''])
})

for (const [nfsVersions, mountVersion] of [[[2, 3], 3], [[2], 1]] as const) {
  test(`busybox's sequence from privileged ports, MOUNT ${mountVersion}, by UDP and TCP`, { skip: namespaceMissing }, async () => {
    const { busybox, kinds } = await inNamespace({ granted: true, nfsVersions, busybox: ['udp', 'tcp'] })
    for (const run of busybox) deepEqual([run.mountVersion, run.mountStatus, [...run.same].sort()], [mountVersion, 0, NAMES])
    ok(kinds.includes('release-complete'))
  })
}

test('busybox\'s sequence without a permit ends at MNT with 13', { skip: namespaceMissing }, async () => {
  const { busybox } = await inNamespace({ granted: false, busybox: ['udp', 'tcp'] })
  deepEqual(busybox.map((b) => b.mountStatus), [13, 13])
})
