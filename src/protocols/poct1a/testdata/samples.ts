// Sample POCT1-A messages for the tests and the fuzz seeds: a meter's hello, status and result, with the canary in every patient element.
// Keeps the rule that test patients are ZZTEST^CANARY; imported by tests only.

import { encodePoct, type PoctElement } from '../message.ts'

const head = (id: string): PoctElement => (
  ['HDR', [['HDR.control_id', id], ['HDR.version_id', 'POCT1'], ['HDR.creation_dttm', '2001-02-03T04:05:06+00:00']]]
)

const message = (name: string, id: string, ...parts: readonly PoctElement[]): string => encodePoct([name, [head(id), ...parts]])

export const HELLO = message('HEL.R01', '1', ['DEV', [
  ['DEV.device_id', '00:00:5E:00:53:01'], ['DEV.vendor_id', 'ACME'], ['DEV.model_id', 'METER-3'], ['DEV.serial_id', 'SN0001'],
  ['DEV.manufacturer_name', 'ACME & SONS'], ['DEV.hw_version', '1.0'], ['DEV.sw_version', '2.3.1'], ['DEV.device_name', 'Meter'],
  ['DSC', [['DSC.connection_profile_cd', 'CS'], ['DSC.topics_supported_cd', 'DTV']]],
]])

export const STATUS = message('DST.R01', '2', ['DST', [['DST.status_dttm', '2001-02-03T04:05:06+00:00'], ['DST.new_observations_qty', '1']]])

export const OBSERVATION = message('OBS.R01', '3', ['SVC', [
  ['SVC.role_cd', 'OBS'],
  ['PT', [
    ['PT.patient_id', 'ZZTEST-000000'], ['PT.name', 'ZZTEST^CANARY'], ['PT.birth_date', '1901-01-01'], ['PT.gender', ''], ['PT.local_note', 'ZZTEST^CANARY'],
    ['OBS', [['OBS.observation_id', '2345-7'], ['OBS.value', '99'], ['OBS.method_cd', 'M']]],
  ]],
  ['OPR', [['OPR.operator_id', 'ZZTEST^OPERATOR']]], ['NTE', [['NTE.text', 'ZZTEST^CANARY']]],
]])

export const OPERATORS = message('OPL.R01', '4', ['OPR', [['OPR.operator_id', 'ZZTEST^OPERATOR'], ['OPR.name', 'ZZTEST^OPERATOR']]])

export const answer = (code: string, id: string): string => message('ACK.R01', `9${id}`, ['ACK', [['ACK.type_cd', code], ['ACK.ack_control_id', id]]])

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
