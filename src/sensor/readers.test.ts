// Readers: what is added is found until taken; when it is full, one that has not spoken since the hand came by goes, never one that speaks.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Readers } from './readers.ts'

test('holds what a map would hold, and never more than its bound', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'take', 'touch'), fc.nat(12)), { maxLength: 60 })
  fc.assert(fc.property(steps, fc.integer({ min: 1, max: 6 }), (list, max) => {
    const plain = new Map<number, string>()
    const out: number[] = []
    const readers = new Readers<string>(max, (slot) => {
      out.push(slot)
      assert.notEqual(readers.take(slot), null)
      plain.delete(slot)
    })
    for (const [what, slot] of list) {
      if (what === 'add' && !plain.has(slot)) {
        readers.add(slot, `kept ${slot}`)
        plain.set(slot, `kept ${slot}`)
      } else if (what === 'touch') assert.equal(readers.touch(slot), plain.get(slot) ?? null)
      else if (what === 'take') {
        assert.equal(readers.take(slot), plain.get(slot) ?? null)
        plain.delete(slot)
      }
      assert.equal(readers.size, plain.size)
      assert.ok(readers.size <= max)
    }
    assert.equal(readers.pushedOut, out.length)
  }))
})

test('empty, it gives its memory back and goes on; with somebody in it nothing changes', () => {
  const readers = new Readers<string>(4, () => assert.fail('there is room'))
  readers.add(5, 'five')
  readers.shrink()
  assert.equal(readers.touch(5), 'five')
  readers.take(5)
  readers.shrink()
  readers.add(3, 'three')
  assert.deepEqual([readers.touch(5), readers.touch(3), readers.size], [null, 'three', 1])
})

test('who speaks stays: of ten, the silent one makes room', () => {
  const out: number[] = []
  const readers = new Readers<number>(10, (slot) => (out.push(slot), readers.take(slot)))
  for (let slot = 0; slot < 10; slot++) readers.add(slot, slot)
  // The first round of the hand finds everybody new and forgives; the second finds who has spoken since.
  readers.add(10, 10)
  for (let slot = 1; slot < 10; slot++) if (slot !== 7) readers.touch(slot)
  readers.touch(10)
  readers.add(11, 11)
  assert.equal(out.length, 2)
  assert.equal(out[1], 7)
})
