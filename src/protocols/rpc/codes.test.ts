// The tables: names by program, version and procedure, and what is believed of a number that stands nowhere.
// Keeps the rule that unknown numbers survive as numbers.

import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { isKnownFlavor, isKnownProgram, isPlausibleProgram, Nfs2Proc, Nfs3Proc, procedureName, Program } from './codes.ts'

test('procedures have the names of their RFC', () => {
  const rows: readonly (readonly [number, number, number, string])[] = [
    [Program.portmap, 2, 3, 'PORTMAP.GETPORT'], [Program.portmap, 2, 4, 'PORTMAP.DUMP'], [Program.portmap, 3, 3, 'PORTMAP.GETADDR'],
    [Program.portmap, 4, 9, 'PORTMAP.GETVERSADDR'], [Program.mount, 1, 1, 'MOUNT.MNT'], [Program.mount, 3, 3, 'MOUNT.UMNT'],
    [Program.nfs, 2, 4, 'NFS.LOOKUP'], [Program.nfs, 3, 3, 'NFS.LOOKUP'], [Program.nfs, 2, 6, 'NFS.READ'], [Program.nfs, 3, 6, 'NFS.READ'],
    [Program.nfs, 3, 17, 'NFS.READDIRPLUS'], [Program.nfs, 2, 17, 'NFS.STATFS'], [Program.nfs, 4, 1, 'NFS.COMPOUND'],
    [Program.nlm, 4, 4, 'NLM.UNLOCK'], [Program.nlm, 3, 20, 'NLM.SHARE'], [Program.nsm, 1, 6, 'NSM.NOTIFY'],
    [Program.rquota, 1, 1, 'RQUOTA.GETQUOTA'], [Program.nfsacl, 3, 1, 'NFSACL.GETACL'], [100232, 10, 0, 'SADMIND.NULL'],
  ]
  for (const [program, version, procedure, name] of rows) equal(procedureName(program, version, procedure), name)
})

test('what is not listed keeps its number', () => {
  equal(procedureName(100232, 10, 1), 'SADMIND.1')
  equal(procedureName(Program.nfs, 3, 99), 'NFS.99')
  equal(procedureName(Program.nfs, 77, 6), 'NFS.6')
  equal(procedureName(Program.nlm, 4, 17), 'NLM.17')
  equal(procedureName(200123, 1, 0), 'PROG-200123.0')
  equal(procedureName(0x40000000, 1, 1), 'PROG-1073741824.1')
})

test('every numbered procedure of versions 2 and 3 has the name of its key', () => {
  for (const [key, number] of Object.entries(Nfs2Proc)) equal(procedureName(Program.nfs, 2, number), `NFS.${key.toUpperCase()}`)
  for (const [key, number] of Object.entries(Nfs3Proc)) equal(procedureName(Program.nfs, 3, number), `NFS.${key.toUpperCase()}`)
})

test('siblings of NFS are never READ', () => {
  for (const program of [Program.nlm, Program.nsm, Program.rquota, Program.nfsacl, 200123]) {
    for (let procedure = 0; procedure < 24; procedure++) ok(!procedureName(program, 1, procedure).startsWith('NFS.'))
  }
})

test('flavours and programs', () => {
  for (const flavor of [0, 1, 6, 7, 390003, 390255, 400000]) ok(isKnownFlavor(flavor), String(flavor))
  for (const flavor of [8, 30000, 390256, 0x42424242, 0xffffffff]) ok(!isKnownFlavor(flavor), String(flavor))
  ok(isKnownProgram(Program.nfs) && !isKnownProgram(200123))
  ok(isPlausibleProgram(Program.mount) && isPlausibleProgram(0x40000000) && !isPlausibleProgram(5) && !isPlausibleProgram(0x47455420))
})
