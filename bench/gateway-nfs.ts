// bench:gateway-nfs: reading one file from the update server and from nfs-ganesha: same client, same namespace, turn by turn, in one run.
// Keeps two rules: everything happens in a network namespace of its own, and what the machine lacks is a reason to skip, by name.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ip } from '../src/base/ip.ts'
import { NfsServer } from '../src/gateway/nfs-server.ts'
import { KEY, servedFile, testGrant, testTree } from '../src/testing/update-world.ts'

const MEGABYTES = Number(process.env['BENCH_MEGABYTES'] ?? 128)
const RUNS = Number(process.env['RUNS'] ?? 5)
/** One for each server, and the client's. */
const [OURS, THEIRS, CLIENT] = ['202.114.4.119', '202.114.4.118', '202.114.4.31']
const PORTS = { portmap: 1111, mount: 635, nfs: 2049 }
/** Ports of its own: it takes every address of the machine. */
const [THEIR_NFS_PORT, THEIR_MOUNT_PORT] = [2050, 20_048]
const TOOLS: readonly (readonly [string, string])[] = [
  ['unshare', 'util-linux'], ['ip', 'iproute2'], ['nfs-cp', 'libnfs-utils'], ['ganesha.nfsd', 'nfs-ganesha and nfs-ganesha-vfs'], ['rpcbind', 'rpcbind'],
]
const TICKS_PER_SECOND = 100

/** Why nothing can be measured here, or null. */
function missing(): string | null {
  const lacking = TOOLS.filter(([tool]) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0)
  if (lacking.length > 0) return `not installed: ${lacking.map(([tool, source]) => `${tool} (Debian package ${source})`).join(', ')}`
  return process.getuid?.() === 0 ? null : 'nfs-ganesha opens files by handle, which needs root'
}

/** Networks, mounts and processes of its own; all of it ends with this process. */
function enter(): void {
  const setup = [
    'ip link set lo up', ...[OURS, THEIRS, CLIENT].map((address) => `ip addr add ${address}/32 dev lo`),
    ...[OURS, THEIRS].map((address) => `ip route replace local ${address} dev lo table local src ${CLIENT}`),
    'mount -t tmpfs tmpfs /run', 'mkdir -p /run/rpcbind /run/ganesha', 'mount -t tmpfs tmpfs /mnt',
    `exec "${process.execPath}" --disable-warning=ExperimentalWarning "$0" inside`,
  ]
  const outer = fs.readlinkSync('/proc/self/ns/net')
  const flags = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child']
  const { status } = spawnSync('unshare', [...flags, 'sh', '-ec', setup.join('\n'), import.meta.filename], {
    stdio: 'inherit', env: { ...process.env, OUTER_NETWORK: outer },
  })
  process.exitCode = status ?? 1
}

/** Our server, as the segment's process starts it; prints a line when it stands. */
async function serve(): Promise<void> {
  const content = fs.readFileSync('/mnt/export/bulk')
  const now = Date.now() * 1000
  const until = now + 3_600_000_000
  const server = await NfsServer.start({
    address: OURS, key: KEY.key, ports: PORTS, reservedPortsOnly: false, clock: () => Date.now() * 1000, onRecord: () => undefined,
  })
  server.setGrants([testGrant({ ip: CLIENT as Ip, from: now - 1, until, completeBy: until, tree: testTree('release-1', [servedFile('bulk', content)]) })])
  process.stdout.write('up\n')
}

const GANESHA = `NFS_CORE_PARAM { Protocols = 3; mount_path_pseudo = false; NFS_Port = ${THEIR_NFS_PORT}; MNT_Port = ${THEIR_MOUNT_PORT};
  Enable_NLM = false; Enable_RQUOTA = false; }
EXPORT { Export_Id = 1; Path = /mnt/export; Pseudo = /export; Access_Type = RO; Squash = None; SecType = sys; Protocols = 3; Transports = TCP;
  FSAL { Name = VFS; } }
`

async function startOurs(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', import.meta.filename, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`the update server ended with ${code}`)))
  })
  return child
}

function startTheirs(): ChildProcess {
  spawnSync('rpcbind', ['-w'])
  fs.writeFileSync('/run/ganesha.conf', GANESHA)
  return spawn('ganesha.nfsd', ['-F', '-L', '/run/ganesha.log', '-f', '/run/ganesha.conf', '-N', 'NIV_EVENT'], { stdio: 'ignore' })
}

