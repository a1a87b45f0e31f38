// Tests of docs/policy.md and docs/profiles.md: their examples are policies, and they name every key, word and built-in service there is.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { KeyTable } from '../base/tree-reader.ts'
import { FLOW_KEYS, PROFILE_KEYS } from '../inventory/profile-keys.ts'
import { CONFIDENCES, FLOW_EXPECTATIONS, FLOW_OCCURRENCES } from '../inventory/profile-model.ts'
import { ASSERTION_FORMS } from '../policy/language/assertions.ts'
import { CONDUIT_KEYS, EXCEPTION_KEYS, POLICY_KEYS, SEGMENT_KEYS, SERVICE_KEYS, ZONE_KEYS } from '../policy/language/keys.ts'
import { ASSERTION_KINDS, BUILT_IN_ZONES, ELSEWHERE, FAIL_MODES, TRANSPORTS, ZONE_KINDS } from '../policy/language/model.ts'
import { parsePolicy } from '../policy/language/policy.ts'
import { BUILT_IN_SERVICES } from '../policy/language/services.ts'
import { parseNetwork } from '../policy/network/file.ts'
import { ADDRESS_KEYS, DEVICE_KEYS, LINK_KEYS, NETWORK_KEYS, TABLE_KEYS } from '../policy/network/keys.ts'
import { DISPOSITIONS } from '../policy/network/model.ts'
import {
  ADT_KEYS, APPROVER_KEYS, BED_KEYS, CONSOLE_KEYS, GATEWAY_KEYS, KEEP_KEYS, SEGMENT_SIDE_KEYS, SYSTEM_KEYS, TARGET_KEYS, TLS_KEYS, UPDATE_PORT_KEYS,
  UPDATES_KEYS,
} from './gateway-keys.ts'
import { productPath } from './product.ts'
import { loadProfiles } from './profiles.ts'
import { parseYaml } from './yaml.ts'

