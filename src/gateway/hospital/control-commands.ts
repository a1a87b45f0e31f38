// Control commands: what may be asked of a running gateway: its status, places and assignments by hand, a look at the permits.
// Keeps the rule that an answer never repeats what was asked about a patient.

import { parseIp, type Ip } from '../../base/ip.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { suggest } from '../../base/suggest.ts'
import { bedName, patientRef } from '../core/assignment/adt.ts'
import type { ControlHandler, ControlRequest } from './control.ts'
import type { Hospital } from './hospital.ts'

/** HL7 gives a number 15 characters and an authority 227; hospitals take some more and far fewer. */
const NUMBER_LENGTH_MAX = 64
const COMMANDS = ['status', 'place', 'confirm', 'assign', 'vacate', 'look'] as const

export function controlHandler(hospital: Hospital): ControlHandler {
  return (request) => {
    switch (request.command) {
      case 'status':
        return ok(hospital.status())
      case 'place':
        return place(hospital, request)
      case 'confirm': {
        const device = deviceOf(request)
        return device.ok ? hospital.confirm(device.value) : device
      }
      case 'assign':
        return assign(hospital, request)
      case 'vacate': {
        const bed = bedOf(request['bed'])
        return bed.ok ? hospital.assign(bed.value, null) : bed
      }
      case 'look':
        return hospital.grants.look().then(() => ok(hospital.status().updates))
      default: {
        const near = suggest(request.command, COMMANDS)
        return err(near === null ? `there is no such command; there are: ${COMMANDS.join(', ')}` : `there is no such command; did you mean ${near}?`)
      }
    }
  }
}

function deviceOf(request: ControlRequest): Result<Ip> {
  const device = parseIp(String(request['device']))
  return device.ok ? device : err('the device is no address; give the one that the monitor has on the segment, e.g. 10.20.4.31')
}

function place(hospital: Hospital, request: ControlRequest): Result<unknown> {
  const device = deviceOf(request)
  if (!device.ok) return device
  if (request['bed'] === null) return hospital.place(device.value, null)
  const bed = bedOf(request['bed'])
  return bed.ok ? hospital.place(device.value, bed.value) : bed
}

function assign(hospital: Hospital, request: ControlRequest): Promise<Result<unknown>> | Result<unknown> {
  const bed = bedOf(request['bed'])
  if (!bed.ok) return bed
  const number = wordOf(request['number'])
  const authority = request['authority'] === undefined || request['authority'] === '' ? '' : wordOf(request['authority'])
  if (number === null) return err(`the number must have 1 to ${NUMBER_LENGTH_MAX} printable characters and none of | ^ ~ \\ &`)
  if (authority === null) return err(`the authority must have 1 to ${NUMBER_LENGTH_MAX} printable characters and none of | ^ ~ \\ &`)
  return hospital.assign(bed.value, patientRef(number, authority))
}

/** As PV1-3 has it; the delimiters of HL7 would make another field of it. */
function bedOf(value: unknown): Result<string> {
  const parts = typeof value === 'string' && value.length <= 60 && !/[|~\\&\p{Cc}]/u.test(value) ? value.split('^') : []
  const [unit = '', room = '', bed = ''] = parts
  return parts.length === 3 && bed !== '' ? ok(bedName(unit, room, bed)) : err('the bed is not written as unit^room^bed, e.g. 4W^401^A')
}

function wordOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= NUMBER_LENGTH_MAX && /^[^|^~\\&\p{C}\s]+$/u.test(value) ? value : null
}
