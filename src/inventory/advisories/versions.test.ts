// Version words: what is understood, what is left to a person, and ranges against a slow twin that counts every version.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareVersions, versionParts } from './version-order.ts'
import { judgeVersion, versionTests } from './versions.ts'

const judge = (words: string, version: string | null): string => judgeVersion(versionTests(words), version)

const CASES: readonly (readonly [string, string | null, string])[] = [
  ['vers:all/*', null, 'affected'], ['*', '1', 'affected'], ['', null, 'affected'], ['all versions', null, 'affected'],
  ['<= 2.3.0', '2.3.0', 'affected'], ['<= 2.3.0', '2.3', 'affected'], ['<= 2.3.0', '2.3.1', 'not-affected'], ['<=2.3', '2.3.1', 'unknown'],
  ['<= 2.3.0', null, 'unknown'], ['< 2.4', '2', 'unknown'], ['<2024.2', '2024.1', 'affected'], ['< 1.52', '1.52', 'not-affected'], ['< 1.10', '1.9',
    'affected'],
  ['prior to 3.0', 'v2.9.9', 'affected'], ['versions prior to Version 8.2.2', '8.2.2', 'not-affected'], ['before 3.0', '3.1', 'not-affected'],
  ['2.3.6 and  below', '2.3.6', 'affected'], ['Version 9.5 and prior versions', '9.6', 'not-affected'], ['3.1 or earlier', 'Ver. 3.0', 'affected'],
  ['2.0 and later', '2.0', 'affected'], ['2.0 and higher', '1.9', 'not-affected'], ['>= 2.0', '2', 'affected'],
  ['>= 1.1 | <= 1.3.2', '1.2', 'affected'], ['>= 1.1 | <= 1.3.2', '1.4', 'not-affected'], ['vers:generic/>=1.1|<1.4', '1.4', 'not-affected'],
  ['2.0 through 2.4', '2.2', 'affected'], ['from 4.01 to 4.34', '4.35', 'not-affected'], ['Rev B-M', 'L.01', 'affected'], ['Rev B-M', 'N.01', 'not-affected'],
  ['1.1.7.333 | 2.1.1.3069', '2.1.1.3069', 'affected'], ['4.20 | 4.20 SR1 | 4.30', '4.20 SR1', 'affected'], ['4.20 | 4.30', '4.25', 'not-affected'],
  ['4.3', '4.3.1', 'unknown'], ['12.x', '12.1.7', 'affected'], ['12.x', '13.0', 'not-affected'], ['2.X', '2', 'affected'], ['<= 12.2.x.x', '12.2.8.300',
    'affected'],
  ['<= 12.2.x.x', '12.3', 'not-affected'], ['< B.06.18', 'B.06.09', 'affected'], ['< B.06.18', 'C.00', 'not-affected'], ['< B.06.18', '6.18', 'unknown'],
  ['<= R4.1L1', 'R4.1L1', 'affected'], ['<= 012U000061', '012U000040', 'affected'], ['<= U61 |<= L81', 'L82', 'not-affected'], ['<= U61 |<= L81', 'U60',
    'affected'],
  ['<= VM5.0', 'VM4.0', 'affected'], ['<= VM5.0', '4.0', 'unknown'], ['>=BT02 | <= BT06', 'BT04', 'affected'], ['BT03', 'SV20.1', 'unknown'],
  ['<=2023.3_Build_9342', '2023.3 Build 9342', 'affected'], ['< 1.8.4 Service Pack 01', '1.8.3', 'affected'],
  ['<May 2018', 'A.07', 'read'], ['<8/30/2024', '1', 'read'], ['distributed  < april 1, 2018', null, 'read'], ['CR-IR 357', '1', 'read'],
  ['<= 1.54 (integrated into GE MobileLink)', '1.0', 'read'], ['9.x (with Wireless Battery Modules >= 22D19 | <= v22D28)', '9.1', 'read'],
  ['Rev J-M | (X3/MX100 for Rev M only)', 'K.1', 'affected'], ['Rev J-M | (X3/MX100 for Rev M only)', 'N.1', 'read'], ['2131 and 2141', '2131', 'read'],
  // A device's version as lists write it.
  ['<= 2.2.3', 'SW 2.2.1', 'affected'], ['<= 2.2.3', 'FW: 2.2.4', 'not-affected'], ['<= 2.2.3', 'Software Version: 2.1', 'affected'],
  ['<= 2.2.3', '2,2,3', 'affected'], ['<= 2.2.3', '2.2.3b', 'unknown'], ['<2.0', '1.9 (build 2021-03-04)', 'affected'],
  ['<=2023.3_Build_9342', '2023.3 (Build 9342)', 'affected'], ['< B.06.18', 'B.06.09 (2017)', 'affected'], ['<= 2.2.3', 'unknown', 'unknown'],
  // A day or a year beside a count of releases is no order.
  ['<= 2.2.3', '2019-04-12', 'unknown'], ['<= 2.2.3', '20190412', 'unknown'], ['< 2024.2', '3.1', 'unknown'], ['2.0', '2019.1', 'unknown'],
  ['>= 2.5 | <= 3.11 | >= 2018-1 | <= 2021-1', '2022-1', 'not-affected'], ['>= 2.5 | <= 3.11 | >= 2018-1 | <= 2021-1', '3.0', 'affected'],
  // A revision that is a letter holds its releases.
  ['Rev B-M', 'M.01.3', 'affected'], ['<=N', 'N.01', 'affected'], ['<=N', 'P.00', 'not-affected'], ['<N', 'N.01', 'not-affected'],
  // Words that are part of a version.
  ['1.1.3 MR Build 11', '1.1.3 MR Build 11', 'affected'], ['1.1.3 MR Build 11', '1.6.1', 'not-affected'], ['1.1.3 MR Build 11', '1.1.3', 'unknown'],
  ['4.20 | 4.20 SR1 | 4.30', '4.25', 'not-affected'], ['4.20 | 4.20 SR1 | 4.30', '4.20 SR2', 'unknown'],
]

