// The config folder from outside: policies, profiles and plain trees from files.
// Keeps the rule that others depend on these names only, and that nobody else reads YAML.

export { loadYamlTree, type LoadedTree } from './load.ts'
export { commentTexts, formatPolicy } from './format-policy.ts'
export { DEFAULT_POLICY_LABEL, loadPolicy, type LoadedPolicy } from './policy.ts'
export { isNetworkFile, loadNetworkFile } from './network.ts'
export { checkProfiles, loadProfiles, type CheckedProfiles, type LoadedProfiles } from './profiles.ts'
export { productPath } from './product.ts'
export { CONFIG_BYTES_MAX, FILE_BYTES_MAX, readTextFile } from './text-file.ts'
export { parseYaml, type YamlResult } from './yaml.ts'
export { loadGatewayFile, type LoadedGateway } from './gateway-file.ts'
export { columnsText, loadColumns } from './columns-file.ts'
export { readListFile, type ListFile } from './list-file.ts'