const POLICY_DOC = readFileSync(productPath('docs/policy.md'), 'utf8')
const PROFILES_DOC = readFileSync(productPath('docs/profiles.md'), 'utf8')
const SHIPPED = readFileSync(productPath('policies/default.yaml'), 'utf8')
const BLOCKS = [...POLICY_DOC.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')

function codesOf(text: string): string[] {
  const { tree, diagnostics } = parseYaml(text, 'docs')
  return [...diagnostics, ...(tree === null ? [] : parsePolicy(tree).diagnostics)].map((d) => `${d.line} ${d.code}`)
}

test('the whole example is a policy without a complaint', () => {
  assert.match(BLOCKS[0] ?? '', /^version: 1\n/)
  assert.deepEqual(codesOf(BLOCKS[0] ?? ''), [])
})

test('the service example fits into the example', () => {
  assert.match(BLOCKS[1] ?? '', /^services:\n/)
  assert.deepEqual(codesOf(`${BLOCKS[0] ?? ''}${BLOCKS[1] ?? ''}`), [])
})

test('the block of the advisory fits into the shipped policy, and stops the whole hospital', () => {
  const [zones = '', conduits = ''] = (BLOCKS.at(-1) ?? '').replace('zones:\n', '').split('conduits:\n')
  const text = SHIPPED.replace('\nservices:\n', `\n${zones}\nservices:\n`).replace('conduits:\n', `conduits:\n${conduits}`)
  assert.deepEqual(codesOf(text), [])
  assert.match(text, /advised-block[\s\S]*advised-block/)
})

test('the examples of exceptions, assertions and segments fit into the example', () => {
  const texts = BLOCKS.slice(2, -1)
  assert.deepEqual(texts.map((text) => text.split(':', 1)[0]), ['exceptions', 'assertions', 'segments'])
  for (const text of texts) {
    const { tree } = parseYaml(`${BLOCKS[0] ?? ''}${text}`, 'docs')
    assert.ok(tree !== null)
    assert.deepEqual(parsePolicy(tree, { today: '2026-12-24' }).diagnostics, [])
  }
})

test('every form of an assertion is in the document', () => {
  const forms = ASSERTION_FORMS.map((form) => form.replace('SERVICE, SERVICE', 'S, T')
    .replace(/SERVICE$/, form.startsWith('never') ? 'S, T' : 'S'))
  assert.deepEqual(forms.filter((form) => !POLICY_DOC.includes(`| \`${form}\` |`)), [])
})

function undocumented(doc: string, words: readonly string[]): string[] {
  return words.filter((word) => !doc.includes(`\`${word}\``) && !new RegExp(`\\b${word}\\b[,:. )]`).test(doc))
}

const keysOf = (...tables: readonly KeyTable[]): string[] => tables.flatMap((table) => Object.keys(table))

test('every key and word of a policy is in the document', () => {
  assert.deepEqual(undocumented(POLICY_DOC, [...keysOf(POLICY_KEYS, ZONE_KEYS, SERVICE_KEYS, CONDUIT_KEYS, EXCEPTION_KEYS,
    SEGMENT_KEYS), ...BUILT_IN_ZONES, ...ZONE_KINDS, ...FAIL_MODES, ...TRANSPORTS, ...ASSERTION_KINDS, ...ELSEWHERE]), [])
})

test('the list of built-in services is the table', () => {
  const list = /check --json`\): ([\s\S]*?)\.\n/.exec(POLICY_DOC)?.[1] ?? ''
  assert.deepEqual(list.split(/,\s+/).map((item) => item.split(' ')[0]), BUILT_IN_SERVICES.map((service) => service.name))
})

test('every key and word of a profile is in the document, and every shipped profile', () => {
  const loaded = loadProfiles()
  assert.ok(loaded.ok)
  const keys = keysOf(PROFILE_KEYS).filter((key) => !['version', 'description'].includes(key))
  const flowKeys = ['opens', 'peer', 'address', 'transport', 'ports', 'occurs', 'expected', 'blocked']
  assert.ok(flowKeys.every((key) => Object.hasOwn(FLOW_KEYS, key)))
  const words = [...keys, ...flowKeys, ...CONFIDENCES, ...FLOW_OCCURRENCES, ...FLOW_EXPECTATIONS, ...loaded.value.profiles.keys()]
  assert.deepEqual(undocumented(PROFILES_DOC, words), [])
})

test('every key of a network file and every way a packet ends is in the document, and its example is a network', () => {
  const doc = readFileSync(productPath('docs/prove.md'), 'utf8')
  const keys = keysOf(NETWORK_KEYS, DEVICE_KEYS, TABLE_KEYS, ADDRESS_KEYS, LINK_KEYS).filter((key) => key !== 'description' && key !== 'target')
  assert.deepEqual(keys.filter((key) => !new RegExp(`\\b${key}:|\\b${key}\\b.for|\`${key}\``).test(doc)), [])
  assert.deepEqual(DISPOSITIONS.filter((word) => !doc.includes(`| \`${word}\` |`)), [])
  const { tree } = parseYaml(/```yaml\n([\s\S]*?)```/.exec(doc)?.[1] ?? '', 'docs')
  assert.ok(tree)
  assert.deepEqual(parseNetwork(tree).diagnostics.map((d) => d.message), ['link internet names the device "edge", which is not in the file'])
})

test('every key of gateway.yaml is in its document and in the example', () => {
  const doc = readFileSync(productPath('docs/gateway.md'), 'utf8')
  const example = readFileSync(productPath('examples/gateway.yaml'), 'utf8')
  const keys = keysOf(ADT_KEYS, APPROVER_KEYS, BED_KEYS, CONSOLE_KEYS, GATEWAY_KEYS, KEEP_KEYS, SEGMENT_SIDE_KEYS, SYSTEM_KEYS, TARGET_KEYS, TLS_KEYS,
    UPDATE_PORT_KEYS, UPDATES_KEYS)
  assert.deepEqual(keys.filter((key) => !doc.includes(`\`${key}\``)), [])
  assert.deepEqual(keys.filter((key) => key !== 'clear' && !new RegExp(`(?:^|[\\s{])${key}:`, 'm').test(example)), [])
  assert.match(example, /"clear" with the reason/)
})
