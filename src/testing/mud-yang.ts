// mud-yang: what the YANG modules of a MUD file allow, by hand: ietf-mud and ietf-acldns (RFC 8520 sections 7 and 8), ietf-access-control-list and
// ietf-packet-fields (RFC 8519 sections 4.1 and 4.2), as JSON (RFC 7951). Keeps it independent of our own reader, which forgives more.

type Json = Readonly<Record<string, unknown>>
/** Adds what is wrong with the value at a path. */
type Check = (value: unknown, path: string, wrong: string[]) => void

interface Field {
  readonly check: Check
  readonly mandatory?: true
}

/** All violations, each with its path. */
export function yangProblems(file: unknown): string[] {
  const wrong: string[] = []
  container({ 'ietf-mud:mud': { check: MUD, mandatory: true }, 'ietf-access-control-list:acls': { check: ACLS, mandatory: true } })(file, '', wrong)
  if (wrong.length === 0) wrong.push(...danglingNames(file as Json))
  return wrong
}

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function container(fields: Readonly<Record<string, Field>>, choices: readonly (readonly string[])[] = []): Check {
  return (value, path, wrong) => {
    if (!isMap(value)) {
      wrong.push(`${path || '/'}: no container`)
      return
    }
    for (const [key, inner] of Object.entries(value)) {
      const field = fields[key]
      if (field === undefined) wrong.push(`${path}/${key}: no such node`)
      else field.check(inner, `${path}/${key}`, wrong)
    }
    for (const [key, { mandatory }] of Object.entries(fields)) if (mandatory && value[key] === undefined) wrong.push(`${path}/${key}: missing`)
    for (const choice of choices) {
      const cases = choice.filter((key) => value[key] !== undefined)
      if (cases.length > 1) wrong.push(`${path}: ${cases.join(' and ')} exclude each other`)
    }
  }
}

/** A list with the leaf `name` for its key. */
function list(row: Check): Check {
  return (value, path, wrong) => {
    if (!Array.isArray(value)) {
      wrong.push(`${path}: no list`)
      return
    }
    value.forEach((one, i) => row(one, `${path}[${i}]`, wrong))
    const names = value.map((one: unknown) => (isMap(one) ? one['name'] : undefined))
    if (new Set(names).size < names.length) wrong.push(`${path}: two entries of one name`)
  }
}

const leaf = (is: (value: unknown) => boolean, what: string): Check => (value, path, wrong) => {
  if (!is(value)) wrong.push(`${path}: ${JSON.stringify(value)} is no ${what}`)
}

const whole = (low: number, high: number): Check =>
  leaf((v) => typeof v === 'number' && Number.isInteger(v) && v >= low && v <= high, `whole number from ${low} to ${high}`)
