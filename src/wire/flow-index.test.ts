// FlowIndex and FlowAges against a Map and an array: the slow twins of the two typed-array structures.
// Keeps the rule that every clever engine has an obvious one beside it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../base/assert.ts'
import { FlowAges } from './flow-ages.ts'
import { FLOW_KEY_WORDS, FlowIndex } from './flow-index.ts'

function keyOf(n: number, version = 4): Int32Array {
  const words = new Int32Array(FLOW_KEY_WORDS)
  words[3] = n
  words[10] = version
  return words
}

test('an index that is empty gives its memory back and works as a new one; one that holds flows does not', () => {
  const index = new FlowIndex(10_000, 1)
  const atStart = index.words.length
  for (let n = 0; n < 5000; n++) index.add(keyOf(n))
  assert.ok(index.words.length > 4 * atStart)
  assert.throws(() => index.shrink(), InvariantError)
  for (let slot = 0; slot < 5000; slot++) index.remove(slot)
  index.shrink()
  assert.deepEqual([index.words.length, index.numbers.buffer === index.words.buffer, index.size, index.find(keyOf(7))], [atStart, true, 0, -1])
  for (let n = 0; n < 5000; n++) assert.equal(index.add(keyOf(n)), n)
  assert.equal(index.find(keyOf(4999)), 4999)
})

const step = fc.record({ key: fc.nat(40), version: fc.constantFrom(4, 6), remove: fc.boolean() })

test('add, find and remove in any order agree with a Map', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 200, size: 'max' }), fc.nat(), (steps, seed) => {
    const index = new FlowIndex(100, seed)
    const twin = new Map<string, number>()
    for (const { key, version, remove } of steps) {
      const words = keyOf(key, version)
      const name = `${version}/${key}`
      const slot = index.find(words)
      assert.equal(slot, twin.get(name) ?? -1, name)
      if (slot < 0) twin.set(name, index.add(words))
      else if (remove) {
        index.remove(slot)
        twin.delete(name)
      }
      assert.equal(index.size, twin.size)
      assert.equal(new Set(twin.values()).size, twin.size, 'no slot is given twice')
    }
    for (const [name, slot] of twin) {
      const [version, key] = name.split('/').map(Number) as [number, number]
      assert.equal(index.find(keyOf(key, version)), slot)
    }
  }))
})

test('growing keeps every slot number, and freed slots are given out again', () => {
  const index = new FlowIndex(10_000, 1)
  const slots = Array.from({ length: 5000 }, (_, n) => index.add(keyOf(n)))
  assert.deepEqual(slots, Array.from({ length: 5000 }, (_, n) => n))
  for (let n = 0; n < 5000; n++) assert.equal(index.find(keyOf(n)), n)
  for (let n = 0; n < 5000; n += 2) index.remove(n)
  for (let n = 0; n < 5000; n++) assert.equal(index.find(keyOf(n)), n % 2 === 0 ? -1 : n)
  for (let n = 0; n < 2500; n++) assert.ok(index.add(keyOf(10_000 + n)) < 5000)
  assert.equal(index.size, 5000)
})

test('a full index says so, and adding to it is our bug', () => {
  const index = new FlowIndex(2, 0)
  index.add(keyOf(1))
  assert.equal(index.isFull, false)
  index.add(keyOf(2))
  assert.equal(index.isFull, true)
  assert.throws(() => index.add(keyOf(3)), InvariantError)
})

test('each word of the key counts, for both versions', () => {
  for (const version of [4, 6]) {
    const words = version === 4 ? [3, 7, 8, 9] : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    for (const word of words) {
      const index = new FlowIndex(10, 0)
      const key = keyOf(5, version)
      index.add(key)
      const other = key.slice()
      other[word] = ((other[word] as number) ^ 0x80000001) >>> 0
      assert.equal(index.find(other), -1, `version ${version} word ${word}`)
      assert.equal(index.find(key), 0)
    }
  }
})

const touch = fc.record({ slot: fc.nat(20), ageClass: fc.nat(2), remove: fc.boolean() })

test('ages: the oldest of each class and the largest class agree with plain arrays', () => {
  fc.assert(fc.property(fc.array(touch, { maxLength: 150, size: 'max' }), (touches) => {
    const ages = new FlowAges(3)
    const twin: number[][] = [[], [], []]
    for (const { slot, ageClass, remove } of touches) {
      const from = twin.findIndex((list) => list.includes(slot))
      if (from >= 0) (twin[from] as number[]).splice((twin[from] as number[]).indexOf(slot), 1)
      if (from >= 0 && remove) ages.remove(slot, from)
      else {
        if (from >= 0) ages.touch(slot, from, ageClass)
        else ages.add(slot, ageClass)
        ;(twin[ageClass] as number[]).push(slot)
      }
      const sizes = twin.map((list) => list.length)
      const most = Math.max(...sizes)
      assert.equal(ages.largest(), most === 0 ? -1 : sizes.indexOf(most))
      for (const [i, list] of twin.entries()) assert.equal(ages.oldest(i), list[0] ?? -1)
    }
  }))
})

test('ages grow with the slots', () => {
  const ages = new FlowAges(1)
  for (let slot = 0; slot < 5000; slot++) ages.add(slot, 0)
  for (let slot = 0; slot < 5000; slot++) {
    assert.equal(ages.oldest(0), slot)
    ages.remove(slot, 0)
  }
  assert.equal(ages.oldest(0), -1)
})
