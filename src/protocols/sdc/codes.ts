// SDC names: the elements that are looked at, discovery actions, services of ISO/IEEE 11073-20701, and the bounds of the scanner.
// Sources: WS-Discovery 1.1 (OASIS, 2009), DPWS 1.1, ISO/IEEE 11073-20701:2018 (names of services and scopes), 11073-10207 (patient).

/** Namespace of WS-Discovery 1.1, which SDC uses (11073-20702); Windows and cameras use that of 2005/04, which is left alone. */
export const DISCOVERY_NAMESPACE = '/ws-dd/ns/discovery/2009/01'

/** Elements by local name. `text` ones are collected, `filled` ones only looked at for content, `count` ones not even that. */
export const ELEMENTS = [
  { name: 'Envelope', take: 'tag' }, { name: 'Action', take: 'text' }, { name: 'EndpointReference', take: 'tag' }, { name: 'Address', take: 'text' },
  { name: 'Types', take: 'text' }, { name: 'Scopes', take: 'text' }, { name: 'XAddrs', take: 'text' },
  { name: 'Hello', take: 'tag' }, { name: 'Bye', take: 'tag' }, { name: 'Probe', take: 'tag' }, { name: 'Resolve', take: 'tag' },
  { name: 'ProbeMatch', take: 'tag' }, { name: 'ResolveMatch', take: 'tag' },
  // What reports carry (11073-10207, message model): a metric's value or its samples, and the state of an alarm.
  { name: 'MetricValue', take: 'count' }, { name: 'AlertState', take: 'count' },
  // CoreData of a patient context (11073-10207): names of people, and what is said of them.
  { name: 'Givenname', take: 'filled' }, { name: 'Middlename', take: 'filled' }, { name: 'Familyname', take: 'filled' },
  { name: 'Birthname', take: 'filled' }, { name: 'DateOfBirth', take: 'filled' }, { name: 'Sex', take: 'filled' },
] as const

export type ElementName = (typeof ELEMENTS)[number]['name']
export type Take = (typeof ELEMENTS)[number]['take']

/** What a target's element means. */
export const TARGETS: ReadonlyMap<string, 'hello' | 'bye' | 'probe' | 'resolve' | 'probe-match' | 'resolve-match'> = new Map([
  ['Hello', 'hello'], ['Bye', 'bye'], ['Probe', 'probe'], ['Resolve', 'resolve'], ['ProbeMatch', 'probe-match'], ['ResolveMatch', 'resolve-match'],
] as const)

/** Type of a device that takes part in SDC (11073-20702). */
export const MEDICAL_TYPE = 'MedicalDevice'
/** Scopes that name a kind of device, a place, or a person (11073-20701 section on context scopes). */
export const Scope = { deviceType: 'sdc.cdc.type:', location: 'sdc.ctxt.loc:', patient: 'sdc.ctxt.pat:', operator: 'sdc.ctxt.opr:', any: 'sdc.' } as const
/** Fields of a location scope, most general first. */
export const LOCATION_FIELDS: readonly string[] = ['fac', 'bldng', 'flr', 'poc', 'rm', 'bed']

/** Path behind which actions of SDC stand: `.../11073-20701-2018/GetService/GetMdib`. */
export const SDC_ACTIONS = '/11073-20701'

/** Tag names beyond this are of no known element: the longest known has 17. */
export const NAME_BYTES_MAX = 32
/** Types, scopes and addresses of one target: a Hello fits a datagram of 4096 bytes (WS-Discovery 1.1, appendix on SOAP over UDP). */
export const TEXT_BYTES_MAX = 2048
/** Nesting that is followed; SDC's own documents are below 20 deep. What is deeper is skipped. */
export const DEPTH_MAX = 64
/** Words of one list, and characters of one, that are looked at. */
export const WORDS_MAX = 32
export const WORD_CHARS_MAX = 160
/** Targets and actions told per flow: a proxy answers for a hospital's devices one datagram each; SDC has about forty actions. */
export const TARGETS_TOLD_MAX = 64
export const ACTIONS_MAX = 64
