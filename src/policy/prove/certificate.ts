// Certificate: a proof written down so that somebody else can recompute it: disjoint cubes, each with the first matching rule of every text.
// Keeps one notation for maker and checker: a value that was parsed fits its field, and what is not understood is refused.

import { IP_BITS, ipFromValue, ipValue, ipVersion, parseIp, type IpVersion } from '../../base/ip.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { quote } from '../../base/tree-reader.ts'
import { FIELDS, type Field, type ValueMask, type ValueRange } from '../rules/model.ts'

/** Changes whenever a checker of the version before could misread the file. */
export const CERTIFICATE_FORMAT = 'cordon-certificate-1'

/** Cubes of one part: beyond these a file is for no reader, and checking it takes minutes. 1,000 random rules need about 9,000. */
export const CUBES_MAX = 100_000

/** `never`: no packet asked about passes. `always`: all do. `equal`: both texts do the same with each. */
export const CLAIMS = ['never', 'always', 'equal'] as const
export type Claim = (typeof CLAIMS)[number]

/** Values of one field. The mask of a parsed ValueMask has all bits above the field too: a value that does not fit matches nothing. */
export type Piece = ValueRange | ValueMask

/** All combinations of the values; a field's pieces do not overlap. */
export type Cube = Readonly<Record<Field, readonly Piece[]>>

/** As in the file: a field that is left out may have any value. `10.0.0.0-10.0.0.9`, `80`, `10.0.7.1/255.255.0.255` (value/mask). */
export type WrittenCube = Readonly<Partial<Record<Field, readonly string[]>>>

/** A rule that a cube was led through: the jumps, then the one that decides. */
export interface Step {
  readonly chain: string
  /** 1-based place in its chain; 0 is the end of the chain, where its policy decides. */
  readonly rule: number
  /** Line of the text; 0 where there is none. */
  readonly line: number
  readonly text: string
}

export interface Decision {
  readonly action: 'permit' | 'deny'
  readonly path: readonly Step[]
}

/** Something not understood that may match a cube. It is taken as true and as false, and the claim holds both ways. */
export interface Assumed {
  readonly line: number
  readonly text: string
}

/** One claim for one IP version. */
export interface CertificatePart {
  readonly title: string
  readonly ipVersion: IpVersion
  readonly claim: Claim
  /** What is asked about: packets of any of these cubes, and of none of `except`. */
  readonly asked: { readonly packets: readonly WrittenCube[]; readonly except: readonly WrittenCube[] }
  /** Packets of `asked.packets`, in decimal: what all cubes below must add up to. */
  readonly count: string
  readonly assumed: readonly Assumed[]
  /** Cubes with the same decisions, one per text; `by` is empty for packets that `except` takes out of the question. */
  readonly groups: readonly { readonly by: readonly Decision[]; readonly cubes: readonly WrittenCube[] }[]
}

/** One text that the proof is about, and what a reader must be told to read it in the same way. */
export interface CertificateInput {
  readonly name: string
  readonly sha256: string
  /** Reader's id, or `policy`. */
  readonly target: string
}

export interface CertificateQuestion {
  readonly kind: 'reach' | 'liveness' | 'equal' | 'policy'
  readonly ipVersion: IpVersion | null
  readonly chain: string | null
  readonly from: string | null
  readonly to: string | null
  readonly service: string | null
  /** `profile=address`, where a policy is asked. */
  readonly assets: readonly string[]
  /** The day for which a policy's exceptions count; null where no policy is asked. */
  readonly day: string | null
}

export interface Certificate {
  readonly format: typeof CERTIFICATE_FORMAT
  readonly verdict: 'proved'
  readonly question: CertificateQuestion
  readonly inputs: readonly CertificateInput[]
  readonly parts: readonly CertificatePart[]
}

const NARROW: Readonly<Record<Exclude<Field, 'dst' | 'src'>, number>> = {
  proto: 8, dport: 16, sport: 16, flags: 8, icmpType: 8, icmpCode: 8, state: 2, iif: 16, oif: 16,
}

/** The largest value of a field (rules/model.ts). */
export function topOf(field: Field, version: IpVersion): bigint {
  return (1n << BigInt(field === 'dst' || field === 'src' ? IP_BITS[version] : NARROW[field])) - 1n
}

export function writeCube(cube: Cube, version: IpVersion): WrittenCube {
  const rows = FIELDS.map((field): readonly [Field, readonly string[]] => [field, cube[field].map((piece) => writePiece(piece, field, version))])
  return Object.fromEntries(rows.filter(([field, texts]) => texts.join() !== writePiece({ low: 0n, high: topOf(field, version) }, field, version)))
}

function writePiece(piece: Piece, field: Field, version: IpVersion): string {
  const number = (value: bigint): string => (isAddress(field) ? ipFromValue(version, value) : value.toString())
  if ('mask' in piece) return `${number(piece.value)}/${number(piece.mask & topOf(field, version))}`
  return piece.low === piece.high ? number(piece.low) : `${number(piece.low)}-${number(piece.high)}`
}

/** The error says which text is none. */
export function readCube(written: WrittenCube, version: IpVersion): Result<Cube> {
  const cube: Partial<Record<Field, readonly Piece[]>> = {}
  for (const field of FIELDS) {
    const whole: readonly (Piece | null)[] = [{ low: 0n, high: topOf(field, version) }]
    const pieces = written[field]?.map((text) => readPiece(text, field, version)) ?? whole
    const wrong = pieces.indexOf(null)
    if (wrong >= 0) return err(`${field} ${quote(written[field]?.[wrong] ?? '')} is no value, low-high or value/mask of IPv${version}`)
    cube[field] = pieces as readonly Piece[]
  }
  return ok(cube as Cube)
}

function readPiece(text: string, field: Field, version: IpVersion): Piece | null {
  const cut = text.search(/[-/]/)
  const low = readNumber(cut < 0 ? text : text.slice(0, cut), field, version)
  const high = cut < 0 ? low : readNumber(text.slice(cut + 1), field, version)
  if (low === null || high === null) return null
  if (text[cut] === '/') return (low & ~high) === 0n ? { value: low, mask: high | ~topOf(field, version) } : null
  return low <= high ? { low, high } : null
}

function readNumber(text: string, field: Field, version: IpVersion): bigint | null {
  if (isAddress(field)) {
    const parsed = parseIp(text)
    return parsed.ok && ipVersion(parsed.value) === version ? ipValue(parsed.value) : null
  }
  return /^\d{1,5}$/.test(text) && BigInt(text) <= topOf(field, version) ? BigInt(text) : null
}

function isAddress(field: Field): boolean {
  return field === 'dst' || field === 'src'
}
