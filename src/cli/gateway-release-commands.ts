// Wiring of `cordon gateway release`: names, flags and help. No logic of its own; modules are loaded when a command is called.

import type { Command } from 'commander'
import type { ReleaseArgs } from './gateway-release.ts'
import { configOption, folderOption } from './gateway-site-flags.ts'
import type { Io } from './io.ts'

export function addReleaseCommands(gateway: Command, io: Pick<Io, 'out' | 'err'>, done: (code: number) => void): void {
  const release = gateway.command('release').description('releases of signed files for monitors: a TUF repository, verified on their behalf')
  const load = () => import('./gateway-release.ts')
  const site = (command: Command): Command => command.addOption(folderOption()).addOption(configOption()).option('--json', 'one JSON document')
  const caFlag = ['--ca <file>', 'certificate authorities of an https address in PEM, in place of the system\'s'] as const
  site(release.command('pin').description('trust this root; it comes by another road than the releases, and once').argument('<root.json>'))
    .action(async (file: string, flags: ReleaseArgs) => done((await load()).runPin(file, flags, io)))
  site(release.command('import').description('take a repository in: verified whole, or not at all')
    .argument('<folder-or-url>', 'folder with metadata and targets, or https://HOST/PATH of one').option(...caFlag))
    .action(async (source: string, flags: ReleaseArgs) => done(await (await load()).runImport(source, flags, io)))
  site(release.command('list').description('what is kept, verified now'))
    .action(async (flags: ReleaseArgs) => done(await (await load()).runVerify(undefined, { ...flags, emptyIsFine: true }, io)))
  site(release.command('verify').description('verify what is kept, now; or a folder or address, and keep nothing of it')
    .argument('[folder-or-url]').option(...caFlag))
    .action(async (source: string | undefined, flags: ReleaseArgs) => done(await (await load()).runVerify(source, flags, io)))
}
