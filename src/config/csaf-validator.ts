// CSAF validator: the schema of CSAF 2.0 and its mandatory tests (section 6.1), of @secvisogram/csaf-validator-lib (MIT) when it is installed.
// Keeps the rule that only the importer validates, says so when it could not, and says of each document what the whole library would say.

import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { OWN_TESTS, type CsafError, type CsafShape } from './csaf-tests.ts'
import { productPath } from './product.ts'

/** What is wrong, in words with the place in the document; empty when nothing is. */
export type CsafValidator = (document: unknown) => Promise<readonly string[]>

export const CSAF_LIBRARY = '@secvisogram/csaf-validator-lib'
/** Told of one document; a broken generator repeats one mistake a thousand times. */
const ERRORS_MAX = 5

/** Section 6.1, in the library's order; 27 has eleven parts. 6.1.8 is the schema's part already (csaf-tests.ts). */
const MANDATORY: readonly string[] = Array.from({ length: 33 }, (_, i) => String(i + 1))
  .flatMap((number) => (number === '27' ? Array.from({ length: 11 }, (_, i) => `27_${i + 1}`) : [number])).filter((number) => number !== '8')

/** Needs the registry of languages (0.6 MB), for the two fields that hold a language: loaded when one says another than these. */
const LANGUAGES = { test: '12', known: new Set<unknown>(['en-US', 'en', 'en-GB', 'de', 'de-DE', 'fr', 'es', 'ja', undefined]) } as const

type DocumentTest = (document: unknown) => Outcome | Promise<Outcome>
interface Outcome {
  readonly isValid?: boolean
  readonly errors?: readonly { readonly instancePath?: string; readonly message?: string }[]
}

/** A test under the name it has in what is told. */
export interface NamedTest {
  readonly name: string
  readonly run: DocumentTest
}

/**
 * null: the library is not installed. Only tests of the library are run, and none that asks the network. They are loaded one by one, and the
 * schema is the one compiled ahead: loading the library whole takes longer than reading 145 advisories (docs/advisories.md).
 */
export async function loadCsafValidator(library: string = CSAF_LIBRARY): Promise<CsafValidator | null> {
  const beside = libraryRequire(library)
  if (beside === null) return null
  const load = async (number: string): Promise<DocumentTest> =>
    (await import(pathToFileURL(beside.resolve(`./lib/mandatoryTests/mandatoryTest_6_1_${number}.js`)).href) as { default: DocumentTest }).default
  const mandatory = await Promise.all(MANDATORY.map(async (number) => ({ name: `mandatoryTest_6_1_${number}`, run: await runOf(number, load) })))
  return validatorOf({ name: 'csaf_2_0', run: await compiledSchema(beside) }, mandatory)
}

/** Resolves as the library itself does. */
function libraryRequire(library: string): NodeJS.Require | null {
  try {
    return createRequire(createRequire(import.meta.url).resolve(`${library}/validate.js`))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null
    if (code === 'MODULE_NOT_FOUND') return null
    throw cause
  }
}

async function runOf(number: string, load: (number: string) => Promise<DocumentTest>): Promise<DocumentTest> {
  const own = OWN_TESTS[number]
  if (own !== undefined) return (document) => ({ errors: own(document as CsafShape) })
  if (number !== LANGUAGES.test) return load(number)
  let loaded: Promise<DocumentTest> | null = null
  return async (document) => {
    const { lang, source_lang } = (document as { document: { lang?: unknown; source_lang?: unknown } }).document
    if (LANGUAGES.known.has(lang) && LANGUAGES.known.has(source_lang)) return {}
    loaded ??= load(number)
    return (await loaded)(document)
  }
}

/** The compiled schema keeps its errors in a property, as ajv has it. */
async function compiledSchema(beside: NodeJS.Require): Promise<DocumentTest> {
  type Compiled = ((document: unknown) => boolean) & { readonly errors?: readonly CsafError[] | null }
  const { csafSchema } = await import(pathToFileURL(productPath('schemas/csaf-2.0.validator.js')).href) as { csafSchema: (r: NodeJS.Require) => Compiled }
  const schema = csafSchema(beside)
  return (document) => ({ isValid: schema(document), errors: schema.errors ?? [] })
}

/** The tests behind the schema's expect its shape, so they run only where it holds. */
export function validatorOf(schema: NamedTest, mandatory: readonly NamedTest[]): CsafValidator {
  return async (document) => {
    try {
      const shape = await schema.run(document)
      if (shape.isValid === false) return shortened(wordsOf(schema, shape))
      const words: string[] = []
      for (const one of mandatory) words.push(...wordsOf(one, await one.run(document)))
      return shortened(words)
    } catch (cause) {
      return [`the validator failed: ${cause instanceof Error ? cause.message : String(cause)}`]
    }
  }
}

function wordsOf({ name }: NamedTest, { errors = [] }: Outcome): readonly string[] {
  return errors.map(({ instancePath, message }) => `${name}: ${instancePath || '/'} ${message ?? ''}`.trim())
}

function shortened(words: readonly string[]): readonly string[] {
  return words.length > ERRORS_MAX ? [...words.slice(0, ERRORS_MAX), `and ${words.length - ERRORS_MAX} more`] : words
}
