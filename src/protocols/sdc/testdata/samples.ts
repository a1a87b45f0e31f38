// Sample envelopes for the SDC tests, written from the standards: discovery messages, a request, a patient context with the canary.
// Keeps the rule that test patients are ZZTEST^CANARY.

const NAMESPACES = 'xmlns:s12="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://www.w3.org/2005/08/addressing" '
  + 'xmlns:wsd="http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01" xmlns:dpws="http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01" '
  + 'xmlns:mdpws="http://standards.ieee.org/downloads/11073/11073-20702-2016"'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export function envelope(action: string, body: string, head = ''): string {
  return `<?xml version='1.0' encoding='UTF-8'?>\n<s12:Envelope ${NAMESPACES}><s12:Header><wsa:Action>${action}</wsa:Action>`
    + `<wsa:MessageID>urn:uuid:00000000-0000-4000-8000-000000000001</wsa:MessageID><wsa:To>urn:docs-oasis-open-org:ws-dd:ns:discovery:2009:01</wsa:To>`
    + `${head}</s12:Header><s12:Body>${body}</s12:Body></s12:Envelope>`
}

const DISCOVERY = 'http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01'
export const EPR = 'urn:uuid:11111111-2222-4333-8444-555555555555'
const REFERENCE = `<wsa:EndpointReference><wsa:Address>${EPR}</wsa:Address></wsa:EndpointReference>`
export const SCOPES = 'sdc.cdc.type:///70041 sdc.mds.pkp:1.2.840.10004.20701.1.1 '
  + 'sdc.ctxt.loc:/sdc.ctxt.loc.detail/HOSP1%2F%2F%2FCU1%2F%2FBed42?fac=HOSP1&amp;poc=CU1&amp;bed=Bed42'

const target = (scopes: string): string => `${REFERENCE}<wsd:Types>dpws:Device mdpws:MedicalDevice</wsd:Types><wsd:Scopes>${scopes}</wsd:Scopes>`
  + '<wsd:XAddrs>https://10.20.4.61:6464/11111111 http://user@10.20.4.61:6465/x?y=1</wsd:XAddrs><wsd:MetadataVersion>1</wsd:MetadataVersion>'

export const hello = (scopes = SCOPES): Uint8Array => bytes(envelope(`${DISCOVERY}/Hello`, `<wsd:Hello>${target(scopes)}</wsd:Hello>`))
export const BYE = bytes(envelope(`${DISCOVERY}/Bye`, `<wsd:Bye>${REFERENCE}</wsd:Bye>`))
export const PROBE = bytes(envelope(`${DISCOVERY}/Probe`, '<wsd:Probe><wsd:Types>mdpws:MedicalDevice</wsd:Types></wsd:Probe>'))
export const RESOLVE = bytes(envelope(`${DISCOVERY}/Resolve`, `<wsd:Resolve>${REFERENCE}</wsd:Resolve>`))
export const PROBE_MATCHES = bytes(envelope(`${DISCOVERY}/ProbeMatches`, `<wsd:ProbeMatches><wsd:ProbeMatch>${target(SCOPES)}</wsd:ProbeMatch></wsd:ProbeMatches>`))
export const RESOLVE_MATCHES = bytes(envelope(`${DISCOVERY}/ResolveMatches`,
  `<wsd:ResolveMatches><wsd:ResolveMatch>${target(SCOPES)}</wsd:ResolveMatch></wsd:ResolveMatches>`))

/** A SOAP request as HTTP carries it. */
export function post(xml: string, more = ''): Uint8Array {
  return bytes(`POST /Set HTTP/1.1\r\nHost: 10.20.4.61:6464\r\nContent-Type: application/soap+xml; charset=utf-8\r\n${more}Content-Length: ${xml.length}\r\n\r\n${xml}`)
}

const SERVICE = 'http://standards.ieee.org/downloads/11073/11073-20701-2018'
export const SET_VALUE = envelope(`${SERVICE}/SetService/SetValue`, '<msg:SetValue xmlns:msg="m"><msg:RequestedNumericValue>5</msg:RequestedNumericValue></msg:SetValue>')
/** Two values, one of a waveform, and two states of alarms: one closes itself. */
export const METRIC_REPORT = envelope(`${SERVICE}/StateEventService/EpisodicMetricReport`,
  '<msg:EpisodicMetricReport xmlns:msg="m" xmlns:pm="p" SequenceId="urn:uuid:1"><msg:ReportPart><msg:MetricState xsi:type="pm:NumericMetricState" '
  + 'DescriptorHandle="ZZTEST"><pm:MetricValue Value="61" DeterminationTime="1"><pm:MetricQuality Validity="Vld"/></pm:MetricValue></msg:MetricState>'
  + '<msg:MetricState><pm:MetricValue Samples="1 2 3"><pm:MetricQuality Validity="Vld"/></pm:MetricValue></msg:MetricState></msg:ReportPart>'
  + '</msg:EpisodicMetricReport>')
export const ALERT_REPORT = envelope(`${SERVICE}/StateEventService/EpisodicAlertReport`,
  '<msg:EpisodicAlertReport xmlns:msg="m"><msg:ReportPart><msg:AlertState DescriptorHandle="A" Presence="true"/><msg:AlertState></msg:AlertState>'
  + '</msg:ReportPart></msg:EpisodicAlertReport>')
export const MDIB = envelope(`${SERVICE}/GetService/GetMdibResponse`, '<pm:State xmlns:pm="p"><pm:MetricValue Value="61"></pm:MetricValue></pm:State>')
export const GET_MDIB = envelope(`${SERVICE}/GetService/GetMdib`, '<msg:GetMdib xmlns:msg="m"/>')
export const PATIENT = envelope(`${SERVICE}/ContextService/GetContextStatesResponse`,
  '<pm:CoreData xmlns:pm="p"><pm:Givenname>ZZTEST</pm:Givenname><pm:Familyname>ZZTEST^CANARY</pm:Familyname><pm:Middlename></pm:Middlename>'
  + '<pm:Sex>Unspec</pm:Sex><pm:DateOfBirth> </pm:DateOfBirth></pm:CoreData>')
