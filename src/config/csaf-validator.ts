// CSAF validator: @secvisogram/csaf-validator-lib (MIT) when it is installed: the schema of CSAF 2.0 and its mandatory tests (section 6.1).
// Keeps the rule that only the importer validates, and that it says so when it could not.

/** What is wrong, in words with the place in the document; empty when nothing is. */
export type CsafValidator = (document: unknown) => Promise<readonly string[]>

const LIBRARY = '@secvisogram/csaf-validator-lib'
/** Told of one document; a broken generator repeats one mistake a thousand times. */
const ERRORS_MAX = 5

type DocumentTest = (document: unknown) => unknown
type Validate = (tests: readonly DocumentTest[], document: unknown) => Promise<Outcome>
interface Outcome {
  readonly isValid: boolean
  readonly tests: readonly { readonly name: string; readonly errors: readonly { readonly instancePath?: string; readonly message?: string }[] }[]
}

/** null: the library is not installed. Only tests of the library are run, and none that asks the network. */
export async function loadCsafValidator(library: string = LIBRARY): Promise<CsafValidator | null> {
  try {
    const [main, schema, mandatory] = await Promise.all(['validate', 'schemaTests', 'mandatoryTests'].map((name) => import(`${library}/${name}.js`)))
    const validate = exported(main)['default'] as Validate
    const schemaTest = exported(schema)['csaf_2_0'] as DocumentTest
    return validatorOf(validate, schemaTest, Object.values(exported(mandatory)).filter((one) => typeof one === 'function'))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null
    if (code === 'ERR_MODULE_NOT_FOUND') return null
    throw cause
  }
}

function exported(module: unknown): Readonly<Record<string, unknown>> {
  return module as Readonly<Record<string, unknown>>
}

/** The tests behind the schema's expect its shape, so they run only where it holds. */
export function validatorOf(validate: Validate, schema: DocumentTest, mandatory: readonly unknown[]): CsafValidator {
  return async (document) => {
    try {
      const shape = await validate([schema], document)
      if (!shape.isValid) return wordsOf(shape)
      return wordsOf(await validate(mandatory as readonly DocumentTest[], document))
    } catch (cause) {
      return [`the validator failed: ${cause instanceof Error ? cause.message : String(cause)}`]
    }
  }
}

function wordsOf({ tests }: Outcome): readonly string[] {
  const all = tests.flatMap(({ name, errors }) => errors.map(({ instancePath, message }) => `${name}: ${instancePath || '/'} ${message ?? ''}`.trim()))
  return all.length > ERRORS_MAX ? [...all.slice(0, ERRORS_MAX), `and ${all.length - ERRORS_MAX} more`] : all
}
