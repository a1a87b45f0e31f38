// Wiring of `cordon gateway permit`: names, flags and help. No logic of its own; modules are loaded when a command is called.

import type { Command } from 'commander'
import type { PermitArgs, RequestArgs, SignArgs } from './gateway-permit.ts'
import { configOption, folderOption } from './gateway-site-flags.ts'
import type { Io } from './io.ts'

/** Words of a request, with what they mean; the names are those of RequestArgs. */
const REQUEST_FLAGS: readonly (readonly [string, string])[] = [
  ['--id <id>', 'name of the permit (default: made of its beginning and the serial number)'],
  ['--release <id>', 'release, as "release list" shows it'],
  ['--serial <number>', 'serial number of the monitor'], ['--model <name>', 'its model, e.g. CMS8000'],
  ['--installed <version>', 'version it has now, as its own screen says'], ['--ip <address>', 'its address'], ['--mac <address>', 'its MAC address'],
  ['--from <time>', 'beginning of the window, e.g. 2026-01-05T02:00:00Z'], ['--until <time>', 'end of the window: nothing new may begin'],
  ['--complete-by <time>', 'until then a copy that has begun may be finished (default: 15 minutes after the end)'],
  ['--bed <name>', 'bed it stands at'], ['--empty-confirmed-by <name>', 'who saw that nobody lies in it'], ['--empty-at <time>', 'when'],
  ['--by <name>', 'who asks'], ['--reason <text>', 'why'],
]

export function addPermitCommands(gateway: Command, io: Pick<Io, 'out' | 'err'>, done: (code: number) => void): void {
  const permit = gateway.command('permit').description('permits: this monitor, this release, this hour, an empty bed, and two people who sign')
  const load = () => import('./gateway-permit.ts')
  const site = (command: Command): Command => command.addOption(folderOption()).addOption(configOption()).option('--json', 'one JSON document')
  const request = permit.command('request').description('ask for a permit; it is nothing until two people have approved it')
    .argument('[file.json]', 'the permit as a document; or the flags')
  for (const [flag, help] of REQUEST_FLAGS) request.option(flag, help)
  site(request).action(async (file: string | undefined, flags: RequestArgs) => done(await (await load()).runRequest(file, flags, io)))
  const sign = (command: Command): Command => site(command).argument('<id>')
    .requiredOption('--as <approver>', 'who signs, as the gateway\'s file names you')
    .requiredOption('--key <file>', 'your private key in PEM, readable by you alone; never the key itself')
  sign(permit.command('approve').description('sign it as one of the two'))
    .action(async (id: string, flags: SignArgs) => done(await (await load()).runApprove(id, flags, io)))
  sign(permit.command('revoke').description('stop it; one approver is enough')).requiredOption('--reason <text>', 'why')
    .action(async (id: string, flags: SignArgs & { reason: string }) => done(await (await load()).runRevoke(id, flags, io)))
  site(permit.command('list').description('all permits and how they stand now'))
    .action(async (flags: PermitArgs) => done(await (await load()).runList(flags, io)))
  site(permit.command('show').description('what will be served to whom, when, and who says so').argument('<id>'))
    .action(async (id: string, flags: PermitArgs) => done(await (await load()).runShow(id, flags, io)))
  permit.command('key').description('the 64 hex digits of a key file, for "approvers" in the gateway\'s file')
    .argument('<file>', 'private or public key in PEM')
    .action(async (file: string) => done((await load()).runKey(file, io)))
}