for (const [words, version, expected] of CASES) {
  test(`"${words}" of ${version ?? 'an unknown version'}: ${expected}`, () => assert.equal(judge(words, version), expected))
}

test('an order is one way round, and equal texts are equal', () => {
  const version = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 4 })
  fc.assert(fc.property(version, version, (a, b) => {
    const order = compareVersions(a, b)
    const back = compareVersions(b, a)
    return order !== null && back !== null && order === -back && compareVersions(a, a) === 0
  }))
})

/** Every version of three parts below 4, as the number they write in base 4: the slow twin knows only numbers. */
const ALL = Array.from({ length: 64 }, (_, n) => [n >> 4, (n >> 2) & 3, n & 3])
const text = (parts: readonly number[]): string => parts.join('.')
const value = (parts: readonly number[]): number => ((parts[0] ?? 0) << 4) | ((parts[1] ?? 0) << 2) | (parts[2] ?? 0)

test('ranges say of every version of three parts what counting says', () => {
  const one = fc.constantFrom(...ALL)
  fc.assert(fc.property(one, one, fc.boolean(), fc.boolean(), (a, b, lowIn, highIn) => {
    const [low, high] = value(a) <= value(b) ? [a, b] : [b, a]
    const tests = versionTests(`${lowIn ? '>=' : '>'} ${text(low)} | ${highIn ? '<=' : '<'} ${text(high)}`)
    if (tests.length !== 1) return true
    return ALL.every((version) => {
      const n = value(version)
      const inside = (lowIn ? n >= value(low) : n > value(low)) && (highIn ? n <= value(high) : n < value(high))
      return judgeVersion(tests, text(version)) === (inside ? 'affected' : 'not-affected')
    })
  }), { numRuns: 40 })
})

test('whatever the words, an answer comes, and an unknown version is never a no unless nothing could hold', () => {
  fc.assert(fc.property(fc.string({ maxLength: 80 }), fc.option(fc.string({ maxLength: 40 })), (words, version) => {
    const verdict = judge(words, version)
    return ['affected', 'not-affected', 'unknown', 'read'].includes(verdict) && (version !== null || verdict !== 'not-affected'
      || words.trim().replaceAll('|', '') === '')
  }))
})

test('prose and overlong numbers are no versions', () => {
  for (const prose of ['the newest', 'S4 A.07.107', '1234567890123456', 'with wireless option', 'MMT-512 / MMT-712 Paradigm x12', '']) {
    assert.equal(versionParts(prose), null, prose)
  }
})
