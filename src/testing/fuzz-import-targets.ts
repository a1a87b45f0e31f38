// fuzz-import-targets: everything that reads a file or a message of the hospital's: firewalls, policies, profiles, MUD, gateway files, HL7, TUF, NFS calls.
// Keeps "a reader never throws": the user's file is wrong with a line and a sentence, a peer's bytes are wrong with a word.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { hasErrors } from '../base/tree-reader.ts'
import { parseGateway } from '../config/gateway-file.ts'
import { parseYaml } from '../config/yaml.ts'
import { readAdt } from '../gateway/core/assignment/adt.ts'
import { parseHl7 } from '../gateway/core/intake/hl7-text.ts'
import { checkedDelegations } from '../gateway/delegations.ts'
import { readAcknowledgement } from '../gateway/out/ack.ts'
import { ADT_FRAME_BYTES_MAX, MllpReader } from '../gateway/out/mllp-frames.ts'
import { describeRoles } from '../gateway/role-state.ts'
import { parseProfile } from '../inventory/profiles.ts'
import { parseNetwork } from '../policy/network/file.ts'
import { encodeHl7, encodeMllp } from '../protocols/hl7/message.ts'
import { ACKNOWLEDGEMENT, ADMISSION, RESULT } from '../protocols/hl7/testdata/samples.ts'
import type { WireTarget } from './fuzz-engine.ts'
import { hl7Fields, rpcFields } from './fuzz-fields.ts'
import { FUZZ_TARGETS } from './fuzz-readers.ts'
import { LIST_TARGETS } from './fuzz-list-targets.ts'
import { joinBytes } from './fuzz-mutate.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { TufWorld } from './tuf-world.ts'
import { UpdateWorld } from './update-world.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')
const TEXT_BYTES_MAX = 6000

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input)
}

function files(folder: string, suffix: string): Uint8Array[] {
  const names = fs.readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith(suffix))
  return names.map((name) => new Uint8Array(fs.readFileSync(path.join(ROOT, folder, name))))
}

type Parsed = { readonly diagnostics: readonly { readonly line: number; readonly message: string }[]; readonly value: unknown }

/** A YAML file by way of its tree: refused with a word, or taken; every diagnostic lies in the text. */
function runTree(input: Uint8Array, parse: (tree: NonNullable<ReturnType<typeof parseYaml>['tree']>) => Parsed): void {
  const text = textOf(input)
  const last = text.split(/\r\n|\r|\n/).length + 1
  const { tree, diagnostics } = parseYaml(text, 'x.yaml')
  const all = [...diagnostics]
  if (tree === null) assert.ok(hasErrors(diagnostics), 'refused without a word')
  else {
    const parsed = parse(tree)
    all.push(...(parsed.diagnostics as typeof diagnostics))
    assert.ok(parsed.value !== null || parsed.diagnostics.length > 0, 'refused without a word')
  }
  for (const d of all) assert.ok(d.line >= 0 && d.line <= last && d.message !== '', `diagnostic at ${d.line} of ${last}`)
}

/** A long file is cut to its first part that is still a file. */
function heads(seeds: readonly Uint8Array[]): Uint8Array[] {
  return seeds.map((seed) => (seed.length <= TEXT_BYTES_MAX ? seed : bytesOf(textOf(seed.subarray(0, TEXT_BYTES_MAX)).split('\n').slice(0, -1).join('\n'))))
}

function yamlTarget(id: string, seeds: () => readonly Uint8Array[], parse: Parameters<typeof runTree>[1]): WireTarget {
  return {
    id, holds: 'refused with a sentence, or taken; every diagnostic lies in the text', seeds: () => heads(seeds()), run: (input) => runTree(input, parse),
    inputMax: TEXT_BYTES_MAX, stepsPerByte: 2000, stepsFloor: 200_000,
  }
}

