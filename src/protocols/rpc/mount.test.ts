// MOUNT: paths asked for, root handles given, refusals, and flavours nobody assigned.
// Keeps the rule that version 1 and version 3 give the same values, so that the session need not know the version.

import { deepStrictEqual, equal } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NfsStatus } from './codes.ts'
import { procedureRow } from './decoders.ts'
import { exportResult, mntError, mntResult, mountExport, mountMnt, mountNull, mountUmnt, type MountVersion } from './encode.ts'
import { type CallArguments, type CallResult, emptyArguments, emptyResult } from './procedure.ts'
import { fakeHandle } from './testdata/talk.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

function readArgs(version: number, procedure: number, bytes: Uint8Array): { into: CallArguments; fault: string | null } {
  const r = new XdrReader()
  r.reset(bytes, 0, bytes.length)
  const into = emptyArguments()
  procedureRow(100005, version, procedure)?.args?.(r, into)
  return { into, fault: r.fault }
}

function readResult(version: number, bytes: Uint8Array, end = bytes.length, procedure = 1): { into: CallResult; fault: string | null } {
  const r = new XdrReader()
  r.reset(bytes, 0, end)
  const into = emptyResult()
  procedureRow(100005, version, procedure)?.result?.(r, into)
  return { into, fault: r.fault }
}

describe('arguments', () => {
  test('MNT and UMNT name a path in every version', () => {
    for (const version of [1, 2, 3] as const satisfies readonly MountVersion[]) {
      equal(readArgs(version, 1, mountMnt(version, '/pm').args).into.path, '/pm')
      equal(readArgs(version, 3, mountUmnt(version, '/pm').args).into.path, '/pm')
      deepStrictEqual(readArgs(version, 0, mountNull(version).args), { into: emptyArguments(), fault: null })
      deepStrictEqual(readArgs(version, 5, mountExport(version).args), { into: emptyArguments(), fault: null })
    }
  })

  test('1024 bytes of path pass, 1025 do not', () => {
    equal(readArgs(3, 1, mountMnt(3, '/'.repeat(1024)).args).into.path?.length, 1024)
    const { into, fault } = readArgs(3, 1, mountMnt(3, '/'.repeat(1025)).args)
    equal(into.path, null)
    equal(fault, 'path-length')
  })

  test('control bytes in a path become question marks', () => {
    equal(readArgs(1, 1, new XdrWriter().opaque(Uint8Array.of(0x2f, 0x0a, 0x1b, 0xc3, 0x61)).bytes()).into.path, '/???a')
  })
})

describe('results', () => {
  test('the root handle, fixed or variable', () => {
    const handle = fakeHandle(1)
    equal(readResult(1, mntResult(1, handle)).into.handle, hex(handle))
    equal(readResult(2, mntResult(2, handle)).into.handle, hex(handle))
    equal(readResult(3, mntResult(3, fakeHandle(2, 12))).into.handle, hex(fakeHandle(2, 12)))
    equal(readResult(3, mntResult(3, fakeHandle(3, 64), [0, 1, 390003])).fault, null)
  })

  test('a refusal is a status and nothing else', () => {
    for (const version of [1, 3]) {
      const { into, fault } = readResult(version, mntError(NfsStatus.acces))
      deepStrictEqual(into, { ...emptyResult(), status: 13 })
      equal(fault, null)
    }
  })

  test('a handle of 65 bytes, a flavour nobody assigned, a thousand flavours', () => {
    const long = new XdrWriter().u32(0).opaque(new Uint8Array(65)).u32(0).bytes()
    equal(readResult(3, long).fault, 'handle-length')
    const odd = readResult(3, mntResult(3, fakeHandle(1), [1, 0x42424242]))
    equal(odd.fault, 'auth-flavor')
    equal(odd.into.handle, hex(fakeHandle(1)))
    equal(readResult(3, new XdrWriter().u32(0).opaque(fakeHandle(1)).u32(1000).bytes()).fault, 'flavor-count')
  })

  test('cut anywhere is cut-short, and a status once read is kept', () => {
    for (const version of [1, 3] as const) {
      const bytes = mntResult(version, fakeHandle(1))
      for (let end = 0; end < bytes.length; end++) {
        const { into, fault } = readResult(version, bytes, end)
        equal(fault, 'cut-short')
        equal(into.status, end < 4 ? null : 0)
      }
    }
  })

  test('EXPORT gives paths, DUMP who has mounted what, in every version', () => {
    const list = exportResult([{ path: '/pm', groups: ['ward', 'icu'] }, { path: '/home', groups: [] }])
    const mounts = new XdrWriter().bool(true).string('bed7').string('/pm').bool(true).string('bed8').string('/pm').bool(false).bytes()
    for (const version of [1, 2, 3]) {
      deepStrictEqual(readResult(version, list, list.length, 5), { into: { ...emptyResult(), names: ['/pm', '/home'] }, fault: null })
      deepStrictEqual(readResult(version, mounts, mounts.length, 2).into.names, ['bed7:/pm', 'bed8:/pm'])
    }
    equal(procedureRow(100005, 3, 6), undefined, 'EXPORTALL ended with version 2')
    equal(readArgs(2, 7, mountMnt(1, '/pm').args).into.path, '/pm', 'PATHCONF')
    equal(readResult(3, list, 14, 5).fault, 'cut-short')
    equal(hex(exportResult([{ path: '/pm', groups: [] }])), '00000001000000032f706d000000000000000000')
  })
})
