// update-namespace: a network namespace that owns 202.114.4.119, the update server in it on its real ports, and clients of any kind against it.
// Keeps the rule that 202.114.4.0/24 exists only inside such namespaces: this file, run as a program, refuses to work in any other.

import { spawn, spawnSync } from 'node:child_process'
import os from 'node:os'
import { NfsServer, UPDATE_PORTS } from '../gateway/nfs-server.ts'
import { BusyboxClient } from './busybox-client.ts'
import { BED_7, FILES, KEY, noise, servedFile, START, testGrant, testTree } from './update-world.ts'

const ADDRESS = '202.114.4.119'

/** Both addresses on the loopback device; the device's is the source of what is sent to the server's. */
const SETUP = [
  'ip link set lo up', `ip addr add ${ADDRESS}/32 dev lo`, `ip addr add ${BED_7}/32 dev lo`,
  `ip route replace local ${ADDRESS} dev lo table local src ${BED_7}`,
]
const UNSHARE = ['unshare', '--net', '--map-root-user']

export interface NamespaceJob {
  readonly granted: boolean
  readonly nfsVersions?: readonly (2 | 3)[]
  /** Shell commands, run one after the other. */
  readonly commands?: readonly string[]
  /** busybox's sequence, by these transports. */
  readonly busybox?: readonly ('udp' | 'tcp')[]
}

export interface NamespaceOutcome {
  readonly commands: readonly { readonly code: number | null; readonly out: string; readonly err: string }[]
  readonly busybox: readonly { readonly mountVersion: number; readonly mountStatus: number; readonly same: readonly string[] }[]
  readonly kinds: readonly string[]
  readonly requests: { readonly [procedure: string]: number }
  readonly clients: readonly string[]
}

/** A reason to skip, or false. */
export const namespaceMissing: string | false =
  spawnSync(UNSHARE[0] as string, [...UNSHARE.slice(1), 'sh', '-ec', SETUP.join('\n')]).status === 0
    ? false : 'no network namespace can be made here (unshare, ip)'

export function toolMissing(tool: string, debianPackage: string): string | false {
  if (namespaceMissing) return namespaceMissing
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0 ? false : `${tool} is not here (Debian package ${debianPackage})`
}

/** Runs the job in a namespace of its own and gives what happened. */
export function inNamespace(job: NamespaceJob): Promise<NamespaceOutcome> {
  const script = [...SETUP, `exec "${process.execPath}" --disable-warning=ExperimentalWarning "$0" "$1"`].join('\n')
  const child = spawn(UNSHARE[0] as string, [...UNSHARE.slice(1), 'sh', '-ec', script, import.meta.filename, JSON.stringify(job)])
  let [out, err] = ['', '']
  child.stdout.on('data', (d: Buffer) => (out += d.toString()))
  child.stderr.on('data', (d: Buffer) => (err += d.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as NamespaceOutcome)
      else reject(new Error(`the namespace ended with ${code}: ${err}`))
    })
  })
}

function run(command: string): Promise<NamespaceOutcome['commands'][number]> {
  // Some clients poll descriptors they were not given, so all three are pipes.
  const child = spawn('sh', ['-c', command])
  child.stdin.end()
  let [out, err] = ['', '']
  child.stdout.on('data', (d: Buffer) => (out += d.toString()))
  child.stderr.on('data', (d: Buffer) => (err += d.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })))
}

/** Inside the namespace. */
async function work(job: NamespaceJob): Promise<NamespaceOutcome> {
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => (list ?? []).map((a) => a.address))
  if (!addresses.includes(ADDRESS) || Object.keys(os.networkInterfaces()).length !== 1) throw new Error('this is no namespace of a test')
  const files = [...FILES, servedFile('bulk', noise(3_000_000, 9))]
  const kinds: string[] = []
  const clients = new Set<string>()
  const server = await NfsServer.start({
    address: ADDRESS, key: KEY.key, nfsVersions: job.nfsVersions ?? [2, 3], clock: () => START, onRecord: (r) => {
      kinds.push(`${r.kind}${r.path === null ? '' : ` ${r.path}`}`)
      clients.add(r.ip)
    },
  })
  if (job.granted) server.setGrants([testGrant({ ip: BED_7, tree: testTree('release-1', files) })])
  const commands: NamespaceOutcome['commands'][number][] = []
  for (const command of job.commands ?? []) commands.push(await run(command))
  const busybox: NamespaceOutcome['busybox'][number][] = []
  for (const transport of job.busybox ?? []) {
    const copied = await new BusyboxClient({ server: ADDRESS, client: BED_7, ports: UPDATE_PORTS, reservedFrom: 700 }, transport).update()
    const same = files.filter((f) => Buffer.from(f.content).equals(copied.files.get(f.path) ?? Buffer.from('missing'))).map((f) => f.path)
    busybox.push({ mountVersion: copied.mountVersion, mountStatus: copied.mountStatus, same })
  }
  const requests = server.counts().requests
  await server.close()
  return { commands, busybox, kinds, requests, clients: [...clients] }
}

if (process.argv[1] === import.meta.filename) process.stdout.write(JSON.stringify(await work(JSON.parse(process.argv[2] ?? '{}') as NamespaceJob)))