/** The readers of texts that `npm run fuzz` knows, by bytes and with coverage. */
function textTargets(): WireTarget[] {
  return FUZZ_TARGETS.map(({ id, seeds, run }) => ({
    id: `read-${id}`, holds: 'never throws, points inside its text, grows in proportion to it; what is not understood is an unknown',
    seeds: () => heads(seeds.map(bytesOf)), run: (input) => run(textOf(input)), inputMax: TEXT_BYTES_MAX, stepsPerByte: 20_000, stepsFloor: 4_000_000,
  }))
}

/** One sentence. */
const REFUSAL_CHARS_MAX = 120

function runHl7(input: Uint8Array): void {
  const answer = readAcknowledgement(input)
  assert.ok(answer.answer.kind !== 'unfit' || answer.answer.why !== '')
  const parsed = parseHl7(input)
  if (!parsed.ok) return assert.notEqual(parsed.error, '')
  const adt = readAdt(parsed.value)
  if (!adt.ok) {
    assert.ok(adt.error.length <= REFUSAL_CHARS_MAX, `a refusal of ${adt.error.length} characters`)
    // Of the header the type is quoted, and nothing of the rest.
    return assert.ok(parsed.value.type.includes('ZZTEST') || !adt.error.includes('ZZTEST'), 'a refusal quotes the message')
  }
  assert.ok(adt.value.at === null || Number.isSafeInteger(adt.value.at), `at ${adt.value.at}`)
}

/** Small, so that short inputs pass it. */
const FRAME_BYTES_MAX = 600

function framesOf(pieces: readonly Uint8Array[], bytesMax: number): string[] {
  const reader = new MllpReader(bytesMax)
  const said: string[] = []
  for (const piece of pieces) {
    const borrowed = piece.slice()
    reader.push(borrowed)
    for (let event = reader.next(); event !== null && said.at(-1) !== 'failure'; event = reader.next()) {
      if (event.kind === 'frame') assert.ok(event.bytes.length <= bytesMax)
      said.push(event.kind === 'frame' ? Buffer.from(event.bytes).toString('hex') : event.kind)
    }
    borrowed.fill(0xa5)
  }
  return said
}

function runMllp(input: Uint8Array): void {
  for (const max of [FRAME_BYTES_MAX, ADT_FRAME_BYTES_MAX]) {
    const whole = framesOf([input], max)
    assert.deepEqual(framesOf([input.subarray(0, input.length >> 1), input.subarray(input.length >> 1)], max), whole, 'a split changes the blocks')
    assert.deepEqual(framesOf(Array.from(input, (byte) => Uint8Array.of(byte)), max), whole, 'byte by byte')
  }
}

const HL7 = [ADMISSION, RESULT, ACKNOWLEDGEMENT]

/** One repository on disk; an input replaces one of its files: the first byte says which. */
class Repository {
  readonly #metadata = path.join(temporaryFolder('cordon-fuzz'), 'metadata')
  readonly names: readonly string[]

