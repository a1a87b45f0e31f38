// House rules as tests, each with its reason: direction of imports, pure folders, file headers, function length, banned names.
// Keeps ARCHITECTURE.md true: what it says about absences is checked here.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'vite'

const SRC = import.meta.dirname
const ROOT = path.dirname(SRC)

/** Folder to level; the longest matching prefix wins. Lower may not import higher, nor another folder of its own level. */
const LEVELS: readonly (readonly [string, number])[] = [
  ['base', 0],
  ['wire', 1],
  ['policy', 1],
  ['protocols', 2],
  ['inventory', 3],
  ['gateway/core', 3],
  ['twin/core', 3],
  ['detect', 4],
  ['drill/core', 4],
  ['store', 4],
  ['kernel', 4],
  ['config', 4],
  ['sensor', 5],
  ['gateway', 5],
  ['twin', 5],
  ['drill', 5],
  ['console', 5],
  ['cli', 6],
]

/** Folders without clock, network, randomness, files or packages. */
const PURE = ['base', 'wire', 'protocols', 'inventory', 'policy', 'detect', 'gateway/core', 'twin/core', 'drill/core']

/** Same-level imports that the design names. */
const ALLOWED_SIDEWAYS = new Set(['gateway/core -> policy'])

interface Source {
  /** Relative to src, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly isTest: boolean
}

const SOURCES: readonly Source[] = walk(SRC).map((full) => {
  const file = path.relative(SRC, full).split(path.sep).join('/')
  return { file, text: fs.readFileSync(full, 'utf8'), isTest: file.endsWith('.test.ts') || file.startsWith('testing/') }
})

function walk(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'testdata' ? [] : walk(full)
    return entry.name.endsWith('.ts') ? [full] : []
  })
}

function room(file: string): { name: string; level: number } {
  const found = LEVELS.filter(([name]) => file.startsWith(`${name}/`)).sort((a, b) => b[0].length - a[0].length)[0]
  return found ? { name: found[0], level: found[1] } : { name: file.split('/')[0] ?? file, level: 99 }
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)\s*import\s+'([^']+)'/g

function importsOf(source: Source): string[] {
  return [...source.text.matchAll(IMPORT)].map((m) => m[1] ?? m[2] ?? m[3] ?? '')
}

function target(source: Source, specifier: string): string {
  return path.posix.normalize(path.posix.join(path.posix.dirname(source.file), specifier))
}

const PRODUCT = SOURCES.filter((s) => !s.isTest)

test('imports point down only, and never to another folder of the same level', () => {
  const wrong = PRODUCT.flatMap((source) => {
    const from = room(source.file)
    return importsOf(source).filter((i) => i.startsWith('.')).flatMap((i) => {
      const to = room(target(source, i))
      if (from.name === to.name || ALLOWED_SIDEWAYS.has(`${from.name} -> ${to.name}`)) return []
      return to.level < from.level ? [] : [`${source.file} (${from.name}, level ${from.level}) imports ${i} (${to.name}, level ${to.level})`]
    })
  })
  assert.deepEqual(wrong, [])
})

test('product code does not import the testing tools', () => {
  const wrong = PRODUCT.filter((s) => importsOf(s).some((i) => i.startsWith('.') && target(s, i).startsWith('testing/')))
  assert.deepEqual(wrong.map((s) => s.file), [])
})

/**
 * What the browser app takes of src. Types of the API, and the one judge of freshness with the readings it judges: a second judge in
 * the browser would sooner or later call live what the server calls old.
 */
const WEB_VALUES = /^src\/gateway\/core\/(?:freshness\/(?:limits|present|words)|intake\/reading)\.ts$/
const WEB_TYPES = /^src\/console\/api\.ts$/

function wrongWebImports(file: string, text: string): string[] {
  return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'(\.[^']+)'/g)].flatMap(([, type, specifier = '']) => {
    const to = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier))
    const isRight = !to.startsWith('src/') || WEB_VALUES.test(to) || (type !== undefined && WEB_TYPES.test(to))
    return isRight ? [] : [`${file} imports ${to}`]
  })
}

