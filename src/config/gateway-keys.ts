// Key tables of gateway.yaml: every key a map may hold, and the help when one is missing.
// Keeps the rule that the parser and schemas/gateway.schema.json agree: a test walks both.

import type { KeyTable } from '../base/tree-reader.ts'

const optional = (help: string): { readonly required: boolean; readonly help: string } => ({ required: false, help })
const required = (help: string): { readonly required: boolean; readonly help: string } => ({ required: true, help })

export const GATEWAY_KEYS: KeyTable = {
  version: required('Write "version: 1" at the top.'),
  name: required('Add "name:", e.g. CORDON-4W: who sends, in MSH-3.'),
  eui64: required('Add "eui64:", 16 hex digits in quotes, e.g. "0200000000000001".'),
  facility: required('Add "facility:", the word for the hospital in MSH-4.'),
  systems: required('Add "systems: { device: URI, patient: URI }": whose numbers are sent.'),
  folder: optional('Data folder of the gateway; "gateway-data" beside this file when left out.'),
  segment: optional('Addresses, ports and account on the monitors\' segment.'),
  beds: required('Write "beds:" and a list, e.g. "- { device: 10.20.4.31, bed: 4W^401^A, model: CMS8000 }".'),
  leads: optional('known, inferred or unknown: whether ECG 1 to 3 are leads I, II and III; unknown when left out.'),
  targets: required('Write "targets:" and a list; "targets: []" sends nothing to anybody.'),
  adt: optional('Where the hospital\'s ADT messages come in; without it beds are assigned by hand.'),
  updates: optional('What the update server offers, and who may approve.'),
  keep: optional('How much is kept, and for how long.'),
  console: optional('Where the beds page is served.'),
  'devices-max': optional('Devices at most: what the memory is planned for.'),
}

export const SYSTEM_KEYS: KeyTable = {
  device: required('Add "device:", the URI of the system that device numbers belong to.'),
  patient: required('Add "patient:", the URI of the system that patient numbers without an authority belong to.'),
}

export const SEGMENT_SIDE_KEYS: KeyTable = {
  cms: optional('The monitors\' idea of the central station; 202.114.4.119 when left out.'),
  hl7: optional('The monitors\' idea of the HL7 server; 202.114.4.120 when left out.'),
  'cms-ports': optional('TCP ports of the central station; 515 to 520 when left out.'),
  'hl7-port': optional('TCP port of the HL7 server; 511 when left out.'),
  'update-ports': optional('Ports of the update server.'),
  user: optional('The account that the process on the segment becomes when the gateway is started as root; nobody when left out.'),
}

export const UPDATE_PORT_KEYS: KeyTable = {
  portmap: optional('111 when left out, as every client expects.'),
  mount: optional('635 when left out, where the monitor mounts if portmap does not answer.'),
  nfs: optional('2049 when left out.'),
}

export const BED_KEYS: KeyTable = {
  device: required('Add "device:", the address of the monitor on the segment.'),
  bed: required('Add "bed:", unit^room^bed as the hospital writes it in PV1-3, e.g. 4W^401^A.'),
  model: optional('The model as the inventory knows it; CMS8000 when left out.'),
  paced: optional('true when the patient there is paced: the rate of the waveform is then not compared.'),
}

export const TARGET_KEYS: KeyTable = {
  name: required('Add "name:"; the queue, the screen and the log call the target by it.'),
  kind: required('Add "kind: pcd01" (HL7 v2.6 by MLLP) or "kind: fhir" (FHIR R4 by HTTPS).'),
  to: required('Add "to:", host:port for pcd01, a base URL for fhir.'),
  tls: optional('Files of mutual TLS; a target has this or "clear".'),
  clear: optional('Why this one target has no TLS. The screen shows it.'),
  every: optional('Seconds over which numbers are gathered and the last of each is sent; 60 when left out.'),
  waveforms: optional('true sends waveforms too; false when left out.'),
}

export const TLS_KEYS: KeyTable = {
  ca: required('Add "ca:", the PEM file of the authority that signed the other side.'),
  cert: required('Add "cert:", the PEM file of our certificate.'),
  key: required('Add "key:", the PEM file of our private key.'),
  'server-name': optional('The name that the other side\'s certificate must have; the host of "to" when left out.'),
}

export const ADT_KEYS: KeyTable = {
  listen: required('Add "listen:", address and port on the hospital\'s side, e.g. 10.10.1.5:2576.'),
  tls: optional('Files of mutual TLS; a listener has this or "clear".'),
  clear: optional('Why ADT comes in without TLS. The screen shows it.'),
}

export const UPDATES_KEYS: KeyTable = {
  'nfs-versions': optional('[2], [3] or [2, 3]; both when left out.'),
  export: optional('What the monitors mount; /pm when left out.'),
  approvers: optional('People who may approve a permit; two are needed for each.'),
}

export const APPROVER_KEYS: KeyTable = {
  id: required('Add "id:", the word the commands use for the person.'),
  name: required('Add "name:", the person and the role.'),
  key: required('Add "key:", the Ed25519 public key as 64 hex digits in quotes.'),
}

export const KEEP_KEYS: KeyTable = {
  'readings-hours': optional('Hours that readings are kept; 1 when left out.'),
  'queue-megabytes': optional('Disk for messages that wait for a target; 2048 when left out.'),
}

export const CONSOLE_KEYS: KeyTable = {
  host: optional('Loopback address; 127.0.0.1 when left out.'),
  port: optional('7080 when left out; 0 takes any free one.'),
  'mm-per-second': optional('Speed of the sweep; 25 when left out.'),
  'css-pixels-per-mm': optional('Measured on the screen; 3.78 (96 to the inch) when left out.'),
}
