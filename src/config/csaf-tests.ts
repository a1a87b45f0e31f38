// CSAF tests 6.1.8 and 6.1.29 to 6.1.33 by hand, with the library's verdicts and words. The library compiles a schema for each with ajv, and
// ajv's schema of such schemas for each schema: five times as long as all the rest. Keeps the rule that they see only what the CSAF schema let through.

/** A document that the CSAF schema took, as far as it is looked at here. */
export interface CsafShape {
  readonly document: { readonly tracking: { readonly version: string; readonly revision_history: readonly { readonly number: string }[] } }
  readonly product_tree?: { readonly branches?: readonly Branch[]; readonly product_groups?: readonly Group[] }
  readonly vulnerabilities?: readonly { readonly remediations?: readonly Named[]; readonly flags?: readonly Named[] }[]
}

interface Branch {
  readonly category: string
  readonly name: string
  readonly branches?: readonly Branch[]
}

interface Named {
  readonly group_ids?: readonly string[]
  readonly product_ids?: readonly string[]
}

interface Group {
  readonly group_id: string
  readonly product_ids: readonly string[]
}

export interface CsafError {
  readonly instancePath: string
  readonly message: string
}

/** By the number of the section. 6.1.8 (scores by the CVSS schemas) is not here: the CSAF schema holds the same references, a test says so. */
export const OWN_TESTS: Readonly<Record<string, (document: CsafShape) => readonly CsafError[]>> = {
  '29': (document) => withoutProduct(document, 'remediations', 'remediation without product reference'),
  '30': mixedVersioning,
  '31': (document) => rangesIn(document.product_tree?.branches ?? [], '/product_tree/branches'),
  '32': (document) => withoutProduct(document, 'flags', 'flag without product reference'),
  '33': twoJustifications,
}

/** The library looks at none when one vulnerability has no such list, and so do we. */
function withoutProduct({ vulnerabilities = [] }: CsafShape, list: 'remediations' | 'flags', message: string): readonly CsafError[] {
  if (vulnerabilities.some((one) => one[list] === undefined)) return []
  return vulnerabilities.flatMap((one, i) => (one[list] ?? []).flatMap(({ group_ids, product_ids }, k) =>
    (group_ids === undefined && product_ids === undefined ? [{ instancePath: `/vulnerabilities/${i}/${list}/${k}`, message }] : [])))
}

function mixedVersioning({ document: { tracking } }: CsafShape): readonly CsafError[] {
  const [first] = tracking.revision_history
  if (first === undefined) return []
  const message = 'mixed integer and semantic versioning'
  const integers = isInteger(first.number)
  const wrong = tracking.revision_history.flatMap(({ number }, i) =>
    (isInteger(number) === integers ? [] : [{ instancePath: `/document/tracking/revisions/${i}/number`, message }]))
  return isInteger(tracking.version) === integers ? wrong : [...wrong, { instancePath: '/document/tracking/version', message }]
}

const isInteger = (text: string): boolean => Number.parseInt(text, 10).toString() === text

const RANGE_SIGNS = ['<', '>'] as const
const RANGE_WORDS: ReadonlySet<string> = new Set(['after', 'all', 'before', 'earlier', 'later', 'prior', 'versions'])

/** Branches nest as deep as the schema let them. */
function rangesIn(branches: readonly Branch[], path: string): readonly CsafError[] {
  return branches.flatMap(({ category, name, branches: inner }, i) => {
    const wrong = category === 'product_version' && isRange(name.toLowerCase())
    const own = wrong ? [{ instancePath: `${path}/${i}/name`, message: 'version range in product version' }] : []
    return inner === undefined ? own : [...own, ...rangesIn(inner, `${path}/${i}/branches`)]
  })
}

function isRange(name: string): boolean {
  return RANGE_SIGNS.some((sign) => name.includes(sign)) || name.split(/\s/).some((word) => RANGE_WORDS.has(word))
}

/** The library looks at none when a group says more than its id and its products (a summary), or a vulnerability has no flags. */
function twoJustifications({ product_tree, vulnerabilities = [] }: CsafShape): readonly CsafError[] {
  const groups = product_tree?.product_groups ?? []
  if (product_tree === undefined || groups.some((group) => Object.keys(group).some((key) => key !== 'group_id' && key !== 'product_ids'))) return []
  if (vulnerabilities.some(({ flags }) => flags === undefined)) return []
  return vulnerabilities.flatMap(({ flags = [] }, i) => {
    const seen = new Set<string>()
    return flags.flatMap(({ product_ids = [], group_ids = [] }, k) => {
      const named = [...product_ids, ...group_ids.flatMap((id) => groups.find(({ group_id }) => group_id === id)?.product_ids ?? [])]
      const twice = named.filter((id) => seen.has(id) || !seen.add(id)).length > 0
      return twice ? [{ instancePath: `/vulnerabilities/${i}/flags/${k}`, message: 'multiple flags with vex justification codes per product' }] : []
    })
  })
}