interface Run {
  readonly wall: number
  readonly client: number
  readonly server: number
}

interface Server {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly runs: Run[]
}

function cpuSeconds(pid: number): number {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** One copy; null when the client failed or the file is not whole. */
function copy({ url, pid }: Server): Run | null {
  fs.rmSync('/mnt/out', { force: true })
  if (!fs.existsSync(`/proc/${pid}`)) return null
  const before = cpuSeconds(pid)
  const { status, stderr } = spawnSync('bash', ['-c', `TIMEFORMAT='%R %U %S'; time nfs-cp '${url}' /mnt/out >/dev/null 2>/dev/null`], { encoding: 'utf8' })
  if (status !== 0 || fs.statSync('/mnt/out', { throwIfNoEntry: false })?.size !== MEGABYTES * 1_000_000) return null
  const [wall = 0, user = 0, system = 0] = stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
  return { wall, client: user + system, server: cpuSeconds(pid) - before }
}

function logEnd(): string {
  return fs.existsSync('/run/ganesha.log') ? fs.readFileSync('/run/ganesha.log', 'utf8').slice(-800) : ''
}

async function untilItAnswers(server: Server): Promise<void> {
  for (let tries = 0; copy(server) === null; tries++) {
    if (tries > 60 || !fs.existsSync(`/proc/${server.pid}`)) throw new Error(`${server.name} does not serve: ${logEnd()}`)
    await sleep(500)
  }
  if (spawnSync('cmp', ['/mnt/out', '/mnt/export/bulk']).status !== 0) throw new Error(`${server.name} serves other bytes`)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

async function inside(): Promise<void> {
  if (fs.readlinkSync('/proc/self/ns/net') === process.env['OUTER_NETWORK']) throw new Error('this is the machine\'s own network: nothing is started here')
  fs.mkdirSync('/mnt/export')
  spawnSync('sh', ['-c', `head -c ${MEGABYTES * 1_000_000} /dev/urandom > /mnt/export/bulk`])
  const [ours, theirs] = [await startOurs(), startTheirs()]
  const servers: Server[] = [
    { name: 'update server', url: `nfs://${OURS}/pm/bulk?nfsport=${PORTS.nfs}&mountport=${PORTS.mount}`, pid: ours.pid ?? 0, runs: [] },
    { name: 'nfs-ganesha', url: `nfs://${THEIRS}/mnt/export/bulk?nfsport=${THEIR_NFS_PORT}&mountport=${THEIR_MOUNT_PORT}`, pid: theirs.pid ?? 0, runs: [] },
  ]
  // Also the warm-up.
  for (const server of servers) await untilItAnswers(server)
  for (let turn = 0; turn < RUNS; turn++) {
    for (const server of servers) {
      const run = copy(server)
      if (run === null) throw new Error(`a copy from ${server.name} failed`)
      server.runs.push(run)
    }
  }
  print(servers)
  for (const child of [ours, theirs]) child.kill('SIGKILL')
}

function print(servers: readonly Server[]): void {
  const of = (server: Server, what: keyof Run): number => median(server.runs.map((run) => run[what]))
  console.log(`| server | wall s | MB/s | server CPU s | client CPU s | all runs, wall s |\n|---|---|---|---|---|---|`)
  for (const server of servers) {
    const wall = of(server, 'wall')
    const all = server.runs.map((run) => run.wall.toFixed(2)).join(' ')
    const cpu = `${of(server, 'server').toFixed(2)} | ${of(server, 'client').toFixed(2)}`
    console.log(`| ${server.name} | ${wall.toFixed(2)} | ${(MEGABYTES / wall).toFixed(0)} | ${cpu} | ${all} |`)
  }
  const [ours, theirs] = servers as [Server, Server]
  console.log(`throughput of the update server: ${(of(theirs, 'wall') / of(ours, 'wall')).toFixed(2)} of nfs-ganesha's`)
}

async function main(): Promise<void> {
  if (process.argv[2] === 'serve') return serve()
  if (process.argv[2] === 'inside') return inside()
  const why = missing()
  if (why !== null) {
    console.log(`skipped: ${why}`)
    return
  }
  console.log(`${MEGABYTES} MB over NFS 3 on TCP with nfs-cp, medians of ${RUNS} runs in turns after one warm-up, file in memory, Node ${process.version}`)
  console.log(`load of the machine before: ${os.loadavg().map((l) => l.toFixed(2)).join(' ')}, ${os.cpus().length} cores`)
  enter()
}

await main()
