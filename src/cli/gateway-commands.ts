// gateway: the commands of the safe gateway wired to functions that return exit codes. No logic of its own.
// Keeps the rule that a patient's number can come from standard input, so that no list of processes shows it.

import { Option, type Command } from 'commander'
import { addPermitCommands } from './gateway-permit-commands.ts'
import { addReleaseCommands } from './gateway-release-commands.ts'
import type { Io } from './io.ts'

type Done = (code: number) => void

/** `--config FILE`, or CORDON_GATEWAY, or gateway.yaml here. */
export const gatewayOption = (): Option => new Option('--config <file>', 'the gateway\'s file').env('CORDON_GATEWAY').default('gateway.yaml')

interface Flags {
  readonly config: string
  readonly json?: boolean
  readonly authority?: string
}

export function addGateway(program: Command, io: Io, done: Done): void {
  const gateway = program.command('gateway')
    .description('the safe gateway in the central station\'s place: transfer, storage, conversion, display; not active patient monitoring')
  gateway.command('run').description('run the gateway in the foreground until Ctrl-C').argument('<file>', 'gateway.yaml')
    .action(async (file: string) => done(await (await import('./gateway-run.ts')).gatewayRun(file, io)))
  gateway.command('check').description('read a gateway file and list everything that is wrong with it').argument('<file>', 'gateway.yaml')
    .option('--json', 'JSON').action(async (file: string, flags: { json?: boolean }) =>
      done((await import('./gateway-check.ts')).gatewayCheck(file, flags.json === true, io)))
  gateway.command('status').description('how it stands: segment, beds, targets, updates, what is kept; exit 4 when nothing runs')
    .addOption(gatewayOption()).option('--json', 'JSON')
    .action(async (flags: Flags) => done(await (await import('./gateway-status.ts')).gatewayStatus(flags.config, flags.json === true, io)))
  addHands(gateway, io, done)
  // These work on the data folder and need no running gateway.
  addReleaseCommands(gateway, io, done)
  addPermitCommands(gateway, io, done)
}

/** What a person tells a running gateway by hand. */
function addHands(gateway: Command, io: Io, done: Done): void {
  const hands = () => import('./gateway-hands.ts')
  gateway.command('place').description('a monitor stands at this bed, until the gateway is started anew; "-" takes it away')
    .argument('<device>', 'address of the monitor').argument('<bed>', 'unit^room^bed').addOption(gatewayOption())
    .action(async (device: string, bed: string, flags: Flags) => done(await (await hands()).gatewayPlace(flags.config, device, bed, io)))
  gateway.command('confirm').description('the card behind this address is the monitor\'s: somebody stood at the bed and looked, after it was replaced')
    .argument('<device>', 'address of the monitor').addOption(gatewayOption())
    .action(async (device: string, flags: Flags) => done(await (await hands()).gatewayConfirm(flags.config, device, io)))
  gateway.command('assign').description('this patient is in this bed')
    .argument('<bed>', 'unit^room^bed').argument('<number>', 'patient number; "-" reads it from standard input, where no list of processes shows it')
    .option('--authority <name>', 'who assigned the number, as in PID-3.4').addOption(gatewayOption())
    .action(async (bed: string, number: string, flags: Flags) =>
      done(await (await hands()).gatewayAssign(flags.config, { bed, number, authority: flags.authority }, io)))
  gateway.command('vacate').description('nobody is in this bed').argument('<bed>', 'unit^room^bed').addOption(gatewayOption())
    .action(async (bed: string, flags: Flags) => done(await (await hands()).gatewayVacate(flags.config, bed, io)))
}
