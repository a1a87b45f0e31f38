// Overlap policies: whose bytes a host keeps when two packets say different things about the same place. Names only.
// Keeps the rule that a policy file and the wire speak of the same list; what each one does is in wire/reassembly/overlap.ts.

/** As Novak and Sturges call them ("Target-Based Fragmentation Reassembly", 2005; "Target-Based TCP Stream Reassembly", 2007). */
export const OVERLAP_POLICIES = ['first', 'last', 'bsd', 'linux', 'windows'] as const
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number]

/** The devices that stand to lose most run Linux 2.6.27 (CMS8000 firmware), and for TCP it differs from BSD and Windows in one case only. */
export const OVERLAP_DEFAULT: OverlapPolicy = 'linux'