test('the browser app takes types of the API and the one judge of freshness, and nothing else of src', () => {
  const web = path.join(ROOT, 'web/src')
  const files = fs.readdirSync(web, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.test.ts'))
  assert.ok(files.length > 40)
  assert.deepEqual(files.flatMap((name) => wrongWebImports(`web/src/${name.split(path.sep).join('/')}`, fs.readFileSync(path.join(web, name), 'utf8'))), [])
  assert.equal(wrongWebImports('web/src/beds/x.ts', "import { a } from '../../../src/console/api.ts'").length, 1)
  assert.equal(wrongWebImports('web/src/beds/x.ts', "import type { a } from '../../../src/gateway/core/gateway.ts'").length, 1)
})

test('pure folders import no node module and no package', () => {
  const wrong = PRODUCT.filter((s) => isPure(s.file)).flatMap((s) => importsOf(s).filter((i) => !i.startsWith('.')).map((i) => `${s.file}: ${i}`))
  assert.deepEqual(wrong, [])
})

function isPure(file: string): boolean {
  return PURE.some((folder) => file.startsWith(`${folder}/`))
}

/** Name in pure code, and what to do instead. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\)/, 'take the time as an argument'],
  [/\bMath\.random\b/, 'take an Rng as an argument'],
  [/\bprocess\.\w/, 'only level 5 and above know the process'],
  [/\bconsole\.\w/, 'return data, or emit a fact'],
  [/\bsetTimeout\b|\bsetInterval\b|\bperformance\.now\b/, 'take events with their time'],
  [/\bfetch\(/, 'no network below level 5'],
]

test('pure folders know no clock, no randomness, no process, no console, no network', () => {
  const wrong = PRODUCT.filter((s) => isPure(s.file)).flatMap((s) =>
    BANNED.filter(([pattern]) => pattern.test(withoutComments(s.text))).map(([pattern, instead]) => `${s.file}: ${pattern.source}: ${instead}`))
  assert.deepEqual(wrong, [])
})

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}

/** A literal anywhere in the parsed text, a constructor, or a method that makes one out of its text. */
function holdsExpression(text: string): boolean {
  const { program, errors } = parseSync('x.ts', text)
  assert.equal(errors.length, 0, errors[0]?.message)
  return /"regex":\{|"name":"(?:RegExp|match|matchAll)"/.test(JSON.stringify(program, (_, value: unknown) => (typeof value === 'bigint' ? null : value)))
}

test('readers of packets look for a byte with findByte: indexOf looks past the packet, through all that was read of the capture', () => {
  const searches = /\b(?:buf|bytes)\.(?:indexOf|lastIndexOf|includes)\(/
  const readers = PRODUCT.filter((s) => /^(?:wire|protocols)\//.test(s.file) && !s.file.includes('/testdata/'))
  assert.deepEqual(readers.filter((s) => searches.test(withoutComments(s.text))).map((s) => s.file), [])
  assert.ok(searches.test('const lf = buf.indexOf(10, at)') && !searches.test('text.indexOf(a)'))
})

test('readers of packets hold no regular expression: its cost could be driven by input', () => {
  const readers = PRODUCT.filter((s) => /^(?:wire|protocols)\//.test(s.file) && !s.file.includes('/testdata/'))
  assert.ok(readers.length > 80)
  assert.deepEqual(readers.filter((s) => holdsExpression(s.text)).map((s) => s.file), [])
  const wrong = ['a = /x+$/', 'a.replace(/[/]/g, b)', 'new RegExp(a)', 'a.matchAll(b)', 'class A { b() { c = { d: /x/ } } }']
  for (const bad of wrong) assert.ok(holdsExpression(bad), bad)
  for (const good of ['a = b / c / d', '// a /b/ c', "a = '/b/'", 'a.replaceAll(b, c)']) assert.ok(!holdsExpression(good), good)
})

test('the yaml package is imported in one folder only: config', () => {
  const importers = PRODUCT.filter((s) => importsOf(s).includes('yaml')).map((s) => room(s.file).name)
  assert.deepEqual([...new Set(importers)], ['config'])
})

test('patient values are revealed in the gateway only', () => {
  const wrong = PRODUCT.filter((s) => !s.file.startsWith('gateway/') && s.file !== 'base/tainted.ts' && /\.reveal\(\)/.test(withoutComments(s.text)))
  assert.deepEqual(wrong.map((s) => s.file), [])
})

test('protocols do not look at ports: identify.ts takes the hint, expected.ts knows flows that were announced', () => {
  const may = new Set(['protocols/identify.ts', 'protocols/expected.ts'])
  const wrong = PRODUCT.filter((s) => s.file.startsWith('protocols/') && !may.has(s.file))
    .filter((s) => /\b(?:srcPort|dstPort)\b/.test(withoutComments(s.text)))
  assert.deepEqual(wrong.map((s) => s.file), [])
})

test('each file opens with a comment that says what it is', () => {
  const wrong = SOURCES.filter((s) => !/^(?:#!.*\n)?\/\/ \S/.test(s.text)).map((s) => s.file)
  assert.deepEqual(wrong, [])
})

test('no default exports, no enum, no namespace, no any', () => {
  const banned = /^export default\b|^\s*(?:export )?(?:const )?enum \w+ \{|^\s*namespace \w/m
  const wrong = SOURCES.filter((s) => banned.test(withoutComments(s.text))).map((s) => s.file)
  assert.deepEqual(wrong, [])
})

const LINE_MAX = 160
test(`no line is longer than ${LINE_MAX} characters`, () => {
  const wrong = SOURCES.flatMap((s) => s.text.split('\n').flatMap((line, i) => (line.length > LINE_MAX ? [`${s.file}:${i + 1} (${line.length})`] : [])))
  assert.deepEqual(wrong, [])
})

/** Ratchet: only ever lowered. Aim is 20. */
const FUNCTION_LINES_MAX = 70
test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
  const wrong = PRODUCT.flatMap((s) => longFunctions(s))
  assert.deepEqual(wrong, [])
})

/** By indentation: a header line that opens a block, until the line that closes it at the same indent. */
function longFunctions(source: Source): string[] {
  const lines = source.text.split('\n')
  const header = /^(\s*)(?:export )?(?:async )?(?:function\*? \w+|(?:static |async |\*|get |set )*[#\w]+\s*\([^;]*\)(?:: [^=;]+)? \{$)/
  return lines.flatMap((line, start) => {
    const match = header.exec(line)
    if (!match || /^\s*(?:if|for|while|switch|catch|return|else)\b/.test(line)) return []
    const indent = match[1] ?? ''
    const length = lines.slice(start + 1).findIndex((l) => l === `${indent}}` || l === `${indent}},`) + 1
    return length > FUNCTION_LINES_MAX ? [`${source.file}:${start + 1} (${length} lines)`] : []
  })
}

/** Ratchet for files that are not tables: look twice at 400. */
const FILE_LINES_MAX = 420
test(`no source file is longer than ${FILE_LINES_MAX} lines`, () => {
  const wrong = PRODUCT.map((s) => [s.file, s.text.split('\n').length] as const).filter(([, lines]) => lines > FILE_LINES_MAX)
  assert.deepEqual(wrong, [])
})

test('each protocol folder has its README, its row and a test', () => {
  const folders = fs.readdirSync(path.join(SRC, 'protocols'), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name)
  assert.ok(folders.length >= 7)
  for (const folder of folders) {
    const files = fs.readdirSync(path.join(SRC, 'protocols', folder))
    // file-transfer is no protocol: it is what five of them share.
    const parts = folder === 'file-transfer' ? ['README.md', 'facts.ts'] : ['README.md', 'index.ts', 'message.ts', 'facts.ts']
    for (const needed of parts) assert.ok(files.includes(needed), `${folder} lacks ${needed}`)
    assert.ok(files.some((f) => f.endsWith('.test.ts')), `${folder} has no test`)
  }
})

test('exact versions only: npm under another Node would quietly take older majors', () => {
  const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string>>
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
  assert.deepEqual(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)), [])
})

test('the lock file names no registry host', () => {
  const lock = fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')
  assert.equal(/"resolved"/.test(lock), false)
})

test('the checks above can fail', () => {
  const bad: Source = { file: 'wire/x.ts', text: `import fs from 'node:fs'\nimport { a } from '../sensor/a.ts'\n`, isTest: false }
  assert.deepEqual(importsOf(bad), ['node:fs', '../sensor/a.ts'])
  assert.ok(room(target(bad, '../sensor/a.ts')).level > room(bad.file).level)
  assert.equal(longFunctions({ ...bad, text: `function f() {\n${'  x\n'.repeat(80)}}\n` }).length, 1)
})
