// The advisories folder from outside. Keeps the rule that others depend on these names only.

export type { Advisory, KnownExploited } from './model.ts'
export { advisoryOfCsaf, looksLikeCsaf, markingOfCsaf } from './csaf.ts'
export { advisoriesOfTable, advisoryLine, advisoryOfRow, knownExploitedOf, knownExploitedOfCatalog } from './table.ts'
export { createCatalogue, type Catalogue } from './catalogue.ts'
export { matchAssets, revisionWords, type Match, type MatchedProduct, type MatchedVulnerability } from './match.ts'
export { indicatorsOf, rankMatches, type Indicator, type RankedMatch } from './rank.ts'
export { draftOf, type AdvisoryDraft, type PolicyAdditions, type WatchRule } from './draft.ts'
export {
  decisionOf, decisionOn, importChange, isOpen, joinAdvisories, judged, REASON_LENGTH_MAX, VERDICTS,
  type ImportChange, type JudgedMatch, type MatchDecision, type MatchDecisionVerdict,
} from './decisions.ts'
