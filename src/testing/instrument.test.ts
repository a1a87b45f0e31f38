// Tests of the woven counters: the code does what it did, each branch has a counter, and the counts are those a person would count.
// Keeps the fuzzer's eyes honest: a counter that changes the program would hide what it looks for.

import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { test } from 'node:test'
import { COUNTERS_NAME, instrument } from './instrument.ts'

/** Runs a text whose last expression is its answer, plain and woven. */
function both(code: string): { readonly plain: unknown; readonly woven: unknown; readonly counts: readonly number[] } {
  const { code: text, blocks } = instrument(code, 0)
  const counters = new Uint32Array(blocks.length)
  const plain: unknown = JSON.parse(JSON.stringify(runInNewContext(code, {}) ?? null))
  const woven: unknown = JSON.parse(JSON.stringify(runInNewContext(text, { [COUNTERS_NAME]: counters }) ?? null))
  return { plain, woven, counts: [...counters] }
}

const CASES: readonly (readonly [string, string, readonly number[]])[] = [
  ['a function called three times', 'function f(a) { return a + 1 }\nf(1) + f(2) + f(3)', [3]],
  ['an arrow with an expression', 'const f = (a) => a * 2;[1, 2].map(f)', [2]],
  ['an arrow that gives an object', 'const f = () => ({ a: 1 });f()', [1]],
  ['if without braces, with else', 'let n = 0\nfor (const i of [1, 2, 3]) if (i > 1) n += 1; else n += 10\nn', [3, 2, 1]],
  ['else if', 'const f = (i) => { if (i === 0) { return "a" } else if (i === 1) return "b"; return "c" };[f(0), f(1), f(2), f(2)]', [4, 1, 3, 1]],
  ['a conditional in a conditional', 'const f = (a) => (a > 2 ? "x" : a > 1 ? "y" : "z");[f(3), f(2), f(1), f(0)]', [4, 1, 3, 1, 2]],
  ['logical operators', 'const f = (a, b) => a && b || (a ?? 7);[f(0, 1), f(1, 1), f(null, 1)]', [3, 1, 2, 1]],
  ['loops of each kind',
    'let n = 0\nwhile (n < 3) n++\ndo n++; while (n < 5)\nfor (let i = 0; i < 2; i++) { n++ }\nfor (const k in { a: 1 }) n++\nn', [3, 2, 2, 1]],
  ['a switch that falls through', 'const f = (a) => { switch (a) { case 0: case 1: return "low"; default: return "high" } };[f(0), f(1), f(2)]', [3, 2, 1]],
  ['methods, getters, private fields',
    'class A { #a = 1; get a() { return this.#a } b(x = 2) { return x } static c() { return 3 } };const o = new A();[o.a, o.b(), A.c()]', [1, 1, 1]],
  ['a generator and a catch', 'function* g() { yield 1; yield 2 }\nlet n = 0\ntry { null.x } catch { n = [...g()].length }\nn', [1]],
  ['texts outside of the plain', 'const f = () => "é\u{1F600}";f() + (f() ? "ü" : 1)', [2, 1, 0]],
]

for (const [what, code, counts] of CASES) {
  test(`counters: ${what}`, () => {
    const ran = both(code)
    deepEqual(ran.woven, ran.plain)
    deepEqual(ran.counts, counts)
  })
}

test('blocks are numbered on from the first, and stand where the code has them', () => {
  const code = 'const f = (a) => {\n  if (a) return 1\n  return 2\n}'
  const { blocks, code: woven } = instrument(code, 40)
  equal(blocks.length, 2)
  deepEqual(blocks.map((at) => code.slice(0, at).split('\n').length), [1, 2])
  ok(woven.includes(`${COUNTERS_NAME}[40]++`) && woven.includes(`${COUNTERS_NAME}[41]++`))
  equal(woven.split('\n').length, code.split('\n').length, 'lines stay where they are, so that stacks are right')
})

test('numbers and short texts of the code are told; text that does not parse is refused', () => {
  const { numbers, texts } = instrument('const a = [0x45, 7, "MSH", "a sentence that is far too long for a format"]', 0)
  deepEqual([...numbers], [0x45, 7])
  deepEqual([...texts], ['MSH'])
  throws(() => instrument('const = 1', 0), /instrument/)
})
