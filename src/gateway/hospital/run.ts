// runGateway: all parts put together for as long as the signal says, and taken down in order.
// Keeps the rule that a gateway that cannot do all of its work says why and does not start half.

import { err, ok, type Result } from '../../base/result.ts'
import type { GatewayConfig } from '../../config/gateway.ts'
import { takeFolder } from '../../store/folder-lock.ts'
import { AuditFile } from './audit-file.ts'
import { serveControl } from './control.ts'
import { controlHandler } from './control-commands.ts'
import { PULSE_MS } from './beds.ts'
import { GRANTS_MS, Hospital, LINKS_MS, TICK_MS } from './hospital.ts'
import { Notices } from './notices.ts'
import type { GatewayParts } from './parts.ts'

/** Why it does not run: `usage`: the machine or the file must be changed. */
export interface RunProblem {
  readonly message: string
  readonly help: string
}

/** Takes back what was begun, the last first, whatever fails on the way. */
class Undo {
  readonly #steps: (() => void | Promise<void>)[] = []

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step)
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step()
  }
}

/** Runs until `signal`. `whenUp` is called once all is up; what it returns is undone first. Resolves when everything is closed. */
export async function runGateway(
  config: GatewayConfig, parts: GatewayParts, signal: AbortSignal, whenUp: (hospital: Hospital) => Promise<() => Promise<void>>,
): Promise<Result<null, RunProblem>> {
  const undo = new Undo()
  try {
    const lock = takeFolder(config.folder)
    if (!lock.ok) return err({ message: lock.error.message, help: 'Stop that gateway first, or name another "folder:" in the file.' })
    undo.add(() => lock.value.release())
    const hospital = await assemble(config, parts, undo)
    if (!hospital.ok) return hospital
    if (!signal.aborted) {
      undo.add(await whenUp(hospital.value))
      await aborted(signal)
    }
    return ok(null)
  } finally {
    await undo.run()
  }
}

async function assemble(config: GatewayConfig, parts: GatewayParts, undo: Undo): Promise<Result<Hospital, RunProblem>> {
  const notices = new Notices()
  const audit = new AuditFile(config.folder, (why) => notices.set('audit', why === null ? null : `The audit cannot be written (${why}).`))
  const note = (words: string): void => audit.write(parts.clock(), 'out', { words })
  const opened = await attempt('the data folder cannot be used', 'Check its disk and permissions.', () => parts.openStores(config, note))
  if (!opened.ok) return opened
  const hospital = new Hospital(config, parts, opened.value, notices, audit)
  undo.add(() => hospital.stop())
  const started = await hospital.start()
  if (!started.ok) return err({ message: started.error, help: 'Check the addresses and ports of "segment", and that nothing else has them.' })
  const { adt } = config
  if (adt !== null) {
    const take = (bytes: Uint8Array): void => hospital.takeAdt(bytes)
    const listening = await attempt('ADT cannot come in', 'Check "listen" and the files of "adt".', () => parts.startAdt(adt, take, note))
    if (!listening.ok) return listening
    hospital.useAdt(listening.value)
  }
  await hospital.grants.look()
  const control = await serveControl(config.folder, controlHandler(hospital))
  if (!control.ok) return err({ message: control.error, help: 'Name a "folder:" with a shorter path, on a disk that takes sockets.' })
  undo.add(() => control.value.close())
  for (const stop of timers(hospital, parts)) undo.add(stop)
  return ok(hospital)
}

function timers(hospital: Hospital, parts: GatewayParts): readonly (() => void)[] {
  hospital.lookAtLinks()
  return [
    parts.every(PULSE_MS, () => hospital.beds.pulse()), parts.every(TICK_MS, () => hospital.tick()),
    parts.every(LINKS_MS, () => hospital.lookAtLinks()), parts.every(GRANTS_MS, () => void hospital.grants.look()),
  ]
}

async function attempt<T>(what: string, help: string, work: () => Promise<T>): Promise<Result<T, RunProblem>> {
  try {
    return ok(await work())
  } catch (cause) {
    return err({ message: `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, help })
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
