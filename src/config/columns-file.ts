// Columns file: which column of a hospital's list means what, as a YAML file beside the list. Read, checked, and written from a guess.
// Keeps the rule that a person's file is never half used: any error, and none of it is.

import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { createReader, hasErrors, readChoice, readList, readMap, readNumber, readText, type KeyTable } from '../base/tree-reader.ts'
import type { TreeNode } from '../base/tree.ts'
import type { ColumnMap } from '../inventory/listed/columns.ts'
import { LIST_FIELDS, type ListField } from '../inventory/listed/listed.ts'
import { DELIMITERS, ENCODINGS, type DelimiterName } from '../inventory/sheet/csv.ts'
import { loadYamlTree } from './load.ts'

const VERSIONS = ['1'] as const
/** Words for "retired"; a system has a handful. */
const WORDS_MAX = 50
/** The head stands in the first screen. */
const HEAD_ROW_MAX = 50

const FILE_KEYS: KeyTable = {
  version: { required: true, help: 'Write version: 1.' },
  delimiter: { required: false, help: `One of ${Object.keys(DELIMITERS).join(', ')}.` },
  encoding: { required: false, help: `One of ${ENCODINGS.join(', ')}.` },
  'head-row': { required: false, help: 'The row of the column names, counted from 1.' },
  columns: { required: true, help: 'Write one line per meaning, e.g. tag: Asset Tag.' },
  retired: { required: false, help: 'Words of the status column for devices that should be gone.' },
}

const COLUMN_KEYS: KeyTable = Object.fromEntries(LIST_FIELDS.map((field) => [field, { required: false, help: 'The name of the column.' }]))

export function loadColumns(path: string): Result<ColumnMap, readonly Diagnostic[]> {
  const loaded = loadYamlTree(path)
  if (!loaded.ok) return loaded
  const reader = createReader('columns')
  const fields = readMap(reader, loaded.value.tree, 'a columns file', FILE_KEYS)
  const get = (key: string): TreeNode | undefined => fields?.get(key)
  readChoice(reader, get('version'), 'version', VERSIONS)
  const node = get('columns')
  const map = node === undefined ? null : readMap(reader, node, 'columns', COLUMN_KEYS)
  const columns: Partial<Record<ListField, string>> = {}
  for (const field of LIST_FIELDS) {
    const name = readText(reader, map?.get(field), `the column of ${field}`)
    if (name !== null) columns[field] = name
  }
  const value: ColumnMap = {
    columns,
    retired: readList(reader, get('retired'), 'retired', WORDS_MAX, true).flatMap((item) => readText(reader, item, 'a word of retired') ?? []),
    delimiter: readChoice(reader, get('delimiter'), 'delimiter', Object.keys(DELIMITERS) as DelimiterName[]),
    encoding: readChoice(reader, get('encoding'), 'encoding', ENCODINGS),
    headRow: readNumber(reader, get('head-row'), 'head-row', 1, HEAD_ROW_MAX) ?? 1,
  }
  const all = [...loaded.value.diagnostics, ...reader.diagnostics]
  return hasErrors(all) ? err(all) : ok(value)
}

/** The file's text; what loadColumns reads back. Names are quoted, for a head row may hold anything. */
export function columnsText(map: ColumnMap, name: string): string {
  const quoted = (text: string): string => JSON.stringify(text)
  const rows = LIST_FIELDS.map((field) => {
    const column = map.columns[field]
    return column === undefined ? `  # ${field}:` : `  ${field}: ${quoted(column)}`
  })
  return [
    `# What the columns of ${name.replaceAll(/[\r\n]/g, ' ')} mean. Guessed; correct it, and give it with --columns.`,
    'version: 1',
    ...(map.delimiter === null ? [] : [`delimiter: ${map.delimiter}`]), ...(map.encoding === null ? [] : [`encoding: ${map.encoding}`]),
    `head-row: ${map.headRow}`, 'columns:', ...rows,
    ...(map.retired.length === 0 ? ['# retired: [Disposed, Sold]'] : ['retired:', ...map.retired.map((word) => `  - ${quoted(word)}`)]), '',
  ].join('\n')
}
