// Names: does a list's or a manufacturer's vendor and model text mean a device profile? By alias tables and whole words.
// Keeps "CONTEC of Japan is not Contec Medical Systems": the model's words must be there, and a vendor that is given must fit.

/** A profile's names: its own and its aliases. */
export interface ModelNames {
  readonly id: string
  readonly names: readonly { readonly vendor: string; readonly model: string }[]
}

/** Profile id, or null when none or more than one fits. */
export function namesModel(known: readonly ModelNames[], vendor: string | null, model: string | null): string | null {
  if (model === null) return null
  const fitting = known.filter((k) => k.names.some((name) => sameModel(model, name.model) && (vendor === null || sameVendor(vendor, name.vendor))))
  return fitting.length === 1 ? (fitting[0]?.id ?? null) : null
}

/** `CMS-8000`, `cms 8000` and `CMS8000` are one model; `CMS8000 Plus` is another. */
export function sameModel(a: string, b: string): boolean {
  const left = squeeze(a)
  return left !== '' && left === squeeze(b)
}

function squeeze(text: string): string {
  return text.toLowerCase().normalize('NFKD').replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** Words that companies share. */
const FORMS = new Set([
  'co', 'ltd', 'inc', 'llc', 'gmbh', 'ag', 'kg', 'sa', 'srl', 'bv', 'corp', 'corporation', 'company', 'limited', 'the', 'and', 'of', 'group', 'international',
  'systems', 'system', 'medical', 'medizintechnik', 'healthcare', 'health', 'technology', 'technologies', 'electronics', 'instruments',
])

/**
 * One name's telling words are all in the other's. A vendor named by one word alone, `Contec`, fits whichever bears it: the model's words
 * decide; `CONTEC CO., LTD.` has the same telling word, which is why a model must match as a whole.
 */
export function sameVendor(a: string, b: string): boolean {
  const left = telling(a)
  const right = telling(b)
  if (left.size === 0 || right.size === 0) return false
  const [few, many] = left.size <= right.size ? [left, right] : [right, left]
  return [...few].every((word) => many.has(word))
}

function telling(vendor: string): ReadonlySet<string> {
  const words = folded(vendor).split(/[^\p{L}\p{N}]+/u).filter((w) => w.length > 1)
  const own = words.filter((w) => !FORMS.has(w))
  return new Set(own.length > 0 ? own : words)
}

/** `Dräger`, `Draeger` and `Drager` are written of one company: marks go, and so does the e that stands for one. */
function folded(text: string): string {
  return text.toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, '').replaceAll(/([aou])e/g, '$1')
}
