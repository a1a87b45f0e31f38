// Values of flags that several commands share.

import { SEVERITIES, type Severity } from '../detect/finding.ts'

export type OutputFormat = 'text' | 'json' | 'jsonl' | 'csv'

export const FAIL_ON_VALUES: readonly (Severity | 'never')[] = [...SEVERITIES, 'never']
