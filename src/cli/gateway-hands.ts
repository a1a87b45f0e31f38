// cordon gateway place, confirm, assign, vacate: what a person tells the running gateway by hand, through its control socket.
// Keeps the rule that a patient's number is printed nowhere, not even in the answer.

import { askControl } from '../gateway/hospital/control.ts'
import { gatewayConfig } from './gateway-file.ts'
import { Exit, type Io } from './io.ts'

/** A number and the line end. */
const INPUT_BYTES_MAX = 1024

/** `bed` "-": the device stands at no bed any more. */
export function gatewayPlace(file: string, device: string, bed: string, io: Io): Promise<number> {
  const words = bed === '-' ? `${device} stands at no bed now` : `${device} stands at ${bed} now`
  return tell(file, 'place', { device, bed: bed === '-' ? null : bed }, `${words}, until the gateway is started anew; write it into ${file} to keep it`, io)
}

/** Ends CHECK BEDSIDE of a monitor that was replaced: somebody stood at the bed and looked. */
export function gatewayConfirm(file: string, device: string, io: Io): Promise<number> {
  return tell(file, 'confirm', { device }, (card) => `the card ${String(card)} is the monitor's at ${device} now`, io)
}

export async function gatewayAssign(file: string, what: { bed: string; number: string; authority: string | undefined }, io: Io): Promise<number> {
  const number = what.number === '-' ? await firstLine(process.stdin) : what.number
  if (what.number !== '-') io.err('note: a list of processes shows the number while this runs; "-" reads it from standard input\n')
  return tell(file, 'assign', { bed: what.bed, number, authority: what.authority ?? '' }, `${what.bed} is assigned`, io)
}

export function gatewayVacate(file: string, bed: string, io: Io): Promise<number> {
  return tell(file, 'vacate', { bed }, `nobody is in ${bed} now`, io)
}

/** Exit codes: ok; usage (2) when the gateway refuses it; incomplete (4) when none runs. */
async function tell(
  file: string, command: string, fields: Readonly<Record<string, unknown>>, words: string | ((answer: unknown) => string), io: Io,
): Promise<number> {
  const config = gatewayConfig(file, io)
  if (config === null) return Exit.usage
  const answer = await askControl(config.folder, command, fields)
  if (answer.ok) {
    io.out(`${typeof words === 'string' ? words : words(answer.value)}\n`)
    return Exit.ok
  }
  io.err(`cordon gateway ${command}: ${answer.error.message}\n`)
  if (answer.error.kind === 'absent') io.err(`  help: Start it with: cordon gateway run ${file}\n`)
  return answer.error.kind === 'absent' ? Exit.incomplete : Exit.usage
}

async function firstLine(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += chunk.toString()
    if (text.includes('\n') || text.length > INPUT_BYTES_MAX) break
  }
  return (text.split('\n', 1)[0] ?? '').trim()
}