const text = (low = 0, high = Infinity): Check => leaf((v) => typeof v === 'string' && v.length >= low && v.length <= high, `text of ${low} to ${high}`)
const oneOf = (...words: readonly string[]): Check => leaf((v) => typeof v === 'string' && words.includes(v), `one of ${words.join(', ')}`)
const BOOLEAN = leaf((v) => typeof v === 'boolean', 'boolean')
/** RFC 7951 section 6.9. */
const EMPTY = leaf((v) => Array.isArray(v) && v.length === 1 && v[0] === null, 'empty leaf ([null])')
const URI = leaf((v) => typeof v === 'string' && /^[a-z][a-z0-9+.-]*:\S+$/i.test(v), 'URI')
const HTTPS = leaf((v) => typeof v === 'string' && /^https:\/\/[^\s/]+\//.test(v), 'https address')
const DATE = leaf((v) => typeof v === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(v), 'date and time')
const HOST = leaf((v) => typeof v === 'string' && /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?$/i.test(v), 'host')
const V4_PREFIX = leaf((v) => typeof v === 'string' && /^\d{1,3}(?:\.\d{1,3}){3}\/(?:[0-9]|[12]\d|3[0-2])$/.test(v), 'IPv4 prefix')
const V6_PREFIX = leaf((v) => typeof v === 'string' && /^[0-9a-f:.]+\/(?:\d{1,2}|1[01]\d|12[0-8])$/i.test(v) && v.includes(':'), 'IPv6 prefix')

const NAME: Field = { check: text(1, 64), mandatory: true }
const POLICY: Field = {
  check: container({ 'access-lists': { check: container({ 'access-list': { check: list(container({ name: NAME })) } }) } }),
}

const MUD = container({
  'mud-version': { check: whole(0, 255), mandatory: true }, 'mud-url': { check: HTTPS, mandatory: true }, 'last-update': { check: DATE, mandatory: true },
  'mud-signature': { check: URI }, 'cache-validity': { check: whole(1, 168) }, 'is-supported': { check: BOOLEAN, mandatory: true },
  // The module has any text; its description, and section 3.7, at most 60 characters.
  systeminfo: { check: text(0, 60) },
  'mfg-name': { check: text() }, 'model-name': { check: text() }, 'firmware-rev': { check: text() }, 'software-rev': { check: text() },
  documentation: { check: URI }, extensions: { check: leaf((v) => Array.isArray(v) && v.every((one) => typeof one === 'string'), 'list of texts') },
  'from-device-policy': POLICY, 'to-device-policy': POLICY,
})

/** `port-range-or-operator`: a range, or an operator and a port. */
const PORT_CASES = container({
  'lower-port': { check: whole(0, 65_535) }, 'upper-port': { check: whole(0, 65_535) }, operator: { check: oneOf('eq', 'neq', 'lte', 'gte') },
  port: { check: whole(0, 65_535) },
}, [['lower-port', 'port'], ['lower-port', 'operator'], ['upper-port', 'port'], ['upper-port', 'operator']])

const PORT: Check = (value, path, wrong) => {
  PORT_CASES(value, path, wrong)
  if (!isMap(value)) return
  const { 'lower-port': low, 'upper-port': high, port } = value
  if ((low === undefined) !== (high === undefined)) wrong.push(`${path}: a range has both ends`)
  if (low === undefined && port === undefined) wrong.push(`${path}: neither a range nor a port`)
  if (typeof low === 'number' && typeof high === 'number' && low > high) wrong.push(`${path}: the range runs backwards`)
}

const ports: Readonly<Record<string, Field>> = { 'source-port': { check: PORT }, 'destination-port': { check: PORT } }
const ip = (version: 4 | 6, prefix: Check): Field => ({
  check: container({
    dscp: { check: whole(0, 63) }, ecn: { check: whole(0, 3) }, length: { check: whole(0, 65_535) }, ttl: { check: whole(0, 255) },
    protocol: { check: whole(0, 255) },
    [`source-ipv${version}-network`]: { check: prefix }, [`destination-ipv${version}-network`]: { check: prefix },
    'ietf-acldns:src-dnsname': { check: HOST }, 'ietf-acldns:dst-dnsname': { check: HOST },
  }, [[`source-ipv${version}-network`, 'ietf-acldns:src-dnsname'], [`destination-ipv${version}-network`, 'ietf-acldns:dst-dnsname']]),
})

const MATCHES = container({
  'ietf-mud:mud': {
    check: container({
      manufacturer: { check: HOST }, 'same-manufacturer': { check: EMPTY }, model: { check: URI }, 'local-networks': { check: EMPTY },
      controller: { check: URI }, 'my-controller': { check: EMPTY },
    }),
  },
  ipv4: ip(4, V4_PREFIX), ipv6: ip(6, V6_PREFIX),
  tcp: { check: container({ ...ports, 'ietf-mud:direction-initiated': { check: oneOf('to-device', 'from-device') } }) },
  udp: { check: container(ports) },
  icmp: { check: container({ type: { check: whole(0, 255) }, code: { check: whole(0, 255) } }) },
}, [['ipv4', 'ipv6'], ['tcp', 'udp', 'icmp']])

const ACE = container({
  name: NAME, matches: { check: MATCHES },
  actions: { check: container({ forwarding: { check: oneOf('accept', 'drop', 'reject'), mandatory: true } }), mandatory: true },
})

const ACLS = container({
  acl: {
    check: list(container({
      name: NAME, type: { check: oneOf('ipv4-acl-type', 'ipv6-acl-type', 'eth-acl-type', 'mixed-eth-ipv4-acl-type', 'mixed-eth-ipv6-acl-type') },
      aces: { check: container({ ace: { check: list(ACE) } }) },
    })),
  },
})

/** The name of a policy's list is a reference to a list there is; a list of IPv4 has no entry about IPv6. */
function danglingNames(file: Json): string[] {
  const of = (value: unknown, ...keys: readonly string[]): unknown => keys.reduce<unknown>((at, key) => (isMap(at) ? at[key] : undefined), value)
  const rows = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isMap) : [])
  const lists = rows(of(file, 'ietf-access-control-list:acls', 'acl'))
  const known = new Set(lists.map(({ name }) => name))
  const used = ['from-device-policy', 'to-device-policy'].flatMap((policy) => rows(of(file, 'ietf-mud:mud', policy, 'access-lists', 'access-list')))
  const dangling = used.filter(({ name }) => !known.has(name)).map(({ name }) => `policy names the list ${String(name)}, which is not there`)
  const mixed = lists.flatMap(({ name, type, aces }) => rows(of(aces, 'ace')).filter(({ matches }) =>
    (type === 'ipv4-acl-type' && of(matches, 'ipv6') !== undefined) || (type === 'ipv6-acl-type' && of(matches, 'ipv4') !== undefined))
    .map((ace) => `list ${String(name)} is of ${String(type)} and its entry ${String(ace['name'])} is not`))
  return [...dangling, ...mixed]
}
