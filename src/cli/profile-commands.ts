// Wiring of cordon profile: list, show, check, and mud, which is `mud export` under the noun that people look for.
// Modules are loaded when a command is called.

import type { Command } from 'commander'
import type { Io } from './io.ts'

interface ProfileFlags {
  readonly profiles?: string
  readonly json?: boolean
}

export function addProfile(program: Command, io: Io, done: (code: number) => void): void {
  const profile = program.command('profile').description('device profiles: what is publicly known of a model, each fact with its source')
  profile.command('list').description('shipped ones, and those of a folder of your own')
    .option('--profiles <folder>', 'your own profiles').option('--json', 'JSON')
    .action(async (flags: ProfileFlags) => {
      const { runProfileList } = await import('./profile.ts')
      done(runProfileList(flags, io))
    })
  profile.command('show').description('one in whole').argument('<id>').option('--profiles <folder>', 'your own profiles').option('--json', 'JSON')
    .action(async (id: string, flags: ProfileFlags) => {
      const { runProfileShow } = await import('./profile.ts')
      done(runProfileShow(id, flags, io))
    })
  profile.command('check').description('a profile file or a folder of them: errors with line and help, and remarks')
    .argument('<file-or-folder>').option('--strict', 'exit with 1 when there are remarks').option('--json', 'JSON')
    .action(async (path: string, flags: { strict?: boolean; json?: boolean }) => {
      const { runProfileCheck } = await import('./profile.ts')
      done(runProfileCheck(path, flags, io))
    })
  profile.command('mud').description('a usage description (RFC 8520) for it').argument('<id>')
    .requiredOption('--url <https-address>', 'where the file will stand')
    .option('--all', 'rare documented flows too').option('--profiles <folder>', 'your own profiles')
    .action(async (id: string, flags: ProfileFlags & { url: string; all?: boolean }) => {
      const { runMud } = await import('./mud.ts')
      const own = flags.profiles === undefined ? {} : { profiles: flags.profiles }
      done(await runMud({ verb: 'export', profile: id, url: flags.url, all: flags.all === true, ...own }, io))
    })
}