  constructor() {
    const world = new TufWorld()
    world.files = [{ path: 'run.sh', content: Buffer.from('ZZTEST'), custom: undefined }]
    world.write(path.dirname(this.#metadata))
    for (const name of ['root', 'snapshot', 'targets']) this.#copy(name)
    this.names = fs.readdirSync(this.#metadata).toSorted()
  }

  /** The trusted folder has names without versions. */
  #copy(role: string): void {
    fs.copyFileSync(path.join(this.#metadata, `1.${role}.json`), path.join(this.#metadata, `${role}.json`))
  }

  seeds(): Uint8Array[] {
    return this.names.map((name, i) => joinBytes(Uint8Array.of(i), new Uint8Array(fs.readFileSync(path.join(this.#metadata, name)))))
  }

  async run(input: Uint8Array): Promise<void> {
    const name = this.names[(input[0] ?? 0) % this.names.length] as string
    const file = path.join(this.#metadata, name)
    const before = fs.readFileSync(file)
    fs.writeFileSync(file, input.subarray(1))
    try {
      for (const { role, keys, signed, threshold, fault } of describeRoles(this.#metadata, this.#metadata, METADATA_BYTES_MAX)) {
        assert.ok(role !== '' && signed <= keys && (fault === null || fault !== '') && threshold !== undefined, `${role}: ${signed} of ${keys}`)
      }
      const delegated = await checkedDelegations(this.#metadata, this.#metadata, { rolesMax: 8, bytesMax: METADATA_BYTES_MAX })
      if (!delegated.ok) assert.notEqual(delegated.error, '')
    } finally {
      fs.writeFileSync(file, before)
    }
  }
}

const METADATA_BYTES_MAX = 100_000
let repository: Repository | null = null
/** Made when the target is used: its keys take time. */
function theRepository(): Repository {
  repository ??= new Repository()
  return repository
}

/** A reply is an RPC reply with the call's own number, or none; what is served is never more than was asked for. */
function runUpdateServer(input: Uint8Array): void {
  const world = new UpdateWorld()
  for (const transport of ['udp', 'tcp'] as const) {
    const { reply, isNoCall, records } = world.server.answer(input, world.peer(undefined, transport), world.now)
    assert.ok(!isNoCall || reply === null, 'no call, and yet an answer')
    if (reply !== null) assert.deepEqual([...reply.subarray(0, 4), reply[7]], [...input.subarray(0, 4), 1], 'a reply to another call')
    for (const record of records) assert.ok(JSON.stringify(record).length < 4000)
  }
}

function callSeeds(): Uint8Array[] {
  const call = (program: number, version: number, procedure: number, ...words: number[]): Uint8Array =>
    Uint8Array.from([7, 0, 2, program, version, procedure, 0, 0, 0, 0, ...words].flatMap((w) => [(w >>> 24) & 255, (w >>> 16) & 255, (w >>> 8) & 255, w & 255]))
  return [
    call(100_000, 2, 3, 100_005, 3, 17, 0), call(100_000, 2, 4), call(100_005, 3, 1, 3, 0x2f706d00), call(100_005, 1, 5), call(100_003, 3, 0),
    call(100_003, 3, 6, 32, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 4096),
    call(100_003, 2, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0, 4096, 0),
    call(100_003, 3, 17, 32, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 512, 4096),
  ]
}

export const IMPORT_TARGETS: readonly WireTarget[] = [
  ...LIST_TARGETS,
  ...textTargets(),
  yamlTarget('profile', () => files('profiles', '.yaml'), (tree) => {
    const { profile, diagnostics } = parseProfile(tree)
    return { value: profile, diagnostics }
  }),
  yamlTarget('gateway-file', () => [...files('examples', 'gateway.yaml')], (tree) => {
    const { config, diagnostics } = parseGateway(tree, '/nowhere')
    return { value: config, diagnostics }
  }),
  yamlTarget('network-file', () => files('examples', '.yaml'), (tree) => {
    const { network, diagnostics } = parseNetwork(tree)
    return { value: network, diagnostics }
  }),
  {
    id: 'hl7-import', holds: 'ADT and acknowledgements: a value or a refusal that quotes no patient',
    seeds: () => HL7.map((segments) => encodeHl7(segments, 'bare')),
    run: runHl7, fields: (input) => hl7Fields(input, 0, input.length), stepsPerByte: 100, stepsFloor: 20_000,
  },
  {
    id: 'mllp', holds: 'the same blocks in any split, none longer than the maximum, a failure is final',
    seeds: () => [joinBytes(...HL7.map((segments) => encodeHl7(segments))), encodeMllp(''), joinBytes(encodeMllp('a'), Uint8Array.of(13, 10), encodeMllp('b'))],
    run: runMllp, fields: (input) => hl7Fields(input, 0, input.length), inputMax: 1500, stepsPerByte: 200, stepsFloor: 20_000,
  },
  {
    id: 'tuf', holds: 'a repository with one file of anything: roles and delegations are told or refused, never thrown',
    seeds: () => theRepository().seeds(), run: (input) => theRepository().run(input), inputMax: TEXT_BYTES_MAX, stepsPerByte: 200, stepsFloor: 200_000,
  },
  {
    id: 'update-server', holds: 'every call has its own reply or none; what is no call has none', seeds: callSeeds, run: runUpdateServer,
    fields: (input) => rpcFields(input, 0, input.length), inputMax: 2000, stepsPerByte: 2000, stepsFloor: 400_000,
  },
]
